//! What the trail says of what happens.
use super::*;
use peyk_domain::At;
use peyk_domain::access::{AddressRange, AuditKind, Envelope, KeyHash, LoginToken, ReviewVerdict, Role, Source};
use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass, Sealed, SealedFor};
use peyk_schemas::LedgerId;
use std::collections::HashMap;

const HERAT: TenantId = TenantId::from_bytes([0x11; 16]);
const KABUL: TenantId = TenantId::from_bytes([0x22; 16]);
const ADMIN: ActorId = ActorId::from_bytes([0xAD; 16]);
const USER: ActorId = ActorId::from_bytes([0x05; 16]);
const KEY: ActorId = ActorId::from_bytes([0x0E; 16]);
const SESSION: SessionId = SessionId::from_bytes([0x5E; 16]);
const REQUEST: RequestId = RequestId::from_bytes([0x4E; 16]);
/// What is sealed, were it ever to show.
const SECRET: u8 = 0xEE;

fn envelope() -> Envelope {
    let (class, month) = (RetentionClass::Directory, MonthKey(0));
    let sealed_for = SealedFor { class, month, generation: Generation(0), leaf: Leaf(7) };
    Envelope { sealed_for, sealed: Sealed(vec![SECRET; 60].into()) }
}

fn source() -> Source {
    Source::new("192.0.2.7".parse().ok(), Some("curl/8.5.0"))
}

/// The trail as records are folded one after another.
#[derive(Default)]
struct Trail {
    view: Audit,
    position: u64,
}

impl Trail {
    /// A record of a request by the platform's admin.
    fn asked(&mut self, events: Vec<AccessEvent>) -> Vec<AuditEvent> {
        self.record(ADMIN, TenantId::NIL, true, events).unwrap()
    }

    fn record(
        &mut self,
        actor: ActorId,
        tenant: TenantId,
        requested: bool,
        events: Vec<AccessEvent>,
    ) -> Result<Vec<AuditEvent>, Misfit> {
        self.position += 1;
        let first = AccessEvent::Requested { request: REQUEST, source: envelope() };
        let events: Vec<_> = requested.then_some(first).into_iter().chain(events).collect();
        events.iter().for_each(|event| self.view.touch(event));
        // Nothing is stored elsewhere: what was touched is as it was folded, or is not there.
        self.view.subjects.found(Vec::new());
        let mut opened = Opened::default();
        let places = (0..).map(|item| Place {
            ledger: LedgerId::ACCESS,
            position: self.position,
            item,
            at: At(1_000 * self.position),
            actor,
            tenant,
        });
        for (place, event) in places.zip(&events) {
            if let Some(sealed) = Audit::sealed_source(event, &place) {
                opened.sources.insert(sealed.place, source());
            }
            self.view.fold(event, &place, &opened)?;
        }
        let written = self.view.events.take(Which::All);
        Ok(written.pending().new.into_iter().cloned().collect())
    }

    fn with_user() -> Self {
        let mut trail = Self::default();
        trail.asked(vec![tenant_created()]);
        trail.asked(vec![user_created()]);
        trail
    }
}

fn tenant_created() -> AccessEvent {
    AccessEvent::TenantCreated { tenant: HERAT, name: envelope(), region: "kbl".parse().unwrap(), partition: 3 }
}

fn user_created() -> AccessEvent {
    AccessEvent::UserCreated {
        user: USER,
        tenant: HERAT,
        login: LoginToken([SECRET; 32]),
        identity: envelope(),
        verifier: envelope(),
        roles: vec![Role::AccountSender],
        at: Some(At(0)),
    }
}

fn login() -> AccessEvent {
    AccessEvent::LoginSucceeded { user: USER, session: SESSION, expires: At(86_400_000), totp_step: Some(9) }
}

/// The one row of a record.
#[track_caller]
fn one(rows: Vec<AuditEvent>) -> AuditEvent {
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.into_iter().next().unwrap()
}

