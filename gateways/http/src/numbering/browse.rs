use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, rfc3339};
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use crate::role::Role;
use peyk_domain::TenantId;
use peyk_projections::query::NumberFilter;
use peyk_projections::rows::{Number, NumberState};
use peyk_schemas::LedgerId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    state: Option<String>,
    /// Only what the tenant holds.
    held: Option<bool>,
    tenant_id: Option<String>,
    cursor: Option<String>,
    limit: Option<u16>,
    min_position: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    tenant_id: Option<String>,
    min_position: Option<u64>,
}

/// GET /v1/numbers/{digits}: a number the tenant holds or that is nobody's.
pub(crate) async fn show(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let One { tenant_id, min_position } = request.query()?;
    let number = field::digits(request.parameter(0))?;
    let tenant = viewer(&request, tenant_id.as_deref())?;
    request.reached(&api, LedgerId::NUMBERING, min_position).await?;
    let found = api.reads.number(tenant, number).await?;
    found.map(|number| Answer::ok(shown(&number))).ok_or_else(|| Problem::of(&kind::NOT_FOUND))
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
    let items: Vec<Value> = page.rows.iter().map(shown).collect();
    let next = page.next.map(|number| number.digits().to_string());
    Ok(Answer::ok(json!({ "items": items, "next": next })))
}

fn named_state(text: &str) -> Result<NumberState, Problem> {
    let state = NumberState::named(text);
    state.ok_or_else(|| Problem::invalid("state", "expected available, reserved, held, assigned or quarantined"))
}

/// Through whose eyes: one's own tenant's, or with the platform's role those of the tenant named.
fn viewer(request: &Request, tenant_id: Option<&str>) -> Result<TenantId, Problem> {
    let identity = request.identity()?;
    let Some(named) = tenant_id else { return Ok(identity.tenant) };
    let named: TenantId = field::id("tenant_id", named)?;
    if named == identity.tenant || identity.has(Role::PlatformNumberingAdmin) {
        Ok(named)
    } else {
        Err(Problem::of(&kind::TENANT_MISMATCH).detail("tenant_id differs from the token"))
    }
}

fn shown(row: &Number) -> Value {
    json!({
        "number": row.number.e164(),
        "state": row.state.name(),
        "block": row.block.to_string(),
        "mno": row.mno,
        "tenant_id": row.tenant.map(|tenant| tenant.to_string()),
        "lease_id": row.lease.map(|lease| lease.to_string()),
        "until": row.until.map(rfc3339),
        "position": row.updated_position,
    })
}
