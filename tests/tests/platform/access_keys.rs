//! Access keys against a real deployment: made, used, revoked, and good nowhere soon after.
use crate::setting::{FIRST, Tenant, fresh, import, lease, platform, route};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Reply, eventually};
use serde_json::json;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// The bound on a revocation: 2 s after it is durable, and the command itself.
const REVOKED_WITHIN: Duration = Duration::from_secs(3);

async fn me(deployment: &Deployment, key: &str) -> Result<Reply> {
    let authorization = format!("AccessKey {key}");
    let headers = [("authorization", authorization.as_str())];
    deployment.http().send(Method::GET, "/v1/me", &headers, Bytes::new()).await
}

/// Sends a message under an access key.
async fn send(deployment: &Deployment, key: &str, idempotency_key: &str) -> Result<Reply> {
    let authorization = format!("AccessKey {key}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", idempotency_key),
    ];
    let message = json!({ "from": format!("+{FIRST}"), "to": "+93790000077", "text": "Salaam" }).to_string();
    deployment.http().send(Method::POST, "/v1/sms/send", &headers, message.into()).await
}

#[tokio::test]
async fn a_key_is_good_until_it_is_revoked_or_its_tenant_suspended() -> Result<()> {
    let deployment = Deployment::start().await?;
    let platform = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.admin"])?);
    let tenant = uuid::Uuid::new_v4().to_string();
    let new = json!({ "id": tenant, "name": "Herat Pharmacies", "region": "af-west" });
    platform.post("/v1/tenants", &fresh(), &new).await?.expect(201)?;
    let mut keys = Vec::new();
    for label in ["first", "second"] {
        let new = json!({ "tenant_id": tenant, "label": label, "roles": ["account.reader"] });
        let made = platform.post("/v1/accesskeys", &fresh(), &new).await?.expect(201)?;
        keys.push((made.text("/id").to_owned(), made.text("/access_key").to_owned()));
    }
    let [(first, first_key), (_, second_key)] = keys.as_slice() else { anyhow::bail!("two keys") };
    for key in [first_key, second_key] {
        let shown = me(&deployment, key).await?.expect(200)?;
        ensure!(shown.text("/tenant_id") == tenant, "{}", shown.body);
    }
    let shown = platform.get(&format!("/v1/tenants/{tenant}")).await?.expect(200)?;
    ensure!(shown.text("/name") == "Herat Pharmacies", "{}", shown.body);

    let revoked = format!("/v1/accesskeys/{first}");
    let began = Instant::now();
    platform.send(Method::DELETE, &revoked, &[], Bytes::new()).await?.expect(200)?;
    eventually("a revoked key to be refused", PATIENCE, || async {
        me(&deployment, first_key).await.is_ok_and(|reply| reply.status == 401)
    })
    .await;
    let took = began.elapsed();
    ensure!(took < REVOKED_WITHIN, "a revoked key was good for {took:?}");
    me(&deployment, second_key).await?.expect(200).context("the other key is untouched")?;

    let suspended = format!("/v1/tenants/{tenant}/suspend");
    platform.send(Method::POST, &suspended, &[], Bytes::new()).await?.expect(200)?;
    eventually("a suspended tenant's key to be refused", PATIENCE, || async {
        me(&deployment, second_key).await.is_ok_and(|reply| reply.status == 401)
    })
    .await;
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_send_does_and_what_it_sent_is_delivered() -> Result<()> {
    let mut deployment = Deployment::start().await?;
    deployment.simulate_smsc().await?;
    let admin = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.admin"])?);
    let tenant = Tenant::of(&deployment)?;
    let new = json!({ "id": tenant.id.to_string(), "name": "Herat Pharmacies", "region": "af-west" });
    admin.post("/v1/tenants", &fresh(), &new).await?.expect(201)?;
    let platform = platform(&deployment)?;
    import(&platform, 1).await?;
    route(&platform, &deployment).await?;
    lease(&tenant, FIRST).await?;
    let mut keys = Vec::new();
    for role in ["account.sender", "account.reader"] {
        let new = json!({ "tenant_id": tenant.id.to_string(), "label": role, "roles": [role] });
        let made = admin.post("/v1/accesskeys", &fresh(), &new).await?.expect(201)?;
        keys.push((made.text("/id").to_owned(), made.text("/access_key").to_owned()));
    }
    let [(id, sender), (_, reader)] = keys.as_slice() else { anyhow::bail!("two keys") };

    let refused = send(&deployment, reader, &fresh()).await?.expect(403)?;
    ensure!(refused.code() == "INSUFFICIENT_SCOPE", "{}", refused.body);
    let once = fresh();
    let sent = send(&deployment, sender, &once).await?.expect(202)?;
    let again = send(&deployment, sender, &once).await?.expect(202)?;
    ensure!(again.text("/message_id") == sent.text("/message_id"), "one key of one request is one message");
    let path = format!("/v1/sms/{}", sent.text("/message_id"));
    eventually("the message is delivered", PATIENCE, || async {
        tenant.http.get(&path).await.is_ok_and(|reply| reply.text("/state") == "delivered")
    })
    .await;
    let sent = tenant.http.get("/v1/sms").await?.expect(200)?;
    ensure!(sent.body["items"].as_array().map(Vec::len) == Some(1), "what was refused was not sent: {}", sent.body);

    admin.send(Method::DELETE, &format!("/v1/accesskeys/{id}"), &[], Bytes::new()).await?.expect(200)?;
    eventually("the revoked key sends nothing", PATIENCE, || async {
        send(&deployment, sender, &fresh()).await.is_ok_and(|reply| reply.status == 401)
    })
    .await;
    deployment.end();
    Ok(())
}
