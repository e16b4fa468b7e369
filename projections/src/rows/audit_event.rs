use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::{ActorId, At, RequestId, TenantId};
use serde_json::Value;

words! {
    /// What sort of thing happened.
    AuditEventType {
        LoginSucceeded = "login_succeeded",
        LoginFailed = "login_failed",
        /// A login under a name nobody has.
        UnknownLogin = "unknown_login",
        LoggedOut = "logged_out",
        SessionRefreshed = "session_refreshed",
        SessionEnded = "session_ended",
        AccountLocked = "account_locked",
        AccountUnlocked = "account_unlocked",
        AccessKeyCreated = "access_key_created",
        AccessKeyRevoked = "access_key_revoked",
        AccessKeyExpired = "access_key_expired",
        ResourceCreated = "resource_created",
        ResourceUpdated = "resource_updated",
        ResourceDeleted = "resource_deleted",
        PermissionDenied = "permission_denied",
        RateLimitExceeded = "rate_limit_exceeded",
        InvalidCredential = "invalid_credential",
        CrossTenantRead = "cross_tenant_read",
        LedgerReplayed = "ledger_replayed",
        /// Somebody looked at who may do what, as is done every so often.
        AccessReviewed = "access_reviewed",
        SuspiciousActivity = "suspicious_activity",
    }
}

/// Events a record may hold fit in so many bits.
const ITEM_BITS: u32 = 12;

/// Names a row of the trail: which event of which record. Ascends as the ledger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditId(u64);

impl AuditId {
    #[must_use]
    pub const fn new(position: u64, item: u32) -> Self {
        Self(position << ITEM_BITS | item as u64)
    }

    pub(crate) const fn value(self) -> u64 {
        self.0
    }

    /// The record of the `access` ledger.
    #[must_use]
    pub const fn position(self) -> u64 {
        self.0 >> ITEM_BITS
    }

    /// Which event of it, from 0.
    #[must_use]
    pub const fn item(self) -> u64 {
        self.0 & ((1 << ITEM_BITS) - 1)
    }
}

impl From<AuditId> for Cell {
    fn from(id: AuditId) -> Self {
        id.0.into()
    }
}

/// One row of the audit trail. Never changed once it is written, but that where its request came from goes when the
/// tenant of who acted is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    pub id: AuditId,
    pub at: At,
    pub event_type: AuditEventType,
    /// Whose matter it is: nil for the platform's own.
    pub tenant: TenantId,
    /// None where nobody was recognised, and for what happens by itself.
    pub actor: Option<ActorId>,
    pub actor_tenant: TenantId,
    pub action: String,
    pub resource_type: Option<String>,
    pub resource_id: Option<String>,
    /// Where the request came from; gone once the keys are.
    pub source_ip: Option<String>,
    pub user_agent: Option<String>,
    pub request: Option<RequestId>,
    /// The stable code a refusal was answered with.
    pub code: Option<String>,
    /// The record that followed in another ledger, as `numbering/0/17`.
    pub receipt: Option<String>,
    /// Of a row that only says how often something happened.
    pub count: Option<u64>,
    /// An object; what changed with `old` and `new`, as far as the old is known.
    pub details: Value,
}

static TABLE: Table = Table {
    name: "audit",
    columns: &[
        ("id", Kind::BigInt),
        ("at_ms", Kind::BigInt),
        ("event_type", Kind::Text),
        ("tenant", Kind::Uuid),
        ("actor", Kind::Uuid),
        ("actor_tenant", Kind::Uuid),
        ("action", Kind::Text),
        ("resource_type", Kind::Text),
        ("resource_id", Kind::Text),
        ("source_ip", Kind::Text),
        ("user_agent", Kind::Text),
        ("request", Kind::Uuid),
        ("code", Kind::Text),
        ("receipt", Kind::Text),
        ("count", Kind::BigInt),
        ("details", Kind::Json),
    ],
};

impl Row for AuditEvent {
    type Key = AuditId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> AuditId {
        self.id
    }

    fn is_settled(&self) -> bool {
        true
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.id,
            self.at,
            self.event_type.name(),
            self.tenant,
            self.actor,
            self.actor_tenant,
            &self.action,
            self.resource_type.as_deref(),
            self.resource_id.as_deref(),
            self.source_ip.as_deref(),
            self.user_agent.as_deref(),
            self.request,
            self.code.as_deref(),
            self.receipt.as_deref(),
            self.count,
            &self.details,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: AuditId(fields.unsigned("id")?),
            at: fields.at("at_ms")?,
            event_type: fields.word("event_type", AuditEventType::named)?,
            tenant: fields.id("tenant")?,
            actor: fields.id_or_null("actor")?,
            actor_tenant: fields.id("actor_tenant")?,
            action: fields.text("action")?,
            resource_type: fields.text_or_null("resource_type")?,
            resource_id: fields.text_or_null("resource_id")?,
            source_ip: fields.text_or_null("source_ip")?,
            user_agent: fields.text_or_null("user_agent")?,
            request: fields.id_or_null("request")?,
            code: fields.text_or_null("code")?,
            receipt: fields.text_or_null("receipt")?,
            count: fields.unsigned_or_null("count")?,
            details: fields.json("details")?,
        })
    }
}
