//! Customers: /v1/tenants.
use super::asking::{Asking, Page, opened, ranges, sealed, sees_names, tenant_of};
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::registry::{Entry, SealedEntry, look};
use crate::request::{Request, limit};
use peyk_domain::TenantId;
use peyk_domain::access::{AccessAction, Limits, Standing, Tenant};
use peyk_handlers::derived_id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTenant {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    #[schemars(with = "values::Label")]
    name: String,
    /// Where its data lives, as the operator names it.
    #[schemars(with = "values::RegionName")]
    region: String,
    /// Which partition of the messages it lives in; chosen by its id if left out. It stays there.
    partition: Option<u16>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantName {
    #[schemars(with = "values::Label")]
    name: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TenantLimits")]
pub(crate) struct ShownLimits {
    #[schemars(range(min = 1, max = 10_000_000))]
    requests_per_minute: u32,
    #[schemars(range(min = 1, max = 10_000_000))]
    messages_per_minute: u32,
    /// Of each account.
    #[schemars(range(min = 1, max = 10_000_000))]
    logins_per_minute: u32,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Tenant")]
pub(crate) struct ShownTenant {
    #[schemars(with = "values::Id")]
    id: String,
    /// Null for who may not read it.
    name: Option<String>,
    region: String,
    partition: u16,
    /// `active` or `suspended`.
    state: &'static str,
    limits: ShownLimits,
    /// Where its admins may come from; empty for anywhere.
    allowed_addresses: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Tenants {
    items: Vec<ShownTenant>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// A tenant, and what it is like now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TenantChange {
    #[schemars(with = "values::Id")]
    id: String,
    /// `active`, `suspended` or `changed`, as was asked.
    state: &'static str,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AllowedAddresses")]
pub(crate) struct Addresses {
    #[schemars(with = "Vec<values::AddressRangeText>", length(max = 100))]
    ranges: Vec<String>,
}

/// The digest of a command that seals nothing.
const PLAIN: [u8; 16] = [0; 16];

/// POST /v1/tenants
pub(crate) async fn create_tenant(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewTenant { id, name, region, partition } = request.json()?;
    let name = field::label("name", name)?;
    let region = region.parse().map_err(|_| Problem::invalid("region", "expected 1 to 32 of a-z, 0-9 and hyphen"))?;
    let command = request.names()?.single()?;
    let tenant = field::id_or(id.as_deref(), TenantId::from_bytes(derived_id(command, 0)))?;
    let partition = match partition {
        None => api.commands.partition_of(tenant),
        Some(partition) if partition < api.commands.partitions() => partition,
        Some(_) => return Err(Problem::invalid("partition", "there is no such partition")),
    };
    // No keys are made for who never gets any.
    if tenant.is_tombstone() {
        return Err(Problem::invalid("id", "it stands for tenants that were erased; choose another one"));
    }
    if look(&*api.registry, |directory| directory.tenant_erasure(tenant).is_some())? {
        return Err(
            Problem::of(&kind::ALREADY_EXISTS).detail("the tenant exists no more, and its id is never given again")
        );
    }
    let name = sealed(&api, tenant, Entry::TenantName, name).await?;
    let action = AccessAction::CreateTenant { tenant, name: name.envelope, region, partition };
    let done = Asking::of(&api, &request)?.named(command, action, name.digest).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::created(&TenantChange { id: tenant.to_string(), state: "active" }).decided(&done))
}

/// GET /v1/tenants
pub(crate) async fn list_tenants(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Page { cursor, limit: rows } = request.query()?;
    let after = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let rows = usize::from(limit(rows)?.rows());
    let mut page: Vec<(TenantId, Tenant)> = look(&*api.registry, |directory| {
        directory.tenants(after).take(rows + 1).map(|(id, tenant)| (id, tenant.clone())).collect()
    })?;
    let next =
        (page.len() > rows).then(|| page.truncate(rows)).and_then(|()| page.last().map(|(id, _)| id.to_string()));
    let mut items = Vec::with_capacity(page.len());
    for (id, tenant) in page {
        items.push(shown(&api, &request, id, &tenant).await?);
    }
    Ok(Answer::ok(&Tenants { items, next }).marked(Mark::read_across("tenant")))
}

/// GET /v1/tenants/{id}
pub(crate) async fn show_tenant(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let tenant = own_or_any(&request)?;
    let found = look(&*api.registry, |directory| directory.tenant(tenant).cloned())?;
    let found = found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    let mark = Mark::read(tenant, "tenant").one(tenant);
    Ok(Answer::ok(&shown(&api, &request, tenant, &found).await?).marked(mark))
}

/// PUT /v1/tenants/{id}/name
pub(crate) async fn rename_tenant(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let TenantName { name } = request.json()?;
    let name = field::label("name", name)?;
    let tenant = own_or_any(&request)?;
    // Nothing is sealed for a tenant there is not: it would be given keys.
    look(&*api.registry, |directory| directory.tenant(tenant).map(|_| ()))?
        .ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    let SealedEntry { envelope: name, digest } = sealed(&api, tenant, Entry::TenantName, name).await?;
    change(&api, &request, |tenant| AccessAction::RenameTenant { tenant, name }, digest, "changed").await
}

/// POST /v1/tenants/{id}/suspend
pub(crate) async fn suspend_tenant(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    change(&api, &request, |tenant| AccessAction::SuspendTenant { tenant }, PLAIN, "suspended").await
}

/// POST /v1/tenants/{id}/resume
pub(crate) async fn resume_tenant(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    change(&api, &request, |tenant| AccessAction::ResumeTenant { tenant }, PLAIN, "active").await
}

/// PUT /v1/tenants/{id}/limits
pub(crate) async fn set_limits(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ShownLimits { requests_per_minute, messages_per_minute, logins_per_minute } = request.json()?;
    let limits = Limits { requests_per_minute, messages_per_minute, logins_per_minute };
    change(&api, &request, |tenant| AccessAction::SetLimits { tenant, limits }, PLAIN, "changed").await
}

/// PUT /v1/tenants/{id}/allowed-addresses
pub(crate) async fn set_allowed_addresses(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Addresses { ranges: texts } = request.json()?;
    let allowed = ranges("ranges", &texts)?;
    change(&api, &request, |tenant| AccessAction::SetAllowed { tenant, allowed }, PLAIN, "changed").await
}

async fn change(
    api: &Api,
    request: &Request,
    action: impl FnOnce(TenantId) -> AccessAction,
    digest: [u8; 16],
    state: &'static str,
) -> Result<Answer, Problem> {
    let tenant = own_or_any(request)?;
    let command = request.names()?.single()?;
    let done = Asking::of(api, request)?.named(command, action(tenant), digest).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::ok(&TenantChange { id: tenant.to_string(), state }).decided(&done))
}

/// The tenant in the path, if it is the caller's to ask about.
fn own_or_any(request: &Request) -> Result<TenantId, Problem> {
    let named: TenantId = request.path_id(0)?;
    tenant_of(request.identity()?, Some(&named.to_string()))
}

async fn shown(api: &Api, request: &Request, id: TenantId, tenant: &Tenant) -> Result<ShownTenant, Problem> {
    let name = match sees_names(request.identity()?, id) {
        true => opened(api, id, Entry::TenantName, &tenant.name).await?,
        false => None,
    };
    let Limits { requests_per_minute, messages_per_minute, logins_per_minute } = tenant.limits;
    Ok(ShownTenant {
        id: id.to_string(),
        name: name.map(|name| name.to_string()),
        region: tenant.region.to_string(),
        partition: tenant.partition,
        state: match tenant.standing {
            Standing::Active => "active",
            Standing::Suspended => "suspended",
        },
        limits: ShownLimits { requests_per_minute, messages_per_minute, logins_per_minute },
        allowed_addresses: tenant.allowed.iter().map(ToString::to_string).collect(),
    })
}
