//! A name as a sender: taken by reserving it, with all that looks like it, and seen by nobody else.
use crate::setting::{Tenant, fresh};
use anyhow::{Context, Result, ensure};
use peyk_tests::{Deployment, Reply, eventually};
use serde_json::json;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

async fn reserve(tenant: &Tenant, name: &str) -> Result<Reply> {
    tenant.http.post(&format!("/v1/numbers/{name}/reserve"), &fresh(), &json!({ "ttl_seconds": 600 })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_tenants_and_so_is_whatever_looks_like_it() -> Result<()> {
    let deployment = Deployment::start().await?;
    let (ours, theirs) = (Tenant::of(&deployment)?, Tenant::of(&deployment)?);
    reserve(&ours, "PayPal").await?.expect(201)?;
    for alike in ["PayPal", "PAYPAL", "PayPaI", "PAYPA1", "Pay%20Pal"] {
        let refused = reserve(&theirs, alike).await?.expect(409)?;
        ensure!(refused.body["code"] == "CONFLICT", "{alike}: {}", refused.body);
        ensure!(!refused.body.to_string().contains(&ours.id.to_string()), "nobody learns whose: {}", refused.body);
    }
    let refused = reserve(&theirs, "7O7O").await?.expect(422)?;
    ensure!(refused.body["code"] == "INVALID_VALUE", "a number in disguise: {}", refused.body);
    let assigned = ours.http.post("/v1/numbers/PayPal/assign", &fresh(), &json!({})).await?.expect(200)?;
    let position = assigned.number("/receipt/position").context("a receipt")?;

    // Its tenant sees it; to another it does not exist.
    let own = || async { ours.http.get("/v1/numbers/PayPal").await.is_ok_and(|it| it.body["state"] == "assigned") };
    eventually("its tenant sees it", PATIENCE, own).await;
    theirs.http.get("/v1/numbers/PayPal").await?.expect(404)?;
    for (tenant, names) in [(&ours, json!(["PayPal"])), (&theirs, json!([]))] {
        let listed = tenant.http.get("/v1/numbers?type=alpha").await?.expect(200)?.body;
        let items = listed["items"].as_array().context("items")?;
        let found: Vec<_> = items.iter().map(|number| number["number"].clone()).collect();
        ensure!(json!(found) == names, "{listed}");
    }
    for (tenant, verdict) in [(&ours, "leased"), (&theirs, "not_registered")] {
        let path = format!("/v1/numbers/PayPal/lease?min_position={position}");
        let told = tenant.http.get(&path).await?.expect(200)?.body;
        ensure!(told["verdict"] == verdict, "{told}");
    }
    // One that was only reserved is free again, and in no list, once it is given up.
    reserve(&ours, "Zeta").await?.expect(201)?;
    ours.http.post("/v1/numbers/Zeta/release", &fresh(), &json!({})).await?.expect(200)?;
    reserve(&theirs, "ZETA").await?.expect(201)?;
    deployment.end();
    Ok(())
}
