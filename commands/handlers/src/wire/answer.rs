use super::messages::{submitted_items, work};
use super::scalar::{id, instant, millis};
use crate::answer::{AccessDone, AccessOutcome, Done, Submitted, SubmittedItem, Work};
use crate::error::CommandError;
use peyk_domain::access::{LoginFailure, SessionEnd};
use peyk_domain::{At, MessageId, SessionId};
use peyk_schemas::{Hash, Ledger, LedgerId, Receipt};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a writer says to an [`super::Envelope`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Answer {
    Done(#[serde(with = "DoneForm")] Done),
    Access(#[serde(with = "AccessDoneForm")] AccessDone),
    Submitted(#[serde(with = "SubmittedForm")] Submitted),
    Work(#[serde(with = "work")] Vec<Work>),
    InFlight(Vec<AttemptForm>),
    Failed(Failure),
}

/// One attempt in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttemptForm(#[serde(with = "id")] pub MessageId, pub u32);

/// [`CommandError`] as it travels, and what only processes tell each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Failure {
    Refused {
        code: String,
        message: String,
    },
    /// Refused for now.
    Limited {
        code: String,
        message: String,
        #[serde(rename = "retry_after_ms", with = "millis")]
        retry_after: Duration,
    },
    KeyReused,
    InFlight,
    Overloaded {
        #[serde(rename = "retry_after_ms", with = "millis")]
        retry_after: Duration,
    },
    /// This attempt did not land and will not.
    Unavailable,
    OutcomeUnknown,
    /// The process asked holds the writer no longer, or not yet. This attempt did not land and will not.
    NotLeader,
    Malformed {
        reason: String,
    },
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { code, message } => Self::Refused { code, message },
            Failure::Limited { code, message, retry_after } => Self::Limited { code, message, retry_after },
            Failure::KeyReused => Self::KeyReused,
            Failure::InFlight => Self::InFlight,
            Failure::Overloaded { retry_after } => Self::Overloaded { retry_after },
            Failure::Unavailable | Failure::NotLeader => Self::Unavailable,
            Failure::OutcomeUnknown => Self::OutcomeUnknown,
            Failure::Malformed { reason } => Self::Malformed(reason),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Done", deny_unknown_fields)]
struct DoneForm {
    #[serde(with = "ReceiptForm")]
    receipt: Receipt,
    repeated: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AccessDone", deny_unknown_fields)]
struct AccessDoneForm {
    #[serde(with = "ReceiptForm")]
    receipt: Receipt,
    repeated: bool,
    #[serde(with = "AccessOutcomeForm")]
    outcome: AccessOutcome,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AccessOutcome", rename_all = "snake_case", deny_unknown_fields)]
enum AccessOutcomeForm {
    Done,
    LoggedIn {
        #[serde(with = "id")]
        session: SessionId,
        #[serde(with = "instant")]
        expires: At,
    },
    LoginFailed {
        #[serde(with = "LoginFailureForm")]
        reason: LoginFailure,
    },
    Locked {
        #[serde(with = "instant")]
        until: At,
    },
    Refreshed {
        #[serde(with = "id")]
        session: SessionId,
        generation: u32,
    },
    SessionEnded {
        #[serde(with = "id")]
        session: SessionId,
        #[serde(with = "SessionEndForm")]
        reason: SessionEnd,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LoginFailure", rename_all = "snake_case")]
enum LoginFailureForm {
    Password,
    Code,
    CodeUsedAgain,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SessionEnd", rename_all = "snake_case")]
enum SessionEndForm {
    LoggedOut,
    Reused,
    Expired,
    PasswordChanged,
    RolesChanged,
    Disabled,
    Displaced,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Submitted", deny_unknown_fields)]
struct SubmittedForm {
    #[serde(with = "ReceiptForm")]
    receipt: Receipt,
    repeated: bool,
    #[serde(with = "submitted_items")]
    items: Vec<SubmittedItem>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Receipt", deny_unknown_fields)]
struct ReceiptForm {
    #[serde(with = "LedgerIdForm")]
    ledger: LedgerId,
    position: u64,
    #[serde(with = "HashForm")]
    hash: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LedgerId", deny_unknown_fields)]
struct LedgerIdForm {
    #[serde(with = "LedgerForm")]
    ledger: Ledger,
    partition: u16,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Ledger", rename_all = "snake_case")]
enum LedgerForm {
    Access,
    Numbering,
    Routing,
    Messages,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Hash")]
struct HashForm(#[serde(with = "serde_bytes")] [u8; 32]);
