use super::sighting::Sighting;
use peyk_domain::access::{AUDIT_COUNTS_MAX, AUDIT_ENTRIES_MAX, AuditCount, AuditKind};
use peyk_domain::{At, TenantId};
use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Entries of one kind in a second of the clock; what comes on top is only counted.
pub(super) const SAMPLES_PER_SECOND: u32 = 20;
/// Sampled entries that wait to be noted; what comes on top is only counted.
const SAMPLES_MAX: usize = 2_000;
/// Changes that wait to be noted.
const CHANGES_MAX: usize = 1_000;
/// Kinds and tenants that are counted apart; further tenants count under the nil tenant.
const COUNTED_MAX: usize = 4_096;

/// What the edge saw and has not noted yet, bounded: counts are exact, entries a sample, changes whole.
#[derive(Debug, Default)]
pub(super) struct Gatherer(Mutex<Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    counts: HashMap<(AuditKind, TenantId), u64>,
    /// The second of the clock that `sampled` is of.
    second: u64,
    sampled: HashMap<AuditKind, u32>,
    samples: VecDeque<Sighting>,
    changes: VecDeque<Waiting>,
}

/// An entry, and who waits until it is durable.
#[derive(Debug)]
pub(super) struct Waiting {
    pub sighting: Sighting,
    pub durable: Option<oneshot::Sender<()>>,
}

/// What one command notes.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    pub entries: Vec<Waiting>,
    pub counts: Vec<AuditCount>,
}

impl Parcel {
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.counts.is_empty()
    }
}

impl Gatherer {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        // Nothing panics while it is locked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts something of the tenant's. Whether it is also to be kept as an entry: the first of a second are.
    pub(super) fn count(&self, kind: AuditKind, tenant: TenantId, at: At) -> bool {
        let mut gathered = self.lock();
        let Gathered { counts, second, sampled, samples, .. } = &mut *gathered;
        let apart = counts.len() < COUNTED_MAX || counts.contains_key(&(kind, tenant));
        *counts.entry((kind, if apart { tenant } else { TenantId::NIL })).or_default() += 1;
        let now = at.0 / 1_000;
        if *second != now {
            *second = now;
            sampled.clear();
        }
        let sampled = sampled.entry(kind).or_default();
        let keep = *sampled < SAMPLES_PER_SECOND && samples.len() < SAMPLES_MAX;
        *sampled += u32::from(keep);
        keep
    }

    /// Keeps an entry that [`Self::count`] asked for.
    pub(super) fn sample(&self, sighting: Sighting) {
        self.lock().samples.push_back(sighting);
    }

    /// Keeps an entry of its own. None if there is no room; else it says when the entry is durable.
    pub(super) fn change(&self, sighting: Sighting) -> Option<oneshot::Receiver<()>> {
        let mut gathered = self.lock();
        if gathered.changes.len() >= CHANGES_MAX {
            return None;
        }
        let (durable, told) = oneshot::channel();
        gathered.changes.push_back(Waiting { sighting, durable: Some(durable) });
        Some(told)
    }

    /// What fits into one command: changes first, and what was sampled and counted only if it is `due`.
    pub(super) fn take(&self, due: bool) -> Parcel {
        let mut gathered = self.lock();
        let changes = gathered.changes.len().min(AUDIT_ENTRIES_MAX);
        let mut entries: Vec<Waiting> = gathered.changes.drain(..changes).collect();
        if !due {
            return Parcel { entries, counts: Vec::new() };
        }
        let samples = gathered.samples.len().min(AUDIT_ENTRIES_MAX - changes);
        let sampled = gathered.samples.drain(..samples).map(|sighting| Waiting { sighting, durable: None });
        entries.extend(sampled);
        let counts = if gathered.counts.len() <= AUDIT_COUNTS_MAX {
            mem::take(&mut gathered.counts).into_iter().collect()
        } else {
            let some: Vec<_> = gathered.counts.keys().take(AUDIT_COUNTS_MAX).copied().collect();
            let counted = some.into_iter().filter_map(|of| gathered.counts.remove_entry(&of));
            counted.collect::<Vec<_>>()
        };
        let counts = counts.into_iter().map(|((kind, tenant), count)| AuditCount { kind, tenant, count });
        Parcel { entries, counts: counts.collect() }
    }

    /// What was taken and could not be noted: entries go in front of what came since, counts are added to it.
    pub(super) fn put_back(&self, parcel: Parcel) {
        let mut gathered = self.lock();
        for waiting in parcel.entries.into_iter().rev() {
            match waiting.durable {
                Some(_) => gathered.changes.push_front(waiting),
                None => gathered.samples.push_front(waiting.sighting),
            }
        }
        for AuditCount { kind, tenant, count } in parcel.counts {
            *gathered.counts.entry((kind, tenant)).or_default() += count;
        }
    }

