use super::Operation;
use super::examples::{ACCESS_KEY, ACTOR, SESSION_ENDS, TENANT, USER, page, receipt};
use crate::accounts::{
    AccessKeys, Accounts, Addresses, AdminPassword, Block, Blocked, BlockedAddresses, Changed, ConfirmTotp, CreatedKey,
    EnrolledTotp, LogIn, LoggedOut, NewAccessKey, NewPassword, NewReview, NewTenant, NewUserBody, Page, Range, Refresh,
    RemoveTotp, Reviewed, Revoked, Roles, ShownLimits, ShownMe, ShownTenant, ShownUser, TenantChange, TenantName,
    Tenants, Tokens, UserChange, Users, Which, WhichAccounts,
};
use crate::problem::{Kind, kind};
use serde_json::{Value, json};

const LOGIN: &[&Kind] = &[&kind::LOGIN_FAILED, &kind::RESOURCE_EXHAUSTED];
const OWN: &[&Kind] = &[
    &kind::NOT_FOUND,
    &kind::INVALID_VALUE,
    &kind::INVALID_TRANSITION,
    &kind::RESOURCE_EXHAUSTED,
    &kind::ACCOUNT_LOCKED,
];
const NEW: &[&Kind] =
    &[&kind::INVALID_VALUE, &kind::INVALID_TRANSITION, &kind::ALREADY_EXISTS, &kind::NOT_FOUND, &kind::TOO_MANY];
const CHANGE: &[&Kind] = &[&kind::INVALID_VALUE, &kind::INVALID_TRANSITION, &kind::TOO_MANY];
const REVIEW: &[&Kind] = &[&kind::INVALID_VALUE, &kind::NOT_FOUND, &kind::TOO_MANY];
const PASSWORD: &str = "a long and quiet river";
const RANGE: &str = "192.0.2.0/24";

fn access(position: u64) -> Value {
    receipt("access", position)
}

fn tokens(position: u64) -> Value {
    json!({
        "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl", "token_type": "Bearer",
        "expires_in": 3_600, "refresh_token": "rt_AAECAwQFBgcICQoLDA0ODwAAAAE", "session_expires_at": SESSION_ENDS,
        "user_id": USER, "tenant_id": TENANT, "roles": ["account.sender"], "mfa_required": false,
        "receipt": access(position),
    })
}

pub(crate) fn log_in() -> Operation {
    let description = "Every failure takes as long as every other and says no more. A session lasts 30 days at most, and \
                       a user has 20 at most: one more ends the oldest. Ten failures in a row lock the account, for 15 \
                       minutes at first. With a second factor set up, an answer with reason `CODE_NEEDED` asks for it.";
    Operation::of("Log in", description)
        .takes::<LogIn>(json!({ "login": "parwin@example.org", "password": PASSWORD, "code": "123456" }))
        .answers::<Tokens>(200, "A session began.", tokens(9))
        .refuses(LOGIN)
}

pub(crate) fn refresh() -> Operation {
    let description =
        "A refresh token is good once. One that was used before ends the session, for it is in two hands.";
    Operation::of("Go on with a session", description)
        .takes::<Refresh>(json!({ "refresh_token": "rt_AAECAwQFBgcICQoLDA0ODwAAAAE" }))
        .answers::<Tokens>(200, "The next tokens.", tokens(10))
        .refuses(&[&kind::UNAUTHENTICATED])
}

pub(crate) fn log_out() -> Operation {
    Operation::of("Log out", "Ends the session of the token. Its tokens are good nowhere 2 s later.")
        .answers::<LoggedOut>(200, "The session has ended.", json!({ "state": "ended", "receipt": access(11) }))
        .refuses(&[&kind::INVALID_TRANSITION])
}

pub(crate) fn me() -> Operation {
    Operation::of("Show who asks", "").answers::<ShownMe>(
        200,
        "Whom the credential speaks for.",
        json!({
            "actor_id": USER, "tenant_id": TENANT, "idp": "https://login.example.org", "roles": ["account.sender"],
            "login": "parwin@example.org", "name": "Parwin", "totp": true, "mfa_required": false,
        }),
    )
}

