use super::Operation;
use super::examples::{ACTOR, HASH, REQUEST, TENANT, page};
use crate::audit::{Range, ShownAuditEvents, Which};
use crate::problem::kind;
use serde_json::json;

pub(crate) fn list_audit() -> Operation {
    let description = "Newest first: logins and their failures, sessions, access keys, what was created, changed and \
                       deleted with the old and the new value, refusals, reads across tenants and replays. A tenant's \
                       admin finds what concerns the tenant, the platform's admins and auditors everything. Where the \
                       same refusal happens in a flood, the first ones of a second have rows of their own and a row with \
                       `count` says how many there were.";
    Operation::of("List audit events", description)
        .query::<Which>()
        .example("limit", 50)
        .example("event_type", "resource_updated")
        .answers::<ShownAuditEvents>(
            200,
            "A page.",
            page(json!({
                "id": "17.1", "timestamp": "2026-03-21T09:30:00.000Z", "event_type": "resource_updated",
                "tenant_id": TENANT, "actor_id": ACTOR, "actor_tenant_id": TENANT, "resource_type": "user",
                "resource_id": ACTOR, "action": "update", "source_ip": "192.0.2.7", "user_agent": "curl/8.5.0",
                "request_id": REQUEST, "code": null, "receipt": null, "count": null,
                "details": { "roles": { "old": ["account.sender"], "new": ["account.sender", "account.reader"] } },
            })),
        )
}

pub(crate) fn replay_ledger() -> Operation {
    let description = "Verified while they are read, in their order, one JSON object a line. Of each event the public and \
                       internal fields are shown, of the others the class. A signature stands where the record bears one; \
                       other records are covered by the next. The last line says how far the answer goes and, as `next`, \
                       where to go on; null at the end. Long stretches that nothing was asked of take more than one \
                       request. Who asked for what is recorded before anything is shown.";
    let record = json!({
        "ledger": "numbering/0", "position": 1, "at": "2026-03-21T09:30:00.000Z", "hash": HASH, "epoch": 1,
        "command": REQUEST, "actor": ACTOR, "tenant": TENANT, "signed": true, "kinds": ["numbering.number_assigned"],
        "signature": format!("{HASH}{HASH}"),
        "events": [{ "kind": "numbering.quarantine_ended", "version": 1, "data": ["[confidential]"] }],
    });
    let summary = json!({ "ledger": "numbering/0", "from": 1, "to": 1, "shown": 1, "next": 2 });
    Operation::of("Replay a ledger", description)
        .query::<Range>()
        .example("ledger", "numbering")
        .example("partition", 0)
        .example("from", 1)
        .example("limit", 1)
        .answers_lines(200, "Records, and how far that goes.", &[record, summary])
        .refuses(&[&kind::NOT_FOUND, &kind::UNAVAILABLE, &kind::AUDIT_UNAVAILABLE, &kind::CORRUPT_LEDGER])
}
