//! What the edge saw and no record says: what of it is noted, of whom, and what never is.
use crate::conformance::{operations, request};
use crate::fakes::{ACTOR, Asked, Bench, HERAT, KABUL, KNOWN, Noted, TENANT_ROLES, unlimited};
use crate::registry::{ROOT, ROOT_LOGIN, ROOT_PASSWORD};
use crate::tokens::expired;
use peyk_credentials::AccessKeySecret;
use peyk_domain::access::{AccessAction, AuditCount, AuditEntry, AuditKind, NewKey, Role, Source};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, TenantId};
use peyk_handlers::CommandError;
use peyk_http::{ENDPOINTS, FixedLimits, Limiter, Recording, TrustedProxies};
use serde_json::json;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

const KEY: ActorId = ActorId::from_bytes([0xD1; 16]);
const SECRET: &str = "ak_0123456789abcdefghijABCDEFGHIJ01";
const NUMBER: &str = "93700000001";
const AGENT: &str = "shop/1.0";
const PEER: &str = "198.51.100.9";
const RESERVE: &str = "/v1/numbers/93700000001/reserve";

/// A bench with the tenants HERAT and KABUL, and what sends its notes.
fn watched(bench: Bench) -> (Bench, Recording) {
    for tenant in [HERAT, KABUL] {
        let name = bench.registry.user(ROOT, tenant, "somebody", "a long and quiet river", &[]).identity;
        let region = "af-west".parse().unwrap();
        bench.registry.arrange(AccessAction::CreateTenant { tenant, name, region, partition: 0 });
    }
    let recording = Recording::start(&bench.api);
    (bench, recording)
}

/// What is in the trail once all is noted.
async fn noted(bench: &Bench, recording: Recording) -> (Vec<AuditEntry>, Vec<AuditCount>) {
    recording.stop().await.unwrap();
    let notes = bench.commands.noted.lock().unwrap().clone();
    let entries = notes.iter().flat_map(|Noted { entries, .. }| entries.clone()).collect();
    (entries, notes.into_iter().flat_map(|Noted { counts, .. }| counts).collect())
}

fn count_of(counts: &[AuditCount], kind: AuditKind, tenant: TenantId) -> u64 {
    counts.iter().filter(|count| count.kind == kind && count.tenant == tenant).map(|count| count.count).sum()
}

/// Where an entry came from, as the stand-in seals it.
fn source(entry: &AuditEntry) -> Source {
    let sealed = String::from_utf8(entry.source.sealed.0.to_vec()).unwrap();
    Source::from_bytes(sealed.split_once(") ").unwrap().1.as_bytes()).unwrap()
}

async fn ask(bench: &Bench, token: &str, method: &str, path: &str, body: &str) -> crate::fakes::Reply {
    bench.ask_from(PEER.parse().unwrap(), token, method, path, &[("user-agent", AGENT)], body).await
}

/// Kind, code and resource of each entry.
fn told(entries: &[AuditEntry]) -> Vec<(AuditKind, &str, &str)> {
    entries.iter().map(|entry| (entry.kind, entry.code.as_str(), entry.resource.as_str())).collect()
}

#[tokio::test]
async fn a_refusal_says_who_asked_for_what_from_where() {
    let (bench, recording) = watched(Bench::new());
    let token = bench.token(HERAT, &[Role::AccountReader]);
    let reply = ask(&bench, &token, "POST", RESERVE, r#"{"ttl_seconds":60}"#).await;
    reply.is_problem(403, "INSUFFICIENT_SCOPE");
    let (entries, counts) = noted(&bench, recording).await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.kind, entry.actor, entry.tenant), (AuditKind::Denied, ACTOR, HERAT));
    assert_eq!((entry.endpoint.as_str(), entry.code.as_str()), ("numbers.reserve", "INSUFFICIENT_SCOPE"));
    assert_eq!((entry.resource.as_str(), entry.receipt.as_str(), entry.subject_tenant), ("", "", TenantId::NIL));
    assert_eq!(Some(&*entry.request.to_string()), reply.header("x-request-id"));
    assert_eq!(source(entry), Source::new(PEER.parse().ok(), Some(AGENT)));
    assert_eq!(counts, [AuditCount { kind: AuditKind::Denied, tenant: HERAT, count: 1 }]);
    let words = format!("{entry:?}");
    for secret in [NUMBER, &token, "ttl_seconds"] {
        assert!(!words.contains(secret), "{secret}: {words}");
    }
}

