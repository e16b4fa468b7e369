//! What becomes of the numbers of a tenant that is erased: they go back to the pool, each on record, and a tombstone stands
//! for the tenant where history names it.
use super::{Inventory, Lifecycle, NumberingError, NumberingEvent, Reason, TICK_MAX};
use crate::{At, SenderId, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that go back in one tick: two events each at the most.
const RETURNED_PER_TICK: usize = TICK_MAX / 2;

/// What each tenant has: numbers it reserved, holds or leases, and those recalled from it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Holdings(BTreeMap<TenantId, BTreeSet<SenderId>>);

impl Holdings {
    pub fn of(&self, tenant: TenantId) -> impl Iterator<Item = SenderId> {
        self.0.get(&tenant).into_iter().flatten().copied()
    }

    pub fn count(&self, tenant: TenantId) -> usize {
        self.0.get(&tenant).map_or(0, BTreeSet::len)
    }

    /// A number goes from what it was to what it is.
    pub fn step(&mut self, number: SenderId, was: Option<TenantId>, is: Option<TenantId>) {
        if was == is {
            return;
        }
        if let Some(tenant) = was
            && let Some(numbers) = self.0.get_mut(&tenant)
        {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.0.remove(&tenant);
            }
        }
        if let Some(tenant) = is {
            self.0.entry(tenant).or_default().insert(number);
        }
    }
}

/// Tenants that are on their way out, and those that are gone.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Departures {
    leaving: BTreeSet<TenantId>,
    gone: BTreeSet<TenantId>,
}

impl Inventory {
    /// Numbers the tenant reserved, holds or leases, and those recalled from it, as far as their end is on record.
    #[must_use]
    pub fn holdings(&self, tenant: TenantId) -> usize {
        self.holdings.count(tenant)
    }

    /// Whether the tenant is on its way out.
    #[must_use]
    pub fn is_leaving(&self, tenant: TenantId) -> bool {
        self.departures.leaving.contains(&tenant)
    }

    /// Whether nothing is left of the tenant here, for good.
    #[must_use]
    pub fn is_erased(&self, tenant: TenantId) -> bool {
        self.departures.gone.contains(&tenant)
    }

    /// # Errors
    /// [`NumberingError::InvalidTransition`] for a tenant that is erased, or about to be: it takes and keeps nothing.
    pub(super) fn is_staying(&self, tenant: TenantId) -> Result<(), NumberingError> {
        if self.is_leaving(tenant) || self.is_erased(tenant) {
            return Err(NumberingError::InvalidTransition("the tenant is erased"));
        }
        Ok(())
    }

    pub(super) fn erase_tenant(&self, at: At, tenant: TenantId) -> Result<Vec<NumberingEvent>, NumberingError> {
        if tenant.is_nil() || tenant.is_tombstone() {
            return Err(NumberingError::InvalidValue("there is no such tenant"));
        }
        self.is_staying(tenant)?;
        Ok(vec![NumberingEvent::TenantErasureBegun { tenant, at }])
    }

    /// What goes next of what tenants on their way out have. Only where nothing else ran out: each number takes one step after
    /// another.
    pub(super) fn returned(&self, at: At) -> Vec<NumberingEvent> {
        let mut events = Vec::new();
        let mut room = RETURNED_PER_TICK;
        for &tenant in &self.departures.leaving {
            let before = room;
            for number in self.holdings.of(tenant).take(room) {
                let Some(entry) = self.entry(number) else { continue };
                let cool_off = entry.number_type.cool_off();
                events.extend(given_back(number, entry.lifecycle, at, at.plus(cool_off)));
                room -= 1;
            }
            if room == before && room > 0 {
                events.push(NumberingEvent::TenantErased { tenant, tombstone: tenant.tombstone(), at });
                room -= 1;
            }
            if room == 0 {
                break;
            }
        }
        events
    }

    pub(super) fn depart(&mut self, tenant: TenantId) -> Result<(), NumberingError> {
        if self.is_erased(tenant) || !self.departures.leaving.insert(tenant) {
            return Err(NumberingError::CorruptLedger("the erasure of a tenant began twice"));
        }
        Ok(())
    }

    pub(super) fn departed(&mut self, tenant: TenantId) -> Result<(), NumberingError> {
        if self.holdings(tenant) > 0 || !self.departures.leaving.remove(&tenant) {
            return Err(NumberingError::CorruptLedger(
                "a tenant was erased that had numbers or was not on its way out",
            ));
        }
        self.departures.gone.insert(tenant);
        self.tallies.forget_quota(tenant);
        Ok(())
    }
}

/// A lease is recalled as any other, so that the trail of the number, its cool-off and the signs of fraud are the same; a
/// recalled number cools off from its recall.
fn given_back(number: SenderId, now: Lifecycle, at: At, cools_until: At) -> Vec<NumberingEvent> {
    let since = at;
    match now {
        Lifecycle::Reserved { tenant, lease, .. } | Lifecycle::Held { tenant, lease, .. } => {
            vec![NumberingEvent::NumberReleased { number, lease, tenant, since, cools_until: at }]
        }
        Lifecycle::Assigned { tenant, lease, .. } => vec![
            NumberingEvent::NumberRecalled { number, lease, tenant, since, cools_until, reason: erased() },
            NumberingEvent::NumberReturned { number, since, cools_until, justification: erased() },
        ],
        Lifecycle::Recalled { since, cools_until, .. } => {
            vec![NumberingEvent::NumberReturned { number, since, cools_until, justification: erased() }]
        }
        Lifecycle::Available | Lifecycle::Quarantined { .. } | Lifecycle::Retired => Vec::new(),
    }
}

/// Why a number of a tenant on its way out goes back.
fn erased() -> Reason {
    Reason::trusted("the tenant it was leased to is erased")
}
