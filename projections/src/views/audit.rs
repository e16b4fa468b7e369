use super::{Misfit, Opened, Place, View};
use crate::projection::Projection;
use crate::rows::{AuditEvent, AuditEventType, AuditId, AuditSubject, SubjectKey};
use crate::sources::SealedSource;
use crate::store::{Changes, How, StoreError, Which, load, write};
use change::{Change, instant, ranges, roles};
use peyk_domain::access::{
    AccessEvent, AuditCount, AuditEntry, Limits, LoginFailure, Review, ReviewVerdict, SessionEnd, Source,
};
use peyk_domain::{ActorId, RequestId, SessionId, TenantId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::mem;
use uuid::Uuid;

#[path = "audit/change.rs"]
mod change;
#[path = "audit/noted.rs"]
mod noted;
#[cfg(test)]
#[path = "audit/tests.rs"]
mod tests;

/// What happened to who may do what, and what the edge noted.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    events: Changes<AuditEvent>,
    subjects: Changes<AuditSubject>,
    request: Option<Request>,
    /// Tenants that were erased, until the rows that are not in memory are changed too.
    erased: Vec<TenantId>,
}

/// The request a record followed from: its first event.
#[derive(Debug)]
struct Request {
    position: u64,
    request: RequestId,
    source: Option<Source>,
}

/// What a row says beside where it stands: event type, action, whose matter, resource type and id.
struct Said {
    event_type: AuditEventType,
    action: &'static str,
    tenant: TenantId,
    resource_type: &'static str,
    resource_id: String,
    details: Change,
    /// Who acted, where the record does not say.
    actor: Option<ActorId>,
    code: Option<&'static str>,
}

impl Said {
    fn of(event_type: AuditEventType, action: &'static str, tenant: TenantId, of: SubjectKey) -> Self {
        Self::of_other(event_type, action, tenant, of.kind.name(), of.id.to_string())
    }

    fn of_other(
        event_type: AuditEventType,
        action: &'static str,
        tenant: TenantId,
        resource_type: &'static str,
        resource_id: String,
    ) -> Self {
        let (details, actor, code) = (Change::default(), None, None);
        Self { event_type, action, tenant, resource_type, resource_id, details, actor, code }
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.says(name, value);
        self
    }

    fn by(self, actor: ActorId) -> Self {
        Self { actor: Some(actor), ..self }
    }
}

impl Audit {
    fn subject(&mut self, key: SubjectKey) -> Result<&mut AuditSubject, Misfit> {
        self.subjects.get_mut(key).ok_or(Misfit("something happened to what was never created"))
    }

