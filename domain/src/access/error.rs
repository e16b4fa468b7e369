use crate::At;
use crate::numbering::JUSTIFICATION_MIN_CHARS;

/// Why an access command was refused. The code is stable: clients branch on it, so it never changes meaning.
///
/// No variant tells anything of another tenant: what is not the caller's is not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error("this deployment has had its first admin; ask one of the platform's admins")]
    AlreadyBootstrapped,
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("the {0} exists already")]
    AlreadyExists(&'static str),
    /// The scope reaches the thing, but not what was asked of it.
    #[error("this is not yours to do: {0}")]
    Forbidden(&'static str),
    #[error("this cannot be done now: {0}")]
    InvalidTransition(&'static str),
    #[error("not acceptable: {0}")]
    InvalidValue(&'static str),
    #[error("there may be at most {max} {of}")]
    TooMany { max: usize, of: &'static str },
    #[error("a justification has at least {JUSTIFICATION_MIN_CHARS} characters, spaces around it not counted")]
    JustificationTooShort,
    #[error("too many logins; try again at {again}")]
    RateLimited { again: At },
    #[error("the account is locked until {until} after too many failed logins")]
    Locked { until: At },
    #[error("the credential is not valid any more; log in again")]
    SessionEnded,
    /// An event that `decide` cannot have produced in this state: the ledger is not to be trusted, reading stops.
    #[error("the access ledger contradicts itself: {0}")]
    CorruptLedger(&'static str),
}

impl AccessError {
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyBootstrapped => "ALREADY_BOOTSTRAPPED",
            Self::NotFound(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::Forbidden(_) => "INSUFFICIENT_SCOPE",
            Self::InvalidTransition(_) => "INVALID_TRANSITION",
            Self::InvalidValue(_) => "INVALID_VALUE",
            Self::TooMany { .. } => "TOO_MANY",
            Self::JustificationTooShort => "JUSTIFICATION_TOO_SHORT",
            Self::RateLimited { .. } => "RATE_LIMIT_EXCEEDED",
            Self::Locked { .. } => "ACCOUNT_LOCKED",
            Self::SessionEnded => "SESSION_ENDED",
            Self::CorruptLedger(_) => "CORRUPT_LEDGER",
        }
    }
}
