use super::place::Place;
use super::{BenchArgs, append, print};
use anyhow::{Context, Result};
use peyk_ledger::LedgerReader;
use peyk_ledger::nats::Tape;
use std::time::{Duration, Instant};

const SILENCE: Duration = Duration::from_secs(10);

pub async fn run(args: &BenchArgs) -> Result<()> {
    let place = Place::open(&args.nats, 1).await?;
    append::fill(&place, args).await?;
    let end = place.ledgers.tail(place.ledger).await?;
    let mut pairs = Vec::new();
    for _ in 0..args.rounds.max(1) {
        pairs.push((verified(&place, end).await?, raw(&place, end).await?));
    }
    place.close().await?;
    print("verify", "records/s", &pairs);
    Ok(())
}

async fn verified(place: &Place, end: u64) -> Result<f64> {
    let started = Instant::now();
    let mut reader = LedgerReader::open(&place.ledgers, place.ledger, None).await?;
    let mut records = 0;
    while records < end {
        let passed = reader.next(10_000, SILENCE).await?;
        anyhow::ensure!(!passed.is_empty(), "the log fell silent");
        records += passed.len() as u64;
    }
    Ok(records as f64 / started.elapsed().as_secs_f64())
}

/// The same stream without the verifier; records a second.
pub async fn raw(place: &Place, end: u64) -> Result<f64> {
    let started = Instant::now();
    let mut tape = Tape::open(&place.ledgers, place.ledger, 0).await?;
    let mut position = 0;
    while position < end {
        (position, _) = tape.next(SILENCE).await?.context("the log fell silent")?;
    }
    Ok(end as f64 / started.elapsed().as_secs_f64())
}
