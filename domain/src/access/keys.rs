//! Access keys: what is decided of them.
use super::aggregate::Decided;
use super::guard::{allowable, grantable, sealed};
use super::{AccessError, AccessEvent, Directory, NewKey, Scope};
use crate::{ActorId, At};

/// Access keys of a tenant, and of the platform.
pub const KEYS_MAX: usize = 1_000;

impl Directory {
    pub(super) fn create_key_for(&self, at: At, scope: Scope, new: NewKey) -> Decided {
        let NewKey { key, tenant, hash, label, roles, expires, allowed } = new;
        self.reach(scope, tenant)?;
        self.is_free(key, "access key")?;
        grantable(tenant, &roles)?;
        allowable(&allowed)?;
        sealed(&[&label])?;
        if expires.is_some_and(|expires| expires <= at) {
            return Err(AccessError::InvalidValue("the key would have expired already"));
        }
        if self.key_by_hash(&hash).is_some() {
            return Err(AccessError::AlreadyExists("access key"));
        }
        if self.keys_of.get(&tenant).is_some_and(|keys| keys.len() >= KEYS_MAX) {
            return Err(AccessError::TooMany { max: KEYS_MAX, of: "access keys of a tenant" });
        }
        let at = Some(at);
        Ok(vec![AccessEvent::KeyCreated { key, tenant, hash, label, roles, expires, allowed, at }])
    }

    pub(super) fn revoke(&self, scope: Scope, key: ActorId) -> Decided {
        let found = self.key(key).ok_or(AccessError::NotFound("access key"))?;
        match self.reach(scope, found.tenant) {
            Ok(()) => Ok(vec![AccessEvent::KeyRevoked { key }]),
            Err(AccessError::NotFound(_)) => Err(AccessError::NotFound("access key")),
            Err(other) => Err(other),
        }
    }
}
