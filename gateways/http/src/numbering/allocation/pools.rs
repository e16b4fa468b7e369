use super::{WhichVersion, added, changed, found, removed, which};
use crate::answer::Answer;
use crate::api::Api;
use crate::field;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::numbering::{AllocationCommand, PoolTerms, Serves};
use peyk_domain::{PoolId, TenantId};
use peyk_handlers::derived_id;
use peyk_projections::rows::Pool;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewNumberPool")]
pub(crate) struct NewPool {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    #[schemars(with = "values::Label")]
    name: String,
    /// Who may take its numbers: these and nobody else; every tenant if left out.
    #[schemars(with = "Option<Vec<values::Id>>")]
    tenants: Option<Vec<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NumberPoolChange")]
pub(crate) struct ChangingPool {
    #[schemars(with = "values::ExpectedVersion")]
    version: u32,
    #[schemars(with = "values::Label")]
    name: String,
    /// Who may take its numbers: these and nobody else; every tenant if left out.
    #[schemars(with = "Option<Vec<values::Id>>")]
    tenants: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberPool")]
pub(crate) struct ShownPool {
    #[schemars(with = "values::Id")]
    id: String,
    name: String,
    /// Who may take its numbers; null for every tenant.
    #[schemars(with = "Option<Vec<values::Id>>")]
    tenants: Option<Vec<String>>,
    version: u32,
    /// The position in the `numbering` ledger that brought it here.
    position: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberPools")]
pub(crate) struct ShownPools {
    items: Vec<ShownPool>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// POST /v1/numbering/pools.
pub(crate) async fn add_pool(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewPool { id, name, tenants } = request.json()?;
    let terms = terms(name, tenants)?;
    let command = request.names()?.single()?;
    let pool = field::id_or(id.as_deref(), PoolId::from_bytes(derived_id(command, 0)))?;
    added(&api, &request, command, ("pool", pool), AllocationCommand::AddPool { pool, terms }).await
}

/// PUT /v1/numbering/pools/{id}.
pub(crate) async fn change_pool(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ChangingPool { version, name, tenants } = request.json()?;
    let pool: PoolId = request.path_id(0)?;
    let terms = terms(name, tenants)?;
    let change = AllocationCommand::ChangePool { pool, version, terms };
    changed(&api, &request, ("pool", pool), version, change).await
}

/// DELETE /v1/numbering/pools/{id}.
pub(crate) async fn remove_pool(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WhichVersion { version } = request.query()?;
    let pool: PoolId = request.path_id(0)?;
    removed(&api, &request, ("pool", pool), AllocationCommand::RemovePool { pool, version }).await
}

/// GET /v1/numbering/pools.
pub(crate) async fn pools(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.pools(after, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    Ok(Answer::ok(&ShownPools { items, next: page.next.map(|id| id.to_string()) }))
}

/// GET /v1/numbering/pools/{id}.
pub(crate) async fn show_pool(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let pool = request.path_id(0)?;
    request.reached(&api, LedgerId::NUMBERING, None).await?;
    found(api.reads.pool(pool).await?, shown)
}

fn terms(name: String, tenants: Option<Vec<String>>) -> Result<PoolTerms, Problem> {
    let named = |tenants: Vec<String>| -> Result<BTreeSet<TenantId>, Problem> {
        tenants.iter().map(|tenant| field::id("tenants", tenant)).collect()
    };
    let serves = tenants.map_or(Ok(Serves::EveryTenant), |tenants| named(tenants).map(Serves::Tenants))?;
    Ok(PoolTerms { name: field::label("name", name)?, serves })
}

fn shown(row: &Pool) -> ShownPool {
    let tenants = match &row.terms.serves {
        Serves::EveryTenant => None,
        Serves::Tenants(tenants) => Some(tenants.iter().map(ToString::to_string).collect()),
    };
    ShownPool {
        id: row.id.to_string(),
        name: row.terms.name.clone(),
        tenants,
        version: row.version,
        position: row.updated_position,
    }
}
