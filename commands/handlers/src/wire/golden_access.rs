//! One command of the access ledger of every kind, for the golden bytes.
use super::Request;
use crate::call::SealedCommand;
use peyk_domain::access::{
    AccessAction, AccessCommand, AuditCount, AuditEntry, AuditKind, Envelope, KeyHash, Limits, LoginOutcome,
    LoginToken, NewKey, NewUser, Origin, ReviewVerdict, Role, Scope,
};
use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass, Sealed, SealedFor};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, At, RequestId, SessionId, Span, TenantId};

const TENANT: TenantId = TenantId::from_bytes([0x7e; 16]);
const USER: ActorId = ActorId::from_bytes([0xac; 16]);
const SESSION: SessionId = SessionId::from_bytes([0x5e; 16]);

fn sealed(class: RetentionClass, month: MonthKey) -> Envelope {
    let sealed_for = SealedFor { class, month, generation: Generation(0), leaf: Leaf(0x0123_4567_89ab_cdef) };
    Envelope { sealed_for, sealed: Sealed(vec![0x5e; 44].into()) }
}

fn directory() -> Envelope {
    sealed(RetentionClass::Directory, MonthKey::ALWAYS)
}

fn source() -> Envelope {
    sealed(RetentionClass::Audit, MonthKey(24_322))
}

pub(crate) fn new_user() -> NewUser {
    NewUser {
        user: USER,
        tenant: TENANT,
        login: LoginToken([0x10; 32]),
        identity: directory(),
        verifier: directory(),
        roles: vec![Role::TenantAdmin, Role::AccountSender],
    }
}

pub(crate) fn new_key() -> NewKey {
    NewKey {
        key: ActorId::from_bytes([0xae; 16]),
        tenant: TENANT,
        hash: KeyHash([0x4a; 32]),
        label: directory(),
        roles: vec![Role::AccountSender],
        expires: Some(At(1_793_491_200_000)),
        allowed: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
    }
}

/// Every action that travels, with its name.
pub(crate) fn actions() -> Vec<(&'static str, AccessAction)> {
    use AccessAction::*;
    let range = "198.51.100.0/24".parse().unwrap();
    let entry = AuditEntry {
        kind: AuditKind::Denied,
        at: At(1_793_491_200_000),
        actor: USER,
        tenant: TENANT,
        subject_tenant: TENANT,
        request: RequestId::from_bytes([0x4e; 16]),
        endpoint: "numbers.reserve".to_owned(),
        resource: "number".to_owned(),
        code: "INSUFFICIENT_SCOPE".to_owned(),
        receipt: String::new(),
        source: source(),
    };
    let count = |kind| AuditCount { kind, tenant: TENANT, count: 90_001 };
    let counts = [
        AuditKind::Created,
        AuditKind::Updated,
        AuditKind::Deleted,
        AuditKind::Denied,
        AuditKind::RateLimited,
        AuditKind::InvalidCredential,
        AuditKind::UnknownLogin,
        AuditKind::CrossTenantRead,
        AuditKind::Replayed,
        AuditKind::Suspicious,
    ];
    let passed = LoginOutcome::Passed { session: SESSION, totp_step: Some(59_666_667) };
    let region = "af-kabul-1".parse().unwrap();
    vec![
        ("access.bootstrap", Bootstrap(NewUser { tenant: TenantId::NIL, ..new_user() })),
        ("access.create_tenant", CreateTenant { tenant: TENANT, name: directory(), region, partition: 1 }),
        ("access.rename_tenant", RenameTenant { tenant: TENANT, name: directory() }),
        ("access.suspend_tenant", SuspendTenant { tenant: TENANT }),
        ("access.resume_tenant", ResumeTenant { tenant: TENANT }),
        ("access.set_limits", SetLimits { tenant: TENANT, limits: Limits::default() }),
        ("access.set_allowed", SetAllowed { tenant: TENANT, allowed: vec![range] }),
        ("access.create_user", CreateUser(new_user())),
        ("access.set_roles", SetRoles { user: USER, roles: Role::ALL.to_vec() }),
        ("access.set_password", SetPassword { user: USER, verifier: directory() }),
        ("access.disable_user", DisableUser { user: USER }),
        ("access.enable_user", EnableUser { user: USER }),
        ("access.unlock_user", UnlockUser { user: USER }),
        ("access.enrol_totp", EnrolTotp { user: USER, secret: directory() }),
        ("access.confirm_totp", ConfirmTotp { user: USER, step: 59_666_666 }),
        ("access.remove_totp", RemoveTotp { user: USER }),
        ("access.attempt_login", AttemptLogin { user: USER }),
        ("access.conclude_login", ConcludeLogin { user: USER, outcome: passed }),
        ("access.wrong_password", ConcludeLogin { user: USER, outcome: LoginOutcome::WrongPassword }),
        ("access.wrong_code", ConcludeLogin { user: USER, outcome: LoginOutcome::WrongCode }),
        ("access.refresh_session", RefreshSession { session: SESSION, generation: 1 }),
        ("access.end_session", EndSession { session: SESSION }),
        ("access.create_key", CreateKey(new_key())),
        ("access.revoke_key", RevokeKey { key: ActorId::from_bytes([0xae; 16]) }),
        ("access.block_addresses", BlockAddresses { range, lasts: Some(Span::hours(1)) }),
        ("access.unblock_addresses", UnblockAddresses { range }),
        ("access.note", Note { entries: vec![entry], counts: counts.map(count).into() }),
        (
            "access.review",
            Review {
                tenant: TENANT,
                by: USER,
                accounts: vec![
                    (ActorId::from_bytes([0xae; 16]), ReviewVerdict::Kept),
                    (ActorId::from_bytes([0xaf; 16]), ReviewVerdict::ToBeRemoved),
                ],
            },
        ),
        ("access.erase_tenant", EraseTenant { tenant: TENANT, by: USER, justification: why() }),
        ("access.complete_tenant_erasure", CompleteTenantErasure { tenant: TENANT }),
        ("access.erase_user", EraseUser { user: USER, by: ActorId::NIL, justification: why() }),
        ("access.complete_user_erasure", CompleteUserErasure { user: USER }),
    ]
}

fn why() -> Reason {
    Reason::new("the contract has ended and they ask for it").unwrap()
}

pub(super) fn requests() -> Vec<(&'static str, Request)> {
    let command = |(at, (name, action)): (usize, (&'static str, AccessAction))| {
        let origin = Origin { request: RequestId::from_bytes([0x4e; 16]), source: source() };
        let (scope, origin) = match at % 2 {
            0 => (Scope::Platform, None),
            _ => (Scope::Tenant(TENANT), Some(origin)),
        };
        let digest = if at == 0 { [0x0d; 16] } else { [0; 16] };
        (name, Request::Access(SealedCommand { command: AccessCommand { scope, origin, action }, digest }))
    };
    actions().into_iter().enumerate().map(command).collect()
}
