//! Logins, sessions, keys and what the directory lets through, against the real rules.
use crate::fakes::{ACTOR, Bench, HERAT, KABUL, Reply, TENANT_ROLES};
use crate::registry::{ROOT, ROOT_LOGIN, ROOT_PASSWORD};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use peyk_domain::access::{AccessAction, Limits, Role};
use peyk_domain::{ActorId, TenantId};
use peyk_http::{FixedLimits, Limiter, TrustedProxies};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const PARWIN: ActorId = ActorId::from_bytes([0xC1; 16]);
const LOGIN: &str = "parwin@example.org";
const PASSWORD: &str = "a long and quiet river";

/// As others than developers are served: HERAT and KABUL, and in HERAT a user who sends.
fn bench() -> Bench {
    let bench = Bench::earnest(Vec::new());
    found(&bench, &[Role::AccountSender, Role::AccountReader]);
    bench
}

fn found(bench: &Bench, roles: &[Role]) {
    let registry = &bench.registry;
    registry.found(HERAT);
    registry.found(KABUL);
    registry.arrange(AccessAction::CreateUser(registry.user(PARWIN, HERAT, LOGIN, PASSWORD, roles)));
}

async fn log_in(bench: &Bench, login: &str, password: &str, code: Option<&str>) -> Reply {
    let mut body = json!({ "login": login, "password": password });
    if let Some(code) = code {
        body["code"] = code.into();
    }
    bench.ask_as("", "POST", "/v1/auth/login", &[], &body.to_string()).await
}