    /// A subject comes about with these values.
    fn begin(
        &mut self,
        said: Said,
        key: SubjectKey,
        user: Option<ActorId>,
        values: Vec<(&'static str, Value)>,
    ) -> Said {
        let mut subject = AuditSubject { key, tenant: said.tenant, user, known: json!({}) };
        let mut details = said.details;
        for (name, value) in values {
            details.sets(&mut subject.known, name, value);
        }
        self.subjects.put(subject);
        Said { details, ..said }
    }

    /// A value of a subject is set.
    fn set(
        &mut self,
        key: SubjectKey,
        action: &'static str,
        name: &'static str,
        value: impl Into<Value>,
    ) -> Result<Said, Misfit> {
        let subject = self.subject(key)?;
        let mut said = Said::of(AuditEventType::ResourceUpdated, action, subject.tenant, key);
        said.details.sets(&mut subject.known, name, value.into());
        Ok(said)
    }

    fn review(&mut self, key: SubjectKey, review: Review) -> Result<Said, Misfit> {
        let Review { at, by, verdict } = review;
        let verdict = match verdict {
            ReviewVerdict::Kept => "kept",
            ReviewVerdict::ToBeRemoved => "to_be_removed",
        };
        let review = json!({ "at": instant(at), "by": by.to_string(), "verdict": verdict });
        Ok(Said { event_type: AuditEventType::AccessReviewed, ..self.set(key, "review", "review", review)? })
    }

    /// Something of a user changed that is never shown.
    fn touched(&mut self, user: ActorId, name: &'static str) -> Result<Said, Misfit> {
        let key = SubjectKey::user(user);
        let tenant = self.subject(key)?.tenant;
        Ok(Said::of(AuditEventType::ResourceUpdated, "update", tenant, key).with(name, "changed"))
    }

    fn of_user(&mut self, user: ActorId, event_type: AuditEventType, action: &'static str) -> Result<Said, Misfit> {
        let key = SubjectKey::user(user);
        let tenant = self.subject(key)?.tenant;
        Ok(Said::of(event_type, action, tenant, key))
    }

    fn of_session(
        &mut self,
        session: SessionId,
        event_type: AuditEventType,
        action: &'static str,
    ) -> Result<Said, Misfit> {
        let key = SubjectKey::session(session);
        let subject = self.subject(key)?;
        let (tenant, user) = (subject.tenant, subject.user.unwrap_or(ActorId::NIL));
        Ok(Said::of(event_type, action, tenant, key).with("user", user.to_string()).by(user))
    }

    fn end(&mut self, session: SessionId, reason: SessionEnd) -> Result<Said, Misfit> {
        use AuditEventType::{LoggedOut, SessionEnded, SuspiciousActivity};
        let (event_type, action, reason) = match reason {
            SessionEnd::LoggedOut => (LoggedOut, "logout", "logged_out"),
            SessionEnd::Reused => (SuspiciousActivity, "end", "refresh_token_reused"),
            SessionEnd::Expired => (SessionEnded, "end", "expired"),
            SessionEnd::PasswordChanged => (SessionEnded, "end", "password_changed"),
            SessionEnd::RolesChanged => (SessionEnded, "end", "roles_changed"),
            SessionEnd::Disabled => (SessionEnded, "end", "disabled"),
            SessionEnd::Displaced => (SessionEnded, "end", "displaced"),
        };
        let said = self.of_session(session, event_type, action)?.with("reason", reason);
        self.subjects.remove(SubjectKey::session(session));
        Ok(said)
    }

    fn end_key(&mut self, key: ActorId, event_type: AuditEventType, action: &'static str) -> Result<Said, Misfit> {
        let key = SubjectKey::access_key(key);
        let tenant = self.subject(key)?.tenant;
        self.subjects.remove(key);
        Ok(Said::of(event_type, action, tenant, key))
    }

    /// What a row says of the event; none if it is not worth one.
    fn say(&mut self, event: &AccessEvent) -> Result<Option<Said>, Misfit> {
        use AuditEventType::*;
        Ok(Some(match *event {
            // Its conclusion gets the row.
            AccessEvent::LoginAttempted { .. }
            | AccessEvent::Requested { .. }
            | AccessEvent::AuditNoted { .. }
            | AccessEvent::AuditCounted { .. } => return Ok(None),
            AccessEvent::TenantCreated { tenant, ref region, partition, .. } => {
                let key = SubjectKey::tenant(tenant);
                let values = vec![
                    ("state", json!("active")),
                    ("region", json!(region.name())),
                    ("partition", json!(partition)),
                    ("limits", limits(Limits::default())),
                    ("allowed_addresses", json!([])),
                ];
                self.begin(Said::of(ResourceCreated, "create", tenant, key), key, None, values)
            }
            AccessEvent::TenantRenamed { tenant, .. } => {
                let key = SubjectKey::tenant(tenant);
                Said::of(ResourceUpdated, "update", tenant, key).with("name", "changed")
            }
            AccessEvent::TenantSuspended { tenant } => {
                self.set(SubjectKey::tenant(tenant), "suspend", "state", "suspended")?
            }
            AccessEvent::TenantResumed { tenant } => {
                self.set(SubjectKey::tenant(tenant), "resume", "state", "active")?
            }
            AccessEvent::TenantErasureBegun { tenant, .. } => {
                self.set(SubjectKey::tenant(tenant), "erase", "state", "erasing")?
            }
            AccessEvent::TenantErased { tenant, tombstone, .. } => {
                let key = SubjectKey::tenant(tenant);
                self.subjects.remove(key);
                self.erase(tenant);
                Said::of(ResourceDeleted, "erase", tenant, key).with("tombstone", tombstone.to_string())
            }
            AccessEvent::UserErased { user, tenant, .. } => {
                let key = SubjectKey::user(user);
                self.subjects.remove(key);
                Said::of(ResourceDeleted, "erase", tenant, key)
            }
            AccessEvent::UserKeysDestroyed { user, tenant, .. } => {
                Said::of(ResourceUpdated, "erase", tenant, SubjectKey::user(user)).with("keys", "destroyed")
            }
            AccessEvent::LimitsSet { tenant, limits: set } => {
                self.set(SubjectKey::tenant(tenant), "update", "limits", limits(set))?
            }
            AccessEvent::AllowedSet { tenant, ref allowed } => {
                self.set(SubjectKey::tenant(tenant), "update", "allowed_addresses", ranges(allowed))?
            }
            AccessEvent::UserCreated { user, tenant, roles: ref granted, .. } => {
                let key = SubjectKey::user(user);
                let values =
                    vec![("state", json!("enabled")), ("roles", roles(granted)), ("second_factor", json!("none"))];
                self.begin(Said::of(ResourceCreated, "create", tenant, key), key, None, values)
            }
            AccessEvent::RolesSet { user, roles: ref granted, .. } => {
                self.set(SubjectKey::user(user), "update", "roles", roles(granted))?
            }
            AccessEvent::PasswordSet { user, .. } => self.touched(user, "password")?,
            AccessEvent::UserDisabled { user } => self.set(SubjectKey::user(user), "disable", "state", "disabled")?,
            AccessEvent::UserEnabled { user } => self.set(SubjectKey::user(user), "enable", "state", "enabled")?,
            AccessEvent::TotpEnrolled { user, .. } => {
                self.set(SubjectKey::user(user), "update", "second_factor", "enrolled")?
            }
            AccessEvent::TotpConfirmed { user, .. } => {
                self.set(SubjectKey::user(user), "update", "second_factor", "confirmed")?
            }
            AccessEvent::TotpRemoved { user } => self.set(SubjectKey::user(user), "update", "second_factor", "none")?,
            AccessEvent::LoginSucceeded { user, session, expires, totp_step } => {
                let key = SubjectKey::session(session);
                let tenant = self.subject(SubjectKey::user(user))?.tenant;
                let said = Said::of(LoginSucceeded, "login", tenant, key);
                let said = said.with("user", user.to_string()).with("expires", instant(expires)).by(user);
                self.begin(said.with("second_factor", totp_step.is_some()), key, Some(user), Vec::new())
            }
            AccessEvent::LoginFailed { user, reason } => {
                let reason = match reason {
                    LoginFailure::Password => "wrong_password",
                    LoginFailure::Code => "wrong_code",
                    LoginFailure::CodeUsedAgain => "code_used_again",
                };
                let said = self.of_user(user, LoginFailed, "login")?.with("reason", reason).by(user);
                Said { code: Some("LOGIN_FAILED"), ..said }
            }
            AccessEvent::UserLocked { user, until } => {
                self.of_user(user, AccountLocked, "lock")?.with("until", instant(until)).by(user)
            }
            AccessEvent::UserUnlocked { user } => self.of_user(user, AccountUnlocked, "unlock")?,
            AccessEvent::SessionRefreshed { session, generation } => {
                self.of_session(session, SessionRefreshed, "refresh")?.with("generation", generation)
            }
            AccessEvent::SessionEnded { session, reason } => self.end(session, reason)?,
            AccessEvent::KeyCreated { key, tenant, roles: ref granted, expires, ref allowed, .. } => {
                let key = SubjectKey::access_key(key);
                let values = vec![
                    ("roles", roles(granted)),
                    ("expires", expires.map_or(Value::Null, instant)),
                    ("allowed_addresses", ranges(allowed)),
                ];
                self.begin(Said::of(AccessKeyCreated, "create", tenant, key), key, None, values)
            }
            AccessEvent::KeyRevoked { key } => self.end_key(key, AccessKeyRevoked, "revoke")?,
            AccessEvent::KeyExpired { key } => self.end_key(key, AccessKeyExpired, "expire")?,
            AccessEvent::UserReviewed { user, at, by, verdict } => {
                self.review(SubjectKey::user(user), Review { at, by, verdict })?
            }
            AccessEvent::KeyReviewed { key, at, by, verdict } => {
                self.review(SubjectKey::access_key(key), Review { at, by, verdict })?
            }
            AccessEvent::AddressesBlocked { range, until } => {
                let until = until.map_or(Value::Null, instant);
                blocked(ResourceCreated, "block", range.to_string()).with("until", until)
            }
            AccessEvent::AddressesUnblocked { range } => blocked(ResourceDeleted, "unblock", range.to_string()),
        }))
    }

    fn put(&mut self, said: Said, place: &Place) {
        let request = self.request.as_ref().filter(|request| request.position == place.position);
        let source = request.and_then(|request| request.source.as_ref());
        let Said { event_type, action, tenant, resource_type, resource_id, details, actor, code } = said;
        let by_itself = place.actor.is_nil() && request.is_none();
        self.events.put(AuditEvent {
            id: AuditId::new(place.position, place.item),
            at: place.at,
            event_type,
            tenant,
            // A login is by the user although nobody was recognised before.
            actor: Some(place.actor).filter(|actor| !actor.is_nil()).or(actor.filter(|_| !by_itself)),
            actor_tenant: if place.actor.is_nil() && !by_itself { tenant } else { place.tenant },
            action: action.to_owned(),
            resource_type: Some(resource_type.to_owned()),
            resource_id: Some(resource_id),
            source_ip: source.and_then(|source| source.address).map(|address| address.to_string()),
            user_agent: source.and_then(|source| source.user_agent.clone()),
            request: request.map(|request| request.request),
            code: code.map(ToOwned::to_owned),
            receipt: None,
            count: None,
            details: details.into(),
        });
    }

    /// Where requests of the tenant's people came from goes with the tenant; what they did stays.
    fn erase(&mut self, tenant: TenantId) {
        for row in self.events.each_mut().filter(|row| row.actor_tenant == tenant) {
            (row.source_ip, row.user_agent) = (None, None);
        }
        self.erased.push(tenant);
    }

    fn note(&mut self, entry: &AuditEntry, place: &Place, source: Option<&Source>) {
        self.events.put(noted::row(entry, place, source));
    }

    fn count(&mut self, count: &AuditCount, place: &Place) {
        self.events.put(noted::counted(count, place));
    }
}

fn blocked(event_type: AuditEventType, action: &'static str, range: String) -> Said {
    Said::of_other(event_type, action, TenantId::NIL, "address_range", range)
}

fn limits(limits: Limits) -> Value {
    let Limits { requests_per_minute, messages_per_minute, logins_per_minute } = limits;
    json!({
        "requests_per_minute": requests_per_minute, "messages_per_minute": messages_per_minute,
        "logins_per_minute": logins_per_minute,
    })
}

impl View for Audit {
    const PROJECTION: Projection = Projection::Audit;

