use super::desk::{Desk, stands};
use crate::config::Config;
use crate::output::Output;
use crate::platform::random;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use peyk_domain::access::{AccessAction, Envelope, Limits, Region, Standing, TenantErasure};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, TenantId};
use peyk_handlers::partition_of;
use peyk_keyring::{AccessField, Subject};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant.
    Create(CreateArgs),
    /// Every tenant, in the order of their ids.
    List,
    /// Call it something else.
    Rename {
        /// Which one.
        tenant: TenantId,
        /// What it is called from now on.
        #[arg(long)]
        name: String,
    },
    /// Nothing is done in the tenant's name until it is resumed.
    Suspend {
        /// Which one.
        tenant: TenantId,
    },
    /// End a suspension.
    Resume {
        /// Which one.
        tenant: TenantId,
    },
    /// End a suspended tenant for good: its accounts go, its numbers are recalled, its keys are destroyed.
    Erase {
        /// Which one.
        tenant: TenantId,
        /// Why, in at least 20 characters; kept as evidence for good, so it names nobody.
        #[arg(long)]
        justification: String,
    },
    /// How far the erasure of a tenant is.
    Erasure {
        /// Which one.
        tenant: TenantId,
    },
    /// How much the tenant may ask for in a minute; what is not given stays.
    Limits(LimitsArgs),
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What it is called.
    #[arg(long)]
    name: String,
    /// Where its data lives.
    #[arg(long, default_value = "default")]
    region: Region,
    /// Its id; random if not given.
    #[arg(long)]
    id: Option<TenantId>,
    /// The partition of `messages` it lives in, for good; by the hash of its id if not given.
    #[arg(long)]
    partition: Option<u16>,
}

#[derive(Debug, Args)]
pub struct LimitsArgs {
    /// Which one.
    tenant: TenantId,
    /// Requests a minute.
    #[arg(long)]
    requests: Option<u32>,
    /// Messages a minute.
    #[arg(long)]
    messages: Option<u32>,
    /// Logins a minute of each account.
    #[arg(long)]
    logins: Option<u32>,
}

const NAME_CHARS_MAX: usize = 200;

pub async fn run(config: &Config, command: TenantCommand, output: Output) -> Result<()> {
    let desk = Desk::open(config).await?;
    match command {
        TenantCommand::Create(args) => create(config, &desk, args, output).await,
        TenantCommand::List => list(&desk, output).await,
        TenantCommand::Rename { tenant, name } => rename(&desk, tenant, &name, output).await,
        TenantCommand::Suspend { tenant } => {
            change(&desk, tenant, AccessAction::SuspendTenant { tenant }, "suspended", output).await
        }
        TenantCommand::Resume { tenant } => {
            change(&desk, tenant, AccessAction::ResumeTenant { tenant }, "active", output).await
        }
        TenantCommand::Erase { tenant, justification } => {
            let (by, justification) = (ActorId::NIL, Reason::new(&justification)?);
            let action = AccessAction::EraseTenant { tenant, by, justification };
            change(&desk, tenant, action, "being erased", output).await
        }
        TenantCommand::Erasure { tenant } => erasure(&desk, tenant, output),
        TenantCommand::Limits(args) => limits(&desk, &args, output).await,
    }
}

async fn create(config: &Config, desk: &Desk, args: CreateArgs, output: Output) -> Result<()> {
    let CreateArgs { name, region, id, partition } = args;
    let tenant = id.map_or_else(|| random().map(TenantId::from_bytes), Ok)?;
    let partitions = config.messages.partitions;
    let partition = partition.unwrap_or_else(|| partition_of(tenant, partitions));
    ensure!(partition < partitions, "there are {partitions} partitions of messages, counted from 0");
    let name = sealed(desk, tenant, &name).await?;
    let done = desk.ask(AccessAction::CreateTenant { tenant, name, region, partition }).await?;
    output.line(
        &json!({ "tenant": tenant.to_string(), "partition": partition, "receipt": stands(&done) }),
        &format!("tenant {tenant}, in partition {partition} of messages ({})", stands(&done)),
    );
    Ok(())
}