/// The tokens of a login that succeeds: access and refresh.
async fn tokens(bench: &Bench) -> (String, String) {
    let reply = log_in(bench, LOGIN, PASSWORD, None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    (reply.text("access_token").to_owned(), reply.text("refresh_token").to_owned())
}

async fn refreshed(bench: &Bench, token: &str) -> Reply {
    let body = json!({ "refresh_token": token }).to_string();
    bench.ask_as("", "POST", "/v1/auth/refresh", &[], &body).await
}

#[track_caller]
fn is_unauthenticated(reply: &Reply, reason: &str) {
    reply.is_problem(401, "UNAUTHENTICATED");
    assert_eq!(reply.text("reason"), reason);
    assert!(reply.header("www-authenticate").is_some());
}

/// The code an authenticator app shows now, and `later` from now.
fn code(secret: &str, bench: &Bench, later: i64) -> String {
    use peyk_http::Registry;
    let step = (bench.registry.now().0 / 30_000).checked_add_signed(later).unwrap();
    let mut mac = <Hmac<sha1::Sha1>>::new_from_slice(&BASE32_NOPAD.decode(secret.as_bytes()).unwrap()).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn a_login_leads_to_a_token_that_speaks_for_the_user() {
    let bench = bench();
    let reply = log_in(&bench, " Parwin@Example.org ", PASSWORD, None).await;
    assert_eq!((reply.status, reply.text("token_type"), &reply.body["expires_in"]), (200, "Bearer", &json!(3_600)));
    assert_eq!((reply.text("user_id"), reply.text("tenant_id")), (&*PARWIN.to_string(), &*HERAT.to_string()));
    assert!(reply.header("peyk-receipt").unwrap().starts_with("access/0/"));
    let me = bench.ask_as(reply.text("access_token"), "GET", "/v1/me", &[], "").await;
    assert_eq!((me.text("actor_id"), me.text("login"), me.text("name")), (&*PARWIN.to_string(), LOGIN, "Somebody"));
    assert_eq!(me.body["roles"], json!(["account.sender", "account.reader"]));
}

#[tokio::test]
async fn every_failed_login_says_the_same() {
    let bench = bench();
    let registry = &bench.registry;
    let other = ActorId::from_bytes([0xC2; 16]);
    registry.arrange(AccessAction::CreateUser(registry.user(other, KABUL, "qasim", PASSWORD, &[])));
    registry.arrange(AccessAction::SuspendTenant { tenant: KABUL });
    let wrong = log_in(&bench, LOGIN, "not the password", None).await;
    wrong.is_problem(401, "LOGIN_FAILED");
    for login in ["nobody@example.org", "x", "two words", "qasim"] {
        let reply = log_in(&bench, login, PASSWORD, None).await;
        reply.is_problem(401, "LOGIN_FAILED");
        assert_eq!(
            (reply.text("detail"), reply.text("reason")),
            (wrong.text("detail"), wrong.text("reason")),
            "{login}"
        );
    }
    registry.arrange(AccessAction::DisableUser { user: PARWIN });
    log_in(&bench, LOGIN, PASSWORD, None).await.is_problem(401, "LOGIN_FAILED");
}

/// What a tenant sets counts, and not what the edge allows an address to guess.
#[tokio::test]
async fn a_tenant_that_allows_more_logins_has_them_from_one_address() {
    let bench = Bench::limited(Limiter::alone(Arc::new(FixedLimits::default()), TrustedProxies::default()));
    found(&bench, &[]);
    let limits = Limits { logins_per_minute: 15, ..Limits::default() };
    bench.registry.arrange(AccessAction::SetLimits { tenant: HERAT, limits });
    for _ in 0..15 {
        assert_eq!(log_in(&bench, LOGIN, PASSWORD, None).await.status, 200);
    }
    let brought = bench.commands.brought();
    let refused = log_in(&bench, LOGIN, PASSWORD, None).await;
    refused.is_problem(429, "RESOURCE_EXHAUSTED");
    assert!(refused.body["policy"].is_null(), "the account's own limit");
    assert_eq!(bench.commands.brought(), brought, "the writer was not troubled with it");
    bench.registry.pass(Duration::from_secs(4));
    assert_eq!(log_in(&bench, LOGIN, PASSWORD, None).await.status, 200);
}

/// One password at many names: each name has attempts left, the address has none.
#[tokio::test]
async fn an_address_guesses_ten_times_a_minute_at_whatever_names() {
    let bench = Bench::limited(Limiter::alone(Arc::new(FixedLimits::default()), TrustedProxies::default()));
    found(&bench, &[]);
    for index in 0..9 {
        log_in(&bench, &format!("nobody{index}"), PASSWORD, None).await.is_problem(401, "LOGIN_FAILED");
    }
    log_in(&bench, LOGIN, "not the password", None).await.is_problem(401, "LOGIN_FAILED");
    let refused = log_in(&bench, LOGIN, PASSWORD, None).await;
    refused.is_problem(429, "RESOURCE_EXHAUSTED");
    assert_eq!(refused.text("policy"), "login");
    let body = json!({ "login": LOGIN, "password": PASSWORD }).to_string();
    let elsewhere = bench.ask_from("198.51.100.9".parse().unwrap(), "", "POST", "/v1/auth/login", &[], &body).await;
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.body);
}

#[tokio::test]
async fn ten_failures_lock_names_somebody_has_and_names_nobody_has() {
    let bench = bench();
    for login in [LOGIN, "nobody@example.org"] {
        for _ in 0..10 {
            log_in(&bench, login, "not the password", None).await.is_problem(401, "LOGIN_FAILED");
        }
        let locked = log_in(&bench, login, PASSWORD, None).await;
        locked.is_problem(429, "RESOURCE_EXHAUSTED");
        assert_eq!(locked.text("reason"), "ACCOUNT_LOCKED");
        let seconds: u64 = locked.header("retry-after").unwrap().parse().unwrap();
        assert!((800..=900).contains(&seconds), "{seconds}");
    }
    bench.registry.pass(Duration::from_secs(901));
    assert_eq!(log_in(&bench, LOGIN, PASSWORD, None).await.status, 200);
}

#[tokio::test]
async fn the_eleventh_login_of_a_minute_is_refused() {
    let bench = bench();
    for _ in 0..10 {
        assert_eq!(log_in(&bench, LOGIN, PASSWORD, None).await.status, 200);
    }
    let reply = log_in(&bench, LOGIN, PASSWORD, None).await;
    reply.is_problem(429, "RESOURCE_EXHAUSTED");
    assert_eq!(reply.text("reason"), "RATE_LIMIT_EXCEEDED");
    assert!((1..=6).contains(&reply.header("retry-after").unwrap().parse::<u64>().unwrap()));
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_using_it_again_ends_the_session() {
    let bench = bench();
    let (first, old) = tokens(&bench).await;
    let reply = refreshed(&bench, &old).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let (second, new) = (reply.text("access_token").to_owned(), reply.text("refresh_token").to_owned());
    for token in [&first, &second] {
        assert_eq!(bench.ask_as(token, "GET", "/v1/me", &[], "").await.status, 200);
    }
    is_unauthenticated(&refreshed(&bench, &old).await, "SESSION_ENDED");
    is_unauthenticated(&refreshed(&bench, &new).await, "SESSION_ENDED");
    for token in [&first, &second] {
        is_unauthenticated(&bench.ask_as(token, "GET", "/v1/me", &[], "").await, "SESSION_ENDED");
    }
    for forged in ["", "rt_", "rt_AAAA", &format!("{}A", &new[..new.len() - 1])] {
        is_unauthenticated(&refreshed(&bench, forged).await, "SESSION_ENDED");
    }
}

#[tokio::test]
async fn who_logs_out_is_out() {
    let bench = bench();
    let (token, refresh) = tokens(&bench).await;
    let reply = bench.ask_as(&token, "POST", "/v1/auth/logout", &[], "").await;
    assert_eq!((reply.status, reply.text("state")), (200, "ended"));
    is_unauthenticated(&bench.ask_as(&token, "GET", "/v1/sms", &[], "").await, "SESSION_ENDED");
    is_unauthenticated(&refreshed(&bench, &refresh).await, "SESSION_ENDED");
}

#[tokio::test]
async fn roles_are_those_of_the_directory_and_not_those_of_the_token() {
    let bench = bench();
    let (token, _) = tokens(&bench).await;
    let session = bench.registry.directory().user(PARWIN).unwrap().sessions[0];
    let hour = Duration::from_secs(3_600);
    let forged = bench.tokens.mint_for_session(PARWIN, HERAT, &[Role::TenantAdmin], session, hour).unwrap();
    bench.ask_as(&forged, "GET", "/v1/users", &[], "").await.is_problem(403, "INSUFFICIENT_SCOPE");
    assert_eq!(bench.ask_as(&forged, "GET", "/v1/sms", &[], "").await.status, 200);
    // A token of a session speaks for its user and tenant, and for no other.
    for (actor, tenant) in [(ACTOR, HERAT), (PARWIN, KABUL), (PARWIN, TenantId::NIL)] {
        let forged = bench.tokens.mint_for_session(actor, tenant, &TENANT_ROLES, session, hour).unwrap();
        is_unauthenticated(&bench.ask_as(&forged, "GET", "/v1/sms", &[], "").await, "SESSION_ENDED");
    }
    bench.registry.arrange(AccessAction::SetRoles { user: PARWIN, roles: vec![Role::AccountReader] });
    is_unauthenticated(&bench.ask_as(&token, "GET", "/v1/sms", &[], "").await, "SESSION_ENDED");
}

#[tokio::test]
async fn tokens_without_a_session_are_for_development() {
    let minted = |bench: &Bench, tenant| bench.token(tenant, &TENANT_ROLES);
    let earnest = bench();
    for tenant in [HERAT, TenantId::NIL, TenantId::from_bytes([9; 16])] {
        let reply = earnest.ask_as(&minted(&earnest, tenant), "GET", "/v1/sms", &[], "").await;
        is_unauthenticated(&reply, "TOKEN_INVALID");
    }
    let developing = Bench::new();
    found(&developing, &[]);
    for tenant in [HERAT, TenantId::from_bytes([9; 16])] {
        assert_eq!(developing.ask_as(&minted(&developing, tenant), "GET", "/v1/sms", &[], "").await.status, 200);
    }
    developing.registry.arrange(AccessAction::SuspendTenant { tenant: HERAT });
    let reply = developing.ask_as(&minted(&developing, HERAT), "GET", "/v1/sms", &[], "").await;
    is_unauthenticated(&reply, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_directory_that_may_be_out_of_date_vouches_for_nobody() {
    let bench = bench();
    let (token, refresh) = tokens(&bench).await;
    bench.registry.make_stale(true);
    for reply in [
        bench.ask_as(&token, "GET", "/v1/sms", &[], "").await,
        bench.ask_as("ak_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "GET", "/v1/sms", &[], "").await,
        log_in(&bench, LOGIN, PASSWORD, None).await,
        refreshed(&bench, &refresh).await,
    ] {
        reply.is_problem(503, "UNAVAILABLE");
        assert_eq!((reply.text("reason"), reply.header("retry-after")), ("ACCESS_STALE", Some("1")));
    }
    assert_eq!(bench.ask_as("", "GET", "/healthz", &[], "").await.status, 200);
    bench.registry.make_stale(false);
    assert_eq!(bench.ask_as(&token, "GET", "/v1/sms", &[], "").await.status, 200);
}

#[tokio::test]
async fn who_administers_sets_up_a_second_factor_before_anything_else() {
    let bench = Bench::earnest(Vec::new());
    let reply = log_in(&bench, ROOT_LOGIN, ROOT_PASSWORD, None).await;
    assert_eq!(reply.body["mfa_required"], true);
    let token = reply.text("access_token").to_owned();
    bench.ask_as(&token, "GET", "/v1/tenants", &[], "").await.is_problem(403, "MFA_REQUIRED");
    assert_eq!(bench.ask_as(&token, "GET", "/v1/me", &[], "").await.body["mfa_required"], true);
    let reply = bench.ask_as(&token, "POST", "/v1/me/totp", &[], "").await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let secret = reply.text("secret").to_owned();
    assert!(reply.text("otpauth_uri").contains(&format!("secret={secret}&")));
    let confirm = |code: String| {
        let (bench, token) = (&bench, &token);
        async move {
            let body = json!({ "code": code }).to_string();
            bench.ask_as(token, "POST", "/v1/me/totp/confirm", &[], &body).await
        }
    };
    confirm(code(&secret, &bench, 5)).await.is_problem(422, "INVALID_VALUE");
    assert_eq!(confirm(code(&secret, &bench, 0)).await.status, 200);
    assert_eq!(bench.ask_as(&token, "GET", "/v1/tenants", &[], "").await.status, 200);
    // From now on the password alone is not enough, and no code is good twice.
    let reply = log_in(&bench, ROOT_LOGIN, ROOT_PASSWORD, None).await;
    reply.is_problem(401, "LOGIN_FAILED");
    assert_eq!(reply.text("reason"), "CODE_NEEDED");
    let used = code(&secret, &bench, 0);
    log_in(&bench, ROOT_LOGIN, ROOT_PASSWORD, Some(&used)).await.is_problem(401, "LOGIN_FAILED");
    log_in(&bench, ROOT_LOGIN, ROOT_PASSWORD, Some("12345")).await.is_problem(401, "LOGIN_FAILED");
    log_in(&bench, ROOT_LOGIN, "not the password", Some(&code(&secret, &bench, 1)))
        .await
        .is_problem(401, "LOGIN_FAILED");
    bench.registry.pass(Duration::from_secs(30));
    let next = code(&secret, &bench, 0);
    assert_eq!(log_in(&bench, ROOT_LOGIN, ROOT_PASSWORD, Some(&next)).await.status, 200);
    log_in(&bench, ROOT_LOGIN, ROOT_PASSWORD, Some(&next)).await.is_problem(401, "LOGIN_FAILED");
    let body = json!({ "current_password": "not the password" }).to_string();
    bench.ask_as(&token, "DELETE", "/v1/me/totp", &[], &body).await.is_problem(422, "INVALID_VALUE");
    let body = json!({ "current_password": ROOT_PASSWORD }).to_string();
    assert_eq!(bench.ask_as(&token, "DELETE", "/v1/me/totp", &[], &body).await.status, 200);
    bench.ask_as(&token, "GET", "/v1/tenants", &[], "").await.is_problem(403, "MFA_REQUIRED");
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let bench = bench();
    let (token, _) = tokens(&bench).await;
    let change = |current: &'static str, new: &'static str| {
        let (bench, token) = (&bench, &token);
        async move {
            let body = json!({ "current_password": current, "new_password": new }).to_string();
            bench.ask_as(token, "POST", "/v1/me/password", &[], &body).await
        }
    };
    for (current, new) in
        [("not the password", "another long river"), (PASSWORD, "short"), (PASSWORD, "parwin and a river")]
    {
        change(current, new).await.is_problem(422, "INVALID_VALUE");
    }
    assert_eq!(bench.registry.directory().user(PARWIN).unwrap().logins.failures(), 1, "a wrong one counts");
    assert_eq!(change(PASSWORD, "another long river").await.status, 200);
    is_unauthenticated(&bench.ask_as(&token, "GET", "/v1/sms", &[], "").await, "SESSION_ENDED");
    log_in(&bench, LOGIN, PASSWORD, None).await.is_problem(401, "LOGIN_FAILED");
    assert_eq!(log_in(&bench, LOGIN, "another long river", None).await.status, 200);
}

/// A key of HERAT that sends, with what else is said of it.
async fn key(bench: &Bench, admin: &str, more: Value) -> Reply {
    let mut body = json!({ "label": "Till 1", "roles": ["account.sender"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.ask_as(admin, "POST", "/v1/accesskeys", &[], &body.to_string()).await
}

/// A tenant.admin of HERAT with a second factor.
async fn admin(bench: &Bench) -> String {
    let registry = &bench.registry;
    let admin = ActorId::from_bytes([0xC3; 16]);
    registry.arrange(AccessAction::CreateUser(registry.user(admin, HERAT, "admin", PASSWORD, &[Role::TenantAdmin])));
    let reply = log_in(bench, "admin", PASSWORD, None).await;
    let token = reply.text("access_token").to_owned();
    let enrolled = bench.ask_as(&token, "POST", "/v1/me/totp", &[], "").await;
    let body = json!({ "code": code(enrolled.text("secret"), bench, 0) }).to_string();
    assert_eq!(bench.ask_as(&token, "POST", "/v1/me/totp/confirm", &[], &body).await.status, 200);
    token
}

#[tokio::test]
async fn an_access_key_is_good_until_it_ends_or_is_revoked() {
    use peyk_http::Registry;
    let bench = bench();
    let admin = admin(&bench).await;
    let soon = bench.registry.now().0 / 1_000 + 60;
    let soon = format!("{:.0}", jiff::Timestamp::from_second(i64::try_from(soon).unwrap()).unwrap());
    let expiring = key(&bench, &admin, json!({ "expires_at": soon })).await;
    let lasting = key(&bench, &admin, json!({})).await;
    let (expiring, id, lasting) =
        (expiring.text("access_key").to_owned(), lasting.text("id").to_owned(), lasting.text("access_key").to_owned());
    assert!(lasting.len() == 35 && lasting != expiring);
    let listed = bench.ask_as(&admin, "GET", "/v1/accesskeys", &[], "").await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 2);
    assert!(!listed.body.to_string().contains(&lasting) && listed.body.to_string().contains("Till 1"));
    for key in [&expiring, &lasting] {
        let me = bench.ask_as(key, "GET", "/v1/me", &[], "").await;
        assert_eq!((me.text("tenant_id"), me.text("idp")), (&*HERAT.to_string(), "accesskey"));
        bench.ask_as(key, "GET", "/v1/users", &[], "").await.is_problem(403, "INSUFFICIENT_SCOPE");
    }
    bench.registry.pass(Duration::from_secs(61));
    is_unauthenticated(&bench.ask_as(&expiring, "GET", "/v1/me", &[], "").await, "KEY_EXPIRED");
    let path = format!("/v1/accesskeys/{id}");
    assert_eq!(bench.ask_as(&admin, "DELETE", &path, &[], "").await.status, 200);
    is_unauthenticated(&bench.ask_as(&lasting, "GET", "/v1/me", &[], "").await, "KEY_INVALID");
    bench.ask_as(&admin, "DELETE", &path, &[], "").await.is_problem(404, "NOT_FOUND");
    key(&bench, &admin, json!({ "expires_at": soon })).await.is_problem(422, "INVALID_VALUE");
    key(&bench, &admin, json!({ "roles": ["platform.admin"] })).await.is_problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn hostile_access_keys_are_refused() {
    let bench = bench();
    let admin = admin(&bench).await;
    let reply = key(&bench, &admin, json!({ "allowed_addresses": ["192.0.2.0/24"] })).await;
    let key = reply.text("access_key").to_owned();
    let ask = |scheme: &'static str, key: String, from: &'static str| {
        let bench = &bench;
        async move {
            let authorization = format!("{scheme} {key}");
            let headers = [("authorization", authorization.as_str())];
            bench.ask_from(from.parse().unwrap(), "", "GET", "/v1/me", &headers, "").await
        }
    };
    for (from, status) in [("192.0.2.9", 200), ("::ffff:192.0.2.9", 200), ("192.0.3.9", 403), ("2001:db8::1", 403)] {
        let reply = ask("AccessKey", key.clone(), from).await;
        assert_eq!(reply.status, status, "{from}: {}", reply.body);
        if status == 403 {
            reply.is_problem(403, "ADDRESS_NOT_ALLOWED");
        }
    }
    for hostile in [
        String::new(),
        "ak_".into(),
        key[3..].to_owned(),
        key.to_uppercase(),
        format!("{key}a"),
        format!("ak_{}", "0".repeat(32)),
        "a".repeat(8_000),
    ] {
        is_unauthenticated(&ask("AccessKey", hostile, "192.0.2.9").await, "KEY_INVALID");
    }
    is_unauthenticated(&ask("Bearer", key.clone(), "192.0.2.9").await, "TOKEN_INVALID");
    is_unauthenticated(&ask("Basic", key.clone(), "192.0.2.9").await, "TOKEN_INVALID");
    bench.registry.arrange(AccessAction::SuspendTenant { tenant: HERAT });
    is_unauthenticated(&ask("AccessKey", key, "192.0.2.9").await, "KEY_INVALID");
}

#[tokio::test]
async fn admins_of_a_tenant_come_from_where_it_allows() {
    let bench = bench();
    let admin = admin(&bench).await;
    let (sender, _) = tokens(&bench).await;
    let path = format!("/v1/tenants/{HERAT}/allowed-addresses");
    let reply = bench.ask_as(&admin, "PUT", &path, &[], "{\"ranges\": [\"192.0.2.0/24\"]}").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let ask =
        async |from: &str, token: &str| bench.ask_from(from.parse().unwrap(), token, "GET", "/v1/me", &[], "").await;
    assert_eq!(ask("192.0.2.9", &admin).await.status, 200);
    ask("192.0.3.9", &admin).await.is_problem(403, "ADDRESS_NOT_ALLOWED");
    assert_eq!(ask("192.0.3.9", &sender).await.status, 200);
}

#[tokio::test]
async fn an_admin_of_a_tenant_sees_and_changes_its_people_and_no_others() {
    let bench = bench();
    let admin = admin(&bench).await;
    let registry = &bench.registry;
    let other = ActorId::from_bytes([0xC4; 16]);
    registry.arrange(AccessAction::CreateUser(registry.user(other, KABUL, "qasim", PASSWORD, &[])));
    let body = json!({ "login": "new@example.org", "name": "New", "password": PASSWORD, "roles": ["account.reader"] });
    let created = bench.ask_as(&admin, "POST", "/v1/users", &[], &body.to_string()).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let path = format!("/v1/users/{}", created.text("id"));
    let shown = bench.ask_as(&admin, "GET", &path, &[], "").await;
    assert_eq!((shown.text("login"), shown.text("name"), shown.text("state")), ("new@example.org", "New", "active"));
    assert_eq!(log_in(&bench, "new@example.org", PASSWORD, None).await.status, 200);
    bench.ask_as(&admin, "POST", "/v1/users", &[], &body.to_string()).await.is_problem(409, "ALREADY_EXISTS");
    for platform in ["platform.admin", "platform.auditor"] {
        let body = json!({ "login": "x@y.z", "name": "X", "password": PASSWORD, "roles": [platform] }).to_string();
        bench.ask_as(&admin, "POST", "/v1/users", &[], &body).await.is_problem(403, "INSUFFICIENT_SCOPE");
    }
    for (user, what) in [(other, "another tenant's"), (ROOT, "the platform's")] {
        for (method, path, body) in [
            ("GET", format!("/v1/users/{user}"), ""),
            ("POST", format!("/v1/users/{user}/disable"), ""),
            ("PUT", format!("/v1/users/{user}/roles"), "{\"roles\": []}"),
            ("POST", format!("/v1/users/{user}/password"), "{\"password\": \"another long river\"}"),
            ("DELETE", format!("/v1/users/{user}/totp"), ""),
        ] {
            let reply = bench.ask_as(&admin, method, &path, &[], body).await;
            assert_eq!((reply.status, reply.text("code")), (404, "NOT_FOUND"), "{method} {path}: {what}");
        }
    }
    for path in [
        format!("/v1/users?tenant_id={KABUL}"),
        format!("/v1/accesskeys?tenant_id={KABUL}"),
        format!("/v1/tenants/{KABUL}"),
    ] {
        bench.ask_as(&admin, "GET", &path, &[], "").await.is_problem(404, "NOT_FOUND");
    }
    let own = bench.ask_as(&admin, "GET", "/v1/users", &[], "").await;
    assert_eq!(own.body["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_platform_renames_a_tenant() {
    let bench = Bench::new();
    found(&bench, &[]);
    let platform = bench.token(TenantId::NIL, &[Role::PlatformAdmin]);
    let path = format!("/v1/tenants/{HERAT}");
    let named = async |name: &str, key: &str| {
        let body = json!({ "name": name }).to_string();
        bench.ask_as(&platform, "PUT", &format!("{path}/name"), &[("idempotency-key", key)], &body).await
    };
    let renamed = named("Bank of Herat", "a").await;
    assert_eq!((renamed.status, renamed.text("state")), (200, "changed"), "{}", renamed.body);
    assert_eq!(bench.ask_as(&platform, "GET", &path, &[], "").await.text("name"), "Bank of Herat");
    named("", "b").await.is_problem(422, "INVALID_VALUE");
    named(" Herat", "c").await.is_problem(422, "INVALID_VALUE");
    let own = bench.token(HERAT, &[Role::TenantAdmin]);
    let reply = bench.ask_as(&own, "PUT", &format!("{path}/name"), &[], "{\"name\": \"Ours\"}").await;
    reply.is_problem(403, "INSUFFICIENT_SCOPE");
    let unknown = format!("/v1/tenants/{}/name", TenantId::from_bytes([9; 16]));
    bench.ask_as(&platform, "PUT", &unknown, &[], "{\"name\": \"Nobody\"}").await.is_problem(404, "NOT_FOUND");
    assert_eq!(bench.ask_as(&platform, "GET", &path, &[], "").await.text("name"), "Bank of Herat");
}

#[tokio::test]
async fn lists_go_on_behind_their_cursor() {
    let bench = bench();
    let admin = admin(&bench).await;
    let first = bench.ask_as(&admin, "GET", "/v1/users?limit=1", &[], "").await;
    let next = first.text("next").to_owned();
    let second = bench.ask_as(&admin, "GET", &format!("/v1/users?limit=1&cursor={next}"), &[], "").await;
    assert_ne!(first.body["items"][0]["id"], second.body["items"][0]["id"]);
    assert_eq!(second.body["next"], Value::Null);
    bench.ask_as(&admin, "GET", "/v1/users?cursor=x", &[], "").await.is_problem(422, "INVALID_VALUE");
}

#[tokio::test]
async fn a_repeated_request_creates_one_key_and_shows_it_once() {
    let bench = bench();
    let admin = admin(&bench).await;
    let body = "{\"label\": \"Till 1\", \"roles\": []}";
    let key = [("idempotency-key", "till-1")];
    let first = bench.ask_as(&admin, "POST", "/v1/accesskeys", &key, body).await;
    let again = bench.ask_as(&admin, "POST", "/v1/accesskeys", &key, body).await;
    assert_eq!((first.status, again.status, again.text("id")), (201, 201, first.text("id")));
    assert!(first.body["access_key"].is_string() && again.body["access_key"].is_null());
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}
