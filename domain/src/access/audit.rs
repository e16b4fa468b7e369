use super::Envelope;
use crate::{ActorId, At, RequestId, TenantId};

/// Entries one command may note; the rest is only counted.
pub const AUDIT_ENTRIES_MAX: usize = 100;
/// Counts one command may bring.
pub const AUDIT_COUNTS_MAX: usize = 1_000;

/// What the edge notes of requests that led to no record of this ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditKind {
    /// Something was created in another ledger, which has the record; this is the request that led to it.
    Created,
    Updated,
    Deleted,
    /// The role or the scope did not reach, a second factor is owed, headers disagree with the credential, or it may not be
    /// used from there.
    Denied,
    /// Too many requests from an address or of a tenant, or too many logins. Messages over a tenant's limit are in their ledger.
    RateLimited,
    /// A token or key that is none, or no longer. No credential at all is not noted.
    InvalidCredential,
    /// A login under a name nobody has, or whose owner may not log in now. One with a wrong password is an event of its own.
    UnknownLogin,
    /// The platform's people read what is a tenant's.
    CrossTenantRead,
    /// A ledger was replayed by an auditor.
    Replayed,
    /// Failed logins of one address under several names. A locked account and a refresh token used again are events of their own.
    Suspicious,
}

/// One request worth remembering. Names in it are stable words of the API, never what a client wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub kind: AuditKind,
    pub at: At,
    /// Nil where nobody was recognised.
    pub actor: ActorId,
    /// Whom the actor belongs to; nil for the platform and for nobody.
    pub tenant: TenantId,
    /// Whose thing was touched, where that is another.
    pub subject_tenant: TenantId,
    pub request: RequestId,
    /// The endpoint's name, as `numbers.reserve`.
    pub endpoint: String,
    /// What was touched, as `route/` and its id, a number by its mask; which limit was met; empty where there is none.
    pub resource: String,
    /// The stable code of the answer; empty if it was let through.
    pub code: String,
    /// Where the record stands that followed, as `numbering/0/17`; empty if none.
    pub receipt: String,
    /// Source address and user agent.
    pub source: Envelope,
}

/// How often something happened since the process last said so, noted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCount {
    pub kind: AuditKind,
    pub tenant: TenantId,
    pub count: u64,
}