pub(crate) fn password() -> Operation {
    Operation::of(
        "Change one's password",
        "All sessions end; log in with the new one. A wrong one counts as a failed login.",
    )
    .takes::<NewPassword>(json!({ "current_password": PASSWORD, "new_password": "a short and noisy river" }))
    .answers::<Changed>(200, "It is changed.", json!({ "state": "changed", "receipt": access(12) }))
    .refuses(OWN)
}

pub(crate) fn enrol_totp() -> Operation {
    Operation::of("Set up a second factor", "TOTP (RFC 6238): SHA-1, six digits, 30 s. It counts once it is confirmed.")
        .answers::<EnrolledTotp>(
            201,
            "What an authenticator app needs, shown this once.",
            json!({
                "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
                "otpauth_uri": "otpauth://totp/Peyk:parwin?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Peyk&algorithm=SHA1&digits=6&period=30",
                "receipt": access(13),
            }),
        )
        .refuses(OWN)
}

pub(crate) fn confirm_totp() -> Operation {
    Operation::of("Confirm a second factor", "From now on a code is asked for at login.")
        .takes::<ConfirmTotp>(json!({ "code": "123456" }))
        .answers::<Changed>(200, "It counts.", json!({ "state": "confirmed", "receipt": access(14) }))
        .refuses(OWN)
}

pub(crate) fn remove_totp() -> Operation {
    Operation::of(
        "Remove one's second factor",
        "Roles that administer ask for one: without it they can do nothing else.",
    )
    .takes::<RemoveTotp>(json!({ "current_password": PASSWORD }))
    .answers::<Changed>(200, "It is removed.", json!({ "state": "removed", "receipt": access(15) }))
    .refuses(OWN)
}

fn limits() -> Value {
    json!({ "requests_per_minute": 1_000, "messages_per_minute": 100, "logins_per_minute": 10 })
}

fn tenant() -> Value {
    json!({
        "id": TENANT, "name": "Herat Pharmacies", "region": "af-west", "partition": 0, "state": "active",
        "limits": limits(), "allowed_addresses": [RANGE],
    })
}

fn tenant_change(state: &str, position: u64) -> Value {
    json!({ "id": TENANT, "state": state, "receipt": access(position) })
}

pub(crate) fn create_tenant() -> Operation {
    Operation::of("Create a tenant", "Its name is sealed; records carry its id.")
        .takes::<NewTenant>(json!({ "id": TENANT, "name": "Herat Pharmacies", "region": "af-west", "partition": 0 }))
        .answers::<TenantChange>(201, "It is created.", tenant_change("active", 3))
        .refuses(NEW)
}

pub(crate) fn list_tenants() -> Operation {
    Operation::of("List tenants", "By id.").query::<Page>().answers::<Tenants>(200, "A page.", page(tenant()))
}

pub(crate) fn show_tenant() -> Operation {
    Operation::of("Show a tenant", "").example("id", TENANT).answers::<ShownTenant>(200, "The tenant.", tenant())
}

pub(crate) fn suspend_tenant() -> Operation {
    Operation::of("Suspend a tenant", "Its users and keys do nothing until it is resumed.")
        .example("id", TENANT)
        .answers::<TenantChange>(200, "It is suspended.", tenant_change("suspended", 4))
        .refuses(CHANGE)
}

pub(crate) fn resume_tenant() -> Operation {
    Operation::of("Resume a tenant", "")
        .example("id", TENANT)
        .answers::<TenantChange>(200, "It is active.", tenant_change("active", 5))
        .refuses(CHANGE)
}

pub(crate) fn rename_tenant() -> Operation {
    Operation::of("Rename a tenant", "What it is called; its id stays.")
        .example("id", TENANT)
        .takes::<TenantName>(json!({ "name": "Herat Bank" }))
        .answers::<TenantChange>(200, "It has the name.", tenant_change("changed", 5))
        .refuses(CHANGE)
}

pub(crate) fn set_limits() -> Operation {
    Operation::of("Set the limits of a tenant", "What it may ask for in a minute.")
        .example("id", TENANT)
        .takes::<ShownLimits>(limits())
        .answers::<TenantChange>(200, "They are set.", tenant_change("changed", 6))
        .refuses(CHANGE)
}