#[tokio::test]
async fn whoever_is_denied_is_noted_by_why() {
    let (bench, recording) = watched(Bench::new());
    let key = NewKey {
        key: KEY,
        tenant: HERAT,
        hash: AccessKeySecret::parse(SECRET).unwrap().hash(),
        label: bench.registry.user(ROOT, HERAT, "somebody", "a long and quiet river", &[]).identity,
        roles: vec![Role::AccountSender],
        expires: None,
        allowed: vec!["192.0.2.0/24".parse().unwrap()],
    };
    bench.registry.arrange(AccessAction::CreateKey(key));
    let (sender, admin) = (bench.token(HERAT, &TENANT_ROLES), bench.token(HERAT, &[Role::TenantAdmin]));
    let kabul = KABUL.to_string();
    let asked = [
        (&*sender, "/v1/users".to_owned(), vec![], 403),
        (&*sender, "/v1/sms".to_owned(), vec![("x-tenant-id", &*kabul)], 403),
        (&*sender, "/v1/sms".to_owned(), vec![("x-user-id", &*kabul)], 403),
        (SECRET, "/v1/sms".to_owned(), vec![], 403),
        (&*admin, format!("/v1/users?tenant_id={KABUL}"), vec![], 404),
        (&*admin, format!("/v1/tenants/{KABUL}"), vec![], 404),
        (&*sender, format!("/v1/numbers?tenant_id={KABUL}"), vec![], 403),
    ];
    for (token, path, headers, status) in asked {
        let reply = bench.ask_from(PEER.parse().unwrap(), token, "GET", &path, &headers, "").await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
    }
    // Nothing that was not denied: who is nobody yet, what is not there, what is wrong.
    assert_eq!(ask(&bench, "", "GET", "/v1/sms", "").await.text("reason"), "TOKEN_MISSING");
    assert_eq!(ask(&bench, &sender, "GET", "/v1/sms/nothing", "").await.status, 404);
    assert_eq!(ask(&bench, &sender, "GET", "/v2", "").await.status, 404);
    assert_eq!(ask(&bench, &sender, "GET", "/v1/sms?limit=0", "").await.status, 422);
    let (entries, counts) = noted(&bench, recording).await;
    let codes: Vec<_> = entries.iter().map(|entry| (entry.kind, entry.code.as_str(), entry.actor)).collect();
    let denied = |code, actor| (AuditKind::Denied, code, actor);
    assert_eq!(
        codes,
        [
            denied("INSUFFICIENT_SCOPE", ACTOR),
            denied("TENANT_MISMATCH", ACTOR),
            denied("IDENTITY_MISMATCH", ACTOR),
            denied("ADDRESS_NOT_ALLOWED", KEY),
            denied("NOT_FOUND", ACTOR),
            denied("NOT_FOUND", ACTOR),
            denied("TENANT_MISMATCH", ACTOR),
        ]
    );
    assert!(entries.iter().all(|entry| entry.tenant == HERAT && entry.subject_tenant.is_nil()));
    assert_eq!(counts, [AuditCount { kind: AuditKind::Denied, tenant: HERAT, count: 7 }]);
    let words = format!("{entries:?}");
    assert!(!words.contains(SECRET) && !words.contains(&kabul), "{words}");
}

/// No key seals where somebody of an erased tenant came from, and nothing else waits for that.
#[tokio::test]
async fn who_was_of_an_erased_tenant_is_noted_as_nobody() {
    let (bench, recording) = watched(Bench::new());
    let sender = bench.token(HERAT, &TENANT_ROLES);
    // So that it waits.
    bench.registry.lose_keys(true);
    ask(&bench, &sender, "GET", "/v1/users", "").await.is_problem(403, "INSUFFICIENT_SCOPE");
    let justification = Reason::new("The contract has ended, and they ask for it.").unwrap();
    bench.registry.arrange(AccessAction::SuspendTenant { tenant: HERAT });
    bench.registry.arrange(AccessAction::EraseTenant { tenant: HERAT, by: ROOT, justification });
    bench.registry.lose_keys(false);
    let (entries, counts) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::Denied, "INSUFFICIENT_SCOPE", "")]);
    assert_eq!((entries[0].actor, entries[0].tenant), (ActorId::NIL, TenantId::NIL));
    assert_eq!(counts, [AuditCount { kind: AuditKind::Denied, tenant: HERAT, count: 1 }]);
}

