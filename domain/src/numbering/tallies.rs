use super::{RESERVATION_QUOTA, ReservationQuota};
use crate::{At, Span, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const MINUTE: Span = Span::minutes(1);

/// How many reservations and holds each tenant has, may have, and lately made.
///
/// A tenant that has none, did not reserve within a minute and has the quota of all says nothing and is not kept.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Tallies {
    active: BTreeMap<TenantId, u32>,
    quotas: BTreeMap<TenantId, ReservationQuota>,
    lately: BTreeMap<TenantId, Lately>,
    /// When each tenant in `lately` was last heard of.
    heard: BTreeSet<(At, TenantId)>,
}

/// What a tenant reserved within the last minute, as of its newest reservation.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Lately {
    at: VecDeque<At>,
    /// When it was last put on record that there were too many.
    burst: Option<At>,
    /// The later of the newest reservation and that.
    heard: At,
}

/// Whether a tenant may reserve another number as far as its rate goes.
pub(super) enum Pace {
    Within,
    /// Too many, for the first time within a minute; there is room at that instant.
    Bursts(At),
    /// Too many, and that is on record.
    Over(At),
}

/// An event that no tally allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoTally;

impl Tallies {
    /// Reservations and holds of the tenant, as far as their end is on record.
    pub fn active(&self, tenant: TenantId) -> u32 {
        self.active.get(&tenant).copied().unwrap_or(0)
    }

    /// How many it may have.
    pub fn quota(&self, tenant: TenantId) -> ReservationQuota {
        self.quotas.get(&tenant).copied().unwrap_or(RESERVATION_QUOTA)
    }

    pub fn pace(&self, tenant: TenantId, at: At) -> Pace {
        let Some(lately) = self.lately.get(&tenant) else { return Pace::Within };
        // The reservation that makes room for the next one once it is a minute old.
        let most = self.quota(tenant).per_minute as usize;
        let oldest = lately.at.len().checked_sub(most).and_then(|place| lately.at.get(place));
        match oldest.map(|oldest| oldest.plus(MINUTE)).filter(|again| at < *again) {
            None => Pace::Within,
            Some(again) if lately.burst.is_some_and(|burst| at < burst.plus(MINUTE)) => Pace::Over(again),
            Some(again) => Pace::Bursts(again),
        }
    }

    pub fn set_quota(&mut self, tenant: TenantId, quota: ReservationQuota) {
        if quota == RESERVATION_QUOTA {
            self.quotas.remove(&tenant);
        } else {
            self.quotas.insert(tenant, quota);
        }
    }

    /// The tenant is no more.
    pub fn forget_quota(&mut self, tenant: TenantId) {
        self.quotas.remove(&tenant);
    }

    /// A reservation was made, and forgets those of anybody that lie a minute back.
    pub fn reserved(&mut self, tenant: TenantId, at: At) {
        let lately = self.lately.entry(tenant).or_default();
        self.heard.remove(&(lately.heard, tenant));
        self.heard.insert((at, tenant));
        lately.heard = at;
        lately.at.push_back(at);
        while lately.at.front().is_some_and(|first| first.plus(MINUTE) <= at) {
            lately.at.pop_front();
        }
        while let Some(&(heard, idle)) = self.heard.first()
            && heard.plus(MINUTE) <= at
        {
            self.heard.pop_first();
            self.lately.remove(&idle);
        }
    }

    /// # Errors
    /// [`NoTally`] for a tenant that has not reserved anything lately.
    pub fn burst(&mut self, tenant: TenantId, at: At) -> Result<(), NoTally> {
        let lately = self.lately.get_mut(&tenant).ok_or(NoTally)?;
        self.heard.remove(&(lately.heard, tenant));
        self.heard.insert((at, tenant));
        (lately.burst, lately.heard) = (Some(at), at);
        Ok(())
    }

    /// A reservation or a hold begins.
    pub fn begins(&mut self, tenant: TenantId) {
        *self.active.entry(tenant).or_default() += 1;
    }

    /// A reservation or a hold is one no longer.
    pub fn ends(&mut self, tenant: TenantId) {
        if let Some(active) = self.active.get_mut(&tenant) {
            *active -= 1;
            if *active == 0 {
                self.active.remove(&tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERAT: TenantId = TenantId::from_bytes([1; 16]);
    const KABUL: TenantId = TenantId::from_bytes([2; 16]);

    #[test]
    fn whoever_is_idle_for_a_minute_is_forgotten() {
        let mut tallies = Tallies::default();
        (0..50).for_each(|at| tallies.reserved(HERAT, At(at)));
        tallies.reserved(KABUL, At(60_048));
        assert_eq!(tallies.lately.len(), 2);
        tallies.reserved(KABUL, At(60_049));
        assert_eq!((tallies.lately.len(), tallies.heard.len()), (1, 1));
    }

    /// Else the next burst would be on record again too soon.
    #[test]
    fn a_burst_is_remembered_for_a_minute_whoever_reserves_meanwhile() {
        let mut tallies = Tallies::default();
        tallies.reserved(HERAT, At(0));
        tallies.burst(HERAT, At(59_000)).expect("a tally");
        tallies.reserved(KABUL, At(118_999));
        assert!(tallies.lately.contains_key(&HERAT));
        tallies.reserved(KABUL, At(119_000));
        assert!(!tallies.lately.contains_key(&HERAT));
    }

    #[test]
    fn no_more_instants_are_kept_than_count() {
        let mut tallies = Tallies::default();
        (0..1_000).for_each(|step| tallies.reserved(HERAT, At(step * 1_000)));
        assert_eq!(tallies.lately[&HERAT].at.len(), 60);
    }
}
