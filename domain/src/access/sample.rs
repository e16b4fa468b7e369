//! A small deployment for the tests: one platform admin, two tenants, one user each.
use super::{
    AccessAction, AccessCommand, AccessEvent, Envelope, KeyHash, LoginToken, NewKey, NewUser, Region, Role,
    SESSION_LASTS, Scope,
};
use crate::messages::{Generation, Leaf, MonthKey, RetentionClass, Sealed, SealedFor};
use crate::{ActorId, At, Dated, SessionId, TenantId};

pub const HERAT: TenantId = TenantId::from_bytes([1; 16]);
pub const KABUL: TenantId = TenantId::from_bytes([2; 16]);
pub const ROOT: ActorId = ActorId::from_bytes([10; 16]);
pub const PARWIN: ActorId = ActorId::from_bytes([11; 16]);
pub const QASIM: ActorId = ActorId::from_bytes([12; 16]);
pub const KEY: ActorId = ActorId::from_bytes([13; 16]);
pub const OURS: Scope = Scope::Platform;

pub fn envelope(byte: u8) -> Envelope {
    let class = RetentionClass::Message;
    let sealed_for = SealedFor { class, month: MonthKey(0), generation: Generation(0), leaf: Leaf(7) };
    Envelope { sealed_for, sealed: Sealed([byte; 3].into()) }
}

pub fn session(index: u128) -> SessionId {
    SessionId::from_bytes((index + 1).to_be_bytes())
}

pub fn at(at: u64, scope: Scope, action: AccessAction) -> Dated<AccessCommand> {
    Dated { at: At(at), command: AccessCommand { scope, origin: None, action } }
}

pub fn region() -> Region {
    "af-west".parse().expect("a region")
}

pub fn tenant_created(tenant: TenantId) -> AccessEvent {
    AccessEvent::TenantCreated { tenant, name: envelope(1), region: region(), partition: 3 }
}

/// A user whose login name is as unlike others' as its id.
pub fn new_user(user: ActorId, tenant: TenantId, roles: &[Role]) -> NewUser {
    let login = LoginToken([user.to_bytes()[0]; 32]);
    NewUser { user, tenant, login, identity: envelope(2), verifier: envelope(3), roles: roles.to_vec() }
}

pub fn user_created(user: ActorId, tenant: TenantId, roles: &[Role]) -> AccessEvent {
    let NewUser { user, tenant, login, identity, verifier, roles } = new_user(user, tenant, roles);
    AccessEvent::UserCreated { user, tenant, login, identity, verifier, roles, at: Some(At(0)) }
}

pub fn new_key(key: ActorId, tenant: TenantId, roles: &[Role]) -> NewKey {
    let hash = KeyHash([key.to_bytes()[0]; 32]);
    NewKey { key, tenant, hash, label: envelope(4), roles: roles.to_vec(), expires: None, allowed: Vec::new() }
}

pub fn key_created(new: NewKey) -> AccessEvent {
    let NewKey { key, tenant, hash, label, roles, expires, allowed } = new;
    AccessEvent::KeyCreated { key, tenant, hash, label, roles, expires, allowed, at: Some(At(0)) }
}

/// The first admin, two tenants, and in each one user.
pub fn founded() -> Vec<AccessEvent> {
    vec![
        user_created(ROOT, TenantId::NIL, &[Role::PlatformAdmin]),
        tenant_created(HERAT),
        tenant_created(KABUL),
        user_created(PARWIN, HERAT, &[Role::TenantAdmin]),
        user_created(QASIM, KABUL, &[Role::AccountSender]),
    ]
}

/// What happened before, and what happened then.
pub fn after(more: impl IntoIterator<Item = AccessEvent>) -> Vec<AccessEvent> {
    founded().into_iter().chain(more).collect()
}

/// A login that succeeded at the beginning of time, without a code.
pub fn begun(user: ActorId, index: u128) -> AccessEvent {
    AccessEvent::LoginSucceeded { user, session: session(index), expires: At(0).plus(SESSION_LASTS), totp_step: None }
}
