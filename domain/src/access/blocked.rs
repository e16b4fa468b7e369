use super::AddressRange;
use crate::At;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Ranges of addresses nobody is served from, each with when that ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Blocked(BTreeMap<AddressRange, Option<At>>);

impl Blocked {
    pub fn get(&self, range: &AddressRange) -> Option<Option<At>> {
        self.0.get(range).copied()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn after(&self, range: Option<AddressRange>) -> impl Iterator<Item = (AddressRange, Option<At>)> {
        super::directory::after(&self.0, range).map(|(range, until)| (*range, *until))
    }

    /// Whether a range with the address stands at `at`. One look for each length a prefix can have.
    pub fn covers(&self, address: IpAddr, at: At) -> bool {
        let stands = |until: Option<At>| until.is_none_or(|until| until > at);
        !self.0.is_empty() && AddressRange::around(address).any(|range| self.get(&range).is_some_and(stands))
    }

    pub fn insert(&mut self, range: AddressRange, until: Option<At>) -> Option<Option<At>> {
        self.0.insert(range, until)
    }

    pub fn remove(&mut self, range: &AddressRange) -> Option<Option<At>> {
        self.0.remove(range)
    }
}
