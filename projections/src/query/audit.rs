use super::leases::uuid;
use super::messages::BadCursor;
use super::{Limit, Page, QueryError, ReadModels};
use crate::checkpoint::bigint;
use crate::rows::{AuditEvent, AuditEventType, AuditId};
use crate::store::{Fields, Row};
use peyk_domain::{ActorId, At, TenantId};
use sqlx::{Postgres, QueryBuilder};
use std::fmt;
use std::str::FromStr;

/// Whose trail is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditScope {
    /// Everybody's, and the platform's own.
    Platform,
    /// One tenant's. Where others' people came from is not shown.
    Tenant(TenantId),
}

/// Which rows of the trail; all that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    pub event_type: Option<AuditEventType>,
    pub tenant: Option<TenantId>,
    pub actor: Option<ActorId>,
    pub resource_type: Option<String>,
    pub resource_id: Option<String>,
    /// The first instant.
    pub from: Option<At>,
    /// The first instant that is too late.
    pub to: Option<At>,
}

/// Which way a list goes, and behind which row it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOrder {
    NewestFirst { before: Option<AuditCursor> },
    OldestFirst { after: Option<AuditCursor> },
}

/// Where a page of the trail ends: the record and which event in there. Shown as `17.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCursor(AuditId);

impl From<AuditId> for AuditCursor {
    fn from(id: AuditId) -> Self {
        Self(id)
    }
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0.position(), self.0.item())
    }
}

impl FromStr for AuditCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (position, item) = text.split_once('.').ok_or(BadCursor)?;
        let (position, item) = (position.parse().map_err(|_| BadCursor)?, item.parse().map_err(|_| BadCursor)?);
        let id = AuditId::new(position, item);
        // Beyond what an id can hold, it would name another row.
        if id.position() == position && id.item() == u64::from(item) { Ok(Self(id)) } else { Err(BadCursor) }
    }
}

impl ReadModels {
    /// Rows of the audit trail, behind the one `order` names.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn audit(
        &self,
        scope: AuditScope,
        filter: &AuditFilter,
        order: AuditOrder,
        limit: Limit,
    ) -> Result<Page<AuditEvent, AuditCursor>, QueryError> {
        let mut query = select(scope, filter, order, limit);
        let mut transaction = match scope {
            AuditScope::Tenant(tenant) => self.begin(tenant).await?,
            AuditScope::Platform => self.begin(TenantId::NIL).await?,
        };
        if scope == AuditScope::Platform {
            sqlx::query("SELECT set_config('app.all_tenants', 'audit', true)").execute(&mut *transaction).await?;
        }
        let found = query.build().fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let mut rows = Vec::with_capacity(found.len());
        for row in &found {
            let mut row = AuditEvent::read(&Fields::new(row, AuditEvent::TABLE.name))?;
            if matches!(scope, AuditScope::Tenant(tenant) if tenant != row.actor_tenant) {
                (row.source_ip, row.user_agent) = (None, None);
            }
            rows.push(row);
        }
        Ok(Page::cut(rows, limit, |row| row.id.into()))
    }
}

/// Only what is asked for stands in the statement, so that it is planned for that. Every value is a parameter.
fn select(scope: AuditScope, filter: &AuditFilter, order: AuditOrder, limit: Limit) -> QueryBuilder<Postgres> {
    let AuditFilter { event_type, tenant, actor, resource_type, resource_id, from, to } = filter;
    let mut query = QueryBuilder::new("SELECT * FROM read.audit WHERE true");
    if let AuditScope::Tenant(own) = scope {
        query.push(" AND tenant = ").push_bind(uuid(own.to_bytes()));
    }
    if let Some(tenant) = tenant {
        query.push(" AND tenant = ").push_bind(uuid(tenant.to_bytes()));
    }
    if let Some(event_type) = event_type {
        query.push(" AND event_type = ").push_bind(event_type.name());
    }
    if let Some(actor) = actor {
        query.push(" AND actor = ").push_bind(uuid(actor.to_bytes()));
    }
    if let Some(resource_type) = resource_type {
        query.push(" AND resource_type = ").push_bind(resource_type.clone());
    }
    if let Some(resource_id) = resource_id {
        query.push(" AND resource_id = ").push_bind(resource_id.clone());
    }
    if let Some(from) = from {
        query.push(" AND at_ms >= ").push_bind(bigint(from.0));
    }
    if let Some(to) = to {
        query.push(" AND at_ms < ").push_bind(bigint(to.0));
    }
    let (cursor, behind, direction) = match order {
        AuditOrder::NewestFirst { before } => (before, " AND id < ", " ORDER BY id DESC LIMIT "),
        AuditOrder::OldestFirst { after } => (after, " AND id > ", " ORDER BY id LIMIT "),
    };
    if let Some(AuditCursor(id)) = cursor {
        query.push(behind).push_bind(bigint(id.value()));
    }
    query.push(direction).push_bind(limit.probe());
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_or_is_none() {
        let cursor = AuditCursor(AuditId::new(17, 4_095));
        assert_eq!(cursor.to_string(), "17.4095");
        assert_eq!("17.4095".parse(), Ok(cursor));
        for text in ["", "17", "17.", ".0", "a.0", "17.4096", "-1.0", "4503599627370496.0", "17.0.0"] {
            assert_eq!(text.parse::<AuditCursor>(), Err(BadCursor), "{text}");
        }
    }

    #[test]
    fn values_never_stand_in_the_statement() {
        let filter = AuditFilter {
            event_type: Some(AuditEventType::LoginFailed),
            tenant: Some(TenantId::from_bytes([0x11; 16])),
            actor: Some(ActorId::from_bytes([0x22; 16])),
            resource_type: Some("'; DROP".into()),
            resource_id: Some("' OR true".into()),
            from: Some(At(1_111)),
            to: Some(At(2_222)),
        };
        let order = AuditOrder::NewestFirst { before: Some(AuditCursor(AuditId::new(3_333, 0))) };
        let own = AuditScope::Tenant(TenantId::from_bytes([0x33; 16]));
        assert_eq!(
            select(own, &filter, order, Limit::default()).sql().as_str(),
            "SELECT * FROM read.audit WHERE true AND tenant = $1 AND tenant = $2 AND event_type = $3 AND actor = $4 \
             AND resource_type = $5 AND resource_id = $6 AND at_ms >= $7 AND at_ms < $8 AND id < $9 \
             ORDER BY id DESC LIMIT $10"
        );
        let order = AuditOrder::OldestFirst { after: None };
        assert_eq!(
            select(AuditScope::Platform, &AuditFilter::default(), order, Limit::default()).sql().as_str(),
            "SELECT * FROM read.audit WHERE true ORDER BY id LIMIT $1"
        );
    }
}
