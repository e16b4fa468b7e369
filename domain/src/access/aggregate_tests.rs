use super::AccessEvent::*;
use super::sample::*;
use super::*;
use crate::testing::{Decided, given};
use crate::{ActorId, At, RequestId, Span, TenantId};

const MINUTE: u64 = 60_000;

fn refused(decided: &Decided<Access>) -> &'static str {
    decided.code(AccessError::code)
}

/// What each scope is told, of the platform, of HERAT and of KABUL.
fn told(past: &[AccessEvent], action: &AccessAction) -> [Option<&'static str>; 3] {
    [OURS, Scope::Tenant(HERAT), Scope::Tenant(KABUL)].map(|scope| {
        let mut directory = Directory::default();
        for event in past {
            directory.evolve(event.clone()).expect("the past applies");
        }
        directory.decide(at(0, scope, action.clone())).err().map(|error| error.code())
    })
}

#[test]
fn the_first_admin_is_made_once() {
    let admin = new_user(ROOT, TenantId::NIL, &[Role::PlatformAdmin]);
    let bootstrap = AccessAction::Bootstrap(admin);
    let ledger = given::<Access>([])
        .when(at(0, OURS, bootstrap.clone()))
        .then([user_created(ROOT, TenantId::NIL, &[Role::PlatformAdmin])])
        .when(at(2, OURS, bootstrap.clone()))
        .refused(AccessError::AlreadyBootstrapped);
    assert!(ledger.state().bootstrapped());
    let again = given::<Access>(founded()).when(at(2, OURS, bootstrap));
    assert_eq!(refused(&again), "ALREADY_BOOTSTRAPPED");
    for unfit in
        [new_user(ROOT, HERAT, &[Role::PlatformAdmin]), new_user(ROOT, TenantId::NIL, &[Role::PlatformAuditor])]
    {
        let decided = given::<Access>([]).when(at(1, OURS, AccessAction::Bootstrap(unfit)));
        assert_eq!(refused(&decided), "INVALID_VALUE");
    }
    let sooner = AccessAction::CreateUser(new_user(PARWIN, TenantId::NIL, &[Role::PlatformAdmin]));
    assert_eq!(refused(&given::<Access>([]).when(at(1, OURS, sooner))), "INVALID_TRANSITION");
}

#[test]
fn what_a_request_led_to_says_first_where_it_came_from() {
    let mut command = at(1, OURS, AccessAction::SuspendTenant { tenant: HERAT });
    let request = RequestId::from_bytes([9; 16]);
    command.command.origin = Some(Origin { request, source: envelope(8) });
    given::<Access>(founded())
        .when(command)
        .then([Requested { request, source: envelope(8) }, TenantSuspended { tenant: HERAT }]);
}

#[test]
fn nobody_reaches_into_another_tenant() {
    let key = new_key(KEY, HERAT, &[Role::AccountSender]);
    let past = after([key_created(key), LoginAttempted { user: PARWIN, at: At(0) }, begun(PARWIN, 0)]);
    let created = new_user(ActorId::from_bytes([77; 16]), HERAT, &[]);
    for action in [
        AccessAction::CreateUser(created),
        AccessAction::SetRoles { user: PARWIN, roles: vec![Role::TenantAdmin] },
        AccessAction::SetPassword { user: PARWIN, verifier: envelope(9) },
        AccessAction::DisableUser { user: PARWIN },
        AccessAction::EnrolTotp { user: PARWIN, secret: envelope(9) },
        AccessAction::AttemptLogin { user: PARWIN },
        AccessAction::CreateKey(new_key(ActorId::from_bytes([78; 16]), HERAT, &[])),
        AccessAction::RevokeKey { key: KEY },
        AccessAction::SetAllowed { tenant: HERAT, allowed: Vec::new() },
    ] {
        assert_eq!(told(&past, &action), [None, None, Some("NOT_FOUND")], "{action:?}");
    }
    for action in [
        AccessAction::EndSession { session: session(0) },
        AccessAction::RefreshSession { session: session(0), generation: 0 },
    ] {
        assert_eq!(told(&past, &action), [None, None, Some("SESSION_ENDED")], "{action:?}");
    }
}

