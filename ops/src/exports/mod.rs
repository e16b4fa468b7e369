//! Exports for regulators as a job: who asks for one, who makes it, and where it is kept. Every step is on record in the ledger.
mod asked;
mod job;
mod shelf;

use anyhow::{Context, Result};
pub use asked::{Asked, list, request};
pub use job::ExportJob;

/// The bytes of an id.
pub fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(bytes)
}
