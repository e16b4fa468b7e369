//! `peyk check`: goes through everything a deployment needs, says what is wrong and how to mend it, and changes nothing.
mod clock;
mod configuration;
mod disk;
mod durability;
mod grpc;
mod http;
mod keys;
mod nats;
mod permissions;
mod postgres;
mod report;
mod witness;

use crate::config::{Config, Problems};
use crate::output::Output;
use anyhow::{Result, anyhow};
use clap::Args;
use report::Report;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Only the configuration: nothing is connected to.
    #[arg(long)]
    config_only: bool,
}

/// How long one look at a server may take.
const BOUND: Duration = Duration::from_secs(5);
/// What depends on the configuration, in the order it is looked at.
const SECTIONS: [&str; 8] = ["keys", "nats", "witness", "postgres", "http", "grpc", "clock", "disk"];

/// Something does not hold.
#[derive(Debug, thiserror::Error)]
#[error("{0} of the checks failed; each says above how to mend it")]
pub struct ChecksFailed(pub usize);

/// Looks at everything.
///
/// # Errors
/// [`ChecksFailed`] if anything does not hold.
pub async fn run(loaded: Result<Config, Problems>, args: &CheckArgs, output: Output) -> Result<()> {
    let mut report = Report::new(output);
    match configuration::check(loaded, &mut report) {
        None => SECTIONS.iter().for_each(|section| report.skip(section, "the configuration cannot be used")),
        Some(_) if args.config_only => {}
        Some(config) => deployment(&config, &mut report).await,
    }
    match report.finish() {
        0 => Ok(()),
        failed => Err(ChecksFailed(failed).into()),
    }
}

async fn deployment(config: &Config, report: &mut Report) {
    let root = keys::check(config, report);
    let nats = nats::check(config, root, report).await;
    witness::check(config, nats.as_ref(), report).await;
    let database = postgres::check(config, nats.as_ref(), report).await;
    http::check(config, report).await;
    grpc::check(config, report).await;
    clock::check(nats.as_ref(), database, report).await;
    disk::check(config, report);
}

/// What `work` gives, unless it takes longer than [`BOUND`].
async fn bounded<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T>
where
    anyhow::Error: From<E>,
{
    match tokio::time::timeout(BOUND, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(anyhow!("no answer within {} s", BOUND.as_secs())),
    }
}
