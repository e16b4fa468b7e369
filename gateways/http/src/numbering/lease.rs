use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::Request;
use peyk_domain::access::{AuditKind, Role};
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::{CommandId, LeaseId, Msisdn, TenantId};
use peyk_handlers::{Call, Done, derived_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeaseTerm")]
pub(crate) struct ForAWhile {
    /// For how long from now: up to a day for a reservation, up to 30 days for a hold.
    #[schemars(range(min = 1))]
    ttl_seconds: u32,
    /// The tenant to act for; the platform's own people must name it, others may name themselves.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeaseHolder")]
pub(crate) struct ForGood {
    /// The tenant to act for; the platform's own people must name it, others may name themselves.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
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
    /// `held`, `assigned` or `released`, as was asked.
    state: &'static str,
}

/// POST /v1/numbers/{digits}/reserve: take an available number for a while, to decide.
pub(crate) async fn reserve(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ForAWhile { ttl_seconds, tenant_id } = request.json()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref())?;
    let ttl = field::ttl(ttl_seconds)?;
    let id = request.names()?.single()?;
    let lease = LeaseId::from_bytes(derived_id(id, 0));
    let command = NumberingCommand::Reserve { number, lease, tenant, ttl };
    let done = ask(&api, &request, id, command).await?;
    Ok(Answer::created(&Reserved { lease_id: lease.to_string(), state: "reserved" })
        .done(&done)
        .marked(changed(number, tenant)))
}

/// POST /v1/numbers/{digits}/hold: prolong a reservation while paperwork is pending.
pub(crate) async fn hold(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ForAWhile { ttl_seconds, tenant_id } = request.json()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref())?;
    let ttl = field::ttl(ttl_seconds)?;
    let id = request.names()?.single()?;
    let done = ask(&api, &request, id, NumberingCommand::Hold { number, tenant, ttl }).await?;
    Ok(Answer::ok(&Leased { state: "held" }).done(&done).marked(changed(number, tenant)))
}

/// POST /v1/numbers/{digits}/assign: turn a reservation or a hold into a lease without end.
pub(crate) async fn assign(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ForGood { tenant_id } = request.json_or_default()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref())?;
    let id = request.names()?.single()?;
    let done = ask(&api, &request, id, NumberingCommand::Assign { number, tenant }).await?;
    Ok(Answer::ok(&Leased { state: "assigned" }).done(&done).marked(changed(number, tenant)))
}

/// POST /v1/numbers/{digits}/release: end a reservation, a hold or a lease.
pub(crate) async fn release(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ForGood { tenant_id } = request.json_or_default()?;
    let (number, tenant) = subject(&request, tenant_id.as_deref())?;
    let id = request.names()?.single()?;
    let done = ask(&api, &request, id, NumberingCommand::Release { number, tenant }).await?;
    Ok(Answer::ok(&Leased { state: "released" }).done(&done).marked(changed(number, tenant)))
}

/// Which number, and for whom: one's own tenant, or with the platform's role the tenant the body names.
fn subject(request: &Request, tenant_id: Option<&str>) -> Result<(Msisdn, TenantId), Problem> {
    let identity = request.identity()?;
    let number = field::digits(request.parameter(0))?;
    let named: Option<TenantId> = tenant_id.map(|text| field::id("tenant_id", text)).transpose()?;
    let insufficient =
        |role: Role| Err(Problem::of(&kind::INSUFFICIENT_SCOPE).detail(format!("the role {role} is needed for this")));
    match named {
        Some(tenant) if tenant.is_nil() => Err(Problem::invalid("tenant_id", "expected a tenant")),
        Some(tenant) if identity.has(Role::PlatformNumberingAdmin) => Ok((number, tenant)),
        Some(tenant) if tenant != identity.tenant => insufficient(Role::PlatformNumberingAdmin),
        _ if identity.has(Role::NumberingWrite) => Ok((number, identity.tenant)),
        None if identity.has(Role::PlatformNumberingAdmin) => {
            Err(Problem::invalid("tenant_id", "expected the tenant to act for"))
        }
        _ => insufficient(Role::NumberingWrite),
    }
}

/// What the audit trail says of it. Who may see the whole number finds it by the receipt.
fn changed(number: Msisdn, tenant: TenantId) -> Mark {
    Mark::of(AuditKind::Updated, "number", number.mask()).about(tenant)
}

async fn ask(api: &Api, request: &Request, id: CommandId, command: NumberingCommand) -> Result<Done, Problem> {
    let call = Call { id, caller: request.identity()?.caller(), patience: api.settings.patience, command };
    Ok(api.commands.numbering(call).await?)
}
