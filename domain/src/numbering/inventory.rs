use super::allocation::Register;
use super::erasure::{Departures, Holdings};
use super::exports::{AuditVerdict, Exports};
use super::imports::Desk;
use super::recalls::Recalls;
use super::skeleton::Skeletons;
use super::tallies::Tallies;
use super::{Lifecycle, Listing, NumberType, NumberingError, NumberingEvent, Skeleton, Term};
use crate::{AlphaId, At, BlockId, SenderId, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One number or alphanumeric sender of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// None of an alphanumeric sender.
    pub block: Option<BlockId>,
    pub number_type: NumberType,
    pub lifecycle: Lifecycle,
}

impl Entry {
    /// How `number`, whose entry this is, was listed.
    #[must_use]
    pub const fn listing(&self, number: SenderId) -> Listing {
        Listing::trusted(number, self.number_type)
    }

    /// Where `number`, whose entry this is, stands at `at`; see [`Lifecycle::seen_at`].
    #[must_use]
    pub fn seen_at(&self, number: SenderId, at: At) -> Lifecycle {
        self.lifecycle.seen_at(self.listing(number), at)
    }
}

/// How many numbers stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub available: u64,
    pub reserved: u64,
    pub held: u64,
    pub assigned: u64,
    pub quarantined: u64,
    pub recalled: u64,
    pub retired: u64,
}

impl Counts {
    const fn of(&mut self, lifecycle: &Lifecycle) -> &mut u64 {
        match lifecycle {
            Lifecycle::Available => &mut self.available,
            Lifecycle::Reserved { .. } => &mut self.reserved,
            Lifecycle::Held { .. } => &mut self.held,
            Lifecycle::Assigned { .. } => &mut self.assigned,
            Lifecycle::Quarantined { .. } => &mut self.quarantined,
            Lifecycle::Recalled { .. } => &mut self.recalled,
            Lifecycle::Retired => &mut self.retired,
        }
    }
}

/// Every number that was ever listed, every alphanumeric sender that is not free, and where they stand. State of the
/// `numbering` ledger.
///
/// Numbers of an import that is under way are in the map already, so that its end costs nothing, and no question finds
/// them: their block is hidden.
///
/// The maps are B-trees rather than hash tables: millions of numbers come in one after another, and a hash table that
/// grows moves all of them at once while every command waits.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inventory {
    numbers: BTreeMap<SenderId, Entry>,
    pub(super) register: Register,
    timers: BTreeSet<(At, SenderId)>,
    counts: Counts,
    pub(super) tallies: Tallies,
    pub(super) recalls: Recalls,
    pub(super) exports: Exports,
    pub(super) skeletons: Skeletons,
    pub(super) desk: Desk,
    pub(super) holdings: Holdings,
    pub(super) departures: Departures,
}

impl Inventory {
    #[must_use]
    pub fn entry(&self, number: SenderId) -> Option<&Entry> {
        self.numbers.get(&number).filter(|entry| !self.desk.hides(entry.block))
    }

    /// Whether it is a number, and neither in the inventory nor in an import that is under way. Alphanumeric senders are
    /// never listed.
    pub(super) fn may_be_listed(&self, number: SenderId) -> bool {
        matches!(number, SenderId::Msisdn(_) | SenderId::ShortCode(_)) && !self.numbers.contains_key(&number)
    }

    /// Where the number stands as recorded, not regarding what ran out since; see [`Entry::seen_at`].
    #[must_use]
    pub fn lifecycle(&self, number: SenderId) -> Option<&Lifecycle> {
        self.entry(number).map(|entry| &entry.lifecycle)
    }

    /// The tenant the number is assigned to at `at`. Reservations and holds give no right to send.
    #[must_use]
    pub fn holder(&self, number: SenderId, at: At) -> Option<TenantId> {
        match self.entry(number)?.seen_at(number, at) {
            Lifecycle::Assigned { tenant, .. } => Some(tenant),
            _ => None,
        }
    }

    /// The operator that owns the block.
    #[must_use]
    pub fn mno(&self, block: BlockId) -> Option<&str> {
        self.block(block).map(|block| block.mno.as_str())
    }

