use super::access_older::{KEY_CREATED_1, ROLES_SET_1, USER_CREATED_1};
use super::table::event_schema;
use peyk_domain::access::{
    AccessEvent, AddressRange, AuditCount, AuditEntry, AuditKind, Envelope, KeyHash, Limits, LoginFailure, LoginToken,
    Region, ReviewVerdict, Role, SessionEnd,
};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, At, RequestId, SessionId, TenantId};

event_schema! {
    AccessEvent {
        Requested = "access.requested" version 1 {
            request: RequestId => Internal,
            source: Envelope => Restricted,
        }
        TenantCreated = "access.tenant_created" version 1 {
            tenant: TenantId => Internal,
            name: Envelope => Restricted,
            region: Region => Internal,
            partition: u16 => Internal,
        }
        TenantRenamed = "access.tenant_renamed" version 1 {
            tenant: TenantId => Internal,
            name: Envelope => Restricted,
        }
        TenantSuspended = "access.tenant_suspended" version 1 {
            tenant: TenantId => Internal,
        }
        TenantResumed = "access.tenant_resumed" version 1 {
            tenant: TenantId => Internal,
        }
        TenantErasureBegun = "access.tenant_erasure_begun" version 1 {
            tenant: TenantId => Internal,
            by: ActorId => Internal,
            at: At => Internal,
            justification: Reason => Confidential,
        }
        TenantErased = "access.tenant_erased" version 1 {
            tenant: TenantId => Internal,
            tombstone: TenantId => Internal,
            at: At => Internal,
        }
        LimitsSet = "access.limits_set" version 1 {
            tenant: TenantId => Internal,
            limits: Limits => Internal,
        }
        AllowedSet = "access.allowed_set" version 1 {
            tenant: TenantId => Internal,
            allowed: Vec<AddressRange> => Confidential,
        }
        UserCreated = "access.user_created" version 2 after [USER_CREATED_1] {
            user: ActorId => Internal,
            tenant: TenantId => Internal,
            login: LoginToken => Confidential,
            identity: Envelope => Restricted,
            verifier: Envelope => Restricted,
            roles: Vec<Role> => Internal,
            at: Option<At> => Internal,
        }
        RolesSet = "access.roles_set" version 2 after [ROLES_SET_1] {
            user: ActorId => Internal,
            roles: Vec<Role> => Internal,
            at: Option<At> => Internal,
        }
        PasswordSet = "access.password_set" version 1 {
            user: ActorId => Internal,
            verifier: Envelope => Restricted,
        }
        UserDisabled = "access.user_disabled" version 1 {
            user: ActorId => Internal,
        }
        UserEnabled = "access.user_enabled" version 1 {
            user: ActorId => Internal,
        }
        UserErased = "access.user_erased" version 1 {
            user: ActorId => Internal,
            tenant: TenantId => Internal,
            by: ActorId => Internal,
            at: At => Internal,
            justification: Option<Reason> => Confidential,
        }
        UserKeysDestroyed = "access.user_keys_destroyed" version 1 {
            user: ActorId => Internal,
            tenant: TenantId => Internal,
            at: At => Internal,
        }
        TotpEnrolled = "access.totp_enrolled" version 1 {
            user: ActorId => Internal,
            secret: Envelope => Restricted,
        }
        TotpConfirmed = "access.totp_confirmed" version 1 {
            user: ActorId => Internal,
            step: u64 => Internal,
        }
        TotpRemoved = "access.totp_removed" version 1 {
            user: ActorId => Internal,
        }
        LoginAttempted = "access.login_attempted" version 1 {
            user: ActorId => Internal,
            at: At => Internal,
        }
        LoginSucceeded = "access.login_succeeded" version 1 {
            user: ActorId => Internal,
            session: SessionId => Internal,
            expires: At => Internal,
            totp_step: Option<u64> => Internal,
        }
        LoginFailed = "access.login_failed" version 1 {
            user: ActorId => Internal,
            reason: LoginFailure => Internal,
        }
        UserLocked = "access.user_locked" version 1 {
            user: ActorId => Internal,
            until: At => Internal,
        }
        UserUnlocked = "access.user_unlocked" version 1 {
            user: ActorId => Internal,
        }
        SessionRefreshed = "access.session_refreshed" version 1 {
            session: SessionId => Internal,
            generation: u32 => Internal,
        }
        SessionEnded = "access.session_ended" version 1 {
            session: SessionId => Internal,
            reason: SessionEnd => Internal,
        }
        KeyCreated = "access.key_created" version 2 after [KEY_CREATED_1] {
            key: ActorId => Internal,
            tenant: TenantId => Internal,
            hash: KeyHash => Confidential,
            label: Envelope => Restricted,
            roles: Vec<Role> => Internal,
            expires: Option<At> => Internal,
            allowed: Vec<AddressRange> => Confidential,
            at: Option<At> => Internal,
        }
        KeyRevoked = "access.key_revoked" version 1 {
            key: ActorId => Internal,
        }
        KeyExpired = "access.key_expired" version 1 {
            key: ActorId => Internal,
        }
        UserReviewed = "access.user_reviewed" version 1 {
            user: ActorId => Internal,
            at: At => Internal,
            by: ActorId => Internal,
            verdict: ReviewVerdict => Internal,
        }
        KeyReviewed = "access.key_reviewed" version 1 {
            key: ActorId => Internal,
            at: At => Internal,
            by: ActorId => Internal,
            verdict: ReviewVerdict => Internal,
        }
        AddressesBlocked = "access.addresses_blocked" version 1 {
            range: AddressRange => Confidential,
            until: Option<At> => Internal,
        }
        AddressesUnblocked = "access.addresses_unblocked" version 1 {
            range: AddressRange => Confidential,
        }
        AuditNoted(entry: AuditEntry) = "access.audit_noted" version 1 {
            kind: AuditKind => Internal,
            at: At => Internal,
            actor: ActorId => Internal,
            tenant: TenantId => Internal,
            subject_tenant: TenantId => Internal,
            request: RequestId => Internal,
            endpoint: String => Internal,
            resource: String => Confidential,
            code: String => Internal,
            receipt: String => Internal,
            source: Envelope => Restricted,
        }
        AuditCounted(count: AuditCount) = "access.audit_counted" version 1 {
            kind: AuditKind => Internal,
            tenant: TenantId => Internal,
            count: u64 => Internal,
        }
    }
}
