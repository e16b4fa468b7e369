//! Erasure: a tenant or a person goes, and what they did stays under ids that lead to nobody.
//!
//! A tenant that is erased is no tenant any more from that record on. Its accounts go a bounded number at a time, as ticks
//! do it; its numbers go in `numbering`; and when keys are destroyed too the platform says that it is done.
use super::aggregate::Decided;
use super::guard::platform_only;
use super::people::ended;
use super::{AccessError, AccessEvent, Directory, Scope, SessionEnd, Standing};
use crate::numbering::Reason;
use crate::{ActorId, At, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A tenant on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// Nil for the platform itself, from a shell.
    pub by: ActorId,
    pub since: At,
    /// Which partition of `messages` it lived in.
    pub partition: u16,
}

/// A tenant that is gone, keys and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    pub by: ActorId,
    pub since: At,
    /// When the keys to what was said of it were destroyed.
    pub done: At,
    /// Which partition of `messages` it lived in.
    pub partition: u16,
}

/// A person who was erased while the tenant stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedPerson {
    /// Nil for the platform's own people.
    pub tenant: TenantId,
    pub by: ActorId,
    pub since: At,
    /// When the keys to who it was were destroyed; none while they are not.
    pub done: Option<At>,
}

/// How the erasure of a tenant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantErasure {
    UnderWay(Leaving),
    Done(Erased),
}

/// Part of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Erasures {
    leaving: BTreeMap<TenantId, Leaving>,
    tenants: BTreeMap<TenantId, Erased>,
    people: BTreeMap<ActorId, ErasedPerson>,
    people_of: BTreeMap<TenantId, BTreeSet<ActorId>>,
    /// Those of them whose keys are still there.
    keyed: BTreeSet<ActorId>,
}

impl Erasures {
    pub fn is_leaving(&self, tenant: TenantId) -> bool {
        self.leaving.contains_key(&tenant)
    }

    /// Tenants, whether gone or on their way.
    pub fn tenants_count(&self) -> usize {
        self.leaving.len() + self.tenants.len()
    }

    pub fn people_count(&self, tenant: TenantId) -> usize {
        self.people_of.get(&tenant).map_or(0, BTreeSet::len)
    }

    pub fn was_person(&self, user: ActorId) -> bool {
        self.people.contains_key(&user)
    }

    pub fn begin(&mut self, tenant: TenantId, leaving: Leaving) {
        self.leaving.insert(tenant, leaving);
        // With the tenant's keys theirs are destroyed.
        for person in self.people_of.remove(&tenant).into_iter().flatten() {
            self.people.remove(&person);
            self.keyed.remove(&person);
        }
    }

    pub fn end(&mut self, tenant: TenantId, done: At) -> Option<()> {
        let Leaving { by, since, partition } = self.leaving.remove(&tenant)?;
        self.tenants.insert(tenant, Erased { by, since, done, partition });
        Some(())
    }

    pub fn person(&mut self, user: ActorId, person: ErasedPerson) {
        self.people_of.entry(person.tenant).or_default().insert(user);
        self.people.insert(user, person);
        self.keyed.insert(user);
    }

    pub fn person_done(&mut self, user: ActorId, done: At) -> Option<()> {
        self.keyed.remove(&user).then_some(())?;
        self.people.get_mut(&user)?.done = Some(done);
        Some(())
    }
}

impl Directory {
    /// How the erasure of a tenant stands; none of one that is not erased.
    #[must_use]
    pub fn tenant_erasure(&self, tenant: TenantId) -> Option<TenantErasure> {
        let leaving = self.erasures.leaving.get(&tenant).map(|leaving| TenantErasure::UnderWay(*leaving));
        leaving.or_else(|| self.erasures.tenants.get(&tenant).map(|erased| TenantErasure::Done(*erased)))
    }

    /// The tenants on their way out, by id.
    pub fn leaving(&self) -> impl Iterator<Item = (TenantId, Leaving)> {
        self.erasures.leaving.iter().map(|(tenant, leaving)| (*tenant, *leaving))
    }

