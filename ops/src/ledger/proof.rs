use super::history;
use crate::config::Config;
use crate::keys::read_verifying_key;
use crate::output::{self, Output};
use anyhow::{Context, Result, bail};
use peyk_ledger::Ledgers;
use peyk_ledger::checkpoint::{Proof, Prover};
use peyk_ledger::verification::audit;
use peyk_schemas::LedgerId;
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Writes the proof that a record is under the newest checkpoint. The whole ledger is verified on the way.
pub async fn prove(
    config: &Config,
    ledgers: &Ledgers,
    ledger: LedgerId,
    position: u64,
    out: &Path,
    output: Output,
) -> Result<()> {
    let kept = history(config)?.load(ledger, ledgers.root(), ledgers.deployment())?.checkpoints;
    let Some(newest) = kept.last().cloned() else {
        bail!("ledger {ledger} has no checkpoint yet; one is signed every minute while `peyk serve` runs")
    };
    let size = newest.size;
    let Some(prover) = Prover::new(position, newest) else {
        bail!("the newest checkpoint of ledger {ledger} covers positions 1 to {size}, not {position}")
    };
    let bar = output::progress(0, &format!("prove {ledger}/{position}"));
    let progress = |position, end| {
        bar.set_length(end);
        bar.set_position(position);
    };
    let walk = audit(ledgers, ledger, kept, None, |walk| prover.walk(walk), progress).await?;
    bar.finish_and_clear();
    let record = ledgers.message(ledger, position).await?.context("the record is not there any more")?;
    let proof = prover.finish(&walk, record)?;
    // What does not hold here holds nowhere, for example that a message which a quarantine names is a record.
    let proven =
        proof.check(ledgers.root()).with_context(|| format!("position {position} holds no record to prove"))?;
    let mut file = File::create_new(out).with_context(|| format!("creating {}", out.display()))?;
    file.write_all(proof.to_string().as_bytes())?;
    file.sync_all()?;
    output.line(
        &json!({ "ledger": ledger.to_string(), "position": position, "hash": proven.hash.to_string(),
            "checkpoint": size, "file": out }),
        &format!("{ledger}/{position}: proof under the checkpoint of size {size} in {}", out.display()),
    );
    Ok(())
}

/// Needs the file and a public key, and nothing of the deployment.
pub fn check_proof(file: &Path, deployment_key: &Path, output: Output) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let root = read_verifying_key(deployment_key)?;
    let proven = Proof::read(&text)
        .and_then(|proof| proof.check(&root))
        .with_context(|| format!("{} proves nothing", file.display()))?;
    let (ledger, size) = (proven.checkpoint.ledger, proven.checkpoint.size);
    let kinds: Vec<&str> = proven.record.events.iter().map(|event| event.kind.as_ref()).collect();
    output.line(
        &json!({ "proven": true, "deployment": proven.deployment.to_string(), "ledger": ledger.to_string(),
            "position": proven.position, "hash": proven.hash.to_string(), "at": proven.record.at.0, "events": kinds,
            "checkpoint": size, "root": proven.checkpoint.root_text() }),
        &format!(
            "deployment {}, {ledger}/{}: proven, {} {}, under the checkpoint of size {size}",
            proven.deployment,
            proven.position,
            proven.hash,
            kinds.join(" ")
        ),
    );
    Ok(())
}
