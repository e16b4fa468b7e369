use super::{AT, TENANT, why};
use peyk_domain::access::{
    AccessEvent, AddressRange, AuditCount, AuditEntry, AuditKind, Envelope, KeyHash, Limits, LoginFailure, LoginToken,
    ReviewVerdict, Role, SessionEnd,
};
use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass, Sealed, SealedFor};
use peyk_domain::{ActorId, RequestId, SessionId};

const USER: ActorId = ActorId::from_bytes([0xac; 16]);
const KEY: ActorId = ActorId::from_bytes([0xae; 16]);
const SESSION: SessionId = SessionId::from_bytes([0x5e; 16]);
const REQUEST: RequestId = RequestId::from_bytes([0x4e; 16]);

fn directory(bytes: usize) -> Envelope {
    sealed(RetentionClass::Directory, MonthKey(0), bytes)
}

fn source() -> Envelope {
    sealed(RetentionClass::Audit, MonthKey(2026 * 12 + 10), 20)
}

fn sealed(class: RetentionClass, month: MonthKey, bytes: usize) -> Envelope {
    let sealed_for = SealedFor { class, month, generation: Generation(0), leaf: Leaf(0x0123_4567_89ab_cdef) };
    Envelope { sealed_for, sealed: Sealed(vec![0x5e; 40 + bytes].into()) }
}

fn range(text: &str) -> AddressRange {
    text.parse().expect("a range")
}

pub(in crate::events) fn access() -> Vec<AccessEvent> {
    use AccessEvent::*;
    vec![
        Requested { request: REQUEST, source: source() },
        TenantCreated {
            tenant: TENANT,
            name: directory(8),
            region: "af-kabul-1".parse().expect("a region"),
            partition: 1,
        },
        TenantRenamed { tenant: TENANT, name: directory(9) },
        TenantSuspended { tenant: TENANT },
        TenantResumed { tenant: TENANT },
        LimitsSet { tenant: TENANT, limits: Limits::default() },
        AllowedSet { tenant: TENANT, allowed: vec![range("192.0.2.0/24"), range("2001:db8::/32")] },
        UserCreated {
            user: USER,
            tenant: TENANT,
            login: LoginToken([0x10; 32]),
            identity: directory(30),
            verifier: directory(97),
            roles: vec![Role::TenantAdmin, Role::AccountSender],
            at: Some(AT),
        },
        RolesSet { user: USER, roles: vec![Role::AccountReader], at: Some(AT) },
        PasswordSet { user: USER, verifier: directory(97) },
        UserDisabled { user: USER },
        UserEnabled { user: USER },
        TotpEnrolled { user: USER, secret: directory(20) },
        TotpConfirmed { user: USER, step: 59_666_666 },
        TotpRemoved { user: USER },
        LoginAttempted { user: USER, at: AT },
        LoginSucceeded { user: USER, session: SESSION, expires: AT, totp_step: Some(59_666_667) },
        LoginFailed { user: USER, reason: LoginFailure::Password },
        UserLocked { user: USER, until: AT },
        UserUnlocked { user: USER },
        SessionRefreshed { session: SESSION, generation: 2 },
        SessionEnded { session: SESSION, reason: SessionEnd::Reused },
        KeyCreated {
            key: KEY,
            tenant: TENANT,
            hash: KeyHash([0x4a; 32]),
            label: directory(6),
            roles: vec![Role::AccountSender],
            expires: Some(AT),
            allowed: vec![range("192.0.2.7")],
            at: Some(AT),
        },
        KeyRevoked { key: KEY },
        KeyExpired { key: KEY },
        UserReviewed { user: USER, at: AT, by: KEY, verdict: ReviewVerdict::Kept },
        KeyReviewed { key: KEY, at: AT, by: USER, verdict: ReviewVerdict::ToBeRemoved },
        AddressesBlocked { range: range("198.51.100.0/24"), until: None },
        AddressesUnblocked { range: range("198.51.100.0/24") },
        AuditNoted {
            entry: AuditEntry {
                kind: AuditKind::Denied,
                at: AT,
                actor: USER,
                tenant: TENANT,
                subject_tenant: TENANT,
                request: REQUEST,
                endpoint: "numbers.reserve".into(),
                resource: String::new(),
                code: "INSUFFICIENT_SCOPE".into(),
                receipt: String::new(),
                source: source(),
            },
        },
        TenantErasureBegun { tenant: TENANT, by: USER, at: AT, justification: why() },
        TenantErased { tenant: TENANT, tombstone: TENANT.tombstone(), at: AT },
        UserErased { user: USER, tenant: TENANT, by: KEY, at: AT, justification: Some(why()) },
        UserKeysDestroyed { user: USER, tenant: TENANT, at: AT },
        AuditCounted { count: AuditCount { kind: AuditKind::RateLimited, tenant: TENANT, count: 90_001 } },
    ]
}
