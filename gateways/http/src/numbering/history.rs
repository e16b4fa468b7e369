use super::browse::viewer;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::{Request, limit};
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_projections::query::HistoryScope;
use peyk_projections::rows::{ChainedTransition, NumberState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichHistory {
    /// Only what concerns this tenant's leases; only the platform's own people may name another tenant than the token.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberTransition")]
pub(crate) struct ShownTransition {
    id: String,
    #[schemars(with = "values::Instant")]
    at: String,
    /// Null where the number begins.
    #[schemars(with = "Option<values::NumberStateName>")]
    from: Option<&'static str>,
    #[schemars(with = "values::NumberStateName")]
    to: &'static str,
    #[schemars(with = "values::TransitionReasonName")]
    reason: &'static str,
    /// Whose lease; null where none is concerned.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::Id>")]
    lease_id: Option<String>,
    /// Who asked for it. Null for what happened by itself, and for a tenant where it was somebody else's people.
    #[schemars(with = "Option<values::Id>")]
    actor_id: Option<String>,
    /// The record of the `numbering` ledger that says so.
    position: u64,
    /// Its place in the chain of the number and the hashes there, for the platform's people only.
    chain: Option<ShownLink>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ChainLink")]
pub(crate) struct ShownLink {
    /// From 1.
    seq: u32,
    /// SHA-256 in hexadecimal.
    #[schemars(with = "values::Hex256")]
    prev_hash: String,
    #[schemars(with = "values::Hex256")]
    row_hash: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberHistory")]
pub(crate) struct ShownHistory {
    items: Vec<ShownTransition>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// GET /v1/numbers/{number}/history: what became of a number, oldest first.
pub(crate) async fn history(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WhichHistory { tenant_id, cursor, limit: rows } = request.query()?;
    let number = field::number(request.parameter(0))?;
    let scope = scope(&request, tenant_id.as_deref())?;
    let after = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let page = api.reads.number_history(scope, number, after, limit(rows)?).await?;
    let reader = request.identity()?.tenant;
    let items = page.rows.iter().map(|row| shown(row, reader)).collect();
    let shown = ShownHistory { items, next: page.next.map(|id| id.to_string()) };
    let mark = match scope {
        HistoryScope::Platform => Mark::read_across("number"),
        HistoryScope::Tenant(tenant) => Mark::read(tenant, "number"),
    };
    Ok(Answer::ok(&shown).marked(mark.one(number.mask())))
}

/// All of it for the platform's people who name no tenant, else what is of one tenant.
fn scope(request: &Request, tenant_id: Option<&str>) -> Result<HistoryScope, Problem> {
    let identity = request.identity()?;
    let of_platform = [Role::PlatformNumberingAdmin, Role::PlatformNumberingOps, Role::PlatformAuditor];
    if tenant_id.is_none() && of_platform.into_iter().any(|role| identity.has(role)) {
        return Ok(HistoryScope::Platform);
    }
    viewer(request, tenant_id).map(HistoryScope::Tenant)
}

/// `reader` is nil for the platform's people, who see everything.
fn shown(row: &ChainedTransition, reader: TenantId) -> ShownTransition {
    let transition = &row.transition;
    let platform = reader.is_nil();
    let actor = transition.actor.filter(|_| platform || transition.actor_tenant == reader);
    ShownTransition {
        id: transition.id.to_string(),
        at: rfc3339(transition.at),
        from: row.from.map(NumberState::name),
        to: transition.to.name(),
        reason: transition.reason.name(),
        tenant_id: transition.tenant.map(|tenant| tenant.to_string()),
        lease_id: transition.lease.map(|lease| lease.to_string()),
        actor_id: actor.map(|actor| actor.to_string()),
        position: transition.position,
        chain: platform.then(|| ShownLink {
            seq: row.seq,
            prev_hash: hex(&row.prev_hash),
            row_hash: hex(&row.row_hash),
        }),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
