use crate::exports::{Exports, KnownExports};
use futures::FutureExt;
use futures::future::BoxFuture;
use peyk_domain::numbering::{ImportKey, LeaseVerdict, Numbering, ReservationQuota};
use peyk_domain::{ImportKeyId, SenderId, TenantId};
use peyk_ledger::{Clock, Fresh};
use std::time::Duration;

/// For how long at most an answer about a lease may rest on a replica that was not confirmed.
pub const LEASES_STALE_AFTER_MAX: Duration = Duration::from_secs(60);
/// For how long somebody may remember that a number is not registered.
pub const NOT_REGISTERED_CACHEABLE: Duration = Duration::from_secs(30);

/// What is known of the numbers asked about, and how current that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated {
    /// One for each number, in their order.
    pub verdicts: Vec<LeaseVerdict>,
    /// The last record of `numbering` that they rest on.
    pub position: u64,
    /// How long ago it was certain that there was no later one.
    pub age: Duration,
}

/// How many numbers a tenant may keep from others and how many it does, and how current that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub quota: ReservationQuota,
    /// Reservations and holds that stand.
    pub reservations: u32,
    /// The last record of `numbering` that this rests on.
    pub position: u64,
    /// How long ago it was certain that there was no later one.
    pub age: Duration,
}

/// Nothing is known of leases here now that could be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("leases are not known to be current here; try again, or ask another process")]
pub struct LeasesStale;

/// Whose a number is, answered from memory. Whether the caller may ask is decided before.
pub trait Leases: Send + Sync + 'static {
    /// What may be said to the tenant of each number, all as of one position.
    ///
    /// # Errors
    /// [`LeasesStale`]: it fails closed.
    fn validate(&self, tenant: TenantId, numbers: &[SenderId]) -> Result<Validated, LeasesStale>;

    /// How many numbers the tenant may keep from others, and how many it does.
    ///
    /// # Errors
    /// [`LeasesStale`]: it fails closed.
    fn allowance(&self, tenant: TenantId) -> Result<Allowance, LeasesStale>;

    /// Waits until the position of `numbering` is known, no longer than `patience`; whether that was reached.
    fn reached(&self, position: u64, patience: Duration) -> BoxFuture<'static, bool>;
}

/// The keys that operators sign their files of numbers with, answered from memory.
pub trait ImportKeys: Send + Sync + 'static {
    /// Every key there was, by id.
    ///
    /// # Errors
    /// [`LeasesStale`]: it fails closed.
    fn list(&self) -> Result<Vec<(ImportKeyId, ImportKey)>, LeasesStale>;
}

/// [`Leases`] and [`ImportKeys`] out of a replica of `numbering` in this process.
#[derive(Debug, Clone)]
pub struct LeaseReplica {
    numbering: Fresh<Numbering>,
    clock: Clock,
    stale_after: Duration,
}

impl LeaseReplica {
    /// It answers while the replica was confirmed within `stale_after`, which is at most [`LEASES_STALE_AFTER_MAX`].
    #[must_use]
    pub fn new(numbering: Fresh<Numbering>, clock: Clock, stale_after: Duration) -> Self {
        Self { numbering, clock, stale_after: stale_after.min(LEASES_STALE_AFTER_MAX) }
    }
}

impl Leases for LeaseReplica {
    fn validate(&self, tenant: TenantId, numbers: &[SenderId]) -> Result<Validated, LeasesStale> {
        let now = self.clock.now();
        let read = self.numbering.read_within(self.stale_after, |inventory, freshness, age| Validated {
            verdicts: numbers.iter().map(|number| inventory.validate(*number, tenant, now)).collect(),
            position: freshness.position,
            age,
        });
        read.map_err(|_| LeasesStale)
    }

    fn allowance(&self, tenant: TenantId) -> Result<Allowance, LeasesStale> {
        let now = self.clock.now();
        let read = self.numbering.read_within(self.stale_after, |inventory, freshness, age| Allowance {
            quota: inventory.reservation_quota(tenant),
            reservations: inventory.reservations(tenant, now),
            position: freshness.position,
            age,
        });
        read.map_err(|_| LeasesStale)
    }

    fn reached(&self, position: u64, patience: Duration) -> BoxFuture<'static, bool> {
        let replica = self.numbering.replica().clone();
        async move { replica.reached(position, patience).await }.boxed()
    }
}

impl Exports for LeaseReplica {
    fn exports(&self) -> Result<KnownExports, LeasesStale> {
        let read = self.numbering.read_within(self.stale_after, |inventory, freshness, _| {
            let mut exports: Vec<_> = inventory.exports().map(|(id, export)| (id, export.clone())).collect();
            exports.sort_by_key(|(id, export)| (std::cmp::Reverse(export.requested), *id));
            KnownExports { exports, audit: inventory.audit_verdict(), position: freshness.position }
        });
        read.map_err(|_| LeasesStale)
    }
}

impl ImportKeys for LeaseReplica {
    fn list(&self) -> Result<Vec<(ImportKeyId, ImportKey)>, LeasesStale> {
        let read = self.numbering.read_within(self.stale_after, |inventory, _, _| {
            inventory.import_keys().map(|(id, key)| (id, key.clone())).collect()
        });
        read.map_err(|_| LeasesStale)
    }
}
