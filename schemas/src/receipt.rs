use crate::{Hash, LedgerId};

/// Where an accepted command stands in its ledger: enough to find its record again and to show that it was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub ledger: LedgerId,
    pub position: u64,
    pub hash: Hash,
}
