use super::Operation;
use super::examples::{ACTOR, BLOCK, DIGITS, EXPORT, HASH, LEASE, NUMBER, TENANT, page, receipt};
use crate::numbering::{
    AsOf, Asked, Assigning, CoolOff, ForAWhile, ForGood, Holding, Leased, One, Quota, QuotaSet, Recall, Reinstate,
    RequestedExport, Reserved, Retire, ShownAllowance, ShownExports, ShownHistory, ShownLease, ShownNumber,
    ShownNumbers, ShownSignals, WantedExport, Which, WhichHistory, WhichSignals,
};
use crate::problem::{Kind, kind};
use serde_json::{Value, json};

fn number(state: &str, held: bool) -> Value {
    let (tenant, lease) = if held { (json!(TENANT), json!(LEASE)) } else { (Value::Null, Value::Null) };
    json!({
        "number": NUMBER, "type": "msisdn", "state": state, "block": BLOCK, "mno": "Roshan", "tenant_id": tenant, "lease_id": lease,
        "until": null, "period": null, "position": 6,
    })
}

pub(crate) fn list_numbers() -> Operation {
    let description = "The tenant's own numbers and those that it could take, ascending as texts. The platform's people see \
                       all that are nobody's.";
    Operation::of("List numbers", description)
        .query::<Which>()
        .example("state", "assigned")
        .example("limit", 50)
        .answers::<ShownNumbers>(200, "A page.", page(number("assigned", true)))
        .refuses(&[&kind::TENANT_MISMATCH])
}

