//! `peyk audit`: what is kept of who did what, and whether it is still what was kept.
mod numbers;
mod tail;

use crate::config::Config;
use crate::output::Output;
use anyhow::Result;
use clap::Subcommand;
pub use numbers::{AuditBroken, NumberAuditWatch, refuse_if_broken};
use tail::TailArgs;

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// The newest rows of the audit trail, oldest of them first.
    Tail(TailArgs),
    /// Hold the audit table of numbers against the ledger, row by row and hash by hash. What comes of it is kept: while the
    /// table does not follow from the ledger, nothing is exported to a regulator.
    Verify,
}

pub async fn run(config: &Config, command: AuditCommand, output: Output) -> Result<()> {
    match command {
        AuditCommand::Tail(args) => tail::run(config, args, output).await,
        AuditCommand::Verify => numbers::run(config, output).await,
    }
}
