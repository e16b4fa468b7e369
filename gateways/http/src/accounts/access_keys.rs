//! What programs log in with: /v1/accesskeys.
use super::asking::{Asking, Which, instant, opened, ranges, role_names, roles, sealed, sees_names, tenant_of};
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::registry::{Entry, look};
use crate::request::{Request, limit};
use peyk_credentials::AccessKeySecret;
use peyk_domain::ActorId;
use peyk_domain::access::{AccessAction, AccessKey, NewKey};
use peyk_handlers::derived_id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccessKey {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    /// Whose key it is; one's own tenant's if left out.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "values::Label")]
    label: String,
    #[schemars(with = "Vec<values::RoleName>", length(max = 16))]
    roles: Vec<String>,
    /// When it ends; never if left out.
    #[schemars(with = "Option<values::Instant>")]
    expires_at: Option<String>,
    /// Where it may be used from; anywhere if left out or empty.
    #[serde(default)]
    #[schemars(with = "Vec<values::AddressRangeText>", length(max = 100))]
    allowed_addresses: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct CreatedKey {
    #[schemars(with = "values::Id")]
    id: String,
    /// `ak_` and 32 characters, shown this once: send it as `Authorization: AccessKey ak_...`. Null in the answer to a
    /// repeated request.
    access_key: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AccessKey")]
pub(crate) struct ShownAccessKey {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::Id")]
    tenant_id: String,
    /// Null for who may not read it.
    label: Option<String>,
    roles: Vec<&'static str>,
    #[schemars(with = "Option<values::Instant>")]
    expires_at: Option<String>,
    allowed_addresses: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct AccessKeys {
    items: Vec<ShownAccessKey>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Revoked {
    #[schemars(with = "values::Id")]
    id: String,
    /// Always `revoked`.
    state: &'static str,
}

/// POST /v1/accesskeys
pub(crate) async fn create_key(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewAccessKey { id, tenant_id, label, roles: names, expires_at, allowed_addresses } = request.json()?;
    let tenant = tenant_of(request.identity()?, tenant_id.as_deref())?;
    let label = field::label("label", label)?;
    let roles = roles(&names)?;
    let expires = expires_at.as_deref().map(|text| instant("expires_at", text)).transpose()?;
    let allowed = ranges("allowed_addresses", &allowed_addresses)?;
    let command = request.names()?.single()?;
    let key = field::id_or(id.as_deref(), ActorId::from_bytes(derived_id(command, 0)))?;
    let secret = AccessKeySecret::random()?;
    let label = sealed(&api, tenant, Entry::Label(key), label).await?;
    let new = NewKey { key, tenant, hash: secret.hash(), label: label.envelope, roles, expires, allowed };
    let done = Asking::of(&api, &request)?.named(command, AccessAction::CreateKey(new), label.digest).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    // The record of a repeated request is of the secret that was shown then.
    let access_key = (!done.repeated).then(|| secret.reveal().to_owned());
    Ok(Answer::created(&CreatedKey { id: key.to_string(), access_key }).decided(&done))
}

/// GET /v1/accesskeys
pub(crate) async fn list_keys(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Which { tenant_id, cursor, limit: rows } = request.query()?;
    let tenant = tenant_of(request.identity()?, tenant_id.as_deref())?;
    let after = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let rows = usize::from(limit(rows)?.rows());
    let mut page: Vec<(ActorId, AccessKey)> = look(&*api.registry, |directory| {
        directory.keys_of(tenant, after).take(rows + 1).map(|(id, key)| (id, key.clone())).collect()
    })?;
    let next =
        (page.len() > rows).then(|| page.truncate(rows)).and_then(|()| page.last().map(|(id, _)| id.to_string()));
    let mut items = Vec::with_capacity(page.len());
    for (id, key) in page {
        let label = match sees_names(request.identity()?, tenant) {
            true => opened(&api, tenant, Entry::Label(id), &key.label).await?,
            false => None,
        };
        items.push(ShownAccessKey {
            id: id.to_string(),
            tenant_id: tenant.to_string(),
            label: label.map(|label| label.to_string()),
            roles: role_names(&key.roles),
            expires_at: key.expires.map(rfc3339),
            allowed_addresses: key.allowed.iter().map(ToString::to_string).collect(),
        });
    }
    Ok(Answer::ok(&AccessKeys { items, next }).marked(Mark::read(tenant, "access_key")))
}

/// DELETE /v1/accesskeys/{id}
pub(crate) async fn revoke_key(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let key: ActorId = request.path_id(0)?;
    let found = look(&*api.registry, |directory| directory.key(key).map(|key| key.tenant))?;
    let tenant = found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    tenant_of(request.identity()?, Some(&tenant.to_string()))?;
    let command = request.names()?.single()?;
    let done = Asking::of(&api, &request)?.named(command, AccessAction::RevokeKey { key }, [0; 16]).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::ok(&Revoked { id: key.to_string(), state: "revoked" }).decided(&done))
}
