use super::{AddressRange, AuditCount, AuditEntry, Envelope, KeyHash, Limits, LoginToken, Region, ReviewVerdict, Role};
use crate::numbering::Reason;
use crate::{ActorId, At, RequestId, SessionId, TenantId};

/// Why a login failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoginFailure {
    Password,
    Code,
    /// A code that was used before.
    CodeUsedAgain,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionEnd {
    LoggedOut,
    /// A refresh token was used that had been replaced: it, or the one in use, is in the wrong hands.
    Reused,
    Expired,
    PasswordChanged,
    RolesChanged,
    Disabled,
    /// The user has too many sessions; the oldest went.
    Displaced,
}

/// What happened to who may do what. The stored names stand in `schemas`, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessEvent {
    /// First in a record that a request led to: where it came from.
    Requested {
        request: RequestId,
        source: Envelope,
    },
    TenantCreated {
        tenant: TenantId,
        name: Envelope,
        region: Region,
        partition: u16,
    },
    TenantRenamed {
        tenant: TenantId,
        name: Envelope,
    },
    TenantSuspended {
        tenant: TenantId,
    },
    TenantResumed {
        tenant: TenantId,
    },
    LimitsSet {
        tenant: TenantId,
        limits: Limits,
    },
    AllowedSet {
        tenant: TenantId,
        allowed: Vec<AddressRange>,
    },
    /// The tenant is none any more. What it has goes from here on, and nothing brings it back.
    TenantErasureBegun {
        tenant: TenantId,
        /// Nil for the platform itself, from a shell.
        by: ActorId,
        at: At,
        justification: Reason,
    },
    /// Nothing is left of the tenant, and the keys to what was sealed for it are destroyed. `tombstone` stands for it.
    TenantErased {
        tenant: TenantId,
        tombstone: TenantId,
        at: At,
    },
    UserCreated {
        user: ActorId,
        tenant: TenantId,
        login: LoginToken,
        identity: Envelope,
        verifier: Envelope,
        roles: Vec<Role>,
        /// The record's instant; none in records of before it was kept.
        at: Option<At>,
    },
    RolesSet {
        user: ActorId,
        roles: Vec<Role>,
        /// As that of a user's creation.
        at: Option<At>,
    },
    PasswordSet {
        user: ActorId,
        verifier: Envelope,
    },
    UserDisabled {
        user: ActorId,
    },
    UserEnabled {
        user: ActorId,
    },
    /// The user is none any more; its id stays, and leads to nobody once the keys are destroyed.
    UserErased {
        user: ActorId,
        tenant: TenantId,
        by: ActorId,
        at: At,
        /// None of one who goes with its tenant.
        justification: Option<Reason>,
    },
    /// The keys to who an erased user was are destroyed.
    UserKeysDestroyed {
        user: ActorId,
        tenant: TenantId,
        at: At,
    },
    TotpEnrolled {
        user: ActorId,
        secret: Envelope,
    },
    TotpConfirmed {
        user: ActorId,
        step: u64,
    },
    TotpRemoved {
        user: ActorId,
    },
    /// `at` is the record's instant: the bucket of logins is reckoned from it.
    LoginAttempted {
        user: ActorId,
        at: At,
    },
    LoginSucceeded {
        user: ActorId,
        session: SessionId,
        expires: At,
        totp_step: Option<u64>,
    },
    LoginFailed {
        user: ActorId,
        reason: LoginFailure,
    },
    UserLocked {
        user: ActorId,
        until: At,
    },
    /// Before its time, by somebody. A lock that ran out is just over.
    UserUnlocked {
        user: ActorId,
    },
    SessionRefreshed {
        session: SessionId,
        generation: u32,
    },
    SessionEnded {
        session: SessionId,
        reason: SessionEnd,
    },
    KeyCreated {
        key: ActorId,
        tenant: TenantId,
        hash: KeyHash,
        label: Envelope,
        roles: Vec<Role>,
        expires: Option<At>,
        allowed: Vec<AddressRange>,
        /// As that of a user's creation.
        at: Option<At>,
    },
    KeyRevoked {
        key: ActorId,
    },
    KeyExpired {
        key: ActorId,
    },
    /// Somebody looked at the account and its roles.
    UserReviewed {
        user: ActorId,
        at: At,
        by: ActorId,
        verdict: ReviewVerdict,
    },
    KeyReviewed {
        key: ActorId,
        at: At,
        by: ActorId,
        verdict: ReviewVerdict,
    },
    AddressesBlocked {
        range: AddressRange,
        until: Option<At>,
    },
    AddressesUnblocked {
        range: AddressRange,
    },
    AuditNoted {
        entry: AuditEntry,
    },
    AuditCounted {
        count: AuditCount,
    },
}