#[test]
fn what_is_the_platforms_no_tenant_does() {
    let range: AddressRange = "192.0.2.0/24".parse().unwrap();
    let past = after([AddressesBlocked { range, until: None }]);
    let (forbidden, unknown) = (Some("INSUFFICIENT_SCOPE"), Some("NOT_FOUND"));
    for action in [
        AccessAction::SuspendTenant { tenant: HERAT },
        AccessAction::RenameTenant { tenant: HERAT, name: envelope(9) },
        AccessAction::SetLimits { tenant: HERAT, limits: Limits::default() },
    ] {
        assert_eq!(told(&past, &action), [None, forbidden, unknown], "{action:?}");
    }
    for action in [
        AccessAction::CreateTenant {
            tenant: TenantId::from_bytes([3; 16]),
            name: envelope(1),
            region: region(),
            partition: 0,
        },
        AccessAction::BlockAddresses { range, lasts: None },
        AccessAction::UnblockAddresses { range },
        AccessAction::Note { entries: Vec::new(), counts: Vec::new() },
    ] {
        assert_eq!(told(&past, &action), [None, forbidden, forbidden], "{action:?}");
    }
    for action in [
        AccessAction::DisableUser { user: ROOT },
        AccessAction::SetRoles { user: ROOT, roles: vec![Role::PlatformAdmin] },
        AccessAction::SetPassword { user: ROOT, verifier: envelope(9) },
        AccessAction::CreateUser(new_user(ActorId::from_bytes([77; 16]), TenantId::NIL, &[Role::PlatformAdmin])),
        AccessAction::CreateKey(new_key(KEY, TenantId::NIL, &[Role::PlatformAdmin])),
    ] {
        let [_, herat, kabul] = told(&past, &action);
        assert_eq!([herat, kabul], [unknown, unknown], "{action:?}");
    }
}

#[test]
fn roles_are_held_where_they_belong() {
    let somebody = ActorId::from_bytes([77; 16]);
    for (tenant, role, code) in [
        (HERAT, Role::PlatformAuditor, "INSUFFICIENT_SCOPE"),
        (TenantId::NIL, Role::TenantAdmin, "INSUFFICIENT_SCOPE"),
        (TenantId::NIL, Role::AccountSender, "INSUFFICIENT_SCOPE"),
    ] {
        for action in [
            AccessAction::CreateUser(new_user(somebody, tenant, &[role])),
            AccessAction::CreateKey(new_key(somebody, tenant, &[role])),
            AccessAction::SetRoles { user: if tenant.is_nil() { ROOT } else { PARWIN }, roles: vec![role] },
        ] {
            assert_eq!(refused(&given::<Access>(founded()).when(at(1, OURS, action))), code, "{tenant} {role}");
        }
    }
    let twice = AccessAction::SetRoles { user: PARWIN, roles: vec![Role::TenantAdmin, Role::TenantAdmin] };
    assert_eq!(refused(&given::<Access>(founded()).when(at(1, OURS, twice))), "INVALID_VALUE");
    let many = AccessAction::SetRoles { user: PARWIN, roles: vec![Role::TenantAdmin; ROLES_MAX + 1] };
    assert_eq!(refused(&given::<Access>(founded()).when(at(1, OURS, many))), "TOO_MANY");
}

#[test]
fn ids_and_login_names_are_given_once() {
    let mut same_login = new_user(KEY, HERAT, &[]);
    same_login.login = LoginToken([QASIM.to_bytes()[0]; 32]);
    let key = new_key(KEY, HERAT, &[]);
    let past = || after([key_created(key.clone())]);
    let mut same_hash = new_key(ActorId::from_bytes([79; 16]), KABUL, &[]);
    same_hash.hash = key.hash;
    for action in [
        AccessAction::CreateUser(new_user(PARWIN, HERAT, &[])),
        AccessAction::CreateUser(new_user(KEY, HERAT, &[])),
        AccessAction::CreateUser(same_login),
        AccessAction::CreateKey(new_key(PARWIN, HERAT, &[])),
        AccessAction::CreateKey(same_hash),
        AccessAction::CreateTenant { tenant: HERAT, name: envelope(1), region: region(), partition: 0 },
    ] {
        assert_eq!(refused(&given::<Access>(past()).when(at(1, OURS, action.clone()))), "ALREADY_EXISTS", "{action:?}");
    }
}

#[test]
fn the_last_admin_of_the_platform_stays() {
    let second = ActorId::from_bytes([20; 16]);
    let without = |user| AccessAction::SetRoles { user, roles: vec![Role::PlatformAuditor] };
    for action in [AccessAction::DisableUser { user: ROOT }, without(ROOT)] {
        assert_eq!(refused(&given::<Access>(founded()).when(at(1, OURS, action))), "INVALID_TRANSITION");
    }
    let two = || after([user_created(second, TenantId::NIL, &[Role::PlatformAdmin])]);
    given::<Access>(two())
        .when(at(1, OURS, AccessAction::DisableUser { user: ROOT }))
        .then([UserDisabled { user: ROOT }])
        .when(at(2, OURS, without(second)))
        .refused(AccessError::InvalidTransition("the platform keeps at least one enabled admin"))
        .when(at(3, OURS, AccessAction::EnableUser { user: ROOT }))
        .then([UserEnabled { user: ROOT }])
        .when(at(4, OURS, without(second)))
        .then([RolesSet { user: second, roles: vec![Role::PlatformAuditor], at: Some(At(4)) }]);
}

