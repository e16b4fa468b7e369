//! Rows of what the edge noted of requests that led to no record here.
use crate::rows::{AuditEvent, AuditEventType, AuditId};
use crate::views::Place;
use peyk_domain::access::{AuditCount, AuditEntry, AuditKind, Source};
use peyk_domain::{Msisdn, RequestId, SenderId};
use serde_json::json;

/// Characters of a text that an entry brings. Ours are far shorter.
const CHARS_MAX: usize = 200;

const fn event_type(kind: AuditKind) -> AuditEventType {
    match kind {
        AuditKind::Created => AuditEventType::ResourceCreated,
        AuditKind::Updated => AuditEventType::ResourceUpdated,
        AuditKind::Deleted => AuditEventType::ResourceDeleted,
        AuditKind::Denied => AuditEventType::PermissionDenied,
        AuditKind::RateLimited => AuditEventType::RateLimitExceeded,
        AuditKind::InvalidCredential => AuditEventType::InvalidCredential,
        AuditKind::UnknownLogin => AuditEventType::UnknownLogin,
        AuditKind::CrossTenantRead => AuditEventType::CrossTenantRead,
        AuditKind::Replayed => AuditEventType::LedgerReplayed,
        AuditKind::Suspicious => AuditEventType::SuspiciousActivity,
    }
}

const fn action(kind: AuditKind) -> &'static str {
    match kind {
        AuditKind::Created => "create",
        AuditKind::Updated => "update",
        AuditKind::Deleted => "delete",
        AuditKind::UnknownLogin => "login",
        AuditKind::CrossTenantRead => "read",
        AuditKind::Replayed => "replay",
        AuditKind::Denied | AuditKind::RateLimited | AuditKind::InvalidCredential | AuditKind::Suspicious => "request",
    }
}

/// One entry as a row.
pub(super) fn row(entry: &AuditEntry, place: &Place, source: Option<&Source>) -> AuditEvent {
    let (resource_type, resource_id) = resource(&entry.resource);
    // What was refused touched nobody, and whoever it was aimed at has no business with it.
    let touched = entry.code.is_empty() && !entry.subject_tenant.is_nil();
    AuditEvent {
        id: AuditId::new(place.position, place.item),
        at: entry.at,
        event_type: event_type(entry.kind),
        tenant: if touched { entry.subject_tenant } else { entry.tenant },
        actor: Some(entry.actor).filter(|actor| !actor.is_nil()),
        actor_tenant: entry.tenant,
        action: action(entry.kind).to_owned(),
        resource_type,
        resource_id,
        source_ip: source.and_then(|source| source.address).map(|address| address.to_string()),
        user_agent: source.and_then(|source| source.user_agent.clone()),
        request: Some(entry.request).filter(|request| *request != RequestId::NIL),
        code: present(&entry.code),
        receipt: present(&entry.receipt),
        count: None,
        details: json!({ "endpoint": cut(&entry.endpoint) }),
    }
}

/// A count as a row.
pub(super) fn counted(count: &AuditCount, place: &Place) -> AuditEvent {
    AuditEvent {
        id: AuditId::new(place.position, place.item),
        at: place.at,
        event_type: event_type(count.kind),
        tenant: count.tenant,
        actor: None,
        actor_tenant: count.tenant,
        action: "count".to_owned(),
        resource_type: None,
        resource_id: None,
        source_ip: None,
        user_agent: None,
        request: None,
        code: None,
        receipt: None,
        count: Some(count.count),
        details: json!({}),
    }
}

/// `number/93700000001` as a type and what names the thing, a phone number only by its mask.
fn resource(text: &str) -> (Option<String>, Option<String>) {
    let (kind, id) = text.split_once('/').unwrap_or((text, ""));
    let number: Option<Msisdn> = id.parse().ok().or_else(|| format!("+{id}").parse().ok());
    let sender = || id.parse::<SenderId>().ok().filter(|_| kind == "number");
    let mask = number.map(Msisdn::mask).or_else(|| sender().map(SenderId::mask));
    (present(kind), mask.or_else(|| present(id)))
}

fn present(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| cut(text))
}

fn cut(text: &str) -> String {
    text.chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::resource;

    #[test]
    fn a_resource_is_a_type_and_an_id_and_no_number() {
        for (text, kind, id) in [
            ("", None, None),
            ("number", Some("number"), None),
            ("number/93700000001", Some("number"), Some("+93***")),
            ("number/+93700000001", Some("number"), Some("+93***")),
            ("number/7070", Some("number"), Some("7***")),
            ("route/707e0000-0000-4000-8000-000000000001", Some("route"), Some("707e0000-0000-4000-8000-000000000001")),
            ("ledger/access/0", Some("ledger"), Some("access/0")),
        ] {
            let found = resource(text);
            assert_eq!((found.0.as_deref(), found.1.as_deref()), (kind, id), "{text}");
        }
        assert_eq!(resource(&format!("a/{}", "b".repeat(1_000))).1.map(|id| id.len()), Some(200));
    }
}