    /// Every number, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (SenderId, &Entry)> {
        let seen = self.numbers.iter().filter(|(_, entry)| !self.desk.hides(entry.block));
        seen.map(|(number, entry)| (*number, entry))
    }

    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len() - self.desk.staged()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the next timer is due.
    #[must_use]
    pub fn next_due(&self) -> Option<At> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// What ran out at `at`, earliest first.
    pub(super) fn due(&self, at: At) -> impl Iterator<Item = SenderId> {
        self.timers.iter().take_while(move |(due, _)| *due <= at).map(|(_, number)| *number)
    }

    /// Lets an event have happened.
    ///
    /// # Errors
    /// [`NumberingError::CorruptLedger`] if the event cannot follow what happened before.
    pub fn evolve(&mut self, event: NumberingEvent) -> Result<(), NumberingError> {
        use Lifecycle::{Assigned, Available, Held, Quarantined, Recalled, Reserved, Retired};
        match event {
            NumberingEvent::NumbersListed { block, mno, numbers } => self.list(block, mno, numbers),
            NumberingEvent::NumberReserved { number, lease, tenant, since, until } => {
                self.step(number, |now| matches!(now, Available).then_some(Reserved { tenant, lease, until }))?;
                self.tallies.reserved(tenant, since);
                Ok(())
            }
            NumberingEvent::SenderReserved { alpha, skeleton, lease, tenant, since, until } => {
                self.enter(alpha, skeleton, Reserved { tenant, lease, until })?;
                self.tallies.reserved(tenant, since);
                Ok(())
            }
            NumberingEvent::SkeletonsRenewed { skeletons } => {
                skeletons.into_iter().try_for_each(|(alpha, skeleton)| self.renew_skeleton(alpha, skeleton))
            }
            NumberingEvent::NumberHeld { number, lease, tenant, until } => self.step(number, |now| {
                let prolongs = matches!(now, Reserved { .. } | Held { .. }) && now.claim() == Some((tenant, lease));
                prolongs.then_some(Held { tenant, lease, until })
            }),
            NumberingEvent::NumberAssigned { number, lease, tenant, term } => self.step(number, |now| {
                let follows = matches!(now, Reserved { .. } | Held { .. }) && now.claim() == Some((tenant, lease));
                follows.then_some(Assigned { tenant, lease, term })
            }),
            NumberingEvent::LeaseRenewed { number, lease, tenant, expires } => self.step(number, |now| match *now {
                Assigned { term: Some(term), .. } if now.claim() == Some((tenant, lease)) && term.expires < expires => {
                    Some(Assigned { tenant, lease, term: Some(Term { expires, ..term }) })
                }
                _ => None,
            }),
            NumberingEvent::NumberReleased { number, lease, tenant, since, cools_until } => self.step(number, |now| {
                (now.claim() == Some((tenant, lease))).then_some(Quarantined { since, until: cools_until })
            }),
            NumberingEvent::ReservationExpired { number, lease, tenant } => self.step(number, |now| {
                let expires = matches!(now, Reserved { .. } | Held { .. }) && now.claim() == Some((tenant, lease));
                expires.then_some(Available)
            }),
            NumberingEvent::LeaseExpired { number, lease, tenant, since, cools_until } => {
                self.step(number, |now| match *now {
                    Assigned { term: Some(term), .. } if now.claim() == Some((tenant, lease)) && !term.renews => {
                        Some(Quarantined { since, until: cools_until })
                    }
                    _ => None,
                })
            }
            NumberingEvent::NumberRecalled { number, lease, tenant, since, cools_until, reason: _ } => {
                self.step(number, |now| match *now {
                    Assigned { term, .. } if now.claim() == Some((tenant, lease)) => {
                        Some(Recalled { tenant, lease, term, since, cools_until })
                    }
                    _ => None,
                })?;
                self.recalls.recalled(number, since);
                Ok(())
            }
            NumberingEvent::LeaseReinstated { number, lease, tenant, justification: _ } => {
                self.step(number, |now| match *now {
                    Recalled { tenant: of, lease: under, term, .. } if (of, under) == (tenant, lease) => {
                        Some(Assigned { tenant, lease, term })
                    }
                    _ => None,
                })
            }
            NumberingEvent::NumberReturned { number, since, cools_until, justification: _ } => self
                .step(number, |now| {
                    matches!(now, Recalled { .. }).then_some(Quarantined { since, until: cools_until })
                }),
            NumberingEvent::CoolOffOverridden { number, until, justification: _ } => {
                self.step(number, |now| match *now {
                    Quarantined { since, .. } => Some(Quarantined { since, until }),
                    _ => None,
                })
            }
            NumberingEvent::QuarantineEnded { number } => {
                self.step(number, |now| matches!(now, Quarantined { .. }).then_some(Available))
            }
            NumberingEvent::NumberRetired { number, justification: _ } => {
                self.step(number, |now| {
                    matches!(now, Available | Quarantined { .. } | Recalled { .. }).then_some(Retired)
                })?;
                self.recalls.retired(number);
                Ok(())
            }
            NumberingEvent::ExportRequested { export, profile, period, since } => {
                exported(self.exports.requested(export, profile, period, since))
            }
            NumberingEvent::ExportProduced { export, proof } => exported(self.exports.produced(export, proof)),
            NumberingEvent::ExportStored { export, place } => exported(self.exports.stored(export, place)),
            NumberingEvent::ExportFailed { export, code } => exported(self.exports.failed(export, code)),
            NumberingEvent::NumberAuditVerified { position, at } => {
                self.exports.verified(AuditVerdict { position, sound: true, at });
                Ok(())
            }
            NumberingEvent::NumberAuditBroken { position, at } => {
                self.exports.verified(AuditVerdict { position, sound: false, at });
                Ok(())
            }
            NumberingEvent::ReservationQuotaSet { tenant, quota } => {
                self.tallies.set_quota(tenant, quota);
                Ok(())
            }
            NumberingEvent::TenantErasureBegun { tenant, at: _ } => self.depart(tenant),
            NumberingEvent::TenantErased { tenant, tombstone: _, at: _ } => self.departed(tenant),
            NumberingEvent::ReservationBurst { tenant, at, again: _ } => {
                let burst = self.tallies.burst(tenant, at);
                burst.map_err(|_| NumberingError::CorruptLedger("a tenant without reservations made too many"))
            }
            NumberingEvent::RecalledNumberLeasedAgain { number, lease, .. } => {
                let leased = self.lifecycle(number).and_then(Lifecycle::lease) == Some(lease);
                leased
                    .then_some(())
                    .ok_or(NumberingError::CorruptLedger("a number that is not leased was leased again"))
            }
            NumberingEvent::ImportKeyRegistered { .. }
            | NumberingEvent::ImportKeyRevoked { .. }
            | NumberingEvent::ImportApproved { .. }
            | NumberingEvent::BatchOpened { .. }
            | NumberingEvent::RowsStaged { .. }
            | NumberingEvent::BatchClosed { .. }
            | NumberingEvent::BatchAbandoned { .. }
            | NumberingEvent::RowsRemoved { .. } => self.evolve_import(event),
            NumberingEvent::ContractAdded { .. }
            | NumberingEvent::ContractChanged { .. }
            | NumberingEvent::ContractEnded { .. }
            | NumberingEvent::ContractRemoved { .. }
            | NumberingEvent::BlockAdded { .. }
            | NumberingEvent::BlockChanged { .. }
            | NumberingEvent::BlockRemoved { .. }
            | NumberingEvent::PoolAdded { .. }
            | NumberingEvent::PoolChanged { .. }
            | NumberingEvent::PoolRemoved { .. } => self.register.evolve(event),
        }
    }

    /// Puts numbers of a hidden block where all are.
    pub(super) fn stage(&mut self, block: BlockId, numbers: &[Listing]) -> Result<(), NumberingError> {
        for number in numbers {
            let entry =
                Entry { block: Some(block), number_type: number.number_type(), lifecycle: Lifecycle::Available };
            if self.numbers.insert(number.number(), entry).is_some() {
                return Err(NumberingError::CorruptLedger("a number was staged that is there already"));
            }
        }
        Ok(())
    }

    /// Takes numbers that were staged away again.
    pub(super) fn unstage(&mut self, numbers: &[Listing]) {
        for number in numbers {
            self.numbers.remove(&number.number());
        }
    }

    /// Lets the numbers of a block that is hidden no more count.
    ///
    /// # Errors
    /// [`NumberingError::CorruptLedger`] if the block is another operator's.
    pub(super) fn show(&mut self, block: BlockId, mno: String, count: u64) -> Result<(), NumberingError> {
        self.register.join(block, mno, count)?;
        self.counts.available += count;
        Ok(())
    }

    fn list(&mut self, block: BlockId, mno: String, numbers: Vec<Listing>) -> Result<(), NumberingError> {
        self.register.join(block, mno, numbers.len() as u64)?;
        for listing in numbers {
            let entry =
                Entry { block: Some(block), number_type: listing.number_type(), lifecycle: Lifecycle::Available };
            if self.numbers.insert(listing.number(), entry).is_some() {
                return Err(NumberingError::CorruptLedger("a number was listed twice"));
            }
            self.counts.available += 1;
        }
        Ok(())
    }

    fn step(
        &mut self,
        number: SenderId,
        transition: impl FnOnce(&Lifecycle) -> Option<Lifecycle>,
    ) -> Result<(), NumberingError> {
        use Lifecycle::{Held, Reserved};
        let entry = self.numbers.get_mut(&number).filter(|entry| !self.desk.hides(entry.block));
        let entry = entry.ok_or(NumberingError::CorruptLedger("a number was never listed"))?;
        let next = transition(&entry.lifecycle)
            .ok_or(NumberingError::CorruptLedger("a number took a step it could not take"))?;
        if let Some(until) = entry.lifecycle.until() {
            self.timers.remove(&(until, number));
        }
        if let Some(until) = next.until() {
            self.timers.insert((until, number));
        }
        if let Reserved { tenant, .. } | Held { tenant, .. } = entry.lifecycle {
            self.tallies.ends(tenant);
        }
        if let Reserved { tenant, .. } | Held { tenant, .. } = next {
            self.tallies.begins(tenant);
        }
        self.holdings.step(number, entry.lifecycle.tenant(), next.tenant());
        *self.counts.of(&entry.lifecycle) -= 1;
        if let (SenderId::Alpha(alpha), Lifecycle::Available) = (number, next) {
            self.leave(alpha);
            return Ok(());
        }
        *self.counts.of(&next) += 1;
        entry.lifecycle = next;
        Ok(())
    }

    /// An alphanumeric sender joins the inventory, reserved.
    fn enter(&mut self, alpha: AlphaId, skeleton: Skeleton, reserved: Lifecycle) -> Result<(), NumberingError> {
        let (number, number_type) = (SenderId::Alpha(alpha), NumberType::Alpha);
        let (Some((tenant, _)), Some(until)) = (reserved.claim(), reserved.until()) else {
            return Err(NumberingError::CorruptLedger("a sender joined without being reserved"));
        };
        if self.numbers.insert(number, Entry { block: None, number_type, lifecycle: reserved }).is_some() {
            return Err(NumberingError::CorruptLedger("a sender that is not free was reserved"));
        }
        self.skeletons.put(alpha, skeleton, tenant);
        self.holdings.step(number, None, Some(tenant));
        self.timers.insert((until, number));
        self.tallies.begins(tenant);
        self.counts.reserved += 1;
        Ok(())
    }

    /// An alphanumeric sender that is free is not in the inventory.
    fn leave(&mut self, alpha: AlphaId) {
        self.numbers.remove(&SenderId::Alpha(alpha));
        self.skeletons.remove(alpha);
    }

    fn renew_skeleton(&mut self, alpha: AlphaId, skeleton: Skeleton) -> Result<(), NumberingError> {
        let renewed = self.skeletons.renew(alpha, skeleton);
        renewed.map_err(|_| NumberingError::CorruptLedger("a sender that is free got a skeleton"))
    }
}

fn exported(step: Option<()>) -> Result<(), NumberingError> {
    step.ok_or(NumberingError::CorruptLedger("an export took a step it could not take"))
}

impl fmt::Debug for Inventory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Inventory")
            .field("blocks", &self.register.block_count())
            .field("timers", &self.timers.len())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
