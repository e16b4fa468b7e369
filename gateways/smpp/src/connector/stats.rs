use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a connector counted since it started. Plain numbers, safe to publish.
#[derive(Debug, Default)]
pub struct ConnectorStats {
    pub(crate) bound: AtomicBool,
    /// Parts without an answer now.
    pub(crate) window: AtomicU64,
    pub(crate) submitted: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) throttled: AtomicU64,
    pub(crate) in_doubt: AtomicU64,
    pub(crate) not_sent: AtomicU64,
    pub(crate) receipts: AtomicU64,
    pub(crate) receipts_deferred: AtomicU64,
    pub(crate) mobile_originated: AtomicU64,
    pub(crate) unmatched: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) binds: AtomicU64,
    pub(crate) reconnects: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ConnectorStatus {
    /// Whether the operator has accepted the bind now.
    pub bound: bool,
    /// Messages the operator took.
    pub submitted: u64,
    /// Messages the operator refused for good.
    pub rejected: u64,
    /// Messages put back because the operator asked to slow down.
    pub throttled: u64,
    /// Messages written that no answer came for.
    pub in_doubt: u64,
    /// Messages given back unwritten.
    pub not_sent: u64,
    /// Receipts made durable and acknowledged.
    pub receipts: u64,
    /// Receipts the operator was asked to send again.
    pub receipts_deferred: u64,
    /// Messages from handsets, acknowledged and only counted for now.
    pub mobile_originated: u64,
    /// Answers to nothing outstanding, and receipts naming no message.
    pub unmatched: u64,
    /// PDUs that could not be read.
    pub malformed: u64,
    pub binds: u64,
    /// Sessions lost or binds failed, each followed by another try.
    pub reconnects: u64,
}

impl ConnectorStats {
    /// The counts now. They are read one after another, so they may be a moment apart.
    #[must_use]
    pub fn status(&self) -> ConnectorStatus {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ConnectorStatus {
            bound: self.bound.load(Ordering::Relaxed),
            submitted: read(&self.submitted),
            rejected: read(&self.rejected),
            throttled: read(&self.throttled),
            in_doubt: read(&self.in_doubt),
            not_sent: read(&self.not_sent),
            receipts: read(&self.receipts),
            receipts_deferred: read(&self.receipts_deferred),
            mobile_originated: read(&self.mobile_originated),
            unmatched: read(&self.unmatched),
            malformed: read(&self.malformed),
            binds: read(&self.binds),
            reconnects: read(&self.reconnects),
        }
    }
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