    /// How many entries and counts wait.
    pub(super) fn waiting(&self) -> usize {
        let gathered = self.lock();
        gathered.changes.len() + gathered.samples.len() + gathered.counts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::RequestId;
    use crate::audit::sighting::{Asker, NOBODY};
    use std::net::{IpAddr, Ipv4Addr};
    use warp::http::HeaderMap;

    const AT: At = At(1_700_000_000_000);
    const KIND: AuditKind = AuditKind::InvalidCredential;

    fn tenant(index: usize) -> TenantId {
        let mut bytes = [1; 16];
        bytes[..8].copy_from_slice(&index.to_be_bytes());
        TenantId::from_bytes(bytes)
    }

    fn sighting() -> Sighting {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Sighting::of(&Asker::new(RequestId::random(), None, address, &HeaderMap::new()), KIND, AT, NOBODY)
    }

    /// How many of so many are kept as entries.
    fn kept(gatherer: &Gatherer, kind: AuditKind, of: usize, at: At) -> usize {
        let kept = (0..of).filter(|_| gatherer.count(kind, TenantId::NIL, at)).count();
        (0..kept).for_each(|_| gatherer.sample(sighting()));
        kept
    }

    /// All that is there, note by note: how many entries and counts each has, and the sum of what is counted.
    fn taken(gatherer: &Gatherer) -> (Vec<(usize, usize)>, u64) {
        let (mut sizes, mut sum) = (Vec::new(), 0);
        loop {
            let parcel = gatherer.take(true);
            if parcel.is_empty() {
                return (sizes, sum);
            }
            sizes.push((parcel.entries.len(), parcel.counts.len()));
            sum += parcel.counts.iter().map(|count| count.count).sum::<u64>();
        }
    }

    #[test]
    fn the_first_of_a_kind_in_a_second_are_kept_and_all_are_counted() {
        let gatherer = Gatherer::default();
        assert_eq!(kept(&gatherer, KIND, 500, AT), 20);
        assert_eq!(kept(&gatherer, AuditKind::Denied, 7, At(AT.0 + 999)), 7, "a kind has its own");
        assert_eq!(kept(&gatherer, KIND, 500, At(AT.0 + 999)), 0, "the same second");
        assert_eq!(kept(&gatherer, KIND, 30, At(AT.0 + 1_000)), 20);
        assert_eq!(taken(&gatherer), (vec![(47, 2)], 1_037));
        assert_eq!(taken(&gatherer), (vec![], 0), "once");
    }

    #[test]
    fn tenants_are_counted_apart_up_to_a_bound_and_exactly_beyond() {
        let gatherer = Gatherer::default();
        for round in 0..3 {
            for index in 0..10_000 {
                gatherer.count(KIND, tenant(index), At(AT.0 + round));
            }
        }
        assert_eq!(gatherer.lock().counts.len(), COUNTED_MAX + 1);
        let (sizes, sum) = taken(&gatherer);
        assert!(sizes.iter().all(|(_, counts)| *counts <= AUDIT_COUNTS_MAX), "{sizes:?}");
        assert_eq!(sum, 30_000);
    }

    #[test]
    fn what_waits_is_bounded_and_goes_in_notes_the_ledger_takes() {
        let gatherer = Gatherer::default();
        let seconds = 0..SAMPLES_MAX as u64;
        let kept: usize = seconds.map(|second| kept(&gatherer, KIND, 2, At(AT.0 + second * 1_000))).sum();
        assert_eq!(kept, SAMPLES_MAX);
        let changes = (0..CHANGES_MAX + 5).filter(|_| gatherer.change(sighting()).is_some()).count();
        assert_eq!(changes, CHANGES_MAX);
        let first = gatherer.take(false);
        assert_eq!((first.entries.len(), first.counts.len()), (100, 0));
        assert!(first.entries.iter().all(|waiting| waiting.durable.is_some()), "changes first");
        let (sizes, sum) = taken(&gatherer);
        assert!(sizes.iter().all(|(entries, _)| *entries <= AUDIT_ENTRIES_MAX), "{sizes:?}");
        let entries: usize = sizes.iter().map(|(entries, _)| entries).sum();
        assert_eq!((entries, sum), (SAMPLES_MAX + CHANGES_MAX - 100, 2 * SAMPLES_MAX as u64));
    }

    #[test]
    fn what_is_put_back_comes_again_before_what_came_since() {
        let gatherer = Gatherer::default();
        kept(&gatherer, KIND, 30, AT);
        let mut waiting = gatherer.change(sighting()).unwrap();
        let parcel = gatherer.take(true);
        let first = parcel.entries[0].sighting.request;
        assert_eq!(gatherer.waiting(), 0);
        gatherer.count(KIND, TenantId::NIL, AT);
        let later = sighting();
        let later_request = later.request;
        let _later = gatherer.change(later);
        gatherer.put_back(parcel);
        let parcel = gatherer.take(true);
        assert_eq!((parcel.entries.len(), parcel.counts[0].count), (22, 31));
        assert!(parcel.entries[0].sighting.request == first && parcel.entries[1].sighting.request == later_request);
        assert!(waiting.try_recv().is_err());
        parcel.entries.into_iter().filter_map(|waiting| waiting.durable).for_each(|durable| durable.send(()).unwrap());
        waiting.try_recv().unwrap();
    }
}
