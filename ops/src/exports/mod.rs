//! Exports for regulators as a job: who asks for one, who makes it, and where it is kept. Every step is on record in the ledger.
mod asked;
mod bucket;
mod job;
mod shelf;
mod transport;

pub use asked::{Asked, list, request};
pub use job::ExportJob;