pub(crate) fn set_allowed_addresses() -> Operation {
    let description = "Whoever has the role tenant.admin there is served from these only. An empty list allows any.";
    Operation::of("Set where a tenant's admins may come from", description)
        .example("id", TENANT)
        .takes::<Addresses>(json!({ "ranges": [RANGE, "2001:db8::/32"] }))
        .answers::<TenantChange>(200, "They are set.", tenant_change("changed", 7))
        .refuses(CHANGE)
}

fn user() -> Value {
    json!({
        "id": USER, "tenant_id": TENANT, "login": "parwin@example.org", "name": "Parwin", "roles": ["account.sender"],
        "state": "active", "locked_until": null, "totp": false, "sessions": 1,
        "last_login_at": "2026-03-21T09:30:00.000Z",
    })
}

fn user_change(state: &str, position: u64) -> Value {
    json!({ "id": USER, "state": state, "receipt": access(position) })
}

pub(crate) fn create_user() -> Operation {
    Operation::of(
        "Create a user",
        "Name and login name are sealed. The password has 12 to 128 characters, the login name not among them.",
    )
    .takes::<NewUserBody>(json!({
        "id": USER, "tenant_id": TENANT, "login": "parwin@example.org", "name": "Parwin", "password": PASSWORD,
        "roles": ["account.sender"],
    }))
    .answers::<UserChange>(201, "It is created.", user_change("created", 8))
    .refuses(NEW)
}

