use crate::At;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A recipient as state knows one: a keyed hash that still folds after the keys are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientToken(pub [u8; 16]);

/// A leaf of a tenant's key trees: the keyed hash of one E.164 number under the tenant's index key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leaf(pub u64);

/// How often a recipient came back after an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Generation(pub u32);

/// How long what is sealed may be kept, which decides the tree whose root is destroyed when the time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RetentionClass {
    /// Messages, by the month they were accepted in.
    Message,
    /// What the directory says of tenants, users and keys: as long as they are there, in one tree of month 0.
    Directory,
    /// Where requests came from, by the month they were made in.
    Audit,
}

/// A calendar month in UTC, `year * 12 + month - 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MonthKey(pub u32);

impl MonthKey {
    /// The month of what is kept in one tree for always.
    pub const ALWAYS: Self = Self(0);

    /// The month of an instant, proleptic Gregorian.
    #[must_use]
    pub fn of(at: At) -> Self {
        let (year, month, _) = at.civil();
        // An instant beyond the year 300 million is no date; the last month there is will do.
        Self(u32::try_from(year * 12 + month - 1).unwrap_or(u32::MAX))
    }
}

/// Which key opens a sealed field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SealedFor {
    pub class: RetentionClass,
    pub month: MonthKey,
    pub generation: Generation,
    pub leaf: Leaf,
}

/// An encrypted field: 24 bytes of nonce, the ciphertext, 16 bytes of tag (XChaCha20-Poly1305).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed(pub Box<[u8]>);

impl fmt::Debug for Sealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sealed({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    fn key(year: u32, month: u32) -> MonthKey {
        MonthKey(year * 12 + month - 1)
    }

    #[test]
    fn months_begin_and_end_where_the_calendar_says() {
        for (at, expected) in [
            (0, key(1970, 1)),
            (951_782_400_000, key(2000, 2)),   // 2000-02-29
            (951_868_800_000, key(2000, 3)),   // 2000-03-01
            (1_709_164_800_000, key(2024, 2)), // 2024-02-29
            (1_793_491_199_999, key(2026, 10)),
            (1_793_491_200_000, key(2026, 11)), // 2026-11-01
            (1_798_761_599_999, key(2026, 12)),
            (1_798_761_600_000, key(2027, 1)),
            (4_107_542_400_000, key(2100, 3)), // 2100 has no leap day
            (4_107_542_399_999, key(2100, 2)),
            (u64::MAX, MonthKey(u32::MAX)),
        ] {
            assert_eq!(MonthKey::of(At(at)), expected, "{at}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_in_a_month_that_follows() {
        let mut last = MonthKey::of(At(0));
        for day in 0..146_097 {
            let month = MonthKey::of(At(day * Span::days(1).0));
            assert!(month == last || month.0 == last.0 + 1);
            last = month;
        }
        assert_eq!(last, key(2369, 12));
    }
}
