use crate::At;
use crate::numbering::NumberingError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Contracts of all operators, those that are over among them.
pub const CONTRACTS_MAX: usize = 10_000;
/// The longest signature reference, in characters.
pub const SIGNATURE_REF_MAX: usize = 200;

/// Where a contract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContractState {
    /// Being negotiated; numbers join none of its blocks.
    Draft,
    /// Signed.
    Active,
    /// Over, for ever.
    Ended,
}

/// Where the signed document is kept: a pointer into another store, never the document.
///
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureRef(String);

impl SignatureRef {
    /// # Errors
    /// [`NumberingError::InvalidValue`] unless it is 1 to [`SIGNATURE_REF_MAX`] visible ASCII characters.
    pub fn new(text: &str) -> Result<Self, NumberingError> {
        if (1..=SIGNATURE_REF_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NumberingError::InvalidValue(
                "a signature reference has 1 to 200 visible ASCII characters: it says where the document is kept",
            ))
        }
    }

    /// The pointer itself. Not for logs, metrics or errors.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignatureRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SignatureRef(..)")
    }
}

/// What of a contract can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractTerms {
    /// What people call it; unique among those of its operator.
    pub name: String,
    pub starts: At,
    /// The first instant at which it is over; none if it has no end.
    pub ends: Option<At>,
    /// None while it is a draft that nobody has signed.
    pub signature: Option<SignatureRef>,
    pub state: ContractState,
}

/// An agreement with an operator about numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// The operator, as blocks name it.
    pub mno: String,
    pub terms: ContractTerms,
    /// How often it was said what it is, from 1 on.
    pub version: u32,
}

impl Contract {
    /// Where it stands at `at`, even if no tick has recorded its end yet.
    #[must_use]
    pub fn state_at(&self, at: At) -> ContractState {
        match self.terms.state {
            ContractState::Active if self.is_over(at) => ContractState::Ended,
            state => state,
        }
    }

    /// Whether numbers may join its blocks at `at`.
    #[must_use]
    pub fn in_force(&self, at: At) -> bool {
        self.state_at(at) == ContractState::Active && at >= self.terms.starts
    }

    /// Whether its term is over at `at`.
    pub(super) fn is_over(&self, at: At) -> bool {
        self.terms.ends.is_some_and(|ends| at >= ends)
    }
}

impl ContractState {
    pub const ALL: [Self; 3] = [Self::Draft, Self::Active, Self::Ended];

    /// The word for it in answers and exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }

    /// What the word stands for.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == word)
    }
}
