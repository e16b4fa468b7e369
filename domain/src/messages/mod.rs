//! From acceptance to the last receipt: the life of each message of the tenants in one partition.
mod aggregate;
mod command;
mod error;
mod event;
mod exchange;
mod lane;
mod lifecycle;
mod matching;
mod outbox;
mod quota;
mod receipt;
mod refusal;
mod sealed;
mod smsc_id;
mod submission;
pub mod text;
mod unmatched;

#[cfg(test)]
mod dispatch_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod quota_tests;
#[cfg(test)]
mod receipt_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod submit_tests;
#[cfg(test)]
mod text_tests;

pub use aggregate::{AWAITING_MAX, MAX_BACKLOG, Messages, SUBMIT_BYTES_MAX, TICK_MAX, VALIDITY_MAX};
pub use command::{AttemptReport, DISPATCH_MAX, MessageCommand, Outcome, REPORT_MAX, ReceiptReport, SUBMIT_MAX};
pub use error::MessageError;
pub use event::{FailureReason, MessageEvent, RequeueReason};
pub use exchange::{Backlog, Exchange, RECEIPT_WAIT, Waiting};
pub use lane::Lane;
pub use lifecycle::Lifecycle;
pub use receipt::ReceiptState;
pub use refusal::RefusalReason;
pub use sealed::{Generation, Leaf, MonthKey, RecipientToken, RetentionClass, Sealed, SealedFor};
pub use submission::{DecidedOn, DoubtPolicy, Encoding, RouteFact, SenderFact, Submission};
pub use text::{MAX_SEGMENTS, TextError};
pub(crate) use text::{character, septet};
pub use unmatched::UNMATCHED_KEPT;
