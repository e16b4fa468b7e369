//! Access keys against a real deployment: made, used, revoked, and good nowhere soon after.
use crate::setting::fresh;
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
