use crate::{At, Span, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One message in the units a bucket is reckoned in: what a rate of one a minute brings back in that many milliseconds. So a
/// rate a minute brings whole units each millisecond, and nothing is ever rounded.
const MESSAGE: u64 = 60_000;
/// A bucket holds what this many minutes bring.
const BURST_MINUTES: u64 = 2;

/// What each tenant has lately sent of what it may send: a bucket of twice the messages it may send a minute, which fills by
/// a sixtieth of them a second. Reckoned on the times of records.
///
/// A bucket that is full again says nothing and is dropped, so there are at most as many as tenants that sent within the
/// last two minutes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Quotas {
    drawn: BTreeMap<TenantId, Drawn>,
    /// When each is full again.
    full: BTreeSet<(At, TenantId)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Drawn {
    at: At,
    /// What was missing in the bucket then.
    missing: u64,
    full: At,
}

/// An event that no bucket allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoBucket;

const fn capacity(limit: u32) -> u64 {
    limit as u64 * MESSAGE * BURST_MINUTES
}

impl Quotas {
    /// What is missing in the tenant's bucket at an instant, if it fills at `limit` a minute.
    fn missing(&self, tenant: TenantId, limit: u32, at: At) -> u64 {
        self.drawn.get(&tenant).map_or(0, |drawn| {
            drawn.missing.saturating_sub(at.since(drawn.at).0.saturating_mul(limit.into())).min(capacity(limit))
        })
    }

    /// Whole messages the tenant may send now.
    pub fn room(&self, tenant: TenantId, limit: u32, at: At) -> u64 {
        (capacity(limit) - self.missing(tenant, limit, at)) / MESSAGE
    }

    /// What is missing once `count` messages, which there is room for, are sent.
    pub fn missing_after(&self, tenant: TenantId, limit: u32, at: At, count: u64) -> u64 {
        self.missing(tenant, limit, at) + count * MESSAGE
    }

    /// When there is room for one message.
    pub fn again(&self, tenant: TenantId, limit: u32, at: At) -> At {
        let surplus = (self.missing(tenant, limit, at) + MESSAGE).saturating_sub(capacity(limit));
        at.plus(Span(surplus.div_ceil(u64::from(limit).max(1))))
    }

    /// Lets a draw have happened, and drops the buckets that are full by then.
    ///
    /// # Errors
    /// [`NoBucket`] for more than a bucket of that limit holds.
    pub fn draw(&mut self, tenant: TenantId, at: At, limit: u32, missing: u64) -> Result<(), NoBucket> {
        if limit == 0 || missing > capacity(limit) {
            return Err(NoBucket);
        }
        if let Some(before) = self.drawn.remove(&tenant) {
            self.full.remove(&(before.full, tenant));
        }
        while let Some(&(full, other)) = self.full.first()
            && full <= at
        {
            self.full.pop_first();
            self.drawn.remove(&other);
        }
        let full = at.plus(Span(missing.div_ceil(limit.into())));
        self.full.insert((full, tenant));
        self.drawn.insert(tenant, Drawn { at, missing, full });
        Ok(())
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.drawn.len()
    }
}
