//! `peyk bench`: each figure beside its limit, the same bytes straight against NATS in the same run.
mod append;
mod client;
mod flood;
mod history;
mod import;
mod lease;
mod memory;
mod place;
mod raw;
mod rebuild;
mod start;
mod verify;

use crate::output::Output;
use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Messages decided, sealed, chained, signed and durable; then one command alone.
    Append(append::AppendArgs),
    /// Records read and verified.
    Verify(BenchArgs),
    /// A read model of messages rebuilt while it is read.
    Rebuild(rebuild::RebuildArgs),
    /// A writer started on a long history, from a snapshot.
    Start(start::StartArgs),
    /// What requests with wrong keys and forged tokens cost those with sound ones.
    Flood(flood::FloodArgs),
    /// Whose a number is: lookups alone, then over gRPC.
    Lease(lease::LeaseArgs),
    /// A signed file of numbers over HTTP, from its first byte to its last number in the inventory.
    Import(import::ImportArgs),
    /// What a leased number costs the writer.
    Memory(memory::MemoryArgs),
}

#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// Where JetStream runs, as a user who may create streams.
    #[arg(long, env = "PEYK_BENCH_NATS_URL", hide_env_values = true)]
    nats: String,
    /// Records a round.
    #[arg(long, default_value_t = 200_000)]
    records: u64,
    /// Rounds; the figures are medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Different recipients.
    #[arg(long, default_value_t = 50_000)]
    recipients: u64,
}

pub async fn run(command: BenchCommand) -> Result<()> {
    match command {
        BenchCommand::Append(args) => append::run(&args).await,
        BenchCommand::Verify(args) => verify::run(&args).await,
        BenchCommand::Rebuild(args) => rebuild::run(&args).await,
        BenchCommand::Start(args) => start::run(&args).await,
        BenchCommand::Flood(args) => flood::run(&args).await,
        BenchCommand::Lease(args) => lease::run(&args).await,
        BenchCommand::Import(args) => import::run(&args).await,
        BenchCommand::Memory(args) => memory::run(&args),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One line: the figure, its limit from the same run, and the median of the rounds' ratios.
fn print(bench: &str, unit: &str, pairs: &[(f64, f64)]) {
    print_with(bench, unit, pairs, json!({}));
}

/// The same, with what else is to be known of the run.
fn print_with(bench: &str, unit: &str, pairs: &[(f64, f64)], described: Value) {
    let value = median(pairs.iter().map(|pair| pair.0).collect());
    let limit = median(pairs.iter().map(|pair| pair.1).collect());
    let ratio = median(pairs.iter().map(|pair| pair.0 / pair.1).collect());
    let mut line =
        json!({ "bench": bench, "value": round(value), "unit": unit, "limit": round(limit), "ratio": round(ratio) });
    if let (Some(line), Value::Object(described)) = (line.as_object_mut(), described) {
        line.extend(described);
    }
    print_line(&line);
}

fn print_line(line: &Value) {
    Output::Json.line(line, "");
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
