use crate::{At, MessageId};

/// Why a message command was refused. The code is stable: clients branch on it, so it never changes meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    #[error("message {0} is known already; use a new id")]
    Conflict(MessageId),
    #[error("a command takes at most {max} {of}; send several")]
    TooMany { max: usize, of: &'static str },
    /// As many messages wait or are with connectors as the partition takes.
    #[error("too many messages are waiting to be sent; retry later")]
    BacklogFull,
    /// The tenant has sent as many messages as it may.
    #[error("more messages than the tenant may send in a minute; try again at {again}")]
    RateLimited { again: At },
    #[error("not acceptable: {0}")]
    InvalidValue(&'static str),
    /// An event that `decide` cannot have produced in this state: the ledger is not to be trusted, reading stops.
    #[error("the messages ledger contradicts itself at message {message}: {what}")]
    CorruptLedger { message: MessageId, what: &'static str },
}

impl MessageError {
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "CONFLICT",
            Self::TooMany { .. } => "TOO_MANY",
            Self::BacklogFull => "BACKLOG_FULL",
            Self::RateLimited { .. } => "RATE_LIMIT_EXCEEDED",
            Self::InvalidValue(_) => "INVALID_VALUE",
            Self::CorruptLedger { .. } => "CORRUPT_LEDGER",
        }
    }
}
