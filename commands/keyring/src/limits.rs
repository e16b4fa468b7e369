use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How much is kept in memory. What is not kept is fetched or derived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tenants whose keys are kept.
    pub tenants: usize,
    /// Recipients of one tenant whose tokens, and whose data keys, are kept.
    pub recipients_of_a_tenant: usize,
    /// Tokens and data keys of all tenants together, of about 160 bytes each.
    pub derived_keys: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tenants: 100_000, recipients_of_a_tenant: 65_536, derived_keys: 524_288 }
    }
}

/// What all tenants together may still keep.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Only counted: one reference of the budget's own, and one for every permit.
    held: Arc<()>,
    max: usize,
    refused: AtomicUsize,
}

/// The right to keep one derived key; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _held: Arc<()>,
}

impl Budget {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { held: Arc::new(()), max, refused: AtomicUsize::new(0) })
    }

    /// Threads that ask at the same instant may overdraw by their number.
    pub(crate) fn permit(&self) -> Option<Permit> {
        if Arc::strong_count(&self.held) <= self.max {
            return Some(Permit { _held: Arc::clone(&self.held) });
        }
        self.refused.fetch_add(1, Relaxed);
        None
    }

    /// Whether it is time to let go of what was not used lately: not at the first refusal but after an eighth of the
    /// budget was refused, so that going through all tenants stays rare.
    pub(crate) fn is_short(&self) -> bool {
        let due = self.refused.load(Relaxed) > self.max / 8;
        if due {
            self.refused.store(0, Relaxed);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_and_given_back() {
        let budget = Budget::new(2);
        let permits = [budget.permit().unwrap(), budget.permit().unwrap()];
        assert!(!budget.is_short());
        assert!(budget.permit().is_none());
        assert!(budget.is_short() && !budget.is_short());
        drop(permits);
        assert!(budget.permit().is_some());
    }
}