#[test]
fn a_row_says_who_what_when_where_from_and_by_which_request() {
    let row = one(Trail::default().asked(vec![tenant_created()]));
    assert_eq!(
        row,
        AuditEvent {
            id: AuditId::new(1, 1),
            at: At(1_000),
            event_type: AuditEventType::ResourceCreated,
            tenant: HERAT,
            actor: Some(ADMIN),
            actor_tenant: TenantId::NIL,
            action: "create".into(),
            resource_type: Some("tenant".into()),
            resource_id: Some(HERAT.to_string()),
            source_ip: Some("192.0.2.7".into()),
            user_agent: Some("curl/8.5.0".into()),
            request: Some(REQUEST),
            code: None,
            receipt: None,
            count: None,
            details: json!({
                "state": { "new": "active" }, "region": { "new": "kbl" }, "partition": { "new": 3 },
                "limits": { "new": { "requests_per_minute": 1_000, "messages_per_minute": 100, "logins_per_minute": 10 } },
                "allowed_addresses": { "new": [] },
            }),
        }
    );
    assert_eq!((row.id.position(), row.id.item()), (1, 1));
}

#[test]
fn a_change_says_what_was_before() {
    let mut trail = Trail::with_user();
    let range: AddressRange = "192.0.2.0/24".parse().unwrap();
    let limits = Limits { requests_per_minute: 5, messages_per_minute: 6, logins_per_minute: 7 };
    for (event, action, details) in [
        (
            AccessEvent::TenantSuspended { tenant: HERAT },
            "suspend",
            json!({ "state": { "old": "active", "new": "suspended" } }),
        ),
        (
            AccessEvent::TenantResumed { tenant: HERAT },
            "resume",
            json!({ "state": { "old": "suspended", "new": "active" } }),
        ),
        (
            AccessEvent::LimitsSet { tenant: HERAT, limits },
            "update",
            json!({ "limits": {
                "old": { "requests_per_minute": 1_000, "messages_per_minute": 100, "logins_per_minute": 10 },
                "new": { "requests_per_minute": 5, "messages_per_minute": 6, "logins_per_minute": 7 },
            } }),
        ),
        (
            AccessEvent::AllowedSet { tenant: HERAT, allowed: vec![range] },
            "update",
            json!({ "allowed_addresses": { "old": [], "new": ["192.0.2.0/24"] } }),
        ),
        (
            AccessEvent::RolesSet { user: USER, roles: vec![Role::TenantAdmin, Role::AccountAdmin], at: None },
            "update",
            json!({ "roles": { "old": ["account.sender"], "new": ["tenant.admin", "account.admin"] } }),
        ),
        (
            AccessEvent::UserDisabled { user: USER },
            "disable",
            json!({ "state": { "old": "enabled", "new": "disabled" } }),
        ),
        (
            AccessEvent::UserEnabled { user: USER },
            "enable",
            json!({ "state": { "old": "disabled", "new": "enabled" } }),
        ),
        (
            AccessEvent::TotpEnrolled { user: USER, secret: envelope() },
            "update",
            json!({ "second_factor": { "old": "none", "new": "enrolled" } }),
        ),
        (
            AccessEvent::TotpConfirmed { user: USER, step: 7 },
            "update",
            json!({ "second_factor": { "old": "enrolled", "new": "confirmed" } }),
        ),
        (
            AccessEvent::TotpRemoved { user: USER },
            "update",
            json!({ "second_factor": { "old": "confirmed", "new": "none" } }),
        ),
        (AccessEvent::PasswordSet { user: USER, verifier: envelope() }, "update", json!({ "password": "changed" })),
        (AccessEvent::TenantRenamed { tenant: HERAT, name: envelope() }, "update", json!({ "name": "changed" })),
    ] {
        let row = one(trail.asked(vec![event.clone()]));
        assert_eq!((row.action.as_str(), row.details), (action, details), "{event:?}");
        assert_eq!((row.event_type, row.tenant), (AuditEventType::ResourceUpdated, HERAT), "{event:?}");
    }
}