#[test]
fn a_suspended_tenant_does_nothing_until_it_is_resumed() {
    let key = new_key(KEY, HERAT, &[]);
    let past = after([key_created(key), LoginAttempted { user: PARWIN, at: At(0) }, begun(PARWIN, 0)]);
    let ledger = given::<Access>(past);
    assert!(ledger.state().signed_in(session(0), At(1)).is_some());
    let ledger = ledger.when(at(1, OURS, AccessAction::SuspendTenant { tenant: HERAT })).committed();
    assert!(ledger.state().signed_in(session(0), At(1)).is_none() && !ledger.state().is_active(HERAT));
    let ledger = ledger
        .when(at(2, OURS, AccessAction::AttemptLogin { user: PARWIN }))
        .refused(AccessError::InvalidTransition("the tenant is suspended"))
        .when(at(2, OURS, AccessAction::RefreshSession { session: session(0), generation: 0 }))
        .refused(AccessError::SessionEnded)
        .when(at(2, Scope::Tenant(HERAT), AccessAction::RevokeKey { key: KEY }))
        .refused(AccessError::Forbidden("the tenant is suspended"))
        .when(at(3, OURS, AccessAction::SuspendTenant { tenant: HERAT }))
        .refused(AccessError::InvalidTransition("the tenant is suspended already"))
        .when(at(3, OURS, AccessAction::ResumeTenant { tenant: HERAT }))
        .then([TenantResumed { tenant: HERAT }]);
    assert!(ledger.state().signed_in(session(0), At(3)).is_some());
}

#[test]
fn what_changes_a_user_ends_its_sessions() {
    let past = || {
        let login = |index| [LoginAttempted { user: PARWIN, at: At(0) }, begun(PARWIN, index)];
        after(login(0).into_iter().chain(login(1)))
    };
    let ended = |reason| [0, 1].map(|index| SessionEnded { session: session(index), reason });
    for (action, event, reason) in [
        (
            AccessAction::SetRoles { user: PARWIN, roles: vec![] },
            RolesSet { user: PARWIN, roles: vec![], at: Some(At(1)) },
            SessionEnd::RolesChanged,
        ),
        (
            AccessAction::SetPassword { user: PARWIN, verifier: envelope(9) },
            PasswordSet { user: PARWIN, verifier: envelope(9) },
            SessionEnd::PasswordChanged,
        ),
        (AccessAction::DisableUser { user: PARWIN }, UserDisabled { user: PARWIN }, SessionEnd::Disabled),
    ] {
        let ledger = given::<Access>(past()).when(at(1, OURS, action)).then([event].into_iter().chain(ended(reason)));
        assert!(ledger.state().session(session(0)).is_none());
        assert!(ledger.state().user(PARWIN).unwrap().sessions.is_empty() && ledger.state().next_due().is_none());
    }
}

#[test]
fn a_key_lasts_until_it_is_revoked_or_runs_out() {
    let mut key = new_key(KEY, HERAT, &[Role::AccountSender]);
    key.expires = Some(At(MINUTE));
    let past = at(0, OURS, AccessAction::CreateKey(key.clone()));
    let ledger = given::<Access>(founded()).when(past.clone()).then([key_created(key.clone())]);
    let (found, known) = ledger.state().key_by_hash(&key.hash).unwrap();
    assert!(found == KEY && !known.has_expired(At(MINUTE - 1)) && known.has_expired(At(MINUTE)));
    assert_eq!(ledger.state().next_due(), Some(At(MINUTE)));
    let ledger = ledger.when(at(MINUTE, OURS, AccessAction::Tick)).then([KeyExpired { key: KEY }]);
    assert!(ledger.state().key_by_hash(&key.hash).is_none() && ledger.state().next_due().is_none());
    ledger.when(at(MINUTE, OURS, AccessAction::RevokeKey { key: KEY })).refused(AccessError::NotFound("access key"));
    given::<Access>(founded())
        .when(past)
        .committed()
        .when(at(1, Scope::Tenant(HERAT), AccessAction::RevokeKey { key: KEY }))
        .then([KeyRevoked { key: KEY }])
        .when(at(MINUTE, OURS, AccessAction::CreateKey(key)))
        .refused(AccessError::InvalidValue("the key would have expired already"));
}

