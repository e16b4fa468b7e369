//! `peyk projections`: how the read models stand, and how to make them anew.
use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::migrate::postgres;
use crate::output::{self, Output};
use anyhow::{Context, Result};
use clap::Subcommand;
use peyk_keyring::{KeyFiles, Keyrings};
use peyk_ledger::Ledgers;
use peyk_projections::query::ReadModels;
use peyk_projections::{
    Projection, ProjectionsConfig, REBUILD_ROWS_DEFAULT, StatusBoard, projector_pool, reader_pool, rebuild, rollback,
};
use serde_json::json;
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// Where each read model stands in its ledgers.
    Status,
    /// Fill the idle slot from the first record on and switch to it; all projections if none is named.
    Rebuild { projections: Vec<Projection> },
    /// Serve from the other slot again.
    Rollback { projection: Projection },
}

pub async fn run(config: &Config, command: ProjectionsCommand, output: Output) -> Result<()> {
    match command {
        ProjectionsCommand::Status => status(config, output).await,
        ProjectionsCommand::Rebuild { projections } => {
            let all = if projections.is_empty() { Projection::ALL.to_vec() } else { projections };
            let settings = settings(config).await?;
            for projection in all {
                let bar = output::progress(0, &format!("rebuild {projection}"));
                let watched = bar.clone();
                let rebuilt = rebuild(&settings, projection, move |progress| {
                    watched.set_length(progress.tail);
                    watched.set_position(progress.position);
                })
                .await?;
                bar.finish_and_clear();
                let positions: Vec<_> = rebuilt
                    .positions
                    .iter()
                    .map(|(ledger, position)| json!({ "ledger": ledger.to_string(), "position": position }))
                    .collect();
                output.line(
                    &json!({ "rebuilt": projection.name(), "slot": rebuilt.slot.to_string(), "events": rebuilt.events, "positions": positions }),
                    &format!("{projection}: rebuilt from {} events, slot {} serves", rebuilt.events, rebuilt.slot),
                );
            }
            Ok(())
        }
        ProjectionsCommand::Rollback { projection } => {
            let pool = projector_pool(postgres(&config.postgres.projector_url.0, "postgres.projector_url")?, 2);
            let slot = rollback(&pool, projection).await?;
            output.line(
                &json!({ "rolled_back": projection.name(), "slot": slot.to_string() }),
                &format!("{projection}: slot {slot} serves"),
            );
            Ok(())
        }
    }
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

async fn settings(config: &Config) -> Result<ProjectionsConfig<Ledgers>> {
    let ledgers = ledgers(config, "peyk projections").await?;
    let keys = Arc::new(keyrings(config, &ledgers).await?);
    let pool = projector_pool(postgres(&config.postgres.projector_url.0, "postgres.projector_url")?, 4);
    let message_partitions = config.messages.partitions;
    Ok(ProjectionsConfig { pool, feeds: ledgers, keys, message_partitions, rebuild_rows_max: REBUILD_ROWS_DEFAULT })
}

async fn status(config: &Config, output: Output) -> Result<()> {
    let ledgers = ledgers(config, "peyk projections").await?;
    let pool = reader_pool(postgres(&config.postgres.reader_url.0, "postgres.reader_url")?, 2);
    for progress in ReadModels::new(pool, StatusBoard::default()).progress().await? {
        let tail = ledgers.tail(progress.ledger).await?;
        let (projection, ledger, position) = (progress.projection, progress.ledger, progress.position);
        output.line(
            &json!({ "projection": projection.name(), "ledger": ledger.to_string(), "position": position, "tail": tail,
                "lag": tail.saturating_sub(position), "hash": progress.hash.to_string() }),
            &format!("{projection} of {ledger}: at {position} of {tail}"),
        );
    }
    Ok(())
}