#[test]
fn a_session_is_followed_from_login_to_its_end() {
    use AuditEventType::{LoggedOut, LoginSucceeded, SessionEnded, SessionRefreshed, SuspiciousActivity};
    for (reason, event_type, word) in [
        (SessionEnd::LoggedOut, LoggedOut, "logged_out"),
        (SessionEnd::Reused, SuspiciousActivity, "refresh_token_reused"),
        (SessionEnd::Expired, SessionEnded, "expired"),
        (SessionEnd::PasswordChanged, SessionEnded, "password_changed"),
        (SessionEnd::RolesChanged, SessionEnded, "roles_changed"),
        (SessionEnd::Disabled, SessionEnded, "disabled"),
        (SessionEnd::Displaced, SessionEnded, "displaced"),
    ] {
        let mut trail = Trail::with_user();
        let attempt = AccessEvent::LoginAttempted { user: USER, at: At(1) };
        assert_eq!(trail.record(ActorId::NIL, TenantId::NIL, true, vec![attempt]), Ok(vec![]));
        // Nobody was recognised when the request came.
        let row = one(trail.record(ActorId::NIL, TenantId::NIL, true, vec![login()]).unwrap());
        assert_eq!(
            (row.event_type, row.actor, row.tenant, row.actor_tenant),
            (LoginSucceeded, Some(USER), HERAT, HERAT)
        );
        assert_eq!((row.resource_type.as_deref(), row.resource_id), (Some("session"), Some(SESSION.to_string())));
        assert_eq!(row.details["second_factor"], true);
        let refreshed = vec![AccessEvent::SessionRefreshed { session: SESSION, generation: 1 }];
        let row = one(trail.record(USER, HERAT, true, refreshed.clone()).unwrap());
        assert_eq!((row.event_type, row.tenant), (SessionRefreshed, HERAT));
        assert_eq!(row.details, json!({ "user": USER.to_string(), "generation": 1 }));
        let row =
            one(trail.record(USER, HERAT, true, vec![AccessEvent::SessionEnded { session: SESSION, reason }]).unwrap());
        assert_eq!((row.event_type, row.details["reason"].as_str()), (event_type, Some(word)));
        assert!(trail.record(USER, HERAT, true, refreshed).is_err(), "it is over");
    }
}

#[test]
fn what_happens_by_itself_has_no_actor_and_no_source() {
    let mut trail = Trail::with_user();
    trail.asked(vec![login()]);
    let expired = vec![AccessEvent::SessionEnded { session: SESSION, reason: SessionEnd::Expired }];
    let row = one(trail.record(ActorId::NIL, TenantId::NIL, false, expired).unwrap());
    assert_eq!((row.actor, row.tenant, row.request, row.source_ip, row.user_agent), (None, HERAT, None, None, None));
}

#[test]
fn failed_logins_and_locks_are_the_users() {
    let mut trail = Trail::with_user();
    for (reason, word) in [
        (LoginFailure::Password, "wrong_password"),
        (LoginFailure::Code, "wrong_code"),
        (LoginFailure::CodeUsedAgain, "code_used_again"),
    ] {
        let failed = AccessEvent::LoginFailed { user: USER, reason };
        let locked = AccessEvent::UserLocked { user: USER, until: At(60_000) };
        let rows = trail.record(ActorId::NIL, TenantId::NIL, true, vec![failed, locked]).unwrap();
        assert_eq!(rows[0].event_type, AuditEventType::LoginFailed);
        assert_eq!((rows[0].code.as_deref(), &rows[0].details), (Some("LOGIN_FAILED"), &json!({ "reason": word })));
        assert_eq!(rows[1].event_type, AuditEventType::AccountLocked);
        assert_eq!(rows[1].details, json!({ "until": "1970-01-01T00:01:00.000Z" }));
        assert!(rows.iter().all(|row| row.actor == Some(USER) && row.request == Some(REQUEST)));
    }
    let row = one(trail.asked(vec![AccessEvent::UserUnlocked { user: USER }]));
    assert_eq!((row.event_type, row.actor), (AuditEventType::AccountUnlocked, Some(ADMIN)));
}

