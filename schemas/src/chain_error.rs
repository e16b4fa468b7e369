use crate::{Hash, LedgerId, RecordError};
use peyk_domain::At;

/// What is wrong with a chain, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ledger {ledger}, position {position}: {flaw}")]
pub struct ChainError {
    pub ledger: LedgerId,
    /// The position of the record that is at fault.
    pub position: u64,
    pub flaw: Flaw,
}

/// The ways in which a stored message can fail to be the next record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("the stored message is no record: {0}")]
    Undecodable(RecordError),
    #[error("the record says it stands at position {stated}")]
    Misplaced { stated: u64 },
    #[error("positions are missing: expected {expected} here")]
    Gap { expected: u64 },
    #[error("the record is chained to {found}, but the one before it has hash {expected}")]
    WrongPrev { expected: Hash, found: Hash },
    /// No signature vouches for the record itself, so it is this one that is not what was written.
    #[error("the record has hash {hash}, but the one after it was chained to {chained}")]
    Replaced { hash: Hash, chained: Hash },
    #[error("the record is dated {found}, before the one that precedes it ({previous})")]
    TimeWentBack { previous: At, found: At },
    #[error("the record states epoch {stated} while epoch {current} is in force")]
    WrongEpoch { current: u64, stated: u64 },
    #[error("the signature does not fit the record and the key of its epoch")]
    BadSignature,
    #[error(
        "the epoch's certificate is not signed by the deployment key for this ledger, or its epoch does not follow"
    )]
    BadCertificate,
    #[error("the chain does not open with the genesis of this deployment and its key")]
    BadGenesis,
    #[error("an event of the ledger itself cannot be read: {0}")]
    BadControl(crate::SchemaError),
    #[error("a loss is recorded elsewhere than in the opening of an epoch right behind the last record that was found")]
    BadRecovery,
    #[error("no signature covers this record")]
    Uncovered,
    #[error("more than {limit} messages wait for a quarantine record that names them")]
    TooManyForeign { limit: usize },
}

impl Flaw {
    /// A stable name for programs; docs/LEDGER.md says when each is found.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Undecodable(_) => "UNDECODABLE",
            Self::Misplaced { .. } => "MISPLACED",
            Self::Gap { .. } => "GAP",
            Self::WrongPrev { .. } => "WRONG_PREV",
            Self::Replaced { .. } => "REPLACED",
            Self::TimeWentBack { .. } => "TIME_WENT_BACK",
            Self::WrongEpoch { .. } => "WRONG_EPOCH",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::BadCertificate => "BAD_CERTIFICATE",
            Self::BadGenesis => "BAD_GENESIS",
            Self::BadControl(_) => "BAD_CONTROL",
            Self::Uncovered => "UNCOVERED",
            Self::BadRecovery => "BAD_RECOVERY",
            Self::TooManyForeign { .. } => "TOO_MANY_FOREIGN",
        }
    }
}
