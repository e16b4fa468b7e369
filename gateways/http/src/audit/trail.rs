use super::Mark;
use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_projections::query::{AuditCursor, AuditFilter, AuditOrder, AuditScope};
use peyk_projections::rows::{AuditEvent, AuditEventType};
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The longest type or id of a resource, in bytes: longer ones name nothing.
const RESOURCE_BYTES_MAX: usize = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AuditQuery")]
pub(crate) struct Which {
    /// The first instant.
    #[schemars(with = "Option<values::Instant>")]
    from: Option<String>,
    /// The first instant that is too late.
    #[schemars(with = "Option<values::Instant>")]
    to: Option<String>,
    /// Whose matter it is; only the platform's own people may name another tenant than the token.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::Id>")]
    actor_id: Option<String>,
    #[schemars(with = "Option<values::AuditEventTypeName>")]
    event_type: Option<String>,
    #[schemars(with = "Option<values::ResourceName>")]
    resource_type: Option<String>,
    #[schemars(with = "Option<values::ResourceName>")]
    resource_id: Option<String>,
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditEvent")]
pub(crate) struct ShownAuditEvent {
    /// The record of the `access` ledger, and which event in there.
    id: String,
    #[schemars(with = "values::Instant")]
    timestamp: String,
    #[schemars(with = "values::AuditEventTypeName")]
    event_type: &'static str,
    /// Whose matter it is; null for the platform's own.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    /// Who did it; null where nobody was recognised, and for what happens by itself.
    #[schemars(with = "Option<values::Id>")]
    actor_id: Option<String>,
    /// Whom the actor belongs to; null for the platform.
    #[schemars(with = "Option<values::Id>")]
    actor_tenant_id: Option<String>,
    resource_type: Option<String>,
    resource_id: Option<String>,
    /// `create`, `update`, `delete` or a finer word; `count` for a row that says how often something happened.
    action: String,
    /// Null once its key is gone, and of people of another tenant.
    source_ip: Option<String>,
    user_agent: Option<String>,
    #[schemars(with = "Option<values::Id>")]
    request_id: Option<String>,
    /// The code a refusal was answered with.
    code: Option<String>,
    /// The record that followed in another ledger.
    receipt: Option<String>,
    count: Option<u64>,
    /// What changed, each with `old`, where that is known, and `new`. Numbers are masked, secrets are never here.
    #[schemars(with = "serde_json::Map<String, Value>")]
    details: Value,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditEvents")]
pub(crate) struct ShownAuditEvents {
    items: Vec<ShownAuditEvent>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// GET /v1/audit: newest first.
pub(crate) async fn list(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Which {
        from,
        to,
        tenant_id,
        actor_id,
        event_type,
        resource_type,
        resource_id,
        cursor,
        limit: rows,
        min_position,
    } = request.query()?;
    let (scope, tenant) = scope(&request, tenant_id.as_deref())?;
    let filter = AuditFilter {
        event_type: event_type.as_deref().map(named_type).transpose()?,
        tenant,
        actor: actor_id.as_deref().map(|text| field::id("actor_id", text)).transpose()?,
        resource_type: resource_type.map(|text| resource("resource_type", text)).transpose()?,
        resource_id: resource_id.map(|text| resource("resource_id", text)).transpose()?,
        from: from.as_deref().map(|text| field::instant("from", text)).transpose()?,
        to: to.as_deref().map(|text| field::instant("to", text)).transpose()?,
    };
    let before: Option<AuditCursor> = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    request.reached(&api, LedgerId::ACCESS, min_position).await?;
    let page = api.reads.audit(scope, filter, AuditOrder::NewestFirst { before }, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    let mark = match (scope, tenant) {
        (AuditScope::Tenant(tenant), _) | (AuditScope::Platform, Some(tenant)) => Mark::read(tenant, "audit"),
        (AuditScope::Platform, None) => Mark::read_across("audit"),
    };
    Ok(Answer::ok(&ShownAuditEvents { items, next: page.next.map(|next| next.to_string()) }).marked(mark))
}

/// The platform's people read everybody's trail, a tenant's admin the tenant's own.
fn scope(request: &Request, tenant_id: Option<&str>) -> Result<(AuditScope, Option<TenantId>), Problem> {
    let identity = request.identity()?;
    let named: Option<TenantId> = tenant_id.map(|text| field::id("tenant_id", text)).transpose()?;
    if identity.has_any(&[Role::PlatformAuditor, Role::PlatformAdmin]) {
        return Ok((AuditScope::Platform, named));
    }
    match named {
        Some(other) if other != identity.tenant => {
            Err(Problem::of(&kind::TENANT_MISMATCH).detail("tenant_id differs from the token"))
        }
        _ => Ok((AuditScope::Tenant(identity.tenant), None)),
    }
}

fn named_type(text: &str) -> Result<AuditEventType, Problem> {
    AuditEventType::named(text).ok_or_else(|| Problem::invalid("event_type", "there is no such type of event"))
}

fn resource(name: &'static str, text: String) -> Result<String, Problem> {
    let sound = (1..=RESOURCE_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    if sound { Ok(text) } else { Err(Problem::invalid(name, "expected 1 to 200 bytes, no control character")) }
}

fn shown(row: &AuditEvent) -> ShownAuditEvent {
    let of_tenant = |tenant: TenantId| (!tenant.is_nil()).then(|| tenant.to_string());
    ShownAuditEvent {
        id: AuditCursor::from(row.id).to_string(),
        timestamp: rfc3339(row.at),
        event_type: row.event_type.name(),
        tenant_id: of_tenant(row.tenant),
        actor_id: row.actor.map(|actor| actor.to_string()),
        actor_tenant_id: of_tenant(row.actor_tenant),
        resource_type: row.resource_type.clone(),
        resource_id: row.resource_id.clone(),
        action: row.action.clone(),
        source_ip: row.source_ip.clone(),
        user_agent: row.user_agent.clone(),
        request_id: row.request.map(|request| request.to_string()),
        code: row.code.clone(),
        receipt: row.receipt.clone(),
        count: row.count,
        details: row.details.clone(),
    }
}