#[test]
fn keys_and_address_ranges_come_and_go() {
    use AuditEventType::{AccessKeyCreated, AccessKeyExpired, AccessKeyRevoked, ResourceCreated, ResourceDeleted};
    let mut trail = Trail::with_user();
    let range: AddressRange = "2001:db8::/32".parse().unwrap();
    let created = AccessEvent::KeyCreated {
        key: KEY,
        tenant: HERAT,
        hash: KeyHash([SECRET; 32]),
        label: envelope(),
        roles: vec![Role::AccountSender],
        expires: None,
        allowed: vec![range],
        at: Some(At(0)),
    };
    let ends = [
        (AccessEvent::KeyRevoked { key: KEY }, AccessKeyRevoked),
        (AccessEvent::KeyExpired { key: KEY }, AccessKeyExpired),
    ];
    for (ended, event_type) in ends {
        let row = one(trail.asked(vec![created.clone()]));
        assert_eq!((row.event_type, row.resource_id), (AccessKeyCreated, Some(KEY.to_string())));
        assert_eq!(row.details["allowed_addresses"], json!({ "new": ["2001:db8::/32"] }));
        let row = one(trail.asked(vec![ended.clone()]));
        assert_eq!((row.event_type, row.tenant), (event_type, HERAT));
        assert!(trail.record(ADMIN, TenantId::NIL, true, vec![ended]).is_err(), "it is gone");
    }
    let row = one(trail.asked(vec![AccessEvent::AddressesBlocked { range, until: None }]));
    assert_eq!(
        (row.event_type, row.tenant, row.resource_id.as_deref()),
        (ResourceCreated, TenantId::NIL, Some("2001:db8::/32"))
    );
    let row = one(trail.asked(vec![AccessEvent::AddressesUnblocked { range }]));
    assert_eq!(row.event_type, ResourceDeleted);
}

fn entry(kind: AuditKind, code: &str) -> AuditEntry {
    AuditEntry {
        kind,
        at: At(77),
        actor: USER,
        tenant: KABUL,
        subject_tenant: HERAT,
        request: REQUEST,
        endpoint: "numbers.show".into(),
        resource: "number/93700000001".into(),
        code: code.into(),
        receipt: String::new(),
        source: envelope(),
    }
}

#[test]
fn what_was_let_through_is_the_touched_tenants_and_what_was_refused_the_actors() {
    let mut trail = Trail::default();
    let noted = |entry| vec![AccessEvent::AuditNoted { entry }];
    let read =
        one(trail.record(ActorId::NIL, TenantId::NIL, false, noted(entry(AuditKind::CrossTenantRead, ""))).unwrap());
    assert_eq!((read.tenant, read.actor_tenant, read.actor, read.at), (HERAT, KABUL, Some(USER), At(77)));
    assert_eq!((read.resource_type.as_deref(), read.resource_id.as_deref()), (Some("number"), Some("+93***")));
    assert_eq!((read.source_ip.as_deref(), read.details), (Some("192.0.2.7"), json!({ "endpoint": "numbers.show" })));
    let denied = one(trail
        .record(ActorId::NIL, TenantId::NIL, false, noted(entry(AuditKind::Denied, "INSUFFICIENT_SCOPE")))
        .unwrap());
    assert_eq!(
        (denied.tenant, denied.event_type, denied.code.as_deref()),
        (KABUL, AuditEventType::PermissionDenied, Some("INSUFFICIENT_SCOPE"))
    );
}

#[test]
fn a_count_stands_beside_the_entries() {
    let count = AuditCount { kind: AuditKind::RateLimited, tenant: HERAT, count: 12_345 };
    let row = one(Trail::default()
        .record(ActorId::NIL, TenantId::NIL, false, vec![AccessEvent::AuditCounted { count }])
        .unwrap());
    assert_eq!(
        (row.event_type, row.action.as_str(), row.count),
        (AuditEventType::RateLimitExceeded, "count", Some(12_345))
    );
    assert_eq!((row.tenant, row.actor, row.source_ip), (HERAT, None, None));
}