pub(crate) fn list_users() -> Operation {
    Operation::of("List the users of a tenant", "By id.")
        .query::<Which>()
        .example("tenant_id", TENANT)
        .answers::<Users>(200, "A page.", page(user()))
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn show_user() -> Operation {
    Operation::of("Show a user", "").example("id", USER).answers::<ShownUser>(200, "The user.", user())
}

pub(crate) fn set_roles() -> Operation {
    Operation::of("Set the roles of a user", "Its sessions end. The platform keeps at least one enabled admin.")
        .example("id", USER)
        .takes::<Roles>(json!({ "roles": ["account.reader"] }))
        .answers::<UserChange>(200, "They are set.", user_change("changed", 9))
        .refuses(CHANGE)
}

pub(crate) fn disable_user() -> Operation {
    Operation::of("Disable a user", "Its sessions end.")
        .example("id", USER)
        .answers::<UserChange>(200, "It is disabled.", user_change("disabled", 10))
        .refuses(CHANGE)
}

pub(crate) fn enable_user() -> Operation {
    Operation::of("Enable a user again", "")
        .example("id", USER)
        .answers::<UserChange>(200, "It is enabled.", user_change("enabled", 11))
        .refuses(CHANGE)
}

pub(crate) fn unlock_user() -> Operation {
    Operation::of("Unlock a user", "Before the lock ends by itself; the failures until now are forgotten.")
        .example("id", USER)
        .answers::<UserChange>(200, "It is unlocked.", user_change("unlocked", 12))
        .refuses(CHANGE)
}

pub(crate) fn reset_password() -> Operation {
    Operation::of("Set the password of a user", "Its sessions end.")
        .example("id", USER)
        .takes::<AdminPassword>(json!({ "password": "a short and noisy river" }))
        .answers::<UserChange>(200, "It is set.", user_change("changed", 13))
        .refuses(CHANGE)
}

pub(crate) fn remove_users_totp() -> Operation {
    Operation::of("Remove the second factor of a user", "For who has lost it.")
        .example("id", USER)
        .answers::<UserChange>(200, "It is removed.", user_change("changed", 14))
        .refuses(CHANGE)
}

pub(crate) fn create_key() -> Operation {
    let description = "For programs: `Authorization: AccessKey ak_...`. Only its SHA-256 is kept.";
    Operation::of("Create an access key", description)
        .takes::<NewAccessKey>(json!({
            "id": ACCESS_KEY, "tenant_id": TENANT, "label": "Till 1", "roles": ["account.sender"],
            "expires_at": "2099-01-01T00:00:00Z", "allowed_addresses": [RANGE],
        }))
        .answers::<CreatedKey>(
            201,
            "It is created.",
            json!({ "id": ACCESS_KEY, "access_key": "ak_0123456789abcdefghijABCDEFGHIJ01", "receipt": access(15) }),
        )
        .refuses(NEW)
}

pub(crate) fn list_keys() -> Operation {
    let key = json!({
        "id": ACCESS_KEY, "tenant_id": TENANT, "label": "Till 1", "roles": ["account.sender"],
        "expires_at": "2099-01-01T00:00:00.000Z", "allowed_addresses": [RANGE],
    });
    Operation::of("List the access keys of a tenant", "By id; those that are good.")
        .query::<Which>()
        .example("tenant_id", TENANT)
        .answers::<AccessKeys>(200, "A page.", page(key))
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn revoke_key() -> Operation {
    Operation::of("Revoke an access key", "It is good nowhere 2 s later.").example("id", ACCESS_KEY).answers::<Revoked>(
        200,
        "It is revoked.",
        json!({ "id": ACCESS_KEY, "state": "revoked", "receipt": access(16) }),
    )
}

fn account() -> Value {
    json!({
        "id": USER, "tenant_id": TENANT, "kind": "user", "login": "parwin@example.org", "name": "Parwin",
        "roles": ["account.sender"], "state": "active", "created_at": "2026-01-02T08:00:00.000Z",
        "roles_since": "2026-01-02T08:00:00.000Z", "last_login_at": "2026-03-21T09:30:00.000Z", "second_factor": false,
        "expires_at": null,
        "review": { "at": "2026-03-01T10:00:00.000Z", "by": ACTOR, "verdict": "kept" },
        "review_state": "current", "review_due_at": "2026-05-30T10:00:00.000Z",
    })
}

pub(crate) fn list_accounts() -> Operation {
    let description = "Every user and access key of a tenant, by id, with roles, since when, the last login, and the last \
                       review. `overdue`: nobody has looked at it for longer than a review counts. `to_be_removed`: a review says \
                       that it is to go, and it can still be used. What reviews said before is in the audit trail, \
                       event type `access_reviewed`.";
    Operation::of("List who may do what, for a review", description)
        .query::<WhichAccounts>()
        .example("tenant_id", TENANT)
        .answers::<Accounts>(200, "A page.", page(account()))
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn review_access() -> Operation {
    let description = "Puts on record that whoever asks has looked at these accounts and what they said of each. Nothing is \
                       taken away by it: disable the user or revoke the key. Nobody reviews their own account.";
    Operation::of("Review who may do what", description)
        .takes::<NewReview>(json!({
            "tenant_id": TENANT,
            "accounts": [{ "id": USER, "verdict": "kept" }, { "id": ACCESS_KEY, "verdict": "to_be_removed" }],
        }))
        .answers::<Reviewed>(
            201,
            "It is on record.",
            json!({ "tenant_id": TENANT, "kept": 1, "to_be_removed": 1, "receipt": access(14) }),
        )
        .refuses(REVIEW)
}

pub(crate) fn block() -> Operation {
    Operation::of("Block addresses", "Nothing is taken from there. A prefix has at least 8 bits (IPv4) or 16 (IPv6).")
        .takes::<Block>(json!({ "range": "203.0.113.0/24", "lasts_seconds": 3_600 }))
        .answers::<Blocked>(
            201,
            "They are blocked.",
            json!({ "range": "203.0.113.0/24", "state": "blocked", "receipt": access(17) }),
        )
        .refuses(&[&kind::INVALID_VALUE, &kind::TOO_MANY])
}

pub(crate) fn unblock() -> Operation {
    Operation::of("Unblock addresses", "")
        .query::<Range>()
        .example("range", "203.0.113.0/24")
        .answers::<Blocked>(
            200,
            "They are not blocked.",
            json!({ "range": "203.0.113.0/24", "state": "unblocked", "receipt": access(18) }),
        )
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn list_blocked() -> Operation {
    Operation::of("List blocked addresses", "").query::<Page>().answers::<BlockedAddresses>(
        200,
        "A page.",
        page(json!({ "range": "203.0.113.0/24", "until": "2026-03-21T10:30:00.000Z" })),
    )
}
