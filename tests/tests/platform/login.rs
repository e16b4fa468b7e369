//! From the first admin to a session and its end, against a real deployment.
use crate::setting::fresh;
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Reply};
use serde_json::{Value, json};

const ADMIN_PASSWORD: &str = "a password of many words";
const PASSWORD: &str = "a long and quiet river";

async fn log_in(deployment: &Deployment, login: &str, password: &str) -> Result<Reply> {
    deployment.http().post("/v1/auth/login", &fresh(), &json!({ "login": login, "password": password })).await
}

async fn refresh(deployment: &Deployment, token: &str) -> Result<Reply> {
    deployment.http().post("/v1/auth/refresh", &fresh(), &json!({ "refresh_token": token })).await
}

#[tokio::test]
async fn a_session_begins_goes_on_and_ends() -> Result<()> {
    let deployment = Deployment::start().await?;
    let bootstrap = ["--json", "access", "bootstrap", "--login", "Admin@Example.org", "--password-stdin"];
    let made = deployment.attempt_with(&bootstrap, &format!("{ADMIN_PASSWORD}\n"))?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

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