#[test]
fn a_request_is_of_its_own_record_only() {
    let mut trail = Trail::with_user();
    let row =
        one(trail.record(ADMIN, TenantId::NIL, false, vec![AccessEvent::TenantSuspended { tenant: HERAT }]).unwrap());
    assert_eq!((row.request, row.source_ip, row.actor), (None, None, Some(ADMIN)));
}

#[test]
fn without_keys_a_row_is_there_without_its_source() {
    let mut view = Audit::default();
    let place =
        |item| Place { ledger: LedgerId::ACCESS, position: 1, item, at: At(1), actor: ADMIN, tenant: TenantId::NIL };
    let opened = Opened { recipients: HashMap::new(), sources: HashMap::new() };
    view.fold(&AccessEvent::Requested { request: REQUEST, source: envelope() }, &place(0), &opened).unwrap();
    view.fold(&tenant_created(), &place(1), &opened).unwrap();
    let row = one(view.events.pending().new.into_iter().cloned().collect());
    assert_eq!((row.request, row.source_ip, row.user_agent), (Some(REQUEST), None, None));
}

#[test]
fn no_row_holds_anything_sealed_or_hashed() {
    let mut trail = Trail::default();
    let mut rows = trail.asked(vec![tenant_created(), user_created()]);
    rows.extend(trail.asked(vec![login(), AccessEvent::PasswordSet { user: USER, verifier: envelope() }]));
    rows.extend(trail.asked(vec![AccessEvent::AuditNoted { entry: entry(AuditKind::Created, "") }]));
    let kept = format!("{rows:?} {:?}", trail.view.subjects).to_lowercase();
    for secret in ["238, 238", "eeee", "937000"] {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
}

#[test]
fn a_review_is_found_by_each_account_with_the_review_before() {
    let mut trail = Trail::with_user();
    let reviewed = |at, verdict| AccessEvent::UserReviewed { user: USER, at: At(at), by: ADMIN, verdict };
    let said = |at: &str, verdict: &str| json!({ "at": at, "by": ADMIN.to_string(), "verdict": verdict });
    let (first, second) = (said("1970-01-01T00:00:01.000Z", "kept"), said("1970-01-01T00:00:02.000Z", "to_be_removed"));
    let row = one(trail.asked(vec![reviewed(1_000, ReviewVerdict::Kept)]));
    assert_eq!((row.event_type, &*row.action, row.tenant), (AuditEventType::AccessReviewed, "review", HERAT));
    assert_eq!((row.actor, row.resource_id), (Some(ADMIN), Some(USER.to_string())));
    assert_eq!(row.details, json!({ "review": { "new": first } }));
    let row = one(trail.asked(vec![reviewed(2_000, ReviewVerdict::ToBeRemoved)]));
    assert_eq!(row.details, json!({ "review": { "old": first, "new": second } }));
}

#[test]
fn what_was_never_created_stops_the_fold() {
    for event in [
        AccessEvent::RolesSet { user: USER, roles: vec![], at: None },
        AccessEvent::UserReviewed { user: USER, at: At(1), by: ADMIN, verdict: ReviewVerdict::Kept },
        AccessEvent::KeyReviewed { key: KEY, at: At(1), by: ADMIN, verdict: ReviewVerdict::Kept },
        AccessEvent::LimitsSet { tenant: HERAT, limits: Limits::default() },
        AccessEvent::SessionEnded { session: SESSION, reason: SessionEnd::Expired },
        AccessEvent::KeyRevoked { key: KEY },
        login(),
    ] {
        assert!(Trail::default().record(ADMIN, TenantId::NIL, true, vec![event.clone()]).is_err(), "{event:?}");
    }
}
