//! `peyk projections`: how the read models stand, and how to make them anew.
use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::migrate::postgres;
use crate::output::{self, Output};
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use peyk_keyring::{KeyFiles, Keyrings};
use peyk_ledger::Ledgers;
use peyk_projections::query::{Progress, ReadModels, SeenProjector};
use peyk_projections::{
    DiffProgress, Projection, ProjectionsConfig, REBUILD_ROWS_DEFAULT, StatusBoard, TableDiff, diff, projector_pool,
    reader_pool, rebuild, rollback,
};
use peyk_schemas::LedgerId;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// Where each read model stands in its ledgers.
    Status,
    /// Fill the idle slot from the first record on and switch to it; all projections if none is named.
    Rebuild {
        /// `leases`, `messages`, `routes`, `audit` or `number_audit`.
        projections: Vec<Projection>,
    },
    /// Serve from the other slot again.
    Rollback {
        /// `leases`, `messages`, `routes`, `audit` or `number_audit`.
        projection: Projection,
    },
    /// Compare both slots row by row, at the same record; all projections if none is named. Fails if rows differ.
    Diff {
        /// `leases`, `messages`, `routes`, `audit` or `number_audit`.
        projections: Vec<Projection>,
    },
}

pub async fn run(config: &Config, command: ProjectionsCommand, output: Output) -> Result<()> {
    match command {
        ProjectionsCommand::Status => status(config, output).await,
        ProjectionsCommand::Rebuild { projections } => {
            let settings = settings(config).await?;
            for projection in all_unless_named(projections) {
                rebuild_one(&settings, projection, output).await?;
            }
            Ok(())
        }
        ProjectionsCommand::Diff { projections } => {
            let settings = settings(config).await?;
            let mut differing = 0;
            for projection in all_unless_named(projections) {
                differing += diff_one(&settings, projection, output).await?;
            }
            ensure!(differing == 0, "{differing} rows differ between the slots");
            Ok(())
        }
        ProjectionsCommand::Rollback { projection } => {
            let pool = projector_pool(postgres(&config.postgres.projector_url, "postgres.projector_url")?, 2);
            let slot = rollback(&pool, projection).await?;
            output.line(
                &json!({ "rolled_back": projection.name(), "slot": slot.to_string() }),
                &format!("{projection}: slot {slot} serves"),
            );
            Ok(())
        }
    }
}

fn all_unless_named(named: Vec<Projection>) -> Vec<Projection> {
    if named.is_empty() { Projection::ALL.to_vec() } else { named }
}

async fn rebuild_one(settings: &ProjectionsConfig<Ledgers>, projection: Projection, output: Output) -> Result<()> {
    let bar = output::progress(0, &format!("rebuild {projection}"));
    let watched = bar.clone();
    let rebuilt = rebuild(settings, projection, move |progress| {
        watched.set_length(progress.tail);
        watched.set_position(progress.position);
    })
    .await?;
    bar.finish_and_clear();
    output.line(
        &json!({ "rebuilt": projection.name(), "slot": rebuilt.slot.to_string(), "events": rebuilt.events,
            "positions": shown(&rebuilt.positions) }),
        &format!("{projection}: rebuilt from {} events, slot {} serves", rebuilt.events, rebuilt.slot),
    );
    Ok(())
}

/// How many rows differ.
async fn diff_one(settings: &ProjectionsConfig<Ledgers>, projection: Projection, output: Output) -> Result<u64> {
    let bar = output::progress(0, &format!("diff {projection}"));
    let watched = bar.clone();
    let found = diff(settings, projection, move |progress| match progress {
        DiffProgress::Levelling { position, until, .. } => {
            watched.set_length(until);
            watched.set_position(position);
        }
        DiffProgress::Comparing { compared, .. } => {
            watched.unset_length();
            watched.set_position(compared);
        }
    })
    .await?;
    bar.finish_and_clear();
    for TableDiff { table, compared, differing, examples } in &found.tables {
        let first = if examples.is_empty() { String::new() } else { format!(", the first: {}", examples.join(", ")) };
        output.line(
            &json!({ "projection": projection.name(), "table": table, "rows": compared, "differing": differing,
                "examples": examples, "positions": shown(&found.positions) }),
            &format!("{projection}, table {table}: {differing} of {compared} rows differ{first}"),
        );
    }
    Ok(found.differing())
}

fn shown(positions: &[(LedgerId, u64)]) -> Value {
    let shown = |(ledger, position): &(LedgerId, u64)| json!({ "ledger": ledger.to_string(), "position": position });
    positions.iter().map(shown).collect()
}

/// The deployment's ledgers as a process of CORE reads them.
pub async fn ledgers(config: &Config, name: &str) -> Result<Ledgers> {
    let root = KeyDirectory::new(&config.keys.directory).deployment_verifying_key()?;
    let client = config.nats_as(&config.nats.core).connect(name).await?;
    Ok(Ledgers::new(client, config.names()?, config.deployment()?, root))
}

