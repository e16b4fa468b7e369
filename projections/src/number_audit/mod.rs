//! The audit table of numbers, held against the ledger it was made of.
//!
//! Postgres chains the rows as they come in (migrations/0015), and whoever owns the database can rewrite them all. The ledger
//! nobody can rewrite: from it every row and every hash follows again.
mod chain;
mod verify;

pub use verify::{Difference, DifferenceKind, NumberAuditChecked, NumberAuditError, verify_number_audit};
