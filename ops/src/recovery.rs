//! `peyk ledger recover` and `peyk ledger witness`: what an operator does when a log and its witness part.
use crate::bookmarks::ReadModelBookmarks;
use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::output::Output;
use crate::serve::durability;
use anyhow::{Result, bail};
use clap::Args;
use peyk_domain::access::Access;
use peyk_domain::messages::Messages;
use peyk_domain::numbering::Numbering;
use peyk_domain::routing::Routing;
use peyk_ledger::writer::recover;
use peyk_ledger::{Bookmarks, Clock, FileWitness, LedgerReader, Ledgers, WriterConfig};
use peyk_schemas::{Head, Ledger, LedgerId, Recovered};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// `access`, `numbering`, `routing` or `messages/PARTITION`.
    ledger: LedgerId,
    /// The code that stands for exactly this loss. Without it nothing is done, and what is lost is said with its code.
    #[arg(long, value_name = "CODE")]
    accept_loss: Option<String>,
}

#[derive(Debug, Args)]
pub struct WitnessArgs {
    /// `access`, `numbering`, `routing` or `messages/PARTITION`; all if none is named.
    ledgers: Vec<LedgerId>,
    /// Begin a witness for ledgers that have none: their ends now are believed, once they are verified from the first
    /// record on.
    #[arg(long)]
    adopt: bool,
}

/// How long the log may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// Goes on behind what is lost, and records the loss in the ledger.
pub async fn run(config: &Config, ledgers: Ledgers, args: &RecoverArgs, output: Output) -> Result<()> {
    let ledger = args.ledger;
    let settings = WriterConfig {
        ledger,
        server: config.nats_as(&config.nats.core),
        ledgers: ledgers.clone(),
        root: KeyDirectory::new(&config.keys.directory).deployment_key()?,
        witness: FileWitness::new(&config.witness.directory)?,
        bookmarks: None,
        durability: durability(config),
        clock: Clock::system(),
        snapshots: None,
        stop: CancellationToken::new(),
    };
    let accepted = args.accept_loss.as_deref();
    let recovered = match ledger.ledger {
        Ledger::Access => recover::<Access>(&settings, accepted).await,
        Ledger::Numbering => recover::<Numbering>(&settings, accepted).await,
        Ledger::Routing => recover::<Routing>(&settings, accepted).await,
        Ledger::Messages => recover::<Messages>(&settings, accepted).await,
    }?;
    output.line(
        &json!({ "ledger": ledger.to_string(), "recovered": loss(&recovered) }),
        &format!("{ledger}: {recovered}; the ledger goes on behind position {}, and says so", recovered.found),
    );
    for checkpoint in ReadModelBookmarks::of(config)?.of(ledger).await {
        if recovered.may_have_lost(checkpoint.position) {
            let (of, position) = (checkpoint.of, checkpoint.position);
            output.line(
                &json!({ "ledger": ledger.to_string(), "checkpoint": of, "position": position, "advice": "peyk projections rebuild" }),
                &format!("{of} has read {ledger} up to position {position}, which is lost: run `peyk projections rebuild`"),
            );
        }
    }
    Ok(())
}

/// A loss as programs read it.
pub fn loss(recovered: &Recovered) -> serde_json::Value {
    json!({
        "found": recovered.found, "found_hash": recovered.found_hash.to_string(), "witnessed": recovered.witnessed,
        "witnessed_hash": recovered.witnessed_hash.to_string(), "witnessed_at": recovered.witnessed_at.0,
        "lost": recovered.lost(),
    })
}

/// Says what the witness saw of each ledger, or begins one.
pub async fn witness(config: &Config, ledgers: &Ledgers, args: &WitnessArgs, output: Output) -> Result<()> {
    let witness = FileWitness::new(&config.witness.directory)?;
    let all = if args.ledgers.is_empty() { config.ledgers() } else { args.ledgers.clone() };
    for ledger in all {
        let mut seen = witness.load(ledger)?;
        let adopted = args.adopt && seen.is_none();
        if adopted && let Some(head) = verified_end(ledgers, ledger).await? {
            witness.save(ledger, &head)?;
            seen = Some(head);
        }
        let end = ledgers.tail(ledger).await?;
        match seen {
            Some(Head { position, hash, .. }) => output.line(
                &json!({ "ledger": ledger.to_string(), "witnessed": position, "hash": hash.to_string(), "end": end, "adopted": adopted }),
                &format!("{ledger}: the witness {} position {position}, the log ends at {end}", if adopted { "begins at" } else { "saw" }),
            ),
            None => output.line(
                &json!({ "ledger": ledger.to_string(), "witnessed": null, "end": end }),
                &format!("{ledger}: there is no witness, and the log ends at {end}"),
            ),
        }
    }
    Ok(())
}

/// The last record of a ledger, verified from the first on.
async fn verified_end(ledgers: &Ledgers, ledger: LedgerId) -> Result<Option<Head>> {
    let end = ledgers.tail(ledger).await?;
    let mut reader = LedgerReader::open(ledgers, ledger, None).await?;
    while reader.verifier().seen() < end {
        if reader.next(usize::MAX, SILENCE).await?.is_empty() {
            reader.verifier().finish()?;
            bail!("ledger {ledger}: the log fell silent at position {}", reader.verifier().seen());
        }
    }
    reader.verifier().finish()?;
    Ok(reader.verifier().head().cloned())
}