/// The keyrings of the deployment's tenants.
pub async fn keyrings(config: &Config, ledgers: &Ledgers) -> Result<Keyrings> {
    let bucket = peyk_keyring::bucket_name(ledgers.names().namespace());
    let store = ledgers.context().get_key_value(&bucket).await;
    let store = store.with_context(|| format!("bucket {bucket} cannot be opened; `peyk migrate` creates it"))?;
    let files = KeyFiles::open(KeyDirectory::new(&config.keys.directory).tenants())?;
    Ok(Keyrings::new(store, Box::new(files)))
}

/// What rebuilding and comparing need.
pub async fn settings(config: &Config) -> Result<ProjectionsConfig<Ledgers>> {
    let ledgers = ledgers(config, "peyk projections").await?;
    let keys = Arc::new(keyrings(config, &ledgers).await?);
    let pool = projector_pool(postgres(&config.postgres.projector_url, "postgres.projector_url")?, 4);
    let message_partitions = config.messages.partitions;
    Ok(ProjectionsConfig { pool, feeds: ledgers, keys, message_partitions, rebuild_rows_max: REBUILD_ROWS_DEFAULT })
}

/// What is said of one projector: what the slot that serves has, what its ledger has, and what the process that runs it
/// last said of itself.
async fn status(config: &Config, output: Output) -> Result<()> {
    let pool = reader_pool(postgres(&config.postgres.reader_url, "postgres.reader_url")?, 2);
    let models = ReadModels::new(pool, StatusBoard::default());
    let told = "how the projections stand is kept in Postgres";
    let (progress, projectors) = (models.progress().await.context(told)?, models.projectors().await.context(told)?);
    // Without the log there is still something to tell.
    let ledgers = ledgers(config, "peyk projections").await;
    if let Err(error) = &ledgers {
        tracing::warn!(%error, "the log cannot be reached, so how far the ledgers are is not known");
    }
    for projection in Projection::ALL {
        for ledger in projection.ledgers(config.messages.partitions) {
            let of = |found: &Progress| found.projection == projection && found.ledger == ledger;
            let position = progress.iter().find(|found| of(found)).map_or(0, |found| found.position);
            let tail = match &ledgers {
                Ok(ledgers) => ledgers.tail(ledger).await.ok(),
                Err(_) => None,
            };
            let mut seen = projectors.iter().filter(|seen| seen.projection == projection && seen.ledger == ledger);
            let (last, rest): (Vec<_>, Vec<_>) = match seen.next() {
                None => (Vec::new(), Vec::new()),
                Some(newest) => {
                    let others = seen.filter(|seen| seen.is_current() && seen.state != "stopped");
                    (vec![newest], others.collect())
                }
            };
            if last.is_empty() {
                tell(&Standing { projection, ledger, position, tail, seen: None }, output);
            }
            for seen in last.into_iter().chain(rest) {
                tell(&Standing { projection, ledger, position, tail, seen: Some(seen) }, output);
            }
        }
    }
    Ok(())
}

struct Standing<'a> {
    projection: Projection,
    ledger: LedgerId,
    position: u64,
    tail: Option<u64>,
    /// None if no process ever projected it, or none within a day.
    seen: Option<&'a SeenProjector>,
}

fn tell(standing: &Standing<'_>, output: Output) {
    let Standing { projection, ledger, position, tail, seen } = standing;
    let lag = tail.map(|tail| tail.saturating_sub(*position));
    let state = match seen {
        None => "unseen",
        Some(seen) if !seen.is_current() && seen.state != "stopped" => "unseen",
        Some(seen) => &seen.state,
    };
    let stalled = seen.filter(|_| lag.is_some_and(|lag| lag > 0)).map_or(Duration::ZERO, |seen| seen.progressed);
    let mut text = format!("{projection} of {ledger}: {state}, at {position}");
    text += &tail.map_or(" of an unknown end".to_owned(), |tail| format!(" of {tail}"));
    if !stalled.is_zero() {
        text += &format!(", no step for {} s", stalled.as_secs());
    }
    if let Some(seen) = seen {
        text += &format!(", since {}", seen.since);
        if !seen.is_current() {
            text += &format!(", last seen {} s ago as {}", seen.seen.as_secs(), seen.state);
        }
        if let Some(reason) = &seen.reason {
            text += &format!("; {reason}");
        }
    }
    output.line(
        &json!({ "projection": projection.name(), "ledger": ledger.to_string(), "state": state, "position": position,
            "tail": tail, "lag": lag, "stalled_ms": u64::try_from(stalled.as_millis()).unwrap_or(u64::MAX),
            "since": seen.map(|seen| &seen.since), "reason": seen.and_then(|seen| seen.reason.as_ref()),
            "record": seen.and_then(|seen| seen.record), "process": seen.map(|seen| &seen.process),
            "seen_ms": seen.map(|seen| u64::try_from(seen.seen.as_millis()).unwrap_or(u64::MAX)) }),
        &text,
    );
}
