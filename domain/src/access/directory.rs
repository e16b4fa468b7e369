use super::blocked::Blocked;
use super::erasure::Erasures;
use super::{AccessKey, AddressRange, KeyHash, Limits, LoginToken, Session, Standing, Tenant, User};
use crate::{ActorId, At, SessionId, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::ops::Bound;

/// What runs out by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Timer {
    Session(SessionId),
    Key(ActorId),
    Block(AddressRange),
}

/// Who may do what. State of the `access` ledger; folded without any key, for what is personal in it stays sealed.
///
/// The maps are B-trees rather than hash tables: a hash table that grows moves all it has while every command waits.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Directory {
    pub(super) tenants: BTreeMap<TenantId, Tenant>,
    pub(super) users: BTreeMap<ActorId, User>,
    pub(super) logins: BTreeMap<LoginToken, ActorId>,
    pub(super) users_of: BTreeMap<TenantId, BTreeSet<ActorId>>,
    pub(super) keys: BTreeMap<ActorId, AccessKey>,
    pub(super) hashes: BTreeMap<KeyHash, ActorId>,
    pub(super) keys_of: BTreeMap<TenantId, BTreeSet<ActorId>>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) blocked: Blocked,
    pub(super) timers: BTreeSet<(At, Timer)>,
    /// The platform admins that are enabled.
    pub(super) admins: BTreeSet<ActorId>,
    pub(super) erasures: Erasures,
}

impl Directory {
    /// Whether the deployment has had its first admin.
    #[must_use]
    pub fn bootstrapped(&self) -> bool {
        !self.users.is_empty()
    }

    #[must_use]
    pub fn tenant(&self, tenant: TenantId) -> Option<&Tenant> {
        self.tenants.get(&tenant)
    }

    /// The tenants behind `cursor`, by id.
    pub fn tenants(&self, cursor: Option<TenantId>) -> impl Iterator<Item = (TenantId, &Tenant)> {
        after(&self.tenants, cursor).map(|(id, tenant)| (*id, tenant))
    }

    /// Whether anything is done in the tenant's name. The platform is no tenant, and always active.
    #[must_use]
    pub fn is_active(&self, tenant: TenantId) -> bool {
        tenant.is_nil() || self.tenant(tenant).is_some_and(|tenant| tenant.standing == Standing::Active)
    }

    /// What the tenant may ask for in a minute. The platform's own people, and whoever is unknown, have the defaults.
    #[must_use]
    pub fn limits(&self, tenant: TenantId) -> Limits {
        self.tenant(tenant).map_or_else(Limits::default, |tenant| tenant.limits)
    }

    /// Which partition of `messages` the tenant lives in.
    #[must_use]
    pub fn partition(&self, tenant: TenantId) -> Option<u16> {
        self.tenant(tenant).map(|tenant| tenant.partition)
    }

    #[must_use]
    pub fn user(&self, user: ActorId) -> Option<&User> {
        self.users.get(&user)
    }

    #[must_use]
    pub fn user_by_login(&self, login: &LoginToken) -> Option<(ActorId, &User)> {
        let user = *self.logins.get(login)?;
        Some((user, self.user(user)?))
    }

    /// The users of a tenant behind `cursor`, by id; with the nil tenant, the platform's own people.
    pub fn users_of(&self, tenant: TenantId, cursor: Option<ActorId>) -> impl Iterator<Item = (ActorId, &User)> {
        members(&self.users_of, tenant, cursor).filter_map(|user| Some((user, self.user(user)?)))
    }

    #[must_use]
    pub fn key(&self, key: ActorId) -> Option<&AccessKey> {
        self.keys.get(&key)
    }

    #[must_use]
    pub fn key_by_hash(&self, hash: &KeyHash) -> Option<(ActorId, &AccessKey)> {
        let key = *self.hashes.get(hash)?;
        Some((key, self.key(key)?))
    }

    /// The access keys of a tenant behind `cursor`, by id; with the nil tenant, the platform's own.
    pub fn keys_of(&self, tenant: TenantId, cursor: Option<ActorId>) -> impl Iterator<Item = (ActorId, &AccessKey)> {
        members(&self.keys_of, tenant, cursor).filter_map(|key| Some((key, self.key(key)?)))
    }

    #[must_use]
    pub fn session(&self, session: SessionId) -> Option<&Session> {
        self.sessions.get(&session)
    }

    /// The user of a session, if the session has not run out at `at` and both user and tenant may act.
    #[must_use]
    pub fn signed_in(&self, session: SessionId, at: At) -> Option<(ActorId, &User)> {
        let session = self.session(session).filter(|session| session.expires > at)?;
        let user = self.user(session.user)?;
        (user.standing == Standing::Active && self.is_active(user.tenant)).then_some((session.user, user))
    }

    /// Whether nobody is served from the address at `at`.
    #[must_use]
    pub fn blocked(&self, address: IpAddr, at: At) -> bool {
        self.blocked.covers(address, at)
    }

    /// The blocked ranges behind `cursor`, each with when that ends.
    pub fn blocks(&self, cursor: Option<AddressRange>) -> impl Iterator<Item = (AddressRange, Option<At>)> {
        self.blocked.after(cursor)
    }

    /// When the next timer is due.
    #[must_use]
    pub fn next_due(&self) -> Option<At> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// What ran out at `at`, earliest first.
    pub(super) fn due(&self, at: At) -> impl Iterator<Item = Timer> {
        self.timers.iter().take_while(move |(due, _)| *due <= at).map(|(_, timer)| *timer)
    }
}

/// The entries of a map behind a key, in order.
pub(super) fn after<K: Ord, V>(map: &BTreeMap<K, V>, key: Option<K>) -> impl Iterator<Item = (&K, &V)> {
    map.range((key.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded))
}

fn members(
    of: &BTreeMap<TenantId, BTreeSet<ActorId>>,
    tenant: TenantId,
    cursor: Option<ActorId>,
) -> impl Iterator<Item = ActorId> {
    let behind = (cursor.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    of.get(&tenant).into_iter().flat_map(move |members| members.range(behind)).copied()
}

impl fmt::Debug for Directory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Directory")
            .field("tenants", &self.tenants.len())
            .field("users", &self.users.len())
            .field("keys", &self.keys.len())
            .field("sessions", &self.sessions.len())
            .field("blocked", &self.blocked.len())
            .field("timers", &self.timers.len())
            .finish_non_exhaustive()
    }
}