#[tokio::test]
async fn a_second_factor_that_is_owed_is_noted() {
    let (bench, recording) = watched(Bench::earnest(Vec::new()));
    let body = json!({ "login": ROOT_LOGIN, "password": ROOT_PASSWORD }).to_string();
    let logged_in = ask(&bench, "", "POST", "/v1/auth/login", &body).await;
    let token = logged_in.text("access_token").to_owned();
    ask(&bench, &token, "GET", "/v1/tenants", "").await.is_problem(403, "MFA_REQUIRED");
    let (entries, _) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::Denied, "MFA_REQUIRED", "")]);
    assert_eq!((entries[0].actor, entries[0].tenant), (ROOT, TenantId::NIL));
}

#[tokio::test]
async fn credentials_that_are_none_are_noted_by_what_is_wrong_and_never_shown() {
    let (bench, recording) = watched(Bench::earnest(Vec::new()));
    let minted = bench.token(HERAT, &TENANT_ROLES);
    let expired = expired(&TENANT_ROLES);
    let refresh = json!({ "refresh_token": "rt_nothing" }).to_string();
    for (token, reason) in [
        (SECRET, "KEY_INVALID"),
        (&*minted, "TOKEN_INVALID"),
        (&*expired, "TOKEN_EXPIRED"),
        ("nonsense", "TOKEN_INVALID"),
    ] {
        let reply = ask(&bench, token, "GET", "/v1/sms", "").await;
        assert_eq!((reply.status, reply.text("reason")), (401, reason));
    }
    assert_eq!(ask(&bench, "", "POST", "/v1/auth/refresh", &refresh).await.text("reason"), "SESSION_ENDED");
    let (entries, counts) = noted(&bench, recording).await;
    let invalid = |code| (AuditKind::InvalidCredential, code, "");
    assert_eq!(
        told(&entries),
        ["KEY_INVALID", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_INVALID", "SESSION_ENDED"].map(invalid)
    );
    assert!(entries.iter().all(|entry| entry.actor.is_nil() && entry.tenant.is_nil()));
    assert_eq!(count_of(&counts, AuditKind::InvalidCredential, TenantId::NIL), 5);
    let words = format!("{entries:?}");
    for secret in [SECRET, &minted, &expired, "rt_nothing", "nonsense"] {
        assert!(!words.contains(secret), "{words}");
    }
}

#[tokio::test]
async fn an_expired_key_is_its_tenants_matter() {
    let (bench, recording) = watched(Bench::earnest(Vec::new()));
    use peyk_http::Registry;
    let expires = Some(bench.registry.now().plus(peyk_domain::Span::seconds(10)));
    let label = bench.registry.user(ROOT, HERAT, "somebody", "a long and quiet river", &[]).identity;
    let hash = AccessKeySecret::parse(SECRET).unwrap().hash();
    let (roles, allowed) = (vec![Role::AccountReader], Vec::new());
    let key = NewKey { key: KEY, tenant: HERAT, hash, label, roles, expires, allowed };
    bench.registry.arrange(AccessAction::CreateKey(key));
    bench.registry.pass(Duration::from_secs(11));
    assert_eq!(ask(&bench, SECRET, "GET", "/v1/sms", "").await.text("reason"), "KEY_EXPIRED");
    let (entries, counts) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::InvalidCredential, "KEY_EXPIRED", "")]);
    assert_eq!((entries[0].actor, entries[0].tenant), (KEY, HERAT));
    assert_eq!(count_of(&counts, AuditKind::InvalidCredential, HERAT), 1);
}

fn few(tenant: u32, address: u32, logins: u32) -> Bench {
    let [tenant, address, logins] = [tenant, address, logins].map(|count| NonZeroU32::new(count).unwrap());
    let limits = FixedLimits::per_minute(tenant, address, logins, Vec::new());
    Bench::limited(Limiter::alone(Arc::new(limits), TrustedProxies::default()))
}

