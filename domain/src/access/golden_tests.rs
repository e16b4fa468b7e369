use super::AccessEvent::*;
use super::sample::*;
use super::*;
use crate::kept::golden;
use crate::numbering::Reason;
use crate::{ActorId, At, RequestId, TenantId};

/// Every event, and of what can be undone one that is and one that is not.
#[test]
fn the_directory_keeps_its_bytes() {
    let range = |text: &str| text.parse::<AddressRange>().unwrap();
    let second = ActorId::from_bytes([14; 16]);
    let mut expiring = new_key(second, HERAT, &[Role::AccountSender]);
    (expiring.expires, expiring.allowed) = (Some(At(9_000)), vec![range("192.0.2.0/24")]);
    let mut revoked = new_key(ActorId::from_bytes([15; 16]), KABUL, &[]);
    revoked.hash = KeyHash([99; 32]);
    let limits = Limits { requests_per_minute: 1, messages_per_minute: 2, logins_per_minute: 30 };
    let attempted = |user, at| LoginAttempted { user, at: At(at) };
    let failed = |user, reason| LoginFailed { user, reason };
    let (leaving, gone) = (TenantId::from_bytes([3; 16]), TenantId::from_bytes([4; 16]));
    let person = |byte| ActorId::from_bytes([byte; 16]);
    let why = || Reason::new("the contract has ended and they ask for it").unwrap();
    let history = after([
        Requested { request: RequestId::NIL, source: envelope(1) },
        TenantRenamed { tenant: HERAT, name: envelope(6) },
        TenantSuspended { tenant: KABUL },
        TenantResumed { tenant: KABUL },
        TenantSuspended { tenant: KABUL },
        LimitsSet { tenant: HERAT, limits },
        AllowedSet { tenant: HERAT, allowed: vec![range("2001:db8::/32"), range("198.51.100.7")] },
        RolesSet { user: QASIM, roles: vec![Role::AccountReader, Role::TenantSupport], at: Some(At(700)) },
        PasswordSet { user: QASIM, verifier: envelope(7) },
        UserDisabled { user: QASIM },
        UserEnabled { user: QASIM },
        TotpEnrolled { user: QASIM, secret: envelope(8) },
        TotpRemoved { user: QASIM },
        TotpEnrolled { user: PARWIN, secret: envelope(9) },
        TotpConfirmed { user: PARWIN, step: 40 },
        attempted(PARWIN, 1_000),
        LoginSucceeded { user: PARWIN, session: session(0), expires: At(5_000), totp_step: Some(41) },
        SessionRefreshed { session: session(0), generation: 1 },
        attempted(PARWIN, 2_000),
        attempted(PARWIN, 2_500),
        failed(PARWIN, LoginFailure::Password),
        attempted(ROOT, 3_000),
        begun(ROOT, 1),
        attempted(ROOT, 3_500),
        failed(ROOT, LoginFailure::Code),
        UserLocked { user: ROOT, until: At(90_000) },
        UserUnlocked { user: ROOT },
        attempted(QASIM, 4_000),
        failed(QASIM, LoginFailure::CodeUsedAgain),
        UserLocked { user: QASIM, until: At(95_000) },
        SessionEnded { session: session(1), reason: SessionEnd::LoggedOut },
        key_created(new_key(KEY, TenantId::NIL, &[Role::PlatformAuditor])),
        key_created(expiring),
        key_created(revoked),
        KeyRevoked { key: ActorId::from_bytes([15; 16]) },
        AddressesBlocked { range: range("203.0.113.0/24"), until: Some(At(8_000)) },
        AddressesBlocked { range: range("2001:db8:1::/48"), until: None },
        AddressesBlocked { range: range("203.0.112.0/24"), until: None },
        AddressesUnblocked { range: range("203.0.112.0/24") },
        UserCreated {
            user: ActorId::from_bytes([16; 16]),
            tenant: KABUL,
            login: LoginToken([98; 32]),
            identity: envelope(2),
            verifier: envelope(3),
            roles: Role::ALL.iter().copied().filter(|role| !role.is_platform()).collect(),
            at: None,
        },
        RolesSet { user: ROOT, roles: Role::ALL.iter().copied().filter(|role| role.is_platform()).collect(), at: None },
        UserReviewed { user: PARWIN, at: At(4_500), by: ROOT, verdict: ReviewVerdict::Kept },
        UserReviewed { user: QASIM, at: At(4_600), by: ActorId::NIL, verdict: ReviewVerdict::ToBeRemoved },
        KeyReviewed { key: KEY, at: At(4_700), by: PARWIN, verdict: ReviewVerdict::Kept },
        tenant_created(leaving),
        TenantSuspended { tenant: leaving },
        TenantErasureBegun { tenant: leaving, by: ROOT, at: At(4_800), justification: why() },
        tenant_created(gone),
        TenantSuspended { tenant: gone },
        TenantErasureBegun { tenant: gone, by: ActorId::NIL, at: At(4_900), justification: why() },
        TenantErased { tenant: gone, tombstone: gone.tombstone(), at: At(4_950) },
        user_created(person(21), HERAT, &[]),
        user_created(person(22), HERAT, &[]),
        UserErased { user: person(21), tenant: HERAT, by: PARWIN, at: At(5_000), justification: Some(why()) },
        UserErased { user: person(22), tenant: HERAT, by: PARWIN, at: At(5_100), justification: Some(why()) },
        UserKeysDestroyed { user: person(21), tenant: HERAT, at: At(5_200) },
    ]);
    golden::<Access>("access", vec![history]);
}
