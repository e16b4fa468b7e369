use crate::{At, SenderId, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many recalls of a number make the next lease of it suspicious.
pub const RECALLS_SUSPICIOUS: usize = 2;
/// How far back recalls count.
pub const RECALLS_WITHIN: Span = Span::days(730);

/// When numbers were last recalled, [`RECALLS_SUSPICIOUS`] times at most.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Recalls(BTreeMap<SenderId, [Option<At>; RECALLS_SUSPICIOUS]>);

impl Recalls {
    /// How many of the last recalls lie so close that the next lease is suspicious; nothing if it is not.
    pub fn suspicious(&self, number: SenderId, at: At) -> Option<u32> {
        let last = self.0.get(&number)?;
        let close = last.iter().flatten().filter(|recalled| at.since(**recalled) <= RECALLS_WITHIN).count();
        (close == RECALLS_SUSPICIOUS).then_some(u32::try_from(close).unwrap_or(u32::MAX))
    }

    pub fn recalled(&mut self, number: SenderId, at: At) {
        let last = self.0.entry(number).or_default();
        last.rotate_left(1);
        if let Some(newest) = last.last_mut() {
            *newest = Some(at);
        }
    }

    pub fn retired(&mut self, number: SenderId) {
        self.0.remove(&number);
    }
}