#[test]
fn addresses_are_blocked_for_a_time_or_until_they_are_not() {
    let range: AddressRange = "192.0.2.0/24".parse().unwrap();
    let inside = "::ffff:192.0.2.9".parse().unwrap();
    let block = |lasts| AccessAction::BlockAddresses { range, lasts };
    let ledger = given::<Access>([])
        .when(at(0, OURS, block(Some(Span(MINUTE)))))
        .then([AddressesBlocked { range, until: Some(At(MINUTE)) }]);
    assert!(ledger.state().blocked(inside, At(MINUTE - 1)) && !ledger.state().blocked(inside, At(MINUTE)));
    assert!(!ledger.state().blocked("192.0.3.9".parse().unwrap(), At(0)));
    let ledger = ledger
        .when(at(1, OURS, block(None)))
        .then([AddressesBlocked { range, until: None }])
        .when(at(MINUTE, OURS, AccessAction::Tick))
        .then_nothing();
    assert!(ledger.state().blocked(inside, At(u64::MAX)));
    ledger
        .when(at(2, OURS, AccessAction::UnblockAddresses { range }))
        .then([AddressesUnblocked { range }])
        .when(at(3, OURS, AccessAction::UnblockAddresses { range }))
        .refused(AccessError::NotFound("blocked range"));
    for wide in ["0.0.0.0/0", "10.0.0.0/7", "::/0", "2000::/15"] {
        let action = AccessAction::BlockAddresses { range: wide.parse().unwrap(), lasts: None };
        assert_eq!(refused(&given::<Access>([]).when(at(0, OURS, action))), "INVALID_VALUE", "{wide}");
    }
}

#[test]
fn a_block_that_ran_out_goes_on_record() {
    let range: AddressRange = "192.0.2.0/24".parse().unwrap();
    given::<Access>([AddressesBlocked { range, until: Some(At(5)) }])
        .when(at(5, OURS, AccessAction::Tick))
        .then([AddressesUnblocked { range }]);
}

#[test]
fn limits_are_of_a_tenant_and_sound() {
    let set = |requests_per_minute| AccessAction::SetLimits {
        tenant: HERAT,
        limits: Limits { requests_per_minute, ..Limits::default() },
    };
    for beyond in [0, PER_MINUTE_MAX + 1] {
        assert_eq!(refused(&given::<Access>(founded()).when(at(0, OURS, set(beyond)))), "INVALID_VALUE");
    }
    let ledger = given::<Access>(founded()).when(at(0, OURS, set(5))).committed();
    assert_eq!(ledger.state().limits(HERAT).requests_per_minute, 5);
    assert_eq!(ledger.state().limits(KABUL), Limits::default());
    assert_eq!(ledger.state().limits(TenantId::NIL), Limits::default());
    assert_eq!(ledger.state().partition(HERAT), Some(3));
}

#[test]
fn what_is_sealed_and_what_is_listed_is_bounded() {
    let mut long = envelope(1);
    long.sealed.0 = vec![0; SEALED_BYTES_MAX + 1].into();
    let mut user = new_user(KEY, HERAT, &[]);
    user.identity = long.clone();
    let mut key = new_key(KEY, HERAT, &[]);
    key.label = long.clone();
    for action in [
        AccessAction::RenameTenant { tenant: HERAT, name: long.clone() },
        AccessAction::CreateUser(user),
        AccessAction::SetPassword { user: PARWIN, verifier: long.clone() },
        AccessAction::EnrolTotp { user: PARWIN, secret: long },
        AccessAction::CreateKey(key),
    ] {
        assert_eq!(refused(&given::<Access>(founded()).when(at(0, OURS, action))), "INVALID_VALUE");
    }
    let range: AddressRange = "192.0.2.1".parse().unwrap();
    let mut key = new_key(KEY, HERAT, &[]);
    key.allowed = vec![range; ALLOWED_MAX + 1];
    let allowed = vec![range; ALLOWED_MAX + 1];
    for action in [AccessAction::CreateKey(key), AccessAction::SetAllowed { tenant: HERAT, allowed }] {
        assert_eq!(refused(&given::<Access>(founded()).when(at(0, OURS, action))), "TOO_MANY");
    }
}

