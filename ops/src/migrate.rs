//! `peyk migrate`: the one step that creates things, run by an operator before the processes that may not.
use crate::config::Config;
use crate::output::{self, Output};
use anyhow::{Context, Result};
use async_nats::jetstream;
use peyk_ledger::nats::{provision, provision_bucket};
use peyk_projections::RolePasswords;
use peyk_secrets::{Credential, Secret};
use serde_json::json;
use sqlx::postgres::PgConnectOptions;

pub async fn run(config: &Config, output: Output) -> Result<()> {
    let names = config.names()?;
    let client = config.nats_as(&config.nats.migrate).connect("peyk migrate").await?;
    let context = jetstream::new(client);
    let ledgers = config.ledgers();
    let bar = output::progress(ledgers.len() as u64, "migrate ledgers");
    let mut created = Vec::new();
    for &ledger in &ledgers {
        created.extend(provision(&context, &names, &[ledger], config.nats.replicas).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    provision_bucket(&context, peyk_keyring::bucket(names.namespace(), config.nats.replicas)).await?;
    for stream in &created {
        tracing::info!(stream, "created");
    }
    output.line(
        &json!({ "migrated": "nats", "ledgers": ledgers.len(), "created": created }),
        &format!("nats: {} ledgers and their buckets, {} segments created", ledgers.len(), created.len()),
    );

    let owner = postgres(&config.postgres.migrate_url, "postgres.migrate_url")?;
    let projector = password(&config.postgres.projector_url, "postgres.projector_url")?;
    let reader = password(&config.postgres.reader_url, "postgres.reader_url")?;
    peyk_projections::migrate(&owner, &RolePasswords { projector: projector.reveal(), reader: reader.reveal() })
        .await?;
    output.line(&json!({ "migrated": "postgres" }), "postgres: schema and roles");
    Ok(())
}

/// How to connect. The error names the setting and shows nothing of it.
pub fn postgres(url: &Credential, setting: &str) -> Result<PgConnectOptions> {
    address(&url.last(), setting)
}

/// As [`postgres`], of one that may have changed since.
pub fn address(url: &Secret, setting: &str) -> Result<PgConnectOptions> {
    url.reveal().parse::<PgConnectOptions>().ok().with_context(|| format!("{setting} is no postgres:// address"))
}

/// The password in an address.
fn password(url: &Credential, setting: &str) -> Result<Secret> {
    let url = url.last();
    let url = url.reveal();
    let login = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(login, _)| login);
    let password = login.and_then(|login| login.split_once(':')).map(|(_, password)| password);
    let plain = |password: &&str| !password.is_empty() && !password.contains('%');
    password
        .filter(plain)
        .map(Secret::new)
        .with_context(|| format!("{setting} needs a user and a password without percent signs"))
}