    /// The tenants of a partition of `messages` that are on their way out or gone.
    pub fn departed(&self, partition: u16) -> impl Iterator<Item = TenantId> {
        let leaving = self.erasures.leaving.iter().map(|(tenant, leaving)| (*tenant, leaving.partition));
        let gone = self.erasures.tenants.iter().map(|(tenant, erased)| (*tenant, erased.partition));
        leaving.chain(gone).filter(move |(_, of)| *of == partition).map(|(tenant, _)| tenant)
    }

    /// How many tenants are on their way out or gone: it only ever grows.
    #[must_use]
    pub fn departed_count(&self) -> usize {
        self.erasures.tenants_count()
    }

    /// Users and access keys the tenant has.
    #[must_use]
    pub fn accounts(&self, tenant: TenantId) -> usize {
        self.users_of.get(&tenant).map_or(0, BTreeSet::len) + self.keys_of.get(&tenant).map_or(0, BTreeSet::len)
    }

    #[must_use]
    pub fn erased_person(&self, user: ActorId) -> Option<&ErasedPerson> {
        self.erasures.people.get(&user)
    }

    /// The people who were erased and whose keys are still to be destroyed, by id.
    pub fn keyed_people(&self) -> impl Iterator<Item = (ActorId, TenantId)> {
        let person = |user: &ActorId| self.erased_person(*user).map(|person| (*user, person.tenant));
        self.erasures.keyed.iter().filter_map(person)
    }

    /// How many tenants are gone, keys and all: it only ever grows. Whoever keeps keys in memory lets go of them when it does,
    /// and when [`Self::people_erased`] does.
    #[must_use]
    pub fn tenants_erased(&self) -> usize {
        self.erasures.tenants.len()
    }

    /// How many people of tenants that stay are gone, keys and all.
    #[must_use]
    pub fn people_erased(&self) -> usize {
        self.erasures.people.len() - self.erasures.keyed.len()
    }

    pub(super) fn erase_tenant(
        &self,
        at: At,
        scope: Scope,
        tenant: TenantId,
        by: ActorId,
        justification: Reason,
    ) -> Decided {
        platform_only(scope)?;
        match self.tenant_erasure(tenant) {
            Some(TenantErasure::UnderWay(_)) => {
                return Err(AccessError::InvalidTransition("the tenant is being erased already"));
            }
            Some(TenantErasure::Done(_)) => return Err(AccessError::InvalidTransition("the tenant is erased already")),
            None => {}
        }
        self.reach_as_platform(scope, tenant)?;
        let justification = justified(justification)?;
        // Nothing undoes it, so nobody does it by one mistyped id.
        if self.is_active(tenant) {
            return Err(AccessError::InvalidTransition("erasing cannot be undone; suspend the tenant first"));
        }
        Ok(vec![AccessEvent::TenantErasureBegun { tenant, by, at, justification }])
    }

    pub(super) fn erase_user(
        &self,
        at: At,
        scope: Scope,
        user: ActorId,
        by: ActorId,
        justification: Reason,
    ) -> Decided {
        if let Some(erased) = self.erased_person(user) {
            return Err(match self.reach(scope, erased.tenant) {
                Ok(()) => AccessError::InvalidTransition("the user is erased already"),
                Err(_) => AccessError::NotFound("user"),
            });
        }
        let of = self.reach_user(scope, user)?;
        let justification = Some(justified(justification)?);
        if user == by {
            return Err(AccessError::Forbidden("somebody else erases the account of who asks"));
        }
        self.is_not_the_last_admin(user)?;
        let erased = AccessEvent::UserErased { user, tenant: of.tenant, by, at, justification };
        Ok(ended(of, SessionEnd::Disabled).chain([erased]).collect())
    }

