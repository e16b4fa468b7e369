//! How long a writer takes until it leads, on top of a long history.
use super::history::History;
use super::place::Ground;
use super::{median, print_line};
use anyhow::{Context, Result, ensure};
use clap::Args;
use peyk_domain::messages::Messages;
use peyk_ledger::snapshot::Cadence;
use serde_json::json;
use std::time::Instant;

#[derive(Debug, Clone, Args)]
pub struct StartArgs {
    /// Where JetStream runs, as a user who may create streams.
    #[arg(long, env = "PEYK_BENCH_NATS_URL", hide_env_values = true)]
    nats: String,
    /// Records of history.
    #[arg(long, default_value_t = 10_000_000)]
    records: u64,
    /// Records written since the snapshot: by default as many as there are just before the next one is due.
    #[arg(long, default_value_t = Cadence::default().records)]
    behind: u64,
    /// Starts; the figures are medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Starts from the first record too, once.
    #[arg(long)]
    whole: bool,
}

pub async fn run(args: &StartArgs) -> Result<()> {
    ensure!(args.behind < args.records, "--behind is less than --records");
    let mut ground = Ground::prepare(&args.nats, args.records, 1).await?;
    let writing = Instant::now();
    let history = History::of(&ground, args.records).write(&ground, args.records - args.behind).await?;
    let taking = Instant::now();
    let position = ground.snapshots().take::<Messages>(ground.ledger).await?.context("a snapshot")?;
    let taken = taking.elapsed().as_secs_f64();
    history.write(&ground, args.behind).await?;
    let written = writing.elapsed().as_secs_f64() - taken;
    let mut seconds = Vec::new();
    for _ in 0..args.rounds.max(1) {
        let snapshots = ground.snapshots();
        let started = Instant::now();
        let place = ground.lead(Some(snapshots)).await?;
        seconds.push(started.elapsed().as_secs_f64());
        ground = place.end().await?;
    }
    let whole = if args.whole {
        let started = Instant::now();
        let place = ground.lead(None).await?;
        let whole = started.elapsed().as_secs_f64();
        ground = place.end().await?;
        Some(whole)
    } else {
        None
    };
    ground.clear().await?;
    print_line(&json!({
        "bench": "start", "value": median(seconds), "unit": "s", "records": args.records, "snapshot": position,
        "behind": args.behind, "whole_s": whole, "taking_s": taken, "writing_s": written,
    }));
    Ok(())
}