    type Event = AccessEvent;

    fn touch(&mut self, event: &AccessEvent) {
        match *event {
            AccessEvent::Requested { .. }
            | AccessEvent::AuditNoted { .. }
            | AccessEvent::AuditCounted { .. }
            | AccessEvent::UserKeysDestroyed { .. }
            | AccessEvent::LoginAttempted { .. }
            | AccessEvent::TenantRenamed { .. }
            | AccessEvent::AddressesBlocked { .. }
            | AccessEvent::AddressesUnblocked { .. } => {}
            AccessEvent::TenantCreated { tenant, .. } => self.subjects.begin(SubjectKey::tenant(tenant)),
            AccessEvent::TenantSuspended { tenant }
            | AccessEvent::TenantResumed { tenant }
            | AccessEvent::TenantErasureBegun { tenant, .. }
            | AccessEvent::TenantErased { tenant, .. }
            | AccessEvent::LimitsSet { tenant, .. }
            | AccessEvent::AllowedSet { tenant, .. } => self.subjects.touch(SubjectKey::tenant(tenant)),
            AccessEvent::UserCreated { user, .. } => self.subjects.begin(SubjectKey::user(user)),
            AccessEvent::RolesSet { user, .. }
            | AccessEvent::PasswordSet { user, .. }
            | AccessEvent::UserDisabled { user }
            | AccessEvent::UserEnabled { user }
            | AccessEvent::TotpEnrolled { user, .. }
            | AccessEvent::TotpConfirmed { user, .. }
            | AccessEvent::TotpRemoved { user }
            | AccessEvent::LoginFailed { user, .. }
            | AccessEvent::UserReviewed { user, .. }
            | AccessEvent::UserErased { user, .. }
            | AccessEvent::UserLocked { user, .. }
            | AccessEvent::UserUnlocked { user } => self.subjects.touch(SubjectKey::user(user)),
            AccessEvent::LoginSucceeded { user, session, .. } => {
                self.subjects.touch(SubjectKey::user(user));
                self.subjects.begin(SubjectKey::session(session));
            }
            AccessEvent::SessionRefreshed { session, .. } | AccessEvent::SessionEnded { session, .. } => {
                self.subjects.touch(SubjectKey::session(session));
            }
            AccessEvent::KeyCreated { key, .. } => self.subjects.begin(SubjectKey::access_key(key)),
            AccessEvent::KeyRevoked { key }
            | AccessEvent::KeyExpired { key }
            | AccessEvent::KeyReviewed { key, .. } => {
                self.subjects.touch(SubjectKey::access_key(key));
            }
        }
    }

