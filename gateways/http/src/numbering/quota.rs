use super::browse::viewer;
use super::lease::ask;
use super::validate::known_leases;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::TenantId;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{NumberingCommand, ReservationQuota};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReservationQuota")]
pub(crate) struct Quota {
    /// Reservations and holds the tenant may have at once.
    #[schemars(range(max = 100_000))]
    at_once: u32,
    /// Reservations it may make within any minute.
    #[schemars(range(min = 1, max = 100_000))]
    per_minute: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AsOf {
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReservationAllowance")]
pub(crate) struct ShownAllowance {
    #[schemars(with = "values::Id")]
    tenant_id: String,
    /// Reservations and holds the tenant may have at once.
    at_once: u32,
    /// Reservations it may make within any minute.
    per_minute: u32,
    /// Reservations and holds it has.
    reservations: u32,
    /// The last record of the `numbering` ledger that this rests on.
    position: u64,
    /// How long ago it was certain that there was no later one.
    age_ms: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReservationQuotaSet")]
pub(crate) struct QuotaSet {
    #[schemars(with = "values::Id")]
    tenant_id: String,
    at_once: u32,
    per_minute: u32,
}

/// GET /v1/numbering/quotas/{id}: how many numbers a tenant may keep from others and how many it does, out of memory.
pub(crate) async fn quota(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let AsOf { min_position } = request.query()?;
    let tenant = viewer(&request, Some(request.parameter(0)))?;
    let leases = known_leases(&api, &request, min_position).await?;
    let allowance = leases.allowance(tenant)?;
    let shown = ShownAllowance {
        tenant_id: tenant.to_string(),
        at_once: allowance.quota.at_once,
        per_minute: allowance.quota.per_minute,
        reservations: allowance.reservations,
        position: allowance.position,
        age_ms: u64::try_from(allowance.age.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(Answer::ok(&shown).marked(Mark::read(tenant, "quota").one(tenant)))
}

/// PUT /v1/numbering/quotas/{id}: how many numbers a tenant may keep from others.
pub(crate) async fn set_quota(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Quota { at_once, per_minute } = request.json()?;
    let tenant: TenantId = field::id("id", request.parameter(0))?;
    if tenant.is_nil() {
        return Err(Problem::invalid("id", "expected a tenant"));
    }
    let id = request.names()?.single()?;
    let quota = ReservationQuota { at_once, per_minute };
    let command = NumberingCommand::SetReservationQuota { tenant, quota };
    let done = ask(&api, &request, id, command).await?;
    let mark = Mark::of(AuditKind::Updated, "quota", tenant).about(tenant);
    Ok(Answer::ok(&QuotaSet { tenant_id: tenant.to_string(), at_once, per_minute }).done(&done).marked(mark))
}
