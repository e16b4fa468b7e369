//! Erasure of tenants and of people: /v1/tenants/{id}/erasure and /v1/users/{id}/erasure.
use super::asking::{Asking, tenant_of};
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::rfc3339;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::registry::look;
use crate::request::Request;
use peyk_domain::access::{AccessAction, Erased, ErasedPerson, Leaving, TenantErasure};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erase {
    /// Why; kept as evidence for good, so it names nobody.
    #[schemars(length(min = 20, max = 500))]
    justification: String,
}

impl Erase {
    fn why(&self) -> Result<Reason, Problem> {
        let expected = "expected at most 500 characters, none of them a control character";
        Reason::new(&self.justification).map_err(|_| Problem::invalid("justification", expected))
    }
}

/// What is being erased.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ErasureBegun {
    #[schemars(with = "values::Id")]
    id: String,
    /// Always `erasing`.
    state: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TenantErasure")]
pub(crate) struct ShownTenantErasure {
    #[schemars(with = "values::Id")]
    id: String,
    /// `erasing` while accounts, numbers or keys are still to go, then `erased`.
    state: &'static str,
    /// Users and access keys that are still to go.
    accounts_left: usize,
    /// What stands for the tenant where history names it, once its numbers are gone.
    #[schemars(with = "values::Id")]
    tombstone: String,
    /// Who asked; the nil UUID for the platform itself, from a shell.
    #[schemars(with = "values::Id")]
    requested_by: String,
    #[schemars(with = "values::Instant")]
    requested_at: String,
    /// When the keys were destroyed.
    #[schemars(with = "Option<values::Instant>")]
    erased_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UserErasure")]
pub(crate) struct ShownUserErasure {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::Id")]
    tenant_id: String,
    /// `erasing` while the keys to who it was are still to be destroyed, then `erased`.
    state: &'static str,
    #[schemars(with = "values::Id")]
    requested_by: String,
    #[schemars(with = "values::Instant")]
    requested_at: String,
    #[schemars(with = "Option<values::Instant>")]
    erased_at: Option<String>,
}

/// POST /v1/tenants/{id}/erasure
pub(crate) async fn erase_tenant(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let justification = request.json::<Erase>()?.why()?;
    let tenant = named_tenant(&request)?;
    let by = request.identity()?.caller().actor;
    let action = AccessAction::EraseTenant { tenant, by, justification };
    begun(&api, &request, tenant.to_string(), action).await
}

/// GET /v1/tenants/{id}/erasure
pub(crate) async fn show_tenant_erasure(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let tenant = named_tenant(&request)?;
    let found = look(&*api.registry, |directory| {
        directory.tenant_erasure(tenant).map(|erasure| (erasure, directory.accounts(tenant)))
    })?;
    let (erasure, accounts_left) = found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    let (state, by, since, done) = match erasure {
        TenantErasure::UnderWay(Leaving { by, since, .. }) => ("erasing", by, since, None),
        TenantErasure::Done(Erased { by, since, done, .. }) => ("erased", by, since, Some(done)),
    };
    let shown = ShownTenantErasure {
        id: tenant.to_string(),
        state,
        accounts_left,
        tombstone: tenant.tombstone().to_string(),
        requested_by: by.to_string(),
        requested_at: rfc3339(since),
        erased_at: done.map(rfc3339),
    };
    Ok(Answer::ok(&shown).marked(Mark::read(tenant, "tenant").one(tenant)))
}

/// POST /v1/users/{id}/erasure
pub(crate) async fn erase_user(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let justification = request.json::<Erase>()?.why()?;
    let user: ActorId = request.path_id(0)?;
    let tenant = look(&*api.registry, |directory| {
        let erased = || directory.erased_person(user).map(|person| person.tenant);
        directory.user(user).map(|user| user.tenant).or_else(erased)
    })?;
    let tenant = tenant.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    tenant_of(request.identity()?, Some(&tenant.to_string()))?;
    let by = request.identity()?.caller().actor;
    let action = AccessAction::EraseUser { user, by, justification };
    begun(&api, &request, user.to_string(), action).await
}

/// GET /v1/users/{id}/erasure
pub(crate) async fn show_user_erasure(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let user: ActorId = request.path_id(0)?;
    let found = look(&*api.registry, |directory| directory.erased_person(user).copied())?;
    let ErasedPerson { tenant, by, since, done } = found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    tenant_of(request.identity()?, Some(&tenant.to_string()))?;
    let shown = ShownUserErasure {
        id: user.to_string(),
        tenant_id: tenant.to_string(),
        state: if done.is_some() { "erased" } else { "erasing" },
        requested_by: by.to_string(),
        requested_at: rfc3339(since),
        erased_at: done.map(rfc3339),
    };
    Ok(Answer::ok(&shown).marked(Mark::read(tenant, "user").one(user)))
}

async fn begun(api: &Api, request: &Request, id: String, action: AccessAction) -> Result<Answer, Problem> {
    let command = request.names()?.single()?;
    let done = Asking::of(api, request)?.named(command, action, [0; 16]).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::accepted(&ErasureBegun { id, state: "erasing" }).decided(&done))
}

fn named_tenant(request: &Request) -> Result<TenantId, Problem> {
    let named: TenantId = request.path_id(0)?;
    tenant_of(request.identity()?, Some(&named.to_string()))
}
