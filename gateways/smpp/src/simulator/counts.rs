use serde::Serialize;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Different messages that are told apart; beyond that, new ones count as seen before.
const DISTINCT_MAX: usize = 2_000_000;

/// What a simulated SMSC saw since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SimulatorCounts {
    pub binds: u64,
    pub binds_refused: u64,
    /// submit_sm that came, whatever became of them.
    pub messages: u64,
    /// How many of them differ in sender, recipient or text.
    pub distinct: u64,
    /// Octets of their short_message.
    pub octets: u64,
    pub accepted: u64,
    pub throttled: u64,
    pub rejected: u64,
    /// Taken without an answer.
    pub unanswered: u64,
    pub receipts_sent: u64,
    pub receipts_acknowledged: u64,
    /// Receipts the other side asked to send again.
    pub receipts_deferred: u64,
    pub enquire_links: u64,
    pub unbinds: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub binds: AtomicU64,
    pub binds_refused: AtomicU64,
    pub messages: AtomicU64,
    pub octets: AtomicU64,
    pub accepted: AtomicU64,
    pub throttled: AtomicU64,
    pub rejected: AtomicU64,
    pub unanswered: AtomicU64,
    pub receipts_sent: AtomicU64,
    pub receipts_acknowledged: AtomicU64,
    pub receipts_deferred: AtomicU64,
    pub enquire_links: AtomicU64,
    pub unbinds: AtomicU64,
    distinct: Mutex<HashSet<u64>>,
}

impl Counters {
    /// Counts a message in and returns its number, from 1.
    pub fn message(&self, source: &str, destination: &str, octets: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();
        (source, destination, octets).hash(&mut hasher);
        self.octets.fetch_add(octets.len() as u64, Ordering::Relaxed);
        let mut distinct = self.distinct.lock().unwrap_or_else(PoisonError::into_inner);
        if distinct.len() < DISTINCT_MAX {
            distinct.insert(hasher.finish());
        }
        self.messages.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub fn read(&self) -> SimulatorCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SimulatorCounts {
            binds: read(&self.binds),
            binds_refused: read(&self.binds_refused),
            messages: read(&self.messages),
            distinct: self.distinct.lock().unwrap_or_else(PoisonError::into_inner).len() as u64,
            octets: read(&self.octets),
            accepted: read(&self.accepted),
            throttled: read(&self.throttled),
            rejected: read(&self.rejected),
            unanswered: read(&self.unanswered),
            receipts_sent: read(&self.receipts_sent),
            receipts_acknowledged: read(&self.receipts_acknowledged),
            receipts_deferred: read(&self.receipts_deferred),
            enquire_links: read(&self.enquire_links),
            unbinds: read(&self.unbinds),
        }
    }
}
