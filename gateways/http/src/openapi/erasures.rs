use super::Operation;
use super::examples::{ACTOR, TENANT, USER, receipt};
use crate::accounts::{Erase, ErasureBegun, ShownTenantErasure, ShownUserErasure};
use crate::problem::{Kind, kind};
use serde_json::{Value, json};

const ERASE: &[&Kind] =
    &[&kind::INVALID_VALUE, &kind::INVALID_TRANSITION, &kind::JUSTIFICATION_TOO_SHORT, &kind::NOT_FOUND];
const WHY: &str = "The contract ended on 28 February and they ask for it.";

fn begun(id: &str, position: u64) -> Value {
    json!({ "id": id, "state": "erasing", "receipt": receipt("access", position) })
}

pub(crate) fn erase_tenant() -> Operation {
    let description = "For good: nothing undoes it, so the tenant has to be suspended first. From here on it is none: its \
                       tokens and keys are good nowhere 2 s later. Its accounts go, its numbers are recalled and cool off, the keys \
                       to all that was sealed for it are destroyed, and then it is `erased`; GET says how far that is. What it did \
                       stays on record under ids that lead to nobody; its id is never given again.";
    Operation::of("Erase a tenant", description)
        .example("id", TENANT)
        .takes::<Erase>(json!({ "justification": WHY }))
        .answers::<ErasureBegun>(202, "It is none any more, and goes.", begun(TENANT, 19))
        .refuses(ERASE)
}

pub(crate) fn show_tenant_erasure() -> Operation {
    Operation::of("Show how far the erasure of a tenant is", "").example("id", TENANT).answers::<ShownTenantErasure>(
        200,
        "The erasure.",
        json!({
            "id": TENANT, "state": "erased", "accounts_left": 0,
            "tombstone": "00000000-0000-0000-0000-d576d5bb0c98", "requested_by": ACTOR,
            "requested_at": "2026-03-21T09:30:00.000Z", "erased_at": "2026-03-21T09:30:04.000Z",
        }),
    )
}

pub(crate) fn erase_user() -> Operation {
    let description = "For good. The sessions end, the login name is free again, and the keys to name, login name, password \
                       and second factor are destroyed; then it is `erased`. What the user did stays on record under an id that leads to \
                       nobody. Nobody erases their own account, and the platform keeps at least one enabled admin.";
    Operation::of("Erase a user", description)
        .example("id", USER)
        .takes::<Erase>(json!({ "justification": WHY }))
        .answers::<ErasureBegun>(202, "It is none any more.", begun(USER, 20))
        .refuses(ERASE)
}

pub(crate) fn show_user_erasure() -> Operation {
    let description = "Of a user whose tenant stays; who went with the tenant is not told apart from who never was.";
    Operation::of("Show how far the erasure of a user is", description).example("id", USER).answers::<ShownUserErasure>(
        200,
        "The erasure.",
        json!({
            "id": USER, "tenant_id": TENANT, "state": "erased", "requested_by": ACTOR,
            "requested_at": "2026-03-21T09:30:00.000Z", "erased_at": "2026-03-21T09:30:01.000Z",
        }),
    )
}
