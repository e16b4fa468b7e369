use super::messages::{submitted_items, work};
use super::scalar::{id, millis};
use crate::answer::{Done, Submitted, SubmittedItem, Work};
use crate::error::CommandError;
use peyk_domain::MessageId;
use peyk_schemas::{Hash, Ledger, LedgerId, Receipt};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a writer says to an [`super::Envelope`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Answer {
    Done(#[serde(with = "DoneForm")] Done),
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
