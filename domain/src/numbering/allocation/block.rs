use super::NumberRegion;
use crate::numbering::{Listing, NumberType, NumberingError};
use crate::{ContractId, PoolId, SenderId};
use serde::{Deserialize, Serialize};

/// Blocks of all operators.
pub const BLOCKS_MAX: usize = 100_000;

/// Whom the numbers of a block are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum BlockUse {
    /// The tenants of this platform.
    #[default]
    Own,
    /// Another provider, who gives them to its own customers (47 CFR 52.15(f)(1)(v)): no tenant may take one.
    Intermediate,
}

impl BlockUse {
    pub const ALL: [Self; 2] = [Self::Own, Self::Intermediate];

    /// The word for it in answers and exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Intermediate => "intermediate",
        }
    }

    /// What the word stands for.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == word)
    }
}

/// From one number to another, both included: of the same kind, and as many digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRange {
    first: SenderId,
    last: SenderId,
}

impl NumberRange {
    /// # Errors
    /// [`NumberingError::InvalidValue`] if the two are no ends of one range.
    pub fn new(first: SenderId, last: SenderId) -> Result<Self, NumberingError> {
        let alike = length(first).is_some() && length(first) == length(last);
        if alike && first <= last {
            Ok(Self { first, last })
        } else {
            Err(NumberingError::InvalidValue(
                "a range goes from a number up to another of as many digits, both telephone numbers or both short codes",
            ))
        }
    }

    #[must_use]
    pub const fn first(self) -> SenderId {
        self.first
    }

    #[must_use]
    pub const fn last(self) -> SenderId {
        self.last
    }

    #[must_use]
    pub fn contains(self, number: SenderId) -> bool {
        length(number) == length(self.first) && self.first <= number && number <= self.last
    }
}

/// How many digits it has, and none for what has letters. No short code has as many as a telephone number.
fn length(number: SenderId) -> Option<u32> {
    number.digits().and_then(u64::checked_ilog10)
}

/// What of a block can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BlockTerms {
    /// None where nothing is on record.
    pub contract: Option<ContractId>,
    pub region: Option<NumberRegion>,
    /// The pool its numbers are in; none is the one that serves every tenant.
    pub pool: Option<PoolId>,
    pub purpose: BlockUse,
}

/// Numbers that an operator hands over together. One that an import names and nobody added is added by it, with no terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The operator that owns it.
    pub mno: String,
    /// The type of all its numbers; none for a mix.
    pub number_type: Option<NumberType>,
    /// Where all its numbers are; none where that was not said.
    pub range: Option<NumberRange>,
    pub terms: BlockTerms,
    /// Numbers that joined the inventory in it.
    pub numbers: u64,
    /// How often it was said what it is, from 1 on.
    pub version: u32,
}

impl Block {
    /// As one that an import added.
    pub(super) fn of_import(mno: String) -> Self {
        Self { mno, number_type: None, range: None, terms: BlockTerms::default(), numbers: 0, version: 1 }
    }

    /// Whether the number may join it.
    #[must_use]
    pub fn admits(&self, listing: Listing) -> bool {
        self.number_type.is_none_or(|number_type| number_type == listing.number_type())
            && self.range.is_none_or(|range| range.contains(listing.number()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> SenderId {
        text.parse().expect("a number")
    }

    #[test]
    fn a_range_has_its_ends_and_what_lies_between() {
        let range = NumberRange::new(number("+93700000010"), number("+93700000020")).expect("a range");
        for (text, inside) in [
            ("+93700000009", false),
            ("+93700000010", true),
            ("+93700000020", true),
            ("+93700000021", false),
            ("+9370000001", false),
            ("7070", false),
            ("Acme", false),
        ] {
            assert_eq!(range.contains(number(text)), inside, "{text}");
        }
        let codes = NumberRange::new(number("7000"), number("7999")).expect("a range");
        assert!(codes.contains(number("7070")) && !codes.contains(number("70700")));
    }

    #[test]
    fn what_are_no_two_ends_is_no_range() {
        for (first, last) in
            [("+93700000002", "+93700000001"), ("7070", "+93700000001"), ("707", "7070"), ("Acme", "Zeta")]
        {
            assert!(NumberRange::new(number(first), number(last)).is_err(), "{first} {last}");
        }
    }
}
