use foldhash::fast::RandomState;
use hashbrown::HashTable;
use peyk_domain::{At, CommandId, Span};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;
use std::hash::BuildHasher;

/// How long a command id is remembered.
pub const WINDOW: Span = Span::hours(24);
/// How many command ids a partition remembers; beyond it the oldest go first, however young.
pub const IDS_MAX: usize = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    at: At,
    id: CommandId,
    position: u64,
    fingerprint: [u8; 16],
}

/// Which command ids led to which records, for [`WINDOW`] and at most [`IDS_MAX`] of them.
///
/// A million of them stand in one ring by age, and a table says where each is: less than half of what a map would take.
#[derive(Debug, Default)]
pub struct Idempotency {
    by_age: VecDeque<Remembered>,
    /// Places in `by_age`, counted from the first id that was ever remembered; the count goes round.
    places: HashTable<u32>,
    /// How many were forgotten.
    forgotten: u32,
    hasher: RandomState,
}

impl PartialEq for Idempotency {
    fn eq(&self, other: &Self) -> bool {
        self.by_age == other.by_age
    }
}

impl Eq for Idempotency {}

impl Idempotency {
    fn index(&self, id: CommandId) -> Option<usize> {
        let (by_age, forgotten) = (&self.by_age, self.forgotten);
        let is = |place: &u32| by_age.get(place.wrapping_sub(forgotten) as usize).is_some_and(|known| known.id == id);
        let place = self.places.find(self.hasher.hash_one(id), is)?;
        Some(place.wrapping_sub(forgotten) as usize)
    }

    /// The position and fingerprint of the record that bears `id`.
    #[must_use]
    pub fn find(&self, id: CommandId) -> Option<(u64, [u8; 16])> {
        self.by_age.get(self.index(id)?).map(|known| (known.position, known.fingerprint))
    }

    /// Remembers a record and forgets what is older than the window.
    pub fn remember(&mut self, id: CommandId, fingerprint: [u8; 16], position: u64, at: At) {
        if fingerprint != [0; 16] {
            match self.index(id).and_then(|index| self.by_age.get_mut(index)) {
                Some(known) => (known.position, known.fingerprint) = (position, fingerprint),
                None => self.add(Remembered { at, id, position, fingerprint }),
            }
        }
        while let Some(oldest) = self.by_age.front() {
            if self.by_age.len() <= IDS_MAX && at.since(oldest.at) < WINDOW {
                break;
            }
            let (hash, first) = (self.hasher.hash_one(oldest.id), self.forgotten);
            if let Ok(place) = self.places.find_entry(hash, |place| *place == first) {
                place.remove();
            }
            self.by_age.pop_front();
            self.forgotten = first.wrapping_add(1);
        }
    }

    fn add(&mut self, new: Remembered) {
        let place = self.forgotten.wrapping_add(self.by_age.len() as u32);
        self.by_age.push_back(new);
        let (by_age, forgotten, hasher) = (&self.by_age, self.forgotten, &self.hasher);
        // When the table grows, every id says its hash again.
        let hash = |place: &u32| hasher.hash_one(by_age[place.wrapping_sub(forgotten) as usize].id);
        self.places.insert_unique(hasher.hash_one(new.id), place, hash);
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
            self.by_age.front().map_or(WINDOW, |oldest| now.since(oldest.at))
        }
    }
}

/// One after another, the oldest first.
impl Serialize for Idempotency {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(&self.by_age)
    }
}

impl<'de> Deserialize<'de> for Idempotency {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct ByAge;

        impl<'de> Visitor<'de> for ByAge {
            type Value = Idempotency;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("command ids, the oldest first")
            }

            fn visit_seq<I: SeqAccess<'de>>(self, mut ids: I) -> Result<Idempotency, I::Error> {
                let mut memory = Idempotency::default();
                while let Some(Remembered { at, id, position, fingerprint }) = ids.next_element()? {
                    memory.remember(id, fingerprint, position, at);
                }
                Ok(memory)
            }
        }

        input.deserialize_seq(ByAge)
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
    fn places_that_go_round_lead_to_the_same_ids() {
        let mut memory = Idempotency { forgotten: u32::MAX - 20, ..Idempotency::default() };
        for number in 0..100_u8 {
            memory.remember(id(number), [number + 1; 16], u64::from(number), At(u64::from(number) * WINDOW.0 / 30));
            let known = |other: u8| memory.find(id(other)) == Some((u64::from(other), [other + 1; 16]));
            assert!((0..=number).all(|other| known(other) == (number - other < 30)), "after {number}");
        }
        // The same id again leads to the later record, and is as old as it was.
        memory.remember(id(75), [1; 16], 200, At(99 * WINDOW.0 / 30));
        assert_eq!((memory.find(id(75)), memory.len()), (Some((200, [1; 16])), 30));
    }

    #[test]
    fn an_id_without_a_fingerprint_is_not_kept() {
        let mut memory = Idempotency::default();
        memory.remember(id(1), [0; 16], 40, At(0));
        assert_eq!(memory.find(id(1)), None);
    }
}
