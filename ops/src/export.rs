//! `peyk export`: what a regulator gets, and how one checks it.
use crate::audit::refuse_if_broken;
use crate::config::Config;
use crate::exports::{self, Asked};
use crate::keys::{KeyDirectory, read_verifying_key};
use crate::output::{self, Output};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use peyk_domain::At;
use peyk_ledger::{Clock, Ledgers};
use peyk_projections::exports::{
    ExportRequest, Jurisdiction, Period, Profile, RegulatorKey, RegulatorPublicKey, Scope, TrustedKeys, export,
    instant_from_rfc3339, verify,
};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Write the numbering ledger as of the end of a period, as signed CSV files.
    Regulator(RegulatorArgs),
    /// Put a request for an export on record; `peyk serve` makes, signs and stores it.
    Request(Asked),
    /// What was promised to regulators, and how each export stands.
    List,
    /// Check an export with nothing but its directory and two public keys.
    Verify {
        /// What `peyk export regulator` wrote.
        directory: PathBuf,
        /// The exporter's public keys, several if it has changed them; all the deployment has if none is given.
        #[arg(long)]
        regulator_key: Vec<PathBuf>,
        /// The deployment's public key; its own if not given.
        #[arg(long)]
        deployment_key: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct RegulatorArgs {
    /// A month that is over, as 2026-10.
    #[arg(long, required_unless_present = "as_of", conflicts_with = "as_of")]
    period: Option<Period>,
    /// An instant as of RFC 3339, such as 2026-11-01T00:00:00+04:30, or `now`.
    #[arg(long)]
    as_of: Option<String>,
    /// `generic`, `atra`, `fcc-502` or `analytics`.
    #[arg(long, default_value = "generic")]
    profile: String,
    /// The jurisdiction's time zone; the profile's own if not given.
    #[arg(long)]
    zone: Option<String>,
    /// The directory to write; it must be empty or not exist yet.
    #[arg(long)]
    out: PathBuf,
}

pub async fn run(config: &Config, command: ExportCommand, output: Output) -> Result<()> {
    let keys = KeyDirectory::new(&config.keys.directory);
    match command {
        ExportCommand::Regulator(args) => regulator(config, &keys, args, output).await,
        ExportCommand::Request(asked) => exports::request(config, asked, output).await,
        ExportCommand::List => exports::list(config, output).await,
        ExportCommand::Verify { directory, regulator_key, deployment_key } => {
            let regulator =
                if regulator_key.is_empty() { keys.regulator_publics()? } else { read_all(&regulator_key)? };
            let deployment_key = deployment_key.unwrap_or_else(|| keys.deployment_public());
            verified(&directory, regulator, &deployment_key, output)
        }
    }
}

/// Needs the directory and two public keys, and nothing of the deployment.
pub fn check(directory: &Path, regulator_keys: &[PathBuf], deployment_key: &Path, output: Output) -> Result<()> {
    verified(directory, read_all(regulator_keys)?, deployment_key, output)
}

fn read_all(keys: &[PathBuf]) -> Result<Vec<RegulatorPublicKey>> {
    let read = |path: &PathBuf| {
        let pem = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        Ok(RegulatorPublicKey::from_pem(&pem)?)
    };
    keys.iter().map(read).collect()
}

fn verified(directory: &Path, regulator: Vec<RegulatorPublicKey>, deployment_key: &Path, output: Output) -> Result<()> {
    let deployment = read_verifying_key(deployment_key)?;
    let report = verify(directory, &TrustedKeys { regulator, deployment })?;
    let files = report.manifest.files.len();
    output.line(
        &json!({ "verified": true, "directory": directory, "manifest": report.manifest }),
        &format!("{}: verified, {files} files, signature and ledger head hold", directory.display()),
    );
    Ok(())
}

async fn regulator(config: &Config, keys: &KeyDirectory, args: RegulatorArgs, output: Output) -> Result<()> {
    refuse_if_broken(config)?;
    let now = Clock::system().now();
    let scope = match (args.period, args.as_of.as_deref()) {
        (Some(period), _) => Scope::Period(period),
        (None, Some("now")) => Scope::AsOf(now),
        (None, instant) => Scope::AsOf(instant.map(instant_from_rfc3339).transpose()?.unwrap_or(At(0))),
    };
    let profile = Profile::named(&args.profile)?;
    let jurisdiction = Jurisdiction::new(profile, args.zone.as_deref().unwrap_or(profile.zone))?;
    let path = keys.regulator_secret();
    let pem = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let signer = RegulatorKey::from_pem(&pem)?;
    let client = config.nats_as(&config.nats.audit).connect("peyk export").await?;
    let ledgers = Ledgers::new(client, config.names()?, config.deployment()?, keys.deployment_verifying_key()?);
    let bar = output::progress(0, "export numbering");
    let watched = bar.clone();
    let progress = move |position, tail| {
        watched.set_length(tail);
        watched.set_position(position);
    };
    let report = export(&ledgers, ExportRequest { scope, jurisdiction, now }, &args.out, &signer, progress).await;
    bar.finish_and_clear();
    let report = report?;
    let files = report.manifest.files.len();
    output.line(
        &json!({ "exported": report }),
        &format!("{}: {files} files, manifest and signature", args.out.display()),
    );
    Ok(())
}
