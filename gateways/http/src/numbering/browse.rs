use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_projections::query::NumberFilter;
use peyk_projections::rows::{Number, NumberState, Renewal};
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    #[schemars(with = "Option<values::NumberStateName>")]
    state: Option<String>,
    /// Only what the tenant holds.
    held: Option<bool>,
    /// Through whose eyes; only the platform's own people may name another tenant than the token.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct One {
    /// Through whose eyes; only the platform's own people may name another tenant than the token.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Number")]
pub(crate) struct ShownNumber {
    #[schemars(with = "values::E164")]
    number: String,
    #[schemars(with = "values::NumberStateName")]
    state: &'static str,
    #[schemars(with = "values::Id")]
    block: String,
    /// The operator that owns it.
    mno: String,
    /// Who holds it; null while nobody does.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::Id>")]
    lease_id: Option<String>,
    /// When its state ends by itself; null if it does not.
    #[schemars(with = "Option<values::Instant>")]
    until: Option<String>,
    /// The billing period of the lease; null for a lease without end.
    period: Option<ShownPeriod>,
    /// The position in the `numbering` ledger that brought it here.
    position: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeasePeriod")]
pub(crate) struct ShownPeriod {
    /// Calendar months in UTC.
    months: u8,
    /// Whether the next period begins by itself where one ends.
    renews: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Numbers")]
pub(crate) struct ShownNumbers {
    items: Vec<ShownNumber>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// GET /v1/numbers/{digits}: a number the tenant holds or that is nobody's.
pub(crate) async fn show(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let One { tenant_id, min_position } = request.query()?;
    let number = field::digits(request.parameter(0))?;
    let tenant = viewer(&request, tenant_id.as_deref())?;
    request.reached(&api, LedgerId::NUMBERING, min_position).await?;
    let found = api.reads.number(tenant, number).await?;
    let found = found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    Ok(Answer::ok(&shown(&found)).marked(Mark::read(tenant, "number").one(number.mask())))
}

/// GET /v1/numbers: the tenant's own numbers and those that are nobody's, ascending.
pub(crate) async fn list(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Which { state, held, tenant_id, cursor, limit: rows, min_position } = request.query()?;
    let tenant = viewer(&request, tenant_id.as_deref())?;
    let state = state.as_deref().map(named_state).transpose()?;
    let filter = NumberFilter { state, held: held.unwrap_or(false) };
    let after = cursor.as_deref().map(field::digits).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    request.reached(&api, LedgerId::NUMBERING, min_position).await?;
    let page = api.reads.numbers(tenant, filter, after, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    let next = page.next.map(|number| number.digits().to_string());
    Ok(Answer::ok(&ShownNumbers { items, next }).marked(Mark::read(tenant, "number")))
}

fn named_state(text: &str) -> Result<NumberState, Problem> {
    let state = NumberState::named(text);
    state.ok_or_else(|| {
        Problem::invalid("state", "expected available, reserved, held, assigned, quarantined, recalled or retired")
    })
}

/// Through whose eyes: one's own tenant's, or with the platform's role those of the tenant named.
pub(super) fn viewer(request: &Request, tenant_id: Option<&str>) -> Result<TenantId, Problem> {
    let identity = request.identity()?;
    let Some(named) = tenant_id else { return Ok(identity.tenant) };
    let named: TenantId = field::id("tenant_id", named)?;
    let of_platform = [Role::PlatformNumberingAdmin, Role::PlatformNumberingOps, Role::PlatformAuditor];
    if named == identity.tenant || of_platform.into_iter().any(|role| identity.has(role)) {
        Ok(named)
    } else {
        Err(Problem::of(&kind::TENANT_MISMATCH).detail("tenant_id differs from the token"))
    }
}

fn shown(row: &Number) -> ShownNumber {
    ShownNumber {
        number: row.number.e164(),
        state: row.state.name(),
        block: row.block.to_string(),
        mno: row.mno.clone(),
        tenant_id: row.tenant.map(|tenant| tenant.to_string()),
        lease_id: row.lease.map(|lease| lease.to_string()),
        until: row.until.map(rfc3339),
        period: row
            .term_months
            .zip(row.renewal)
            .map(|(months, renewal)| ShownPeriod { months, renews: renewal == Renewal::Automatic }),
        position: row.updated_position,
    }
}
