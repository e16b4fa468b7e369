//! The one process that appends to a ledger: it decides commands one after another and answers when they are durable.
mod action;
mod candidate;
mod commit;
mod core;
mod driver;
mod folding;
mod handle;
mod idempotency;
mod machine;
mod opening;
mod predecessor;
mod recover;
mod replay;
mod request;
mod segment_watch;
#[cfg(test)]
mod simulation;
mod watch;
mod witnessing;

pub use action::{Deposed, Outcome};
pub use candidate::{WriterConfig, spawn};
pub use core::{BATCH_MAX, Replayed};
pub use driver::TICK;
pub(crate) use folding::Folding;
pub use folding::Unfoldable;
pub use handle::{INBOX_MAX, WriterHandle};
pub use idempotency::{IDS_MAX, Idempotency, WINDOW};
pub use machine::Machine;
pub use opening::OpenError;
pub use recover::{RecoverError, recover};
pub use replay::{ReplayError, replay};
pub use request::{Committed, Request, SubmitError, Verdict};
pub use witnessing::WITNESS_PATIENCE;
