//! `peyk bench rebuild`: the read model of messages made anew from a whole past, beside the same stream read raw.
mod history;
mod reader;

use super::place::Place;
use super::{print_with, verify};
use anyhow::{Context, Result, ensure};
use clap::Args;
use history::{Mixture, Past};
use peyk_projections::query::ReadModels;
use peyk_projections::{
    Projection, ProjectionsConfig, REBUILD_ROWS_DEFAULT, RolePasswords, StatusBoard, diff, migrate, projector_pool,
    reader_pool, rebuild,
};
use reader::Reader;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::sync::Arc;
use std::time::Instant;

#[derive(Debug, Clone, Args)]
pub struct RebuildArgs {
    /// Where JetStream runs, as a user who may create streams.
    #[arg(long, env = "PEYK_BENCH_NATS_URL", hide_env_values = true)]
    nats: String,
    /// An empty Postgres database, as its owner.
    #[arg(long, env = "PEYK_BENCH_DATABASE_URL", hide_env_values = true)]
    postgres: String,
    /// Records of the past.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Rounds; the figures are medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Different tenants, and recipients of each.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    tenants: u64,
    /// Recipients of each tenant.
    #[arg(long, default_value_t = 50_000)]
    recipients: u64,
    /// Messages one record hands out, reports on or brings receipts for.
    #[arg(long, default_value_t = 1)]
    together: usize,
}

/// Durability as Postgres was told, for the figure to mean something.
const SETTINGS: [&str; 6] =
    ["fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers", "max_wal_size"];

pub async fn run(args: &RebuildArgs) -> Result<()> {
    let owner: PgConnectOptions = args.postgres.parse().ok().context("--postgres is no postgres:// address")?;
    let owner = owner.disable_statement_logging();
    let mut password = [0; 16];
    getrandom::fill(&mut password)?;
    let password = format!("{:032x}", u128::from_be_bytes(password));
    migrate(&owner, &RolePasswords { projector: &password, reader: &password }).await?;
    let as_role = |role: &str| owner.clone().username(role).password(&password);

    let place = Place::open(&args.nats, 1).await?;
    let mixture =
        Mixture { records: args.records, tenants: args.tenants, recipients: args.recipients, together: args.together };
    let past = history::write(&place, mixture).await?;
    let records = place.ledgers.tail(place.ledger).await?;
    let config = ProjectionsConfig {
        pool: projector_pool(as_role("peyk_projector"), 8),
        feeds: place.ledgers.clone(),
        keys: Arc::new(place.keyrings.clone()),
        message_partitions: 1,
        rebuild_rows_max: REBUILD_ROWS_DEFAULT,
    };
    // Something has to serve before reads can go on.
    rebuild(&config, Projection::Messages, |_| {}).await?;
    let readers = reader_pool(as_role("peyk_reader"), 2);
    reader::ask_all(&ReadModels::new(readers.clone(), StatusBoard::default()), &past).await?;
    let reader = Reader::spawn(readers, &past);
    let mut pairs = Vec::new();
    for _ in 0..args.rounds.max(1) {
        let started = Instant::now();
        let rebuilt = rebuild(&config, Projection::Messages, |_| {}).await?;
        let ours = records as f64 / started.elapsed().as_secs_f64();
        ensure!(rebuilt.events == past.events, "{} events of {} were folded", rebuilt.events, past.events);
        pairs.push((ours, verify::raw(&place, records).await?));
    }
    let reads = reader.stop().await?;
    let compared = diff(&config, Projection::Messages, |_| {}).await?;
    ensure!(compared.differing() == 0, "two rebuilds differ: {compared:?}");
    let settings = check(&owner, &past).await?;
    place.close().await?;
    let described = json!({ "records": records, "events": past.events, "messages": past.messages,
        "tenants": args.tenants, "together": args.together, "reads": reads, "postgres": settings });
    print_with("rebuild", "records/s", &pairs, described);
    Ok(())
}

/// Every message has its row. How durable Postgres was told to be.
async fn check(owner: &PgConnectOptions, past: &Past) -> Result<serde_json::Value> {
    let mut connection = owner.connect().await?;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM read.messages").fetch_one(&mut connection).await?;
    ensure!(u64::try_from(rows)? == past.messages, "{rows} rows for {} messages", past.messages);
    let mut settings = serde_json::Map::new();
    for name in SETTINGS {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&mut connection).await?;
        settings.insert(name.to_owned(), value.into());
    }
    connection.close().await?;
    Ok(settings.into())
}
