use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::Request;
use peyk_domain::access::{AuditKind, Role};
use peyk_domain::numbering::{Expected, NumberingCommand, Period};
use peyk_domain::{CommandId, LeaseId, SenderId, TenantId};
use peyk_handlers::{Call, CommandError, Done, derived_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeaseTerm")]
pub(crate) struct ForAWhile {
    /// For how long from now: up to a day.
    #[schemars(range(min = 1))]
    ttl_seconds: u32,
    /// The tenant to act for; the platform's own people must name it, others may name themselves.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HoldTerm")]
pub(crate) struct Holding {
    /// For how long from now: up to 30 days.
    #[schemars(range(min = 1))]
    ttl_seconds: u32,
    /// The tenant to act for; the platform's own people must name it, others may name themselves.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::ExpectedLease>")]
    expected_lease_id: Option<String>,
    #[schemars(with = "Option<values::ExpectedUntil>")]
    expected_until: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeaseHolder")]
pub(crate) struct ForGood {
    /// The tenant to act for; the platform's own people must name it, others may name themselves.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::ExpectedLease>")]
    expected_lease_id: Option<String>,
    #[schemars(with = "Option<values::ExpectedUntil>")]
    expected_until: Option<String>,
}

/// For how long at a time a number is leased.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BillingPeriod {
    /// Calendar months in UTC.
    #[schemars(range(min = 1, max = 36))]
    months: u8,
    /// Whether the next period begins by itself where one ends; otherwise the number cools off then.
    renews: bool,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Assignment")]
pub(crate) struct Assigning {
    /// The tenant to act for; the platform's own people must name it, others may name themselves.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    /// Without one the lease has no end.
    period: Option<BillingPeriod>,
    #[schemars(with = "Option<values::ExpectedLease>")]
    expected_lease_id: Option<String>,
    #[schemars(with = "Option<values::ExpectedUntil>")]
    expected_until: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Reserved {
    #[schemars(with = "values::Id")]
    lease_id: String,
    /// Always `reserved`.
    state: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeaseChange")]
pub(crate) struct Leased {
    /// What was asked: `held`, `assigned`, `renewed`, `released`, `recalled`, `reinstated`, `returned`, `retired` or
    /// `cooling_off`.
    pub(super) state: &'static str,
}

/// POST /v1/numbers/{number}/reserve: take an available number for a while, to decide.
pub(crate) async fn reserve(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ForAWhile { ttl_seconds, tenant_id } = request.json()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref(), Role::NumberingWrite)?;
    let ttl = field::ttl(ttl_seconds)?;
    let id = request.names()?.single()?;
    let lease = LeaseId::from_bytes(derived_id(id, 0));
    let command = NumberingCommand::Reserve { number, lease, tenant, ttl, vanity: may_vanity(&request)? };
    let done = ask(&api, &request, id, command).await?;
    Ok(Answer::created(&Reserved { lease_id: lease.to_string(), state: "reserved" })
        .done(&done)
        .marked(changed(number, tenant)))
}

/// POST /v1/numbers/{number}/hold: prolong a reservation while paperwork is pending.
pub(crate) async fn hold(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Holding { ttl_seconds, tenant_id, expected_lease_id, expected_until } = request.json()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref(), Role::NumberingWrite)?;
    let ttl = field::ttl(ttl_seconds)?;
    let expected = expected(expected_lease_id.as_deref(), expected_until.as_deref())?;
    let id = request.names()?.single()?;
    let done = ask(&api, &request, id, NumberingCommand::Hold { number, tenant, ttl, expected }).await?;
    Ok(Answer::ok(&Leased { state: "held" }).done(&done).marked(changed(number, tenant)))
}

/// POST /v1/numbers/{number}/assign: turn a reservation or a hold into a lease, for a period at a time or without end.
pub(crate) async fn assign(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Assigning { tenant_id, period, expected_lease_id, expected_until } = request.json_or_default()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref(), Role::NumberingWrite)?;
    let period = period.map(|BillingPeriod { months, renews }| Period { months, renews });
    let expected = expected(expected_lease_id.as_deref(), expected_until.as_deref())?;
    let id = request.names()?.single()?;
    let vanity = may_vanity(&request)?;
    let command = NumberingCommand::Assign { number, tenant, period, vanity, expected };
    let done = ask(&api, &request, id, command).await?;
    Ok(Answer::ok(&Leased { state: "assigned" }).done(&done).marked(changed(number, tenant)))
}

/// POST /v1/numbers/{number}/renew: lengthen a lease by its billing period.
pub(crate) async fn renew(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ForGood { tenant_id, expected_lease_id, expected_until } = request.json_or_default()?;
    let role =
        if request.identity()?.has(Role::NumberingBilling) { Role::NumberingBilling } else { Role::NumberingWrite };
    let (number, tenant) = subject(&request, tenant_id.as_deref(), role)?;
    let expected = expected(expected_lease_id.as_deref(), expected_until.as_deref())?;
    let id = request.names()?.single()?;
    let done = ask(&api, &request, id, NumberingCommand::Renew { number, tenant, expected }).await?;
    Ok(Answer::ok(&Leased { state: "renewed" }).done(&done).marked(changed(number, tenant)))
}

/// POST /v1/numbers/{number}/release: end a reservation, a hold or a lease.
pub(crate) async fn release(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ForGood { tenant_id, expected_lease_id, expected_until } = request.json_or_default()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref(), Role::NumberingWrite)?;
    let expected = expected(expected_lease_id.as_deref(), expected_until.as_deref())?;
    let id = request.names()?.single()?;
    let done = ask(&api, &request, id, NumberingCommand::Release { number, tenant, expected }).await?;
    Ok(Answer::ok(&Leased { state: "released" }).done(&done).marked(changed(number, tenant)))
}

/// What the client believes of the number.
pub(super) fn expected(lease: Option<&str>, until: Option<&str>) -> Result<Expected, Problem> {
    let lease = lease.map(|text| field::id("expected_lease_id", text)).transpose()?;
    let until = until.map(|text| field::instant("expected_until", text)).transpose()?;
    Ok(Expected { lease, until })
}

/// Which number, and for whom: one's own tenant, or with the platform's role the tenant the body names.
fn subject(request: &Request, tenant_id: Option<&str>, needed: Role) -> Result<(SenderId, TenantId), Problem> {
    let identity = request.identity()?;
    let number = field::number(request.parameter(0))?;
    let named: Option<TenantId> = tenant_id.map(|text| field::id("tenant_id", text)).transpose()?;
    let insufficient =
        |role: Role| Err(Problem::of(&kind::INSUFFICIENT_SCOPE).detail(format!("the role {role} is needed for this")));
    match named {
        Some(tenant) if tenant.is_nil() => Err(Problem::invalid("tenant_id", "expected a tenant")),
        Some(tenant) if identity.has(Role::PlatformNumberingAdmin) => Ok((number, tenant)),
        Some(tenant) if tenant != identity.tenant => insufficient(Role::PlatformNumberingAdmin),
        _ if identity.has(needed) => Ok((number, identity.tenant)),
        None if identity.has(Role::PlatformNumberingAdmin) => {
            Err(Problem::invalid("tenant_id", "expected the tenant to act for"))
        }
        _ => insufficient(needed),
    }
}

/// Whether whoever asks may lease vanity numbers.
fn may_vanity(request: &Request) -> Result<bool, Problem> {
    Ok(request.identity()?.has_any(&[Role::NumberingVanity, Role::PlatformNumberingAdmin]))
}

/// What the audit trail says of it. Who may see the whole number finds it by the receipt.
fn changed(number: SenderId, tenant: TenantId) -> Mark {
    Mark::of(AuditKind::Updated, "number", number.mask()).about(tenant)
}

pub(super) async fn ask(
    api: &Api,
    request: &Request,
    id: CommandId,
    command: NumberingCommand,
) -> Result<Done, Problem> {
    let call = Call { id, caller: request.identity()?.caller(), patience: api.settings.patience, command };
    api.commands.numbering(call).await.map_err(|error| {
        let limited = matches!(error, CommandError::Limited { .. });
        let problem = Problem::from(error);
        if limited { problem.marked(Mark::of(AuditKind::RateLimited, "limit", "reservations")) } else { problem }
    })
}
