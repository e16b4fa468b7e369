use super::{IMPORT_MAX, JUSTIFICATION_MIN_CHARS, SENDERS_MAX};
use crate::At;

/// How many rows of a refused import are named; the rest is only counted.
pub const INVALID_ROWS_NAMED: usize = 10;

/// Why a numbering command was refused. The code is stable: clients branch on it, so it never changes meaning.
///
/// No variant tells who else holds a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberingError {
    /// A claim on the number, or on an alphanumeric sender that looks like it, stands, whoever's it is.
    #[error("the number is taken; choose another one")]
    Conflict,
    /// The number does not stand where the command expects it to.
    #[error("the number is not as you expect it any more; look it up again")]
    Changed,
    /// The caller has no claim on the number.
    #[error("you have no claim on this number")]
    NotFound,
    #[error("it is not in the inventory; import its block, or reserve it if it is an alphanumeric sender")]
    NotRegistered,
    /// A vanity number, and whoever asks may not lease such.
    #[error("it is a vanity number; the role sms:numbering:vanity is needed to lease it")]
    InsufficientScope,
    /// Skeletons are being made anew, and until that is on record nobody knows which look alike.
    #[error("whether another looks like it cannot be decided now; try again in a few seconds")]
    Undecided,
    #[error("the number cools off until {until}; choose another one")]
    Quarantined { until: At },
    /// The number does not stand where this command could move it on.
    #[error("this cannot be done to the number now: {0}")]
    InvalidTransition(&'static str),
    /// Rows of an import that repeat an earlier row, are in the inventory or in another import already, are no numbers or
    /// none of their block, counted from 0.
    #[error(
        "{count} of these numbers are listed twice, in the inventory or in another import already, no numbers or none of \
         their block, counted from 1: {}",
        places(rows)
    )]
    InvalidRows { rows: Vec<usize>, count: usize },
    #[error("an import takes at most {IMPORT_MAX} numbers; send the block in several commands")]
    TooMany,
    #[error("the time to live must be from {min_s} s to {max_s} s", min_s = min.0 / 1_000, max_s = max.0 / 1_000)]
    TtlOutOfRange { min: crate::Span, max: crate::Span },
    #[error("{most} reservations and holds at once are all you may have; assign or release one first")]
    QuotaExceeded { most: u32 },
    #[error("{SENDERS_MAX} alphanumeric senders, those that still cool off among them, are all you may have")]
    TooManySenders,
    #[error("you reserve more numbers a minute than you may; reserve again at {again}")]
    RateLimited { again: At },
    #[error("a justification has at least {JUSTIFICATION_MIN_CHARS} characters, spaces around it not counted")]
    JustificationTooShort,
    /// The audit table of numbers was found to differ from the ledger.
    #[error(
        "the audit table of numbers does not follow from the ledger; nothing is exported until a verification passes"
    )]
    AuditBroken,
    #[error("the signature does not count: {0}")]
    SignatureInvalid(&'static str),
    #[error("the approval does not count: {0}")]
    ApprovalInvalid(&'static str),
    #[error("this file was imported already")]
    DuplicateBatch,
    #[error("{0}")]
    BatchConflict(&'static str),
    #[error("there is no {0}")]
    NoSuch(&'static str),
    /// Its id, or its name where that is unique.
    #[error("there is {0} already")]
    AlreadyExists(&'static str),
    /// A contract, a block or a pool of another version than the caller believes.
    #[error("it was changed since; look it up again")]
    Outdated,
    /// What stands on a contract, a block or a pool that is to be removed.
    #[error("it is in use: {count} {by}")]
    InUse { by: &'static str, count: u64 },
    #[error("not acceptable: {0}")]
    InvalidValue(&'static str),
    /// An event that `decide` cannot have produced in this state: the ledger is not to be trusted, reading stops.
    #[error("the numbering ledger contradicts itself: {0}")]
    CorruptLedger(&'static str),
}

/// Places as people count them.
fn places(rows: &[usize]) -> String {
    rows.iter().map(|row| (row + 1).to_string()).collect::<Vec<_>>().join(", ")
}

impl NumberingError {
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict | Self::Changed | Self::BatchConflict(_) | Self::Outdated => "CONFLICT",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::InUse { .. } => "IN_USE",
            Self::NotFound | Self::NoSuch(_) => "NOT_FOUND",
            Self::SignatureInvalid(_) => "SIGNATURE_INVALID",
            Self::ApprovalInvalid(_) => "APPROVAL_INVALID",
            Self::DuplicateBatch => "DUPLICATE_BATCH",
            Self::NotRegistered => "NOT_REGISTERED",
            Self::InsufficientScope => "INSUFFICIENT_SCOPE",
            Self::Undecided => "FAILED_PRECONDITION",
            Self::Quarantined { .. } => "QUARANTINED",
            Self::InvalidTransition(_) => "INVALID_TRANSITION",
            Self::InvalidRows { .. } => "INVALID_ROWS",
            Self::TooMany => "TOO_MANY",
            Self::TtlOutOfRange { .. } => "TTL_OUT_OF_RANGE",
            Self::QuotaExceeded { .. } | Self::TooManySenders => "QUOTA_EXCEEDED",
            Self::RateLimited { .. } => "RATE_LIMIT_EXCEEDED",
            Self::JustificationTooShort => "JUSTIFICATION_TOO_SHORT",
            Self::AuditBroken => "NUMBER_AUDIT_BROKEN",
            Self::InvalidValue(_) => "INVALID_VALUE",
            Self::CorruptLedger(_) => "CORRUPT_LEDGER",
        }
    }
}