async fn rename(desk: &Desk, tenant: TenantId, name: &str, output: Output) -> Result<()> {
    ensure!(desk.directory(|directory, _| directory.tenant(tenant).is_some()), "there is no such tenant");
    let name = sealed(desk, tenant, name).await?;
    let done = desk.ask(AccessAction::RenameTenant { tenant, name }).await?;
    output.line(
        &json!({ "tenant": tenant.to_string(), "receipt": stands(&done) }),
        &format!("tenant {tenant} is renamed ({})", stands(&done)),
    );
    Ok(())
}

async fn sealed(desk: &Desk, tenant: TenantId, name: &str) -> Result<Envelope> {
    let length = name.chars().count();
    ensure!((1..=NAME_CHARS_MAX).contains(&length), "the name of a tenant has 1 to {NAME_CHARS_MAX} characters");
    Ok(desk.keys(tenant).await?.seal_entry(Subject::Tenant(tenant), AccessField::TenantName, name.as_bytes())?)
}

async fn list(desk: &Desk, output: Output) -> Result<()> {
    let tenants: Vec<_> =
        desk.directory(|directory, _| directory.tenants(None).map(|(id, tenant)| (id, tenant.clone())).collect());
    for (id, tenant) in tenants {
        let name = desk.opened(id, Subject::Tenant(id), AccessField::TenantName, &tenant.name).await?;
        let name = name.map(|name| String::from_utf8_lossy(&name).into_owned());
        let standing = standing(tenant.standing);
        let Limits { requests_per_minute, messages_per_minute, logins_per_minute } = tenant.limits;
        output.line(
            &json!({ "tenant": id.to_string(), "name": name, "region": tenant.region.name(),
                "partition": tenant.partition, "standing": standing, "requests_per_minute": requests_per_minute,
                "messages_per_minute": messages_per_minute, "logins_per_minute": logins_per_minute }),
            &format!("{id} {standing} {} messages/{} {}", tenant.region, tenant.partition, name.unwrap_or_default()),
        );
    }
    Ok(())
}

async fn change(desk: &Desk, tenant: TenantId, action: AccessAction, now: &str, output: Output) -> Result<()> {
    let done = desk.ask(action).await?;
    output.line(
        &json!({ "tenant": tenant.to_string(), "standing": now, "receipt": stands(&done) }),
        &format!("tenant {tenant} is {now} ({})", stands(&done)),
    );
    Ok(())
}

fn erasure(desk: &Desk, tenant: TenantId, output: Output) -> Result<()> {
    let found = desk.directory(|directory, _| {
        directory.tenant_erasure(tenant).map(|erasure| (erasure, directory.accounts(tenant)))
    });
    let (erasure, accounts) = found.context("the tenant is not erased, and nobody has asked for it")?;
    let state = match erasure {
        TenantErasure::UnderWay(_) => "erasing",
        TenantErasure::Done(_) => "erased",
    };
    let tombstone = tenant.tombstone().to_string();
    output.line(
        &json!({ "tenant": tenant.to_string(), "state": state, "accounts_left": accounts, "tombstone": tombstone }),
        &format!("tenant {tenant} is {state}; {accounts} accounts are still to go; {tombstone} stands for it"),
    );
    Ok(())
}

async fn limits(desk: &Desk, args: &LimitsArgs, output: Output) -> Result<()> {
    let tenant = args.tenant;
    let now = desk.directory(|directory, _| directory.tenant(tenant).map(|tenant| tenant.limits));
    let now = now.context("there is no such tenant")?;
    let limits = Limits {
        requests_per_minute: args.requests.unwrap_or(now.requests_per_minute),
        messages_per_minute: args.messages.unwrap_or(now.messages_per_minute),
        logins_per_minute: args.logins.unwrap_or(now.logins_per_minute),
    };
    if limits != now {
        desk.ask(AccessAction::SetLimits { tenant, limits }).await?;
    }
    let Limits { requests_per_minute, messages_per_minute, logins_per_minute } = limits;
    output.line(
        &json!({ "tenant": tenant.to_string(), "requests_per_minute": requests_per_minute,
            "messages_per_minute": messages_per_minute, "logins_per_minute": logins_per_minute }),
        &format!(
            "tenant {tenant}: {requests_per_minute} requests, {messages_per_minute} messages and {logins_per_minute} logins of an account a minute"
        ),
    );
    Ok(())
}

pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Suspended => "suspended",
    }
}
