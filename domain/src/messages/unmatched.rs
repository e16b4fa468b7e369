use super::ReceiptState;
use super::smsc_id::SmscId;
use crate::ConnectorId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Receipts kept although they name no known message; the oldest goes when one more comes.
pub const UNMATCHED_KEPT: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptReceipt {
    pub state: ReceiptState,
    pub error: Option<String>,
}

type Name = (ConnectorId, SmscId);

/// Receipts that came before the message they name was known: an operator may send one before its own answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Unmatched {
    /// By name, in the order in which they came.
    receipts: HashMap<Name, VecDeque<(u64, KeptReceipt)>>,
    /// All names in the order in which their receipts came.
    order: BTreeMap<u64, Name>,
    next: u64,
}

impl Unmatched {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn keep(&mut self, connector: ConnectorId, id: SmscId, receipt: KeptReceipt) {
        if self.order.len() >= UNMATCHED_KEPT
            && let Some((_, oldest)) = self.order.first_key_value()
        {
            let oldest = oldest.clone();
            self.take_first(&oldest);
        }
        let name = (connector, id);
        self.order.insert(self.next, name.clone());
        self.receipts.entry(name).or_default().push_back((self.next, receipt));
        self.next += 1;
    }

    /// The name under which receipts for `id` are kept: its own, else the only one of the other base.
    pub fn name_of(&self, connector: ConnectorId, id: &SmscId) -> Option<Name> {
        if self.receipts.is_empty() {
            return None;
        }
        let kept = |id: SmscId| Some((connector, id)).filter(|name| self.receipts.contains_key(name));
        kept(id.clone()).or_else(|| {
            let mut others = id.counterparts().filter_map(kept);
            others.next().filter(|_| others.next().is_none())
        })
    }

    /// What is kept under a name, oldest first.
    pub fn under<'a>(&'a self, name: &Name) -> impl Iterator<Item = &'a KeptReceipt> + use<'a> {
        self.receipts.get(name).into_iter().flatten().map(|(_, receipt)| receipt)
    }

    pub fn take_first(&mut self, name: &Name) {
        let Some(receipts) = self.receipts.get_mut(name) else { return };
        if let Some((place, _)) = receipts.pop_front() {
            self.order.remove(&place);
        }
        if receipts.is_empty() {
            self.receipts.remove(name);
        }
    }

    pub fn forget(&mut self, name: &Name) {
        for (place, _) in self.receipts.remove(name).unwrap_or_default() {
            self.order.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_bounded_number_and_drops_the_oldest() {
        let mut unmatched = Unmatched::default();
        let id = |count: usize| SmscId::normalised(&format!("id-{count}")).expect("an id");
        for count in 0..=UNMATCHED_KEPT {
            let receipt = KeptReceipt { state: ReceiptState::Delivered, error: None };
            unmatched.keep(ConnectorId::NIL, id(count), receipt);
        }
        assert_eq!((unmatched.len(), unmatched.receipts.len()), (UNMATCHED_KEPT, UNMATCHED_KEPT));
        assert_eq!(unmatched.name_of(ConnectorId::NIL, &id(0)), None);
        assert!(unmatched.name_of(ConnectorId::NIL, &id(1)).is_some());
    }
}
