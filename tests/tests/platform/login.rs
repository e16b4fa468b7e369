//! From the first admin to a session and its end, against a real deployment.
use crate::setting::fresh;
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use hyper::Method;
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Http, Postgres, Reply, eventually};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ADMIN_PASSWORD: &str = "a password of many words";
const PASSWORD: &str = "a long and quiet river";
const PATIENCE: Duration = Duration::from_secs(60);
/// Failures in a row that lock an account.
const FAILURES_MAX: usize = 10;

/// The first admin.
pub fn bootstrap(deployment: &Deployment) -> Result<()> {
    let bootstrap = ["--json", "access", "bootstrap", "--login", "Admin@Example.org", "--password-stdin"];
    let made = deployment.attempt_with(&bootstrap, &format!("{ADMIN_PASSWORD}\n"))?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

async fn log_in(deployment: &Deployment, login: &str, password: &str) -> Result<Reply> {
    deployment.http().post("/v1/auth/login", &fresh(), &json!({ "login": login, "password": password })).await
}

async fn refresh(deployment: &Deployment, token: &str) -> Result<Reply> {
    deployment.http().post("/v1/auth/refresh", &fresh(), &json!({ "refresh_token": token })).await
}

#[tokio::test]
async fn a_session_begins_goes_on_and_ends() -> Result<()> {
    let deployment = Deployment::start().await?;
    bootstrap(&deployment)?;

    // The first admin logs in, and can do nothing before there is a second factor.
    let admin = log_in(&deployment, "admin@example.org", ADMIN_PASSWORD).await?.expect(200)?;
    ensure!(admin.body["mfa_required"] == true, "{}", admin.body);
    let as_admin = deployment.http().bearer(admin.text("/access_token"));
    ensure!(as_admin.get("/v1/me").await?.expect(200)?.text("/login") == "Admin@Example.org");
    as_admin.get("/v1/tenants").await?.expect(403)?;
    let enrolled = as_admin.send(Method::POST, "/v1/me/totp", &[], Bytes::new()).await?.expect(201)?;
    ensure!(enrolled.text("/otpauth_uri").starts_with("otpauth://totp/Peyk:"));

    // A user of a tenant.
    let platform = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.admin"])?);
    let tenant = uuid::Uuid::new_v4().to_string();
    let new = json!({ "id": tenant, "name": "Herat Pharmacies", "region": "af-west" });
    platform.post("/v1/tenants", &fresh(), &new).await?.expect(201)?;
    let new = json!({
        "tenant_id": tenant, "login": "parwin@example.org", "name": "Parwin", "password": PASSWORD,
        "roles": ["account.reader"],
    });
    platform.post("/v1/users", &fresh(), &new).await?.expect(201)?;
    for (login, password) in [("parwin@example.org", "not the password"), ("nobody@example.org", PASSWORD)] {
        let refused = log_in(&deployment, login, password).await?.expect(401)?;
        ensure!(refused.text("/code") == "LOGIN_FAILED", "{}", refused.body);
    }
    let session = log_in(&deployment, "PARWIN@example.org", PASSWORD).await?.expect(200)?;
    let first = deployment.http().bearer(session.text("/access_token"));
    let me: Value = first.get("/v1/me").await?.expect(200)?.body;
    ensure!(me["tenant_id"] == *tenant && me["name"] == "Parwin", "{me}");
    first.get("/v1/users").await?.expect(403)?;

    // A refresh token is good once; used again, it ends the session.
    let old = session.text("/refresh_token");
    let next = refresh(&deployment, old).await?.expect(200)?;
    let second = deployment.http().bearer(next.text("/access_token"));
    second.get("/v1/me").await?.expect(200)?;
    refresh(&deployment, old).await?.expect(401)?;
    refresh(&deployment, next.text("/refresh_token")).await?.expect(401).context("the session has ended")?;
    let metrics = deployment.metrics().await?;
    let alert = metrics.lines().find(|line| line.contains("refresh_token_reused")).context("an alert")?;
    ensure!(alert.starts_with("peyk_http_alerts_total") && alert.ends_with(" 1"), "{alert}");
    ensure!(deployment.serve_log()?.contains("REFRESH_TOKEN_REUSED"), "a line of the log");
    deployment.end();
    Ok(())
}

async fn guess(http: &Http, login: &str, password: &str) -> Result<Reply> {
    http.post("/v1/auth/login", &fresh(), &json!({ "login": login, "password": password })).await
}

/// Two processes serve the API. What an account may try is counted where it is decided: they do not add up.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_its_attempts_however_many_processes_are_asked() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    // All of them come from one address, whose own limit is another matter.
    let address = "logins_per_minute = 100000000\ntenant_per_minute = 100000000";
    deployment.configure(&deployment.configuration().replace("tenant_per_minute = 100000000", address))?;
    deployment.serve().await?;
    bootstrap(&deployment)?;
    let other = deployment.stand_by()?;
    let both = [deployment.http(), other.http()];
    let platform = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.admin"])?);
    let [guessed, hasty] = ["parwin@example.org", "qasim@example.org"];
    let mut tenants = Vec::new();
    for login in [guessed, hasty] {
        let tenant = uuid::Uuid::new_v4().to_string();
        let new = json!({ "id": tenant, "name": "Herat Pharmacies", "region": "af-west" });
        platform.post("/v1/tenants", &fresh(), &new).await?.expect(201)?;
        let new = json!({ "tenant_id": tenant, "login": login, "name": "Somebody", "password": PASSWORD, "roles": [] });
        platform.post("/v1/users", &fresh(), &new).await?.expect(201)?;
        tenants.push(tenant);
    }
    eventually("the second process knows the users", PATIENCE, || async {
        let reply = guess(&both[1], hasty, PASSWORD).await;
        reply.is_ok_and(|reply| reply.status == 200)
    })
    .await;

    // Ten wrong passwords, five at each, and not one more.
    for attempt in 0..FAILURES_MAX {
        let refused = guess(&both[attempt % 2], guessed, "not the password").await?.expect(401)?;
        ensure!(refused.code() == "LOGIN_FAILED", "attempt {attempt}: {}", refused.body);
    }
    for http in &both {
        let locked = guess(http, guessed, PASSWORD).await?.expect(429)?;
        ensure!(locked.text("/reason") == "ACCOUNT_LOCKED", "{}", locked.body);
        ensure!(locked.headers.contains_key("retry-after"), "when to come back");
    }

    // One login a minute: of twelve at once, six at each, one passes, and one more for each minute they took.
    let limits =
        json!({ "requests_per_minute": 1_000, "messages_per_minute": 100, "logins_per_minute": 1 }).to_string();
    let headers = [("content-type", "application/json")];
    let began = Instant::now();
    platform
        .send(Method::PUT, &format!("/v1/tenants/{}/limits", tenants[1]), &headers, limits.into())
        .await?
        .expect(200)?;
    let replies = try_join_all((0..12).map(|attempt| guess(&both[attempt % 2], hasty, PASSWORD))).await?;
    let passed = replies.iter().filter(|reply| reply.status == 200).count();
    let at_most = 1 + usize::try_from(began.elapsed().as_secs() / 60)?;
    ensure!((1..=at_most).contains(&passed), "{passed} of {at_most}");
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        ensure!(refused.status == 429 && refused.text("/reason") == "RATE_LIMIT_EXCEEDED", "{}", refused.body);
    }
    other.terminate(PATIENCE).await?;
    deployment.end();
    Ok(())
}