#[test]
fn a_tenant_has_so_many_users_and_keys_and_no_more() {
    let id = |index: usize| ActorId::from_bytes((index as u128 + 1_000).to_be_bytes());
    let users = (0..USERS_MAX - 1).map(|index| {
        let mut user = new_user(id(index), HERAT, &[]);
        user.login = LoginToken(std::array::from_fn(|byte| id(index).to_bytes()[byte % 16]));
        let NewUser { user, tenant, login, identity, verifier, roles } = user;
        UserCreated { user, tenant, login, identity, verifier, roles, at: None }
    });
    let one_more = AccessAction::CreateUser(new_user(KEY, HERAT, &[]));
    let full = given::<Access>(after(users)).when(at(0, OURS, one_more));
    assert_eq!(refused(&full), "TOO_MANY");
    let keys = (0..KEYS_MAX).map(|index| {
        let mut key = new_key(id(index), HERAT, &[]);
        key.hash = KeyHash(std::array::from_fn(|byte| id(index).to_bytes()[byte % 16]));
        key_created(key)
    });
    let past = after(keys);
    let one_more = |tenant| AccessAction::CreateKey(new_key(KEY, tenant, &[]));
    assert_eq!(told(&past, &one_more(HERAT))[0], Some("TOO_MANY"));
    assert_eq!(told(&past, &one_more(KABUL))[0], None);
}

#[test]
fn what_is_noted_is_bounded_and_changes_nothing() {
    let entry = AuditEntry {
        kind: AuditKind::Denied,
        at: At(1),
        actor: PARWIN,
        tenant: HERAT,
        subject_tenant: KABUL,
        request: RequestId::NIL,
        endpoint: "numbers.reserve".into(),
        resource: String::new(),
        code: "INSUFFICIENT_SCOPE".into(),
        receipt: String::new(),
        source: envelope(1),
    };
    let count = AuditCount { kind: AuditKind::Denied, tenant: HERAT, count: 1_000 };
    let note = |entries, counts| at(1, OURS, AccessAction::Note { entries, counts });
    let before = given::<Access>(founded());
    let untouched = before.state().clone();
    let ledger = before
        .when(note(vec![entry.clone()], vec![count]))
        .then([AuditNoted { entry: entry.clone() }, AuditCounted { count }]);
    assert!(*ledger.state() == untouched);
    let long = AuditEntry { endpoint: "x".repeat(129), ..entry.clone() };
    for (entries, counts, code) in [
        (vec![entry.clone(); AUDIT_ENTRIES_MAX + 1], vec![], "TOO_MANY"),
        (vec![], vec![count; AUDIT_COUNTS_MAX + 1], "TOO_MANY"),
        (vec![long], vec![], "INVALID_VALUE"),
    ] {
        assert_eq!(refused(&given::<Access>([]).when(note(entries, counts))), code);
    }
}

#[test]
fn what_cannot_have_happened_stops_reading() {
    let mut key = new_key(ActorId::from_bytes([80; 16]), KABUL, &[]);
    key.hash = KeyHash([KEY.to_bytes()[0]; 32]);
    for event in [
        tenant_created(HERAT),
        user_created(PARWIN, HERAT, &[]),
        key_created(key),
        TenantResumed { tenant: HERAT },
        TenantSuspended { tenant: TenantId::NIL },
        UserEnabled { user: PARWIN },
        LoginFailed { user: PARWIN, reason: LoginFailure::Password },
        begun(PARWIN, 0),
        SessionRefreshed { session: session(0), generation: 1 },
        SessionEnded { session: session(0), reason: SessionEnd::LoggedOut },
        TotpConfirmed { user: PARWIN, step: 1 },
        KeyRevoked { key: ROOT },
        AddressesUnblocked { range: "192.0.2.0/24".parse().unwrap() },
    ] {
        let mut directory = Directory::default();
        for event in after([key_created(new_key(KEY, HERAT, &[]))]) {
            directory.evolve(event).unwrap();
        }
        let error = directory.evolve(event.clone()).expect_err("it cannot follow");
        assert_eq!(error.code(), "CORRUPT_LEDGER", "{event:?}");
    }
}

#[test]
fn lists_go_on_behind_a_cursor() {
    let ledger = given::<Access>(after([key_created(new_key(KEY, HERAT, &[]))]));
    let tenants = |cursor| ledger.state().tenants(cursor).map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!((tenants(None), tenants(Some(HERAT)), tenants(Some(KABUL))), (vec![HERAT, KABUL], vec![KABUL], vec![]));
    let users = |tenant, cursor| ledger.state().users_of(tenant, cursor).map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(
        (users(HERAT, None), users(HERAT, Some(PARWIN)), users(TenantId::NIL, None)),
        (vec![PARWIN], vec![], vec![ROOT])
    );
    let keys = |tenant| ledger.state().keys_of(tenant, None).map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!((keys(HERAT), keys(KABUL)), (vec![KEY], vec![]));
}
