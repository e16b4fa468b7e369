use super::entry::PendingReceipt;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// Receipts that came before the answer to their message did, by the id that answer will bring.
#[derive(Debug, Default)]
pub(crate) struct EarlyReceipts {
    by_id: HashMap<String, Vec<PendingReceipt>>,
    /// In order of arrival, which is the order of their release.
    release: VecDeque<(Instant, String, u64)>,
}

impl EarlyReceipts {
    pub fn park(&mut self, receipt: PendingReceipt, until: Instant) {
        self.release.push_back((until, receipt.id.clone(), receipt.delivery));
        self.by_id.entry(receipt.id.clone()).or_default().push(receipt);
    }

    /// The receipts for `id`, now that it is known.
    pub fn claim(&mut self, id: &str) -> Vec<PendingReceipt> {
        self.by_id.remove(id).unwrap_or_default()
    }

    pub fn next_release(&mut self) -> Option<Instant> {
        while let Some((until, id, delivery)) = self.release.front() {
            if self.by_id.get(id).is_some_and(|parked| parked.iter().any(|one| one.delivery == *delivery)) {
                return Some(*until);
            }
            self.release.pop_front();
        }
        None
    }

    /// Every receipt that has waited long enough: no answer brought its id.
    pub fn released(&mut self, now: Instant) -> Vec<PendingReceipt> {
        let mut released = Vec::new();
        while self.next_release().is_some_and(|until| until <= now) {
            let Some((_, id, delivery)) = self.release.pop_front() else { break };
            let Some(parked) = self.by_id.get_mut(&id) else { continue };
            if let Some(index) = parked.iter().position(|one| one.delivery == delivery) {
                released.push(parked.remove(index));
            }
            if parked.is_empty() {
                self.by_id.remove(&id);
            }
        }
        released
    }
}