    pub(super) fn complete_tenant(&self, at: At, scope: Scope, tenant: TenantId) -> Decided {
        platform_only(scope)?;
        match self.tenant_erasure(tenant) {
            Some(TenantErasure::UnderWay(_)) if self.accounts(tenant) == 0 => {
                Ok(vec![AccessEvent::TenantErased { tenant, tombstone: tenant.tombstone(), at }])
            }
            Some(TenantErasure::UnderWay(_)) => {
                Err(AccessError::InvalidTransition("the tenant has accounts that are still to go"))
            }
            Some(TenantErasure::Done(_)) => Err(AccessError::InvalidTransition("the tenant is erased already")),
            None => Err(AccessError::NotFound("erasure")),
        }
    }

    pub(super) fn complete_user(&self, at: At, scope: Scope, user: ActorId) -> Decided {
        platform_only(scope)?;
        let ErasedPerson { tenant, done, .. } = *self.erased_person(user).ok_or(AccessError::NotFound("erasure"))?;
        match done {
            None => Ok(vec![AccessEvent::UserKeysDestroyed { user, tenant, at }]),
            Some(_) => Err(AccessError::InvalidTransition("the keys are destroyed already")),
        }
    }

    /// What goes next of the accounts of tenants on their way out: about so many events.
    pub(super) fn leaving_accounts(&self, at: At, most: usize) -> Vec<AccessEvent> {
        let mut events = Vec::new();
        for (tenant, leaving) in self.leaving() {
            let keys = self.keys_of.get(&tenant).into_iter().flatten();
            events
                .extend(keys.take(most.saturating_sub(events.len())).map(|key| AccessEvent::KeyRevoked { key: *key }));
            for (user, of) in self.users_of(tenant, None) {
                if events.len() >= most {
                    return events;
                }
                events.extend(ended(of, SessionEnd::Disabled));
                events.push(AccessEvent::UserErased { user, tenant, by: leaving.by, at, justification: None });
            }
        }
        events
    }

    /// A tenant is none any more.
    pub(super) fn leave(&mut self, tenant: TenantId, by: ActorId, since: At) -> Result<(), AccessError> {
        let gone = self.tenants.remove(&tenant);
        let gone = gone.filter(|gone| gone.standing == Standing::Suspended);
        let gone = gone.ok_or(AccessError::CorruptLedger("a tenant was erased that was not suspended"))?;
        self.erasures.begin(tenant, Leaving { by, since, partition: gone.partition });
        Ok(())
    }

    pub(super) fn left(&mut self, tenant: TenantId, at: At) -> Result<(), AccessError> {
        if self.accounts(tenant) > 0 {
            return Err(AccessError::CorruptLedger("a tenant was erased with accounts left"));
        }
        self.users_of.remove(&tenant);
        self.keys_of.remove(&tenant);
        let ended = self.erasures.end(tenant, at);
        ended.ok_or(AccessError::CorruptLedger("the erasure of a tenant ended that never began"))
    }

    pub(super) fn forget_user(
        &mut self,
        user: ActorId,
        tenant: TenantId,
        by: ActorId,
        since: At,
    ) -> Result<(), AccessError> {
        let gone = self.users.remove(&user).filter(|gone| gone.sessions.is_empty() && gone.tenant == tenant);
        let gone = gone.ok_or(AccessError::CorruptLedger("a user was erased that could not be"))?;
        self.logins.remove(&gone.login);
        self.admins.remove(&user);
        if let Some(users) = self.users_of.get_mut(&tenant) {
            users.remove(&user);
        }
        if !self.erasures.is_leaving(tenant) {
            self.erasures.person(user, ErasedPerson { tenant, by, since, done: None });
        }
        Ok(())
    }

    pub(super) fn keys_destroyed(&mut self, user: ActorId, at: At) -> Result<(), AccessError> {
        let done = self.erasures.person_done(user, at);
        done.ok_or(AccessError::CorruptLedger("keys were destroyed of who was not erased"))
    }
}

fn justified(reason: Reason) -> Result<Reason, AccessError> {
    reason.justifies().map_err(|_| AccessError::JustificationTooShort)
}
