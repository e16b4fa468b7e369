use foldhash::HashMap;
use peyk_domain::{At, CommandId, Span};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;

/// How long a command id is remembered.
pub const WINDOW: Span = Span::hours(24);
/// How many command ids a partition remembers; beyond it the oldest go first, however young.
pub const IDS_MAX: usize = 1_000_000;

/// Which command ids led to which records, for [`WINDOW`] and at most [`IDS_MAX`] of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Idempotency {
    positions: HashMap<CommandId, (u64, [u8; 16])>,
    by_age: VecDeque<(At, CommandId)>,
}

impl Idempotency {
    /// The position and fingerprint of the record that bears `id`.
    #[must_use]
    pub fn find(&self, id: CommandId) -> Option<(u64, [u8; 16])> {
        self.positions.get(&id).copied()
    }

    /// Remembers a record and forgets what is older than the window.
    pub fn remember(&mut self, id: CommandId, fingerprint: [u8; 16], position: u64, at: At) {
        if fingerprint != [0; 16] && self.positions.insert(id, (position, fingerprint)).is_none() {
            self.by_age.push_back((at, id));
        }
        while let Some(&(oldest, id)) = self.by_age.front() {
            if self.by_age.len() <= IDS_MAX && at.since(oldest) < WINDOW {
                break;
            }
            self.by_age.pop_front();
            self.positions.remove(&id);
        }
    }

    /// How many ids are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_age.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }

    /// How far back the memory reaches now: the window, or less where the bound cut it short.
    #[must_use]
    pub fn reach(&self, now: At) -> Span {
        if self.by_age.len() < IDS_MAX {
            WINDOW
        } else {
            self.by_age.front().map_or(WINDOW, |&(oldest, _)| now.since(oldest))
        }
    }
}

/// One after another, the oldest first: instant, id, position, fingerprint.
impl Serialize for Idempotency {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.by_age.iter().map(|&(at, id)| {
            let (position, fingerprint) = self.positions.get(&id).copied().unwrap_or_default();
            (at, id, position, fingerprint)
        }))
    }
}

impl<'de> Deserialize<'de> for Idempotency {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Remembered;

        impl<'de> Visitor<'de> for Remembered {
            type Value = Idempotency;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("command ids, the oldest first")
            }

            fn visit_seq<I: SeqAccess<'de>>(self, mut ids: I) -> Result<Idempotency, I::Error> {
                let mut memory = Idempotency::default();
                while let Some((at, id, position, fingerprint)) = ids.next_element()? {
                    memory.remember(id, fingerprint, position, at);
                }
                Ok(memory)
            }
        }

        input.deserialize_seq(Remembered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> CommandId {
        CommandId::from_bytes([number; 16])
    }

    #[test]
    fn an_id_is_remembered_for_a_day() {
        let mut memory = Idempotency::default();
        memory.remember(id(1), [7; 16], 40, At(0));
        memory.remember(id(2), [8; 16], 41, At(WINDOW.0 - 1));
        assert_eq!(memory.find(id(1)), Some((40, [7; 16])));
        memory.remember(id(3), [9; 16], 42, At(WINDOW.0));
        assert_eq!(memory.find(id(1)), None);
        assert_eq!(memory.find(id(2)), Some((41, [8; 16])));
    }

    #[test]
    fn a_memory_that_was_kept_answers_and_forgets_alike() {
        let mut memory = Idempotency::default();
        for number in 0..100 {
            memory.remember(id(number), [number; 16], u64::from(number), At(u64::from(number / 3)));
        }
        let bytes = postcard::to_stdvec(&memory).expect("kept");
        let mut again: Idempotency = postcard::from_bytes(&bytes).expect("read");
        assert_eq!(again, memory);
        for memory in [&mut memory, &mut again] {
            memory.remember(id(200), [1; 16], 200, At(WINDOW.0 + 10));
        }
        assert_eq!(again, memory);
        assert_eq!((again.find(id(32)), again.find(id(33))), (None, Some((33, [33; 16]))));
    }

    #[test]
    fn an_id_without_a_fingerprint_is_not_kept() {
        let mut memory = Idempotency::default();
        memory.remember(id(1), [0; 16], 40, At(0));
        assert_eq!(memory.find(id(1)), None);
    }
}
