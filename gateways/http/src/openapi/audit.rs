use super::Operation;
use super::examples::{ACTOR, REQUEST, TENANT, page};
use crate::audit::{ShownAuditEvents, Which};
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