pub(crate) fn show_number() -> Operation {
    Operation::of("Show a number", "A number the tenant holds or could take.")
        .query::<One>()
        .example("number", DIGITS)
        .answers::<ShownNumber>(200, "The number.", number("assigned", true))
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn number_history() -> Operation {
    let description = "Each transition, oldest first: all of them for the platform's people, with the hashes that chain them; \
                       for a tenant what concerns its own leases. A number that never was has no history.";
    let example = json!({
        "id": "50331648", "at": "2026-03-21T09:30:00.000Z", "from": "available", "to": "reserved", "reason": "reserved",
        "tenant_id": TENANT, "lease_id": LEASE, "actor_id": ACTOR, "position": 3,
        "chain": { "seq": 2, "prev_hash": HASH, "row_hash": HASH },
    });
    Operation::of("What became of a number", description)
        .query::<WhichHistory>()
        .example("number", DIGITS)
        .example("limit", 50)
        .answers::<ShownHistory>(200, "A page.", page(example))
        .refuses(&[&kind::TENANT_MISMATCH])
}

pub(crate) fn validate_lease() -> Operation {
    let description = "Out of memory and not out of the read models: as current as `age_ms` says, and refused UNAVAILABLE \
                       once that would be too old. What another tenant has is answered like a number that does not exist.";
    let answer = json!({
        "verdict": "leased", "state": "assigned", "lease_id": LEASE, "cacheable_seconds": 0, "position": 6, "age_ms": 250,
    });
    Operation::of("Whether a number is leased to the tenant", description)
        .query::<Asked>()
        .example("number", DIGITS)
        .answers::<ShownLease>(200, "What holds now.", answer)
        .refuses(&[&kind::TENANT_MISMATCH, &kind::UNAVAILABLE, &kind::READ_MODEL_BEHIND])
}

pub(crate) fn reserve() -> Operation {
    Operation::of(
        "Take an available number for a while",
        "Up to a day, to decide. A reservation ends by itself. A \
                       tenant has at most 100 reservations and holds at once unless another quota was set, and makes \
                       at most 60 reservations within any minute. A vanity number takes the role \
                       sms:numbering:vanity. An alphanumeric sender is in no block: whoever reserves one that \
                       nobody has takes it, and CONFLICT says that another has it or one that looks like it; never whose.",
    )
    .example("number", DIGITS)
    .takes::<ForAWhile>(json!({ "ttl_seconds": 600 }))
    .answers::<Reserved>(
        201,
        "It is reserved.",
        json!({ "lease_id": LEASE, "state": "reserved", "receipt": receipt("numbering", 3) }),
    )
    .refuses(&[
        &kind::TTL_OUT_OF_RANGE,
        &kind::NOT_REGISTERED,
        &kind::CONFLICT,
        &kind::QUARANTINED,
        &kind::INVALID_TRANSITION,
        &kind::INVALID_VALUE,
        &kind::FAILED_PRECONDITION,
        &kind::INSUFFICIENT_SCOPE,
        &kind::QUOTA_EXCEEDED,
    ])
}

fn leased(state: &str, position: u64) -> Value {
    json!({ "state": state, "receipt": receipt("numbering", position) })
}

const OWN: &[&Kind] = &[&kind::NOT_REGISTERED, &kind::NOT_FOUND, &kind::INVALID_TRANSITION, &kind::CONFLICT];
const OVERSIGHT: &[&Kind] =
    &[&kind::NOT_REGISTERED, &kind::INVALID_TRANSITION, &kind::CONFLICT, &kind::JUSTIFICATION_TOO_SHORT];
const WHY: &str = "The operator asked for it back in its letter of 3 March.";

pub(crate) fn hold() -> Operation {
    let description = "Turns the tenant's reservation into a hold of up to 30 days from now. Once: a hold is not \
                       prolonged.";
    Operation::of("Hold a reserved number while paperwork is pending", description)
        .example("number", DIGITS)
        .takes::<Holding>(json!({ "ttl_seconds": 86_400 }))
        .answers::<Leased>(200, "It is held.", leased("held", 4))
        .refuses(&[
            &kind::TTL_OUT_OF_RANGE,
            &kind::NOT_REGISTERED,
            &kind::NOT_FOUND,
            &kind::INVALID_TRANSITION,
            &kind::CONFLICT,
        ])
}

pub(crate) fn assign() -> Operation {
    let description = "From now on the tenant may send. A lease without a period has no end. With one it ends after so \
                       many calendar months, on the day of the month it began or the last one there is, at the same \
                       time of day in UTC; then it goes on for another if it renews itself, and else the number cools \
                       off.";
    Operation::of("Turn a reservation or a hold into a lease", description)
        .example("number", DIGITS)
        .takes::<Assigning>(json!({ "period": { "months": 12, "renews": true } }))
        .answers::<Leased>(200, "It is assigned.", leased("assigned", 5))
        .refuses(&[
            &kind::NOT_REGISTERED,
            &kind::NOT_FOUND,
            &kind::INVALID_TRANSITION,
            &kind::CONFLICT,
            &kind::FAILED_PRECONDITION,
        ])
}

pub(crate) fn renew() -> Operation {
    let description = "Puts the end of a lease off by its billing period, at most one period ahead of the current one.";
    Operation::of("Renew a lease", description)
        .example("number", DIGITS)
        .takes::<ForGood>(json!({}))
        .answers::<Leased>(200, "It is renewed.", leased("renewed", 6))
        .refuses(OWN)
}

pub(crate) fn recall() -> Operation {
    let description = "The platform takes a leased number back: from now on its tenant may not send, and nobody else \
                       can have it until the recall is undone.";
    Operation::of("Recall a leased number", description)
        .example("number", DIGITS)
        .takes::<Recall>(json!({ "reason": WHY, "expected_lease_id": null }))
        .answers::<Leased>(200, "It is recalled.", leased("recalled", 7))
        .refuses(&[&kind::NOT_REGISTERED, &kind::INVALID_TRANSITION, &kind::CONFLICT])
}

pub(crate) fn reinstate() -> Operation {
    let description = "Back to the tenant it was recalled from under the same lease, or to anybody once it has cooled \
                       off from the recall.";
    Operation::of("Undo a recall", description)
        .example("number", DIGITS)
        .takes::<Reinstate>(json!({ "to": "tenant", "justification": WHY }))
        .answers::<Leased>(200, "It is reinstated, or returned to the pool.", leased("reinstated", 8))
        .refuses(OVERSIGHT)
}

pub(crate) fn retire() -> Operation {
    let description = "A number that nobody holds goes out of use for ever. There is no way back.";
    Operation::of("Retire a number", description)
        .example("number", DIGITS)
        .takes::<Retire>(json!({ "justification": WHY }))
        .answers::<Leased>(200, "It is retired.", leased("retired", 11))
        .refuses(OVERSIGHT)
}

pub(crate) fn set_cool_off() -> Operation {
    let description = "Lets the cool-off of a number last for another length of time than it does by rule. Nobody makes \
                       it shorter than a day or longer than 1825 days.";
    Operation::of("Override a cool-off", description)
        .example("number", DIGITS)
        .takes::<CoolOff>(json!({ "days": 30, "justification": WHY }))
        .answers::<Leased>(200, "It cools off for as long as was asked.", leased("cooling_off", 10))
        .refuses(OVERSIGHT)
}

pub(crate) fn release() -> Operation {
    let description = "An assigned telephone number then cools off for 90 days, a short code for 30, a vanity number or an alphanumeric sender for 365; one that \
                       was never assigned is free at once.";
    Operation::of("End a reservation, a hold or a lease", description)
        .example("number", DIGITS)
        .takes::<ForGood>(json!({}))
        .answers::<Leased>(200, "It is released.", leased("released", 6))
        .refuses(OWN)
}

pub(crate) fn signals() -> Operation {
    let description = "What in the ledger of numbers looks like fraud, newest first: a tenant that wanted to reserve more \
                       numbers within a minute than it may, and a number that was leased again after it had been \
                       recalled twice within two years.";
    let example = json!({
        "id": "49153", "at": "2026-03-21T09:30:00.000Z", "kind": "recalled_number_leased_again", "tenant_id": TENANT,
        "number": NUMBER, "recalls": 2, "position": 12,
    });
    Operation::of("List signs of fraud", description)
        .query::<WhichSignals>()
        .example("limit", 50)
        .answers::<ShownSignals>(200, "A page.", page(example))
}

pub(crate) fn request_export() -> Operation {
    let description = "What a regulator gets of a month, as its profile says: made, signed and stored in the background, and each step \
                       put on record. The month before the current one is exported by itself under every configured profile; the \
                       same month again gives the same bytes, but for the signature. Refused while the audit table of numbers does \
                       not follow from the ledger.";
    Operation::of("Have a month exported", description)
        .takes::<WantedExport>(json!({ "profile": "atra", "period": "2026-09" }))
        .answers::<RequestedExport>(
            202,
            "It will be made.",
            json!({ "id": EXPORT, "state": "requested", "receipt": receipt("numbering", 13) }),
        )
        .refuses(&[&kind::INVALID_VALUE, &kind::INVALID_TRANSITION, &kind::CONFLICT, &kind::NUMBER_AUDIT_BROKEN])
}

pub(crate) fn list_exports() -> Operation {
    let example = json!({
        "items": [{
            "id": EXPORT, "profile": "atra", "period": "2026-09", "requested_at": "2026-10-01T00:00:05.000Z",
            "state": "stored", "manifest_sha256": HASH, "key_sha256": HASH, "place": "file:///var/lib/peyk/exports/atra/2026-09",
            "code": null,
        }],
        "audit_sound": true, "position": 13,
    });
    let description = "Every export that is open and the last thousand that are over, newest first, out of memory.";
    Operation::of("List exports", description)
        .answers::<ShownExports>(200, "What there is.", example)
        .refuses(&[&kind::UNAVAILABLE])
}

pub(crate) fn show_quota() -> Operation {
    let description = "How many reservations and holds a tenant may have at once, how many numbers it may reserve within any \
                       minute, and how many reservations and holds it has. Out of memory, as current as `age_ms` says.";
    let answer = json!({
        "tenant_id": TENANT, "at_once": 250, "per_minute": 90, "reservations": 3, "position": 12, "age_ms": 250,
    });
    Operation::of("Show a tenant's quota of reservations", description)
        .query::<AsOf>()
        .example("id", TENANT)
        .answers::<ShownAllowance>(200, "What holds now.", answer)
        .refuses(&[&kind::TENANT_MISMATCH, &kind::INVALID_VALUE, &kind::UNAVAILABLE, &kind::READ_MODEL_BEHIND])
}

pub(crate) fn set_quota() -> Operation {
    let description = "How many reservations and holds a tenant may have at once, and how many numbers it may reserve \
                       within any minute; 100 and 60 unless set. A smaller quota ends none of those that stand.";
    Operation::of("Set a tenant's quota of reservations", description)
        .example("id", TENANT)
        .takes::<Quota>(json!({ "at_once": 250, "per_minute": 90 }))
        .answers::<QuotaSet>(
            200,
            "It is set.",
            json!({ "tenant_id": TENANT, "at_once": 250, "per_minute": 90, "receipt": receipt("numbering", 12) }),
        )
        .refuses(&[&kind::INVALID_VALUE, &kind::INVALID_TRANSITION])
}
