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
    #[error("no signature covers this record")]
    Uncovered,
    #[error("a message that is not the writer's stands here and no quarantine names it")]
    Foreign,
    #[error("more than {limit} messages wait for a quarantine record that names them")]
    TooManyForeign { limit: usize },
}
