use std::time::Duration;

/// Why a command has no positive answer. Only [`CommandError::OutcomeUnknown`] leaves open whether it landed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The rules say no; nothing was recorded. `code` is stable and documented, `message` says what to do.
    #[error("{message}")]
    Refused { code: String, message: String },
    /// Too often, for now. `code` and `message` as in `Refused`; nothing was recorded.
    #[error("{message}")]
    Limited { code: String, message: String, retry_after: Duration },
    /// The same idempotency key came before with another payload.
    #[error("this idempotency key was used for another request; use a new key")]
    KeyReused,
    /// A command with the same idempotency key is being worked on.
    #[error("a request with this idempotency key is in progress; ask again shortly")]
    InFlight,
    /// The writer's inbox is full.
    #[error("the ledger is taking as many commands as it can; retry after the stated time")]
    Overloaded { retry_after: Duration },
    /// Nobody could take the command: no writer, or no log. It did not land and will not.
    #[error("the ledger cannot be reached now; nothing was recorded, retry later")]
    Unavailable,
    /// The command was on its way when patience ended. It may land; repeat it with the same idempotency key to learn.
    #[error("the outcome is not known yet; repeat the request with the same idempotency key")]
    OutcomeUnknown,
    /// What travelled between processes could not be read: mixed versions, or a bug.
    #[error("the command could not be read by the writer: {0}")]
    Malformed(String),
}

impl CommandError {
    /// The stable code clients branch on.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } | Self::Limited { code, .. } => code,
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::InFlight => "IN_FLIGHT",
            Self::Overloaded { .. } => "OVERLOADED",
            Self::Unavailable => "UNAVAILABLE",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Malformed(_) => "MALFORMED_COMMAND",
        }
    }
}
