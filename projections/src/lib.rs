//! Read models in Postgres: what projectors fold out of the ledgers, and what queries answer from.
//!
//! A projector follows one ledger partition. It folds a batch of verified records to one change per row and commits
//! rows and checkpoint together, so each record counts exactly once. Every read model stands in two slots: [`rebuild`]
//! fills the idle one from the first record on and switches while reads go on, [`rollback`] goes back. Postgres is
//! never on the way of a command; with it down, projectors wait and catch up. [`exports`] need no Postgres at all.
mod batch;
mod checkpoint;
mod connection;
mod diff;
mod error;
pub mod exports;
mod feed;
pub mod inspect;
pub mod metrics;
mod migrate;
mod number_audit;
mod projection;
mod projector;
pub mod query;
mod rebuild;
mod recipients;
mod reporter;
pub mod rows;
mod sources;
mod status;
mod store;
mod supervisor;
mod switch;
mod views;

pub use connection::{projector_options, projector_pool, reader_options, reader_pool};
pub use diff::{DiffProgress, SlotDiff, TableDiff, diff};
pub use error::{Outlook, ProjectionError};
pub use feed::{Feed, FeedError, Feeds};
pub use migrate::{MIGRATIONS, MigrationError, RolePasswords, migrate};
pub use number_audit::{Difference, DifferenceKind, NumberAuditChecked, NumberAuditError, verify_number_audit};
pub use projection::{NoSuchProjection, Projection, Slot};
pub use rebuild::{RebuildProgress, Rebuilt, rebuild};
pub use recipients::{KeysUnavailable, Recipient, RecipientKeys, SealedRecipient, recipient_of};
pub use sources::{EventPlace, ReadModelKeys, SealedSource, SourceKeys, source_of};
pub use status::{Condition, ProjectorState, ProjectorStatus, STATES, StatusBoard};
pub use store::CorruptRow;
pub use supervisor::{Projections, ProjectionsConfig, REBUILD_ROWS_DEFAULT};
pub use switch::rollback;
pub use views::Misfit;