#[tokio::test]
async fn too_much_is_noted_by_which_limit_and_of_whom() {
    let login = json!({ "login": "nobody@example.org", "password": "not the password" }).to_string();
    for (bench, limit, tenant) in
        [(few(1, 1_000, 1_000), "limit/tenant", HERAT), (few(1_000, 1, 1_000), "limit/address", TenantId::NIL)]
    {
        let (bench, recording) = watched(bench);
        let token = bench.token(HERAT, &TENANT_ROLES);
        for expected in [200, 200, 429, 429] {
            assert_eq!(ask(&bench, &token, "GET", "/v1/sms", "").await.status, expected);
        }
        let (entries, counts) = noted(&bench, recording).await;
        assert_eq!(told(&entries), [(AuditKind::RateLimited, "RATE_LIMIT_EXCEEDED", limit); 2]);
        assert!(entries.iter().all(|entry| entry.tenant == tenant && entry.actor.is_nil() == tenant.is_nil()));
        assert_eq!(count_of(&counts, AuditKind::RateLimited, tenant), 2);
    }
    let (bench, recording) = watched(few(1_000, 1_000, 1));
    for expected in [401, 429] {
        assert_eq!(ask(&bench, "", "POST", "/v1/auth/login", &login).await.status, expected);
    }
    let (entries, _) = noted(&bench, recording).await;
    assert_eq!(
        told(&entries),
        [(AuditKind::UnknownLogin, "LOGIN_FAILED", ""), (AuditKind::RateLimited, "RATE_LIMIT_EXCEEDED", "limit/login")]
    );
    assert!(!format!("{entries:?}").contains("nobody@example"), "no name that was tried");
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_a_late_answer_is_noted_all_the_same() {
    let (bench, recording) = watched(few(1_000, 1, 1_000));
    let token = bench.token(HERAT, &TENANT_ROLES);
    for expected in [200, 200] {
        assert_eq!(ask(&bench, &token, "GET", "/v1/sms", "").await.status, expected);
    }
    let patience = Duration::from_millis(100);
    assert!(tokio::time::timeout(patience, ask(&bench, &token, "GET", "/v1/sms", "")).await.is_err());
    let (entries, _) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::RateLimited, "RATE_LIMIT_EXCEEDED", "limit/address")]);
}

#[tokio::test]
async fn what_another_gateway_suspects_is_noted_of_nobody() {
    let (bench, recording) = watched(Bench::new());
    bench.api.suspect("UNKNOWN_NUMBER_BURST", "client/firewall".to_owned());
    let (entries, counts) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::Suspicious, "UNKNOWN_NUMBER_BURST", "client/firewall")]);
    assert!(entries[0].actor.is_nil() && entries[0].tenant.is_nil() && entries[0].endpoint.is_empty());
    assert_eq!(source(&entries[0]), Source::new(None, None));
    assert_eq!(count_of(&counts, AuditKind::Suspicious, TenantId::NIL), 1);
}

#[tokio::test]
async fn a_locked_account_is_its_tenants_matter_and_a_wrong_password_is_in_the_ledger_already() {
    let (bench, recording) = watched(Bench::earnest(Vec::new()));
    let body = json!({ "login": ROOT_LOGIN, "password": "not the password" }).to_string();
    for _ in 0..10 {
        ask(&bench, "", "POST", "/v1/auth/login", &body).await.is_problem(401, "LOGIN_FAILED");
    }
    assert_eq!(ask(&bench, "", "POST", "/v1/auth/login", &body).await.text("reason"), "ACCOUNT_LOCKED");
    let (entries, counts) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::RateLimited, "ACCOUNT_LOCKED", "limit/login")]);
    assert_eq!(entries[0].actor, ROOT);
    assert_eq!(counts.len(), 1, "{counts:?}");
}

