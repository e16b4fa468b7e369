use super::{history, journal};
use crate::config::Config;
use crate::output::{self, Output};
use crate::recovery::loss;
use anyhow::{Context, Result, bail};
use clap::Args;
use peyk_ledger::checkpoint::{Checkpoint, CheckpointHistory, Walk};
use peyk_ledger::nats::StoredSegment;
use peyk_ledger::verification::{Verification, audit, verify_and_keep};
use peyk_ledger::{Clock, Ledgers};
use peyk_schemas::LedgerId;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long the log may be silent before its end.
pub const SILENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// `access`, `numbering`, `routing` or `messages/PARTITION`; all if none is named.
    pub ledgers: Vec<LedgerId>,
    /// Every ledger, as if none were named.
    #[arg(long, conflicts_with = "ledgers")]
    all: bool,
    /// Verify a file that `peyk ledger copy` wrote instead of the server's ledger.
    #[arg(long, requires = "ledgers")]
    pub copy: Option<PathBuf>,
    /// The hash the copy must end with, from a receipt or a witness: only this shows that nothing is missing at its end.
    #[arg(long, requires = "copy")]
    pub head: Option<String>,
    /// Hold the checkpoints of this directory against the ledger instead of those beside the witness.
    #[arg(long)]
    pub checkpoints: Option<PathBuf>,
}

/// Verifies ledgers of the server; every one is, whatever is wrong with those before it.
pub async fn run(config: &Config, ledgers: &Ledgers, args: VerifyArgs, output: Output) -> Result<()> {
    let all = if args.ledgers.is_empty() { config.ledgers() } else { args.ledgers };
    let history =
        args.checkpoints.map_or_else(|| history(config), |directory| Ok(CheckpointHistory::new(directory)?))?;
    let (journal, clock) = (journal(config)?, Clock::system());
    let mut broken = Vec::new();
    for ledger in all {
        let started = Instant::now();
        let bar = output::progress(0, &format!("verify {ledger}"));
        let watched = |position, end| {
            bar.set_length(end);
            bar.set_position(position);
        };
        let outcome = verify_and_keep(ledgers, ledger, &history, &journal, &clock, None, watched).await;
        bar.finish_and_clear();
        match outcome {
            Ok(walk) => {
                let segments = ledgers.segments(ledger).await?;
                report(ledger, &walk, started, &segments, output);
            }
            // Nor would the next one be read.
            Err(error) if !error.condemns() => return Err(error.into()),
            Err(error) => {
                output.line(
                    &json!({ "ledger": ledger.to_string(), "verified": false, "code": error.code(),
                        "position": error.position(), "reason": error.to_string() }),
                    &format!("{ledger}: NOT VERIFIED: {}: {error}", error.code()),
                );
                broken.push(error);
            }
        }
    }
    let count = broken.len();
    match broken.into_iter().next() {
        None => Ok(()),
        Some(first) if count == 1 => Err(first.into()),
        Some(first) => Err(first).with_context(|| format!("{count} ledgers do not verify")),
    }
}

/// Verifies a ledger up to its end now, by its chain alone.
pub async fn verify(ledgers: &Ledgers, ledger: LedgerId, output: Output) -> Result<u64> {
    let started = Instant::now();
    let walk = audit(ledgers, ledger, Vec::<Checkpoint>::new(), None, |walk| walk, |_, _| {}).await?;
    report(ledger, &walk, started, &ledgers.segments(ledger).await?, output);
    Ok(walk.records())
}

/// Says that a ledger is good; a copy lies in no segments.
pub fn report(ledger: LedgerId, walk: &Walk, started: Instant, segments: &[StoredSegment], output: Output) {
    let (records, checkpoints) = (walk.records(), walk.compared());
    let head = walk.verifier().head();
    let hash = head.map(|head| head.hash.to_string());
    let epoch = head.map_or(0, |head| head.certificate.epoch);
    let (position, seconds) = (walk.verifier().position(), started.elapsed().as_secs_f64());
    let beyond: u64 = segments.iter().map(|segment| segment.beyond).sum();
    let lies = match segments.len() {
        0 => String::new(),
        count => format!("; {count} segments, {beyond} messages behind the end of one and in no ledger"),
    };
    let lost = match walk.lost() {
        0 => String::new(),
        lost => format!(", {lost} are over records that the ledger says are lost"),
    };
    let recoveries: Vec<_> =
        walk.losses().iter().map(|(position, lost)| json!({ "position": position, "loss": loss(lost) })).collect();
    output.line(
        &json!({ "ledger": ledger.to_string(), "verified": true, "records": records, "position": position, "hash": hash,
            "epoch": epoch, "checkpoints": checkpoints, "lost": walk.lost(), "segments": segments.len(), "beyond": beyond,
            "recoveries": recoveries, "seconds": seconds }),
        &format!(
            "{ledger}: verified, {records} records to position {position}, epoch {epoch}, {checkpoints} checkpoints agree{lost}{lies}"
        ),
    );
    if output == Output::Text {
        for (position, lost) in walk.losses() {
            output.line(&json!({}), &format!("{ledger}: the record at position {position} speaks of a loss: {lost}"));
        }
    }
}

/// Shows what came of the newest verification of each ledger.
pub fn show(config: &Config, output: Output) -> Result<()> {
    let journal = journal(config)?;
    let mut failed = Vec::new();
    for ledger in config.ledgers() {
        let Some(verification) = journal.load(ledger)? else {
            output
                .line(&json!({ "ledger": ledger.to_string(), "verified": null }), &format!("{ledger}: never verified"));
            continue;
        };
        let Verification { at, seconds, position, records, checkpoints, failure, .. } = &verification;
        let when = jiff::Timestamp::from_millisecond(i64::try_from(*at).unwrap_or(i64::MAX))
            .map_or_else(|_| at.to_string(), |at| at.to_string());
        let mut shown = serde_json::to_value(&verification)?;
        shown["verified"] = verification.verified().into();
        let text = match failure {
            None => format!(
                "{ledger}: verified {when} in {seconds:.1} s, {records} records to position {position}, {checkpoints} checkpoints agree"
            ),
            Some(failure) => {
                failed.push(ledger.to_string());
                format!("{ledger}: NOT VERIFIED {when}: {}: {}", failure.code, failure.reason)
            }
        };
        output.line(&shown, &text);
    }
    if failed.is_empty() { Ok(()) } else { bail!("not verified: {}", failed.join(", ")) }
}
