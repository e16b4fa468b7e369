//! `peyk ledger`: verify, replay, copy, prove; what is done about losses is in `recovery.rs`.
mod copy;
mod masking;
mod proof;
mod remote;
mod replay;
mod shown;
mod verify;

use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::output::Output;
use crate::recovery::{self, RecoverArgs, WitnessArgs};
use anyhow::{Result, bail};
use clap::Subcommand;
use peyk_ledger::Ledgers;
use peyk_ledger::checkpoint::CheckpointHistory;
use peyk_ledger::verification::Journal;
use peyk_schemas::LedgerId;
use replay::ReplayArgs;
use std::path::PathBuf;

pub use copy::Damaged;
pub use proof::check_proof;
pub use remote::RemoteReplays;
pub use verify::{VerifyArgs, verify};

#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Check chain, positions, signatures, certificates and checkpoints, and name the record that breaks.
    Verify(VerifyArgs),
    /// When each ledger was last verified, to which position, and what came of it.
    Verification,
    /// Show records in order, one a line; sealed fields stay sealed.
    Replay(ReplayArgs),
    /// Write a ledger as it is stored to a file, for a verifier elsewhere.
    Copy {
        /// `access`, `numbering`, `routing` or `messages/PARTITION`.
        ledger: LedgerId,
        /// The file to write; it must not exist yet, and appears once it is whole.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write a proof that a record stands in a ledger, under the newest checkpoint, for somebody who has neither.
    Prove {
        /// `access`, `numbering`, `routing` or `messages/PARTITION`.
        ledger: LedgerId,
        /// Where the record stands; a receipt says it.
        position: u64,
        /// The file to write; it must not exist yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Check what `peyk ledger prove` wrote, with nothing but the file and the deployment's public key.
    CheckProof {
        /// What was written.
        file: PathBuf,
        /// The deployment's public key; its own if not given.
        #[arg(long)]
        deployment_key: Option<PathBuf>,
    },
    /// Go on behind acknowledged records that are lost, and record the loss; first it only says what is lost.
    Recover(RecoverArgs),
    /// What the witness saw of each ledger.
    Witness(WitnessArgs),
}

/// Where a deployment keeps its checkpoints: beside the witness, away from the log.
pub fn history(config: &Config) -> Result<CheckpointHistory> {
    Ok(CheckpointHistory::new(config.witness.directory.join("checkpoints"))?)
}

/// Where a deployment keeps what came of verifications.
pub fn journal(config: &Config) -> Result<Journal> {
    Ok(Journal::new(config.witness.directory.join("verification"))?)
}

pub async fn run(config: &Config, command: LedgerCommand, output: Output) -> Result<()> {
    let keys = KeyDirectory::new(&config.keys.directory);
    match &command {
        LedgerCommand::CheckProof { file, deployment_key } => {
            let key = deployment_key.clone().unwrap_or_else(|| keys.deployment_public());
            return check_proof(file, &key, output);
        }
        LedgerCommand::Verification => return verify::show(config, output),
        LedgerCommand::Verify(args) if args.copy.is_some() => {
            let [ledger] = args.ledgers[..] else { bail!("name the one ledger that the copy is of") };
            return copy::verify(config, keys.deployment_verifying_key()?, ledger, args, output);
        }
        _ => {}
    }
    let root = keys.deployment_verifying_key()?;
    let login = if matches!(command, LedgerCommand::Recover(_)) { &config.nats.core } else { &config.nats.audit };
    let client = config.nats_as(login).connect("peyk ledger").await?;
    let ledgers = Ledgers::new(client, config.names()?, config.deployment()?, root);
    match command {
        LedgerCommand::Verify(args) => verify::run(config, &ledgers, args, output).await,
        LedgerCommand::Replay(args) => {
            let all = if args.ledgers.is_empty() { config.ledgers() } else { args.ledgers.clone() };
            for ledger in all {
                replay::replay(&ledgers, ledger, &args, output).await?;
            }
            Ok(())
        }
        LedgerCommand::Copy { ledger, out } => copy::copy(&ledgers, ledger, &out, output).await,
        LedgerCommand::Prove { ledger, position, out } => {
            proof::prove(config, &ledgers, ledger, position, &out, output).await
        }
        LedgerCommand::Recover(args) => recovery::run(config, ledgers, &args, output).await,
        LedgerCommand::Witness(args) => recovery::witness(config, &ledgers, &args, output).await,
        LedgerCommand::CheckProof { .. } | LedgerCommand::Verification => Ok(()),
    }
}