    fn sealed_source(event: &AccessEvent, place: &Place) -> Option<SealedSource> {
        let (tenant, actor, source) = match event {
            AccessEvent::Requested { source, .. } => (place.tenant, place.actor, source),
            AccessEvent::AuditNoted { entry } => (entry.tenant, entry.actor, &entry.source),
            _ => return None,
        };
        Some(SealedSource { place: (place.position, place.item), tenant, actor, source: source.clone() })
    }

    fn fold(&mut self, event: &AccessEvent, place: &Place, opened: &Opened) -> Result<(), Misfit> {
        let source = opened.sources.get(&(place.position, place.item));
        match event {
            AccessEvent::Requested { request, .. } => {
                self.request = Some(Request { position: place.position, request: *request, source: source.cloned() });
            }
            AccessEvent::AuditNoted { entry } => self.note(entry, place, source),
            AccessEvent::AuditCounted { count } => self.count(count, place),
            _ => {
                if let Some(said) = self.say(event)? {
                    self.put(said, place);
                }
            }
        }
        Ok(())
    }

    fn lacks_rows(&self) -> bool {
        self.subjects.unknown_count() > 0
    }

    fn count(&self) -> usize {
        self.events.count() + self.subjects.count()
    }

    fn take(&mut self, which: Which) -> Self {
        Self {
            events: self.events.take(which),
            subjects: self.subjects.take(which),
            request: None,
            erased: mem::take(&mut self.erased),
        }
    }

    async fn load(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        load(connection, &mut self.subjects).await
    }

    async fn write(&self, connection: &mut PgConnection, how: How) -> Result<(), StoreError> {
        write(connection, &self.events, how).await?;
        write(connection, &self.subjects, how).await?;
        for tenant in &self.erased {
            let sources = "UPDATE audit SET source_ip = NULL, user_agent = NULL WHERE actor_tenant = $1 \
                           AND (source_ip IS NOT NULL OR user_agent IS NOT NULL)";
            sqlx::query(sources).bind(Uuid::from_bytes(tenant.to_bytes())).execute(&mut *connection).await?;
        }
        Ok(())
    }
}
