use crate::config::Config;
use crate::output::Output;
use crate::platform::{Platform, random};
use crate::projections::ledgers;
use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use peyk_domain::numbering::{Expected, NumberingCommand, PERIOD_MONTHS_MAX, Period, Reason, Reinstatement};
use peyk_domain::{CommandId, LeaseId, SenderId, Span, TenantId};
use peyk_handlers::derived_id;
use serde_json::json;

/// What can be done to one number.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// Take an available number for a tenant, for a while; up to a day.
    Reserve(ReserveArgs),
    /// Prolong a reservation, once; up to 30 days from now.
    Hold(HoldArgs),
    /// Turn a reservation or a hold into a lease, for a period at a time or without end.
    Assign(AssignArgs),
    /// Lengthen a lease by its billing period.
    Renew(OfTenant),
    /// End a reservation, a hold or a lease.
    Release(OfTenant),
    /// Take a leased number back from whoever holds it.
    Recall(RecallArgs),
    /// Undo a recall.
    Reinstate(ReinstateArgs),
    /// Take a number that nobody holds out of use for ever.
    Retire(Justified),
    /// Let a cool-off last for another length of time, counted from the end of the lease.
    CoolOff(CoolOffArgs),
}

#[derive(Debug, Args)]
pub struct OfTenant {
    /// As +93700000001, or a short code.
    number: SenderId,
    /// For whom.
    #[arg(long)]
    tenant: TenantId,
    #[command(flatten)]
    believed: Believed,
}

#[derive(Debug, Args)]
pub struct ReserveArgs {
    /// As +93700000001, or a short code.
    number: SenderId,
    /// For whom.
    #[arg(long)]
    tenant: TenantId,
    /// For how long from now.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

#[derive(Debug, Args)]
pub struct HoldArgs {
    #[command(flatten)]
    of: OfTenant,
    /// For how long from now.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

#[derive(Debug, Args)]
pub struct AssignArgs {
    #[command(flatten)]
    of: OfTenant,
    /// The billing period in calendar months; the lease has no end if not given.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=i64::from(PERIOD_MONTHS_MAX)))]
    months: Option<u8>,
    /// The next period begins by itself where one ends.
    #[arg(long, requires = "months")]
    renews: bool,
}

#[derive(Debug, Args)]
pub struct RecallArgs {
    /// As +93700000001, or a short code.
    number: SenderId,
    /// Why; kept as evidence.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    believed: Believed,
}

#[derive(Debug, Args)]
pub struct Justified {
    /// As +93700000001, or a short code.
    number: SenderId,
    /// Why, in 20 characters or more; kept as evidence.
    #[arg(long)]
    justification: String,
    #[command(flatten)]
    believed: Believed,
}

#[derive(Debug, Args)]
pub struct ReinstateArgs {
    #[command(flatten)]
    justified: Justified,
    /// Where it goes.
    #[arg(long)]
    to: To,
}

/// Where a recalled number goes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum To {
    /// Back to the tenant it was recalled from, under the same lease.
    Tenant,
    /// To anybody, once it has cooled off from the recall.
    Pool,
}

#[derive(Debug, Args)]
pub struct CoolOffArgs {
    #[command(flatten)]
    justified: Justified,
    /// How long it lasts.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1825))]
    days: u16,
}

#[derive(Debug, Args)]
pub struct Believed {
    /// Only if this lease stands or was recalled; else CONFLICT.
    #[arg(long, value_name = "LEASE")]
    expected_lease: Option<LeaseId>,
}

impl Believed {
    const fn expected(&self) -> Expected {
        Expected { lease: self.expected_lease, until: None }
    }
}

pub async fn run(config: &Config, change: Change, output: Output) -> Result<()> {
    let id = CommandId::from_bytes(random()?);
    let lease = LeaseId::from_bytes(derived_id(id, 0));
    let Asked { number, state, command } = asked(change, lease)?;
    let reserved = matches!(command, NumberingCommand::Reserve { .. });
    let ledgers = ledgers(config, "peyk number").await?;
    let done = Platform::open(config, &ledgers).await?.numbering(id, command).await?;
    let receipt = format!("{}/{}", done.receipt.ledger, done.receipt.position);
    let text = format!("{} {state} ({receipt})", number.text());
    let mut object = json!({ "number": number.text(), "state": state, "receipt": receipt });
    if reserved {
        object["lease_id"] = lease.to_string().into();
    }
    output.line(&object, &text);
    Ok(())
}

/// What goes to the ledger, and what is said once it stands there.
struct Asked {
    number: SenderId,
    state: &'static str,
    command: NumberingCommand,
}

fn asked(change: Change, lease: LeaseId) -> Result<Asked> {
    // Whoever has CORE's credentials may lease vanity numbers, as the platform's own people may.
    let vanity = true;
    let ttl = |seconds: u32| Span::seconds(seconds.into());
    Ok(match change {
        Change::Reserve(ReserveArgs { number, tenant, seconds }) => {
            let command = NumberingCommand::Reserve { number, lease, tenant, ttl: ttl(seconds), vanity };
            Asked { number, state: "reserved", command }
        }
        Change::Hold(HoldArgs { of: OfTenant { number, tenant, believed }, seconds }) => {
            let command = NumberingCommand::Hold { number, tenant, ttl: ttl(seconds), expected: believed.expected() };
            Asked { number, state: "held", command }
        }
        Change::Assign(AssignArgs { of: OfTenant { number, tenant, believed }, months, renews }) => {
            let period = months.map(|months| Period { months, renews });
            let command = NumberingCommand::Assign { number, tenant, period, vanity, expected: believed.expected() };
            Asked { number, state: "assigned", command }
        }
        Change::Renew(OfTenant { number, tenant, believed }) => {
            let command = NumberingCommand::Renew { number, tenant, expected: believed.expected() };
            Asked { number, state: "renewed", command }
        }
        Change::Release(OfTenant { number, tenant, believed }) => {
            let command = NumberingCommand::Release { number, tenant, expected: believed.expected() };
            Asked { number, state: "released", command }
        }
        Change::Recall(RecallArgs { number, reason, believed }) => {
            let reason = words(&reason)?;
            let command = NumberingCommand::Recall { number, reason, expected: believed.expected() };
            Asked { number, state: "recalled", command }
        }
        Change::Reinstate(ReinstateArgs { justified: Justified { number, justification, believed }, to }) => {
            let (to, state) = match to {
                To::Tenant => (Reinstatement::Tenant, "reinstated"),
                To::Pool => (Reinstatement::Pool, "returned"),
            };
            let (justification, expected) = (words(&justification)?, believed.expected());
            Asked { number, state, command: NumberingCommand::Reinstate { number, to, justification, expected } }
        }
        Change::Retire(Justified { number, justification, believed }) => {
            let (justification, expected) = (words(&justification)?, believed.expected());
            Asked { number, state: "retired", command: NumberingCommand::Retire { number, justification, expected } }
        }
        Change::CoolOff(CoolOffArgs { justified: Justified { number, justification, believed }, days }) => {
            let (justification, expected) = (words(&justification)?, believed.expected());
            let lasts = Span::days(days.into());
            let command = NumberingCommand::OverrideCoolOff { number, lasts, justification, expected };
            Asked { number, state: "cooling_off", command }
        }
    })
}

pub fn words(text: &str) -> Result<Reason> {
    Reason::new(text).context("expected at most 500 characters, none of them a control character")
}
