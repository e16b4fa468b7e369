use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_domain::numbering::NumberType;
use peyk_projections::query::{NumberFilter, NumberScope};
use peyk_projections::rows::{Number, NumberState, Renewal};
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who looks at numbers for the platform.
const OF_PLATFORM: &[Role] = &[Role::PlatformNumberingAdmin, Role::PlatformNumberingOps, Role::PlatformAuditor];

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    #[schemars(with = "Option<values::NumberStateName>")]
    state: Option<String>,
    #[serde(rename = "type")]
    #[schemars(with = "Option<values::NumberTypeName>")]
    number_type: Option<String>,
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
    #[schemars(with = "values::SenderText")]
    number: String,
    #[serde(rename = "type")]
    #[schemars(with = "values::NumberTypeName")]
    number_type: &'static str,
    #[schemars(with = "values::NumberStateName")]
    state: &'static str,
    /// Null for an alphanumeric sender, which is in none.
    #[schemars(with = "Option<values::Id>")]
    block: Option<String>,
    /// The operator that owns it; null where there is no block.
    mno: Option<String>,
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

/// GET /v1/numbers/{number}: a number the tenant holds or could take.
pub(crate) async fn show(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let One { tenant_id, min_position } = request.query()?;
    let number = field::number(request.parameter(0))?;
    let scope = scope(&request, tenant_id.as_deref())?;
    request.reached(&api, LedgerId::NUMBERING, min_position).await?;
    let found = api.reads.number(scope, number).await?;
    let found = found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    Ok(Answer::ok(&shown(&found)).marked(Mark::read(scope.tenant(), "number").one(number.mask())))
}

/// GET /v1/numbers: the tenant's own numbers and those it could take, ascending as texts.
pub(crate) async fn list(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Which { state, number_type, held, tenant_id, cursor, limit: rows, min_position } = request.query()?;
    let scope = scope(&request, tenant_id.as_deref())?;
    let state = state.as_deref().map(named_state).transpose()?;
    let number_type = number_type.as_deref().map(named_type).transpose()?;
    let filter = NumberFilter { state, number_type, held: held.unwrap_or(false) };
    let after = cursor.as_deref().map(field::number).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    request.reached(&api, LedgerId::NUMBERING, min_position).await?;
    let page = api.reads.numbers(scope, filter, after, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    let next = page.next.map(field::in_path);
    Ok(Answer::ok(&ShownNumbers { items, next }).marked(Mark::read(scope.tenant(), "number")))
}

fn named_state(text: &str) -> Result<NumberState, Problem> {
    let state = NumberState::named(text);
    state.ok_or_else(|| {
        Problem::invalid("state", "expected available, reserved, held, assigned, quarantined, recalled or retired")
    })
}

fn named_type(text: &str) -> Result<NumberType, Problem> {
    text.parse().map_err(|_| Problem::invalid("type", "expected msisdn, short_code, vanity or alpha"))
}

/// What may be seen: the platform's people see also what is nobody's and cannot be taken.
fn scope(request: &Request, tenant_id: Option<&str>) -> Result<NumberScope, Problem> {
    let tenant = viewer(request, tenant_id)?;
    let platform = request.identity()?.has_any(OF_PLATFORM);
    Ok(if platform { NumberScope::Platform(tenant) } else { NumberScope::Tenant(tenant) })
}

/// Through whose eyes: one's own tenant's, or with the platform's role those of the tenant named.
pub(super) fn viewer(request: &Request, tenant_id: Option<&str>) -> Result<TenantId, Problem> {
    let identity = request.identity()?;
    let Some(named) = tenant_id else { return Ok(identity.tenant) };
    let named: TenantId = field::id("tenant_id", named)?;
    if named == identity.tenant || identity.has_any(OF_PLATFORM) {
        Ok(named)
    } else {
        Err(Problem::of(&kind::TENANT_MISMATCH).detail("tenant_id differs from the token"))
    }
}

fn shown(row: &Number) -> ShownNumber {
    ShownNumber {
        number: row.number.text(),
        number_type: row.number_type.name(),
        state: row.state.name(),
        block: row.block.map(|block| block.to_string()),
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
