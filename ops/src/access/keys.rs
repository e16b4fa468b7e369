use super::desk::{Desk, stands};
use crate::config::Config;
use crate::output::Output;
use crate::platform::random;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use peyk_credentials::AccessKeySecret;
use peyk_domain::access::{AccessAction, AddressRange, NewKey, Role};
use peyk_domain::{ActorId, At, Span, TenantId};
use peyk_keyring::{AccessField, Subject};
use peyk_ledger::Clock;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an access key; it is shown this once.
    Create(CreateArgs),
    /// The access keys of a tenant, in the order of their ids.
    List {
        /// Whose; the platform's own if not given.
        #[arg(long, default_value_t = TenantId::NIL)]
        tenant: TenantId,
    },
    /// Let an access key do nothing any more.
    Revoke {
        /// Which one.
        key: ActorId,
    },
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Whose key it is; the platform's own if not given.
    #[arg(long, default_value_t = TenantId::NIL)]
    tenant: TenantId,
    /// What it is called.
    #[arg(long)]
    label: String,
    /// May be given several times.
    #[arg(long = "role", required = true)]
    roles: Vec<Role>,
    /// Days until it expires; never if not given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: Option<u64>,
    /// Addresses it may be used from, as 192.0.2.0/24; anywhere if not given. May be given several times.
    #[arg(long = "from")]
    allowed: Vec<AddressRange>,
}

const LABEL_CHARS_MAX: usize = 200;

pub async fn run(config: &Config, command: KeyCommand, output: Output) -> Result<()> {
    let desk = Desk::open(config).await?;
    match command {
        KeyCommand::Create(args) => create(&desk, args, output).await,
        KeyCommand::List { tenant } => list(&desk, tenant, output).await,
        KeyCommand::Revoke { key } => {
            let done = desk.ask(AccessAction::RevokeKey { key }).await?;
            output.line(
                &json!({ "key": key.to_string(), "revoked": true, "receipt": stands(&done) }),
                &format!("access key {key} is revoked ({})", stands(&done)),
            );
            Ok(())
        }
    }
}

async fn create(desk: &Desk, args: CreateArgs, output: Output) -> Result<()> {
    let CreateArgs { tenant, label, roles, days, allowed } = args;
    let length = label.chars().count();
    ensure!((1..=LABEL_CHARS_MAX).contains(&length), "a label has 1 to {LABEL_CHARS_MAX} characters");
    let key = ActorId::from_bytes(random()?);
    let secret = AccessKeySecret::random()?;
    let keys = desk.keys(tenant).await?;
    let label = keys.seal_entry(Subject::Actor(key), AccessField::Label, label.as_bytes())?;
    let expires = days.map(|days| Clock::system().now().plus(Span::days(days)));
    let new = NewKey { key, tenant, hash: secret.hash(), label, roles, expires, allowed };
    let done = desk.ask(AccessAction::CreateKey(new)).await?;
    output.line(
        &json!({ "key": key.to_string(), "tenant": tenant.to_string(), "access_key": secret.reveal(),
            "receipt": stands(&done) }),
        &format!("{}\nshown this once; send it as `Authorization: AccessKey ...` (its id is {key})", secret.reveal()),
    );
    Ok(())
}

async fn list(desk: &Desk, tenant: TenantId, output: Output) -> Result<()> {
    let keys: Vec<_> =
        desk.directory(|directory, _| directory.keys_of(tenant, None).map(|(id, key)| (id, key.clone())).collect());
    for (id, key) in keys {
        let label = desk.opened(tenant, Subject::Actor(id), AccessField::Label, &key.label).await?;
        let label = label.map(|label| String::from_utf8_lossy(&label).into_owned());
        let roles: Vec<&str> = key.roles.iter().map(|role| role.name()).collect();
        let allowed: Vec<String> = key.allowed.iter().map(ToString::to_string).collect();
        let expires = key.expires.map(shown).transpose()?;
        output.line(
            &json!({ "key": id.to_string(), "label": label, "roles": roles, "expires": expires, "from": allowed }),
            &format!(
                "{id} {} {} {}",
                roles.join(","),
                expires.as_deref().unwrap_or("no-expiry"),
                label.unwrap_or_default()
            ),
        );
    }
    Ok(())
}

fn shown(at: At) -> Result<String> {
    let ms = i64::try_from(at.0).context("an instant")?;
    Ok(jiff::Timestamp::from_millisecond(ms)?.to_string())
}