#[tokio::test]
async fn many_failed_logins_of_one_address_are_suspicious_once() {
    let (bench, recording) = watched(Bench::limited(unlimited()));
    for index in 0..25 {
        let login = format!("somebody-{}@example.org", index % 5);
        let body = json!({ "login": login, "password": "not the password" }).to_string();
        ask(&bench, "", "POST", "/v1/auth/login", &body).await.is_problem(401, "LOGIN_FAILED");
    }
    let (entries, counts) = noted(&bench, recording).await;
    let suspicious: Vec<_> = entries.iter().filter(|entry| entry.kind == AuditKind::Suspicious).collect();
    let [alert] = suspicious.as_slice() else { panic!("{suspicious:?}") };
    assert_eq!((alert.code.as_str(), alert.endpoint.as_str()), ("FAILED_LOGINS", "auth.login"));
    assert_eq!((alert.actor.is_nil(), source(alert).address), (true, PEER.parse().ok()));
    assert_eq!(count_of(&counts, AuditKind::UnknownLogin, TenantId::NIL), 25);
    assert_eq!(count_of(&counts, AuditKind::Suspicious, TenantId::NIL), 1);
}

#[tokio::test]
async fn a_flood_is_counted_exactly_and_has_twenty_entries_a_second() {
    let (bench, recording) = watched(Bench::earnest(Vec::new()));
    for _ in 0..500 {
        assert_eq!(ask(&bench, SECRET, "GET", "/v1/sms", "").await.status, 401);
    }
    let (entries, counts) = noted(&bench, recording).await;
    assert_eq!(count_of(&counts, AuditKind::InvalidCredential, TenantId::NIL), 500);
    let mut by_second: BTreeMap<u64, u32> = BTreeMap::new();
    entries.iter().for_each(|entry| *by_second.entry(entry.at.0 / 1_000).or_default() += 1);
    assert!(by_second.values().all(|count| *count <= 20), "{by_second:?}");
    assert!(by_second.values().any(|count| *count == 20), "{by_second:?}");
}

#[tokio::test]
async fn what_the_platform_reads_of_a_tenant_is_in_the_tenants_trail() {
    let (bench, recording) = watched(Bench::new());
    let roles = [Role::PlatformAdmin, Role::PlatformNumberingAdmin];
    let platform = bench.token(TenantId::NIL, &roles);
    let admin = bench.token(HERAT, &[Role::TenantAdmin, Role::NumberingRead]);
    let paths = [
        format!("/v1/users?tenant_id={HERAT}"),
        format!("/v1/users/{ROOT}"),
        format!("/v1/accesskeys?tenant_id={HERAT}"),
        format!("/v1/tenants/{HERAT}"),
        "/v1/tenants".to_owned(),
        format!("/v1/numbers?tenant_id={HERAT}"),
        format!("/v1/numbers/{NUMBER}?tenant_id={HERAT}"),
        format!("/v1/numbers/{NUMBER}/lease?tenant_id={HERAT}"),
        format!("/v1/numbering/quotas/{HERAT}"),
        format!("/v1/audit?tenant_id={HERAT}"),
        "/v1/audit".to_owned(),
    ];
    for path in &paths {
        assert_eq!(ask(&bench, &platform, "GET", path, "").await.status, 200, "{path}");
    }
    // One's own is nobody else's matter.
    let (tenant, lease) = (format!("/v1/tenants/{HERAT}"), format!("/v1/numbers/{NUMBER}/lease"));
    for path in ["/v1/users", "/v1/accesskeys", "/v1/numbers", "/v1/audit", &tenant, &lease] {
        assert_eq!(ask(&bench, &admin, "GET", path, "").await.status, 200, "{path}");
    }
    let (entries, counts) = noted(&bench, recording).await;
    let read: Vec<_> = entries.iter().map(|entry| (entry.subject_tenant, entry.resource.as_str())).collect();
    let herat = format!("tenant/{HERAT}");
    let (root, quota) = (format!("user/{ROOT}"), format!("quota/{HERAT}"));
    assert_eq!(
        read,
        [
            (HERAT, "user"),
            (HERAT, "access_key"),
            (HERAT, &*herat),
            (TenantId::NIL, "tenant"),
            (HERAT, "number"),
            (HERAT, "number/+93***"),
            (HERAT, "number/+93***"),
            (HERAT, &*quota),
            (HERAT, "audit"),
            (TenantId::NIL, "audit"),
        ],
        "{root} is the platform's own"
    );
    assert!(entries.iter().all(|entry| entry.kind == AuditKind::CrossTenantRead && entry.actor == ACTOR));
    assert!(entries.iter().all(|entry| entry.tenant.is_nil() && entry.code.is_empty()));
    assert_eq!(count_of(&counts, AuditKind::CrossTenantRead, HERAT), 8);
    assert_eq!(count_of(&counts, AuditKind::CrossTenantRead, TenantId::NIL), 2);
    assert!(!format!("{entries:?}").contains(NUMBER));
}

