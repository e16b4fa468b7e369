//! Reading the read models, as one tenant or the platform.
//!
//! Every query runs in a transaction that names the tenant to row level security, and names it in the statement too:
//! either alone would do. Each reads one view, so a switch of slots never finds two of them locked crosswise.
mod allocation;
mod audit;
mod error;
mod history;
mod leases;
mod messages;
mod operator_files;
mod page;
mod progress;
mod projectors;
mod read_models;
mod routes;
mod signals;

pub use audit::{AuditCursor, AuditFilter, AuditOrder, AuditScope};
pub use error::QueryError;
pub use history::HistoryScope;
pub use leases::{NumberFilter, NumberScope};
pub use messages::{BadCursor, MessageCursor};
pub use page::{Limit, PAGE_MAX, Page};
pub use progress::{PATIENCE_MAX, Progress};
pub use projectors::{SeenProjector, UNSEEN_AFTER};
pub use read_models::ReadModels;
