use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::{ActorId, SessionId, TenantId};
use serde_json::Value;
use uuid::Uuid;

words! {
    /// What may change and therefore has an old value.
    SubjectKind {
        Tenant = "tenant",
        User = "user",
        AccessKey = "access_key",
        Session = "session",
    }
}

/// Whom the trail tells changes of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey {
    pub kind: SubjectKind,
    pub id: Uuid,
}

impl SubjectKey {
    pub(crate) const fn tenant(tenant: TenantId) -> Self {
        Self { kind: SubjectKind::Tenant, id: Uuid::from_bytes(tenant.to_bytes()) }
    }

    pub(crate) const fn user(user: ActorId) -> Self {
        Self { kind: SubjectKind::User, id: Uuid::from_bytes(user.to_bytes()) }
    }

    pub(crate) const fn access_key(key: ActorId) -> Self {
        Self { kind: SubjectKind::AccessKey, id: Uuid::from_bytes(key.to_bytes()) }
    }

    pub(crate) const fn session(session: SessionId) -> Self {
        Self { kind: SubjectKind::Session, id: Uuid::from_bytes(session.to_bytes()) }
    }

    fn named(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        Some(Self { kind: SubjectKind::named(kind)?, id: id.parse().ok()? })
    }
}

impl From<SubjectKey> for Cell {
    fn from(key: SubjectKey) -> Self {
        Self::Text(Some(format!("{}/{}", key.kind, key.id)))
    }
}

/// What the trail last said of a tenant, a user, an access key or a session that is still there: the old values of the next
/// change. As many rows as the directory has such things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSubject {
    pub key: SubjectKey,
    pub tenant: TenantId,
    /// Of a session.
    pub user: Option<ActorId>,
    /// An object: the values by name.
    pub known: Value,
}

static TABLE: Table = Table {
    name: "audit_subjects",
    columns: &[("subject", Kind::Text), ("tenant", Kind::Uuid), ("user_id", Kind::Uuid), ("known", Kind::Json)],
};

impl Row for AuditSubject {
    type Key = SubjectKey;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> SubjectKey {
        self.key
    }

    fn cells(&self) -> Vec<Cell> {
        cells![self.key, self.tenant, self.user, &self.known]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            key: fields.word("subject", SubjectKey::named)?,
            tenant: fields.id("tenant")?,
            user: fields.id_or_null("user_id")?,
            known: fields.json("known")?,
        })
    }
}