/// Every command of another ledger there is, and what it is noted as.
const CHANGES: [(&str, AuditKind, &str); 31] = [
    ("exports.request", AuditKind::Created, "export"),
    ("numbering.import", AuditKind::Created, "number_file"),
    ("numbering.imports.abandon", AuditKind::Deleted, "number_file"),
    ("numbering.imports.approve", AuditKind::Created, "import_approval"),
    ("numbering.keys.register", AuditKind::Created, "import_key"),
    ("numbering.keys.revoke", AuditKind::Deleted, "import_key"),
    ("numbering.contracts.add", AuditKind::Created, "contract"),
    ("numbering.contracts.change", AuditKind::Updated, "contract"),
    ("numbering.contracts.remove", AuditKind::Deleted, "contract"),
    ("numbering.blocks.add", AuditKind::Created, "block"),
    ("numbering.blocks.change", AuditKind::Updated, "block"),
    ("numbering.blocks.remove", AuditKind::Deleted, "block"),
    ("numbering.pools.add", AuditKind::Created, "pool"),
    ("numbering.pools.change", AuditKind::Updated, "pool"),
    ("numbering.pools.remove", AuditKind::Deleted, "pool"),
    ("numbers.reserve", AuditKind::Updated, "number"),
    ("numbers.hold", AuditKind::Updated, "number"),
    ("numbers.assign", AuditKind::Updated, "number"),
    ("numbers.renew", AuditKind::Updated, "number"),
    ("numbers.recall", AuditKind::Updated, "number"),
    ("numbers.reinstate", AuditKind::Updated, "number"),
    ("numbers.retire", AuditKind::Updated, "number"),
    ("numbers.cool_off", AuditKind::Updated, "number"),
    ("numbers.release", AuditKind::Updated, "number"),
    ("numbering.quota", AuditKind::Updated, "quota"),
    ("operators.register", AuditKind::Created, "operator"),
    ("connectors.register", AuditKind::Created, "connector"),
    ("connectors.close", AuditKind::Updated, "connector"),
    ("connectors.open", AuditKind::Updated, "connector"),
    // The example names its route, which may be there.
    ("routes.set", AuditKind::Updated, "route"),
    ("routes.remove", AuditKind::Deleted, "route"),
];

#[tokio::test]
async fn every_change_in_another_ledger_is_noted_and_no_other() {
    let mut noted_endpoints = Vec::new();
    for operation in operations().filter(|operation| operation.method != "GET") {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.name == operation.name()).unwrap();
        let (bench, recording) = watched(Bench::new());
        let (path, headers, body) = request(&operation, &KNOWN.to_string());
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let by_tenant = operation.roles().contains(&Role::NumberingWrite);
        let tenant = if by_tenant { HERAT } else { TenantId::NIL };
        let token = bench.token(tenant, Role::ALL);
        let reply = bench.ask_as(&token, &operation.method, &path, &headers, &body).await;
        let asked = bench.commands.asked();
        let elsewhere = asked.iter().any(|asked| matches!(asked, Asked::Numbering(_) | Asked::Routing(_)));
        let (entries, _) = noted(&bench, recording).await;
        let changes: Vec<_> = entries.iter().filter(|entry| entry.code.is_empty()).collect();
        assert_eq!(changes.len(), usize::from(elsewhere), "{}: {changes:?}", endpoint.name);
        let Some(change) = changes.first() else { continue };
        assert!(reply.status < 300, "{}: {}", endpoint.name, reply.body);
        let resource = change.resource.split('/').next().unwrap().to_owned();
        assert_eq!(change.endpoint, endpoint.name);
        assert!(reply.header("peyk-receipt").unwrap().starts_with(&change.receipt), "{}", change.receipt);
        assert_eq!(Some(&*change.request.to_string()), reply.header("x-request-id"));
        assert_eq!((change.actor, change.tenant), (ACTOR, tenant));
        assert!(!format!("{change:?}").contains("9370"), "{change:?}");
        noted_endpoints.push((endpoint.name, change.kind, resource));
    }
    let mut found: Vec<_> =
        noted_endpoints.iter().map(|(name, kind, resource)| (*name, *kind, resource.as_str())).collect();
    let mut expected = CHANGES.to_vec();
    expected.sort_by_key(|(name, ..)| *name);
    found.sort_by_key(|(name, ..)| *name);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_route_without_a_name_is_a_new_one() {
    let (bench, recording) = watched(Bench::new());
    let connector = KNOWN.to_string();
    let route = json!({ "prefix": "9370", "connector_id": connector, "priority": 1, "weight": 1, "cost": 1 });
    let reply = bench.ask_as_platform("POST", "/v1/routes", &route.to_string()).await;
    let (entries, _) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::Created, "", &*format!("route/{}", reply.text("id")))]);
}

