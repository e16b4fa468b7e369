//! Snapshots: the state of a ledger at a position, so that a start need not fold the whole history.
//!
//! A snapshot proves nothing and is needed by nobody: it is sealed under a key derived from the deployment's secret key, checked
//! against the ledger before it is used, refused with a reason when anything is wrong, and then the ledger is folded from
//! an older one or from its first record. Verifiers and projections never use one.
mod content;
mod refusal;
mod seal;
mod snapshotter;
mod store;
mod stream;
mod sweep;
mod take;

pub use refusal::Refusal;
pub use seal::SealKey;
pub use snapshotter::{Cadence, spawn};
pub(crate) use store::refuse;
pub use store::{Found, Search, Snapshot, Snapshots, StoreError};
pub use take::TakeError;
