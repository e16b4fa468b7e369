use super::change::words;
use super::desk::{ask, stands};
use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::output::Output;
use crate::platform::{PATIENCE, random};
use crate::projections::ledgers;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use peyk_domain::numbering::{ImportCommand, ImportKey, Numbering, SignatureScheme};
use peyk_domain::{At, ImportKeyId, Span};
use peyk_http::public_key_der;
use peyk_ledger::{Clock, Replica, Snapshots};
use peyk_schemas::LedgerId;
use serde_json::json;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Let an operator's key count.
    Register(RegisterArgs),
    /// Every key there was, by id.
    List,
    /// Let a key count for nothing any more.
    Revoke {
        /// Which one.
        key: ImportKeyId,
        /// Why; kept as evidence.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// The public key: RSA of 2048 to 4096 bits in PEM (BEGIN PUBLIC KEY).
    public_key: PathBuf,
    /// The operator, as blocks name it.
    #[arg(long)]
    operator: String,
    /// How it signs: rsa-pss-sha256 or rsa-pkcs1-sha256.
    #[arg(long, default_value_t = SignatureScheme::PssSha256)]
    scheme: SignatureScheme,
    /// For how many days it counts.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=400))]
    days: u64,
    /// Its id; random if not given.
    #[arg(long)]
    id: Option<ImportKeyId>,
}

pub async fn run(config: &Config, command: KeyCommand, output: Output) -> Result<()> {
    match command {
        KeyCommand::Register(args) => register(config, args, output).await,
        KeyCommand::List => list(config, output).await,
        KeyCommand::Revoke { key, reason } => {
            let revoke = ImportCommand::RevokeKey { key, reason: words(&reason)? };
            let done = ask(config, revoke).await?;
            output.line(
                &json!({ "key": key.to_string(), "revoked": true, "receipt": stands(&done) }),
                &format!("key {key} is revoked ({})", stands(&done)),
            );
            Ok(())
        }
    }
}

async fn register(config: &Config, args: RegisterArgs, output: Output) -> Result<()> {
    let RegisterArgs { public_key: path, operator: mno, scheme, days, id } = args;
    let pem = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let public_key = public_key_der(&pem)
        .with_context(|| format!("{} holds no single public key in PEM (BEGIN PUBLIC KEY)", path.display()))?;
    let key = id.map_or_else(|| random().map(ImportKeyId::from_bytes), Ok)?;
    let lasts = Span::days(days);
    let register = ImportCommand::RegisterKey { key, mno, scheme, public_key, valid_from: None, lasts };
    let done = ask(config, register).await?;
    output.line(
        &json!({ "key": key.to_string(), "receipt": stands(&done) }),
        &format!("key {key} counts for {days} days ({})", stands(&done)),
    );
    Ok(())
}

/// Out of the ledger itself: keys are in no read model.
async fn list(config: &Config, output: Output) -> Result<()> {
    let ledgers = ledgers(config, "peyk number").await?;
    let root = KeyDirectory::new(&config.keys.directory).deployment_key()?;
    let snapshots = Some(Snapshots::new(ledgers.clone(), &root));
    ledgers.check_deployment(LedgerId::NUMBERING).await?;
    let stop = CancellationToken::new();
    let replica = Replica::<Numbering>::spawn(ledgers, LedgerId::NUMBERING, Clock::system(), snapshots, stop.clone());
    let _reading = stop.drop_guard();
    ensure!(replica.caught_up(PATIENCE).await, "the numbering ledger could not be read in time");
    let keys: Vec<(ImportKeyId, ImportKey)> =
        replica.read(|inventory, _| inventory.import_keys().map(|(id, key)| (id, key.clone())).collect());
    keys.iter().for_each(|(id, key)| show(*id, key, output));
    Ok(())
}

fn show(id: ImportKeyId, key: &ImportKey, output: Output) {
    let revoked = key.revoked.map(|at: At| at.to_string());
    let stands = revoked.as_ref().map_or_else(|| format!("until {}", key.expires), |at| format!("revoked {at}"));
    output.line(
        &json!({
            "key": id.to_string(), "operator": key.mno, "scheme": key.scheme.name(),
            "valid_from": key.valid_from.to_string(), "expires": key.expires.to_string(), "revoked": revoked,
        }),
        &format!("{id} {} {} from {} {stands}", key.mno, key.scheme.name(), key.valid_from),
    );
}
