//! Verification of whole ledgers, on demand and once a day: the chain from its first record, and every checkpoint that was
//! signed. What came of it is kept, so that one can ask when a ledger was last verified.
mod audit;
mod daily;
mod journal;

pub use audit::{AuditError, Pace, audit};
pub use daily::{DailyVerification, RECORDS_PER_SECOND_DEFAULT, VERIFICATION_MINUTES_DEFAULT, verify_and_keep};
pub use journal::{Failure, Journal, JournalError, Verification};