async fn reserve(bench: &Bench) -> crate::fakes::Reply {
    let token = bench.token(HERAT, &TENANT_ROLES);
    ask(bench, &token, "POST", RESERVE, r#"{"ttl_seconds":60}"#).await
}

#[tokio::test(start_paused = true)]
async fn a_change_is_answered_once_it_is_noted_or_two_seconds_later() {
    let (bench, recording) = watched(Bench::new());
    let held = bench.commands.notes_gate.forget_permits(usize::MAX);
    let mut answer = std::pin::pin!(reserve(&bench));
    let early = tokio::time::timeout(Duration::from_millis(1_900), answer.as_mut()).await;
    assert!(early.is_err(), "answered before it was noted");
    assert_eq!(answer.await.status, 201, "it happened, noted or not");
    bench.commands.notes_gate.add_permits(held);
    assert_eq!(reserve(&bench).await.status, 201);
    let (entries, _) = noted(&bench, recording).await;
    assert_eq!(told(&entries).len(), 2, "{entries:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_nothing_counted_twice_while_the_ledger_cannot_take_it() {
    let (bench, recording) = watched(Bench::earnest(Vec::new()));
    let answers = [
        (false, CommandError::Unavailable),
        (false, CommandError::Overloaded { retry_after: Duration::from_secs(1) }),
        // Taken, and not heard of.
        (true, CommandError::OutcomeUnknown),
        (false, CommandError::Unavailable),
    ];
    bench.commands.notes_answered.lock().unwrap().extend(answers);
    for _ in 0..8 {
        for _ in 0..3 {
            assert_eq!(ask(&bench, SECRET, "GET", "/v1/sms", "").await.status, 401);
        }
        tokio::time::advance(Duration::from_millis(1_100)).await;
        tokio::task::yield_now().await;
    }
    let (entries, counts) = noted(&bench, recording).await;
    assert!(bench.commands.notes_answered.lock().unwrap().is_empty(), "all of that happened");
    assert_eq!(count_of(&counts, AuditKind::InvalidCredential, TenantId::NIL), 24);
    let requests: std::collections::BTreeSet<_> = entries.iter().map(|entry| entry.request.to_string()).collect();
    assert_eq!(requests.len(), entries.len(), "no entry twice");
    assert!(entries.len() >= 20, "{}", entries.len());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sealed_waits_for_its_keys() {
    let (bench, recording) = watched(Bench::new());
    bench.registry.lose_keys(true);
    assert_eq!(reserve(&bench).await.status, 201);
    assert!(bench.commands.noted.lock().unwrap().is_empty());
    bench.registry.lose_keys(false);
    let (entries, _) = noted(&bench, recording).await;
    assert_eq!(told(&entries), [(AuditKind::Updated, "", "number/+93***")]);
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_ever() {
    let (bench, recording) = watched(Bench::earnest(Vec::new()));
    bench.commands.notes_gate.forget_permits(usize::MAX);
    assert_eq!(ask(&bench, SECRET, "GET", "/v1/sms", "").await.status, 401);
    let began = tokio::time::Instant::now();
    recording.stop().await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 10);
}
