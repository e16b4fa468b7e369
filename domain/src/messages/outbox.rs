use super::Lane;
use crate::MessageId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The messages of one connector that the operator has not taken yet, each keyed by its place in the order of
/// acceptance. A message that goes back takes its old place, which lies before all that were accepted after it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Outbox {
    lanes: [BTreeMap<u64, MessageId>; Lane::ALL.len()],
    in_flight: BTreeMap<u64, MessageId>,
}

impl Outbox {
    pub fn waiting(&self, lane: Lane) -> &BTreeMap<u64, MessageId> {
        &self.lanes[lane as usize]
    }

    pub const fn in_flight(&self) -> &BTreeMap<u64, MessageId> {
        &self.in_flight
    }

    pub fn queue(&mut self, lane: Lane, place: u64, message: MessageId) {
        self.lanes[lane as usize].insert(place, message);
    }

    pub fn unqueue(&mut self, lane: Lane, place: u64) {
        self.lanes[lane as usize].remove(&place);
    }

    pub fn take_off(&mut self, place: u64, message: MessageId) {
        self.in_flight.insert(place, message);
    }

    pub fn land(&mut self, place: u64) {
        self.in_flight.remove(&place);
    }
}
