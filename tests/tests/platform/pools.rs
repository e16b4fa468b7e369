//! Whose a block's numbers are to take: contracts, blocks and pools from their first word to a tenant that sees nothing of it.
use crate::setting::{FIRST, Tenant, fresh, platform};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Http, Operator, Reply, eventually, number_file};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const NUMBERING: &str = "/v1/numbering";

/// Adds one and gives its id.
async fn added(platform: &Http, kind: &str, body: &Value) -> Result<String> {
    let reply = platform.post(&format!("{NUMBERING}/{kind}"), &fresh(), body).await?.expect(201)?;
    ensure!(reply.body["version"] == 1, "{}", reply.body);
    Ok(reply.body["id"].as_str().context("an id")?.to_owned())
}

/// Once the read models know of the last change, what they say.
async fn shown(platform: &Http, path: &str, position: u64) -> Result<Reply> {
    eventually("the read models are there", PATIENCE, || async {
        platform.get(path).await.is_ok_and(|reply| reply.body["position"].as_u64().is_some_and(|at| at >= position))
    })
    .await;
    platform.get(path).await?.expect(200)
}

fn refused(reply: Reply, status: u16, code: &str) -> Result<()> {
    let reply = reply.expect(status)?;
    ensure!(reply.body["code"] == code, "{}", reply.body);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_goes_from_its_contract_into_a_pool_that_only_one_tenant_sees() -> Result<()> {
    let deployment = Deployment::start().await?;
    let platform = platform(&deployment)?;
    let (ours, theirs) = (Tenant::of(&deployment)?, Tenant::of(&deployment)?);
    let operator = Operator::test();

    // A contract, drafted, signed, with a block under it.
    let terms = json!({ "name": "T-1", "starts": "2020-01-01T00:00:00Z", "state": "draft" });
    let mut draft = terms.clone();
    draft["operator"] = "Test".into();
    let contract = added(&platform, "contracts", &draft).await?;
    let region = "AF-kbl";
    let block = json!({
        "operator": "Test", "type": "msisdn", "first": format!("+{FIRST}"), "last": format!("+{}", FIRST + 9),
        "contract_id": contract, "region": region,
    });
    let block_id = added(&platform, "blocks", &block).await?;
    operator.register(&platform).await?;
    let import = |first: u64, count: u64| {
        let mut form = operator.form(&number_file(first, count));
        form.push(("block", block_id.clone().into()));
        let platform = platform.clone();
        async move { platform.post_form(&format!("{NUMBERING}/imports"), &form).await }
    };
    refused(import(FIRST, 5).await?, 409, "INVALID_TRANSITION")?;
    let mut signed = terms.clone();
    (signed["state"], signed["version"], signed["signature_ref"]) = ("active".into(), 1.into(), "vault:test/1".into());
    let path = format!("{NUMBERING}/contracts/{contract}");
    let changed = platform.put(&path, &fresh(), &signed).await?.expect(200)?;
    ensure!(changed.body["version"] == 2, "{}", changed.body);
    refused(platform.put(&path, &fresh(), &signed).await?, 409, "CONFLICT")?;
    refused(import(FIRST + 8, 5).await?, 422, "INVALID_ROWS")?;
    import(FIRST, 5).await?.expect(201)?;

    // A pool of our own, and everybody sees the block until it is in it.
    let pool = added(&platform, "pools", &json!({ "name": "banks", "tenants": [ours.id.to_string()] })).await?;
    let one = format!("/v1/numbers/{FIRST}");
    let sees = |tenant: &Http| {
        let (tenant, one) = (tenant.clone(), one.clone());
        async move { tenant.get(&one).await.is_ok_and(|reply| reply.status == 200) }
    };
    eventually("everybody sees it", PATIENCE, || async { sees(&theirs.http).await && sees(&ours.http).await }).await;
    let change = json!({
        "version": 1, "contract_id": contract, "region": region, "pool_id": pool, "purpose": "own",
    });
    let path = format!("{NUMBERING}/blocks/{block_id}");
    let moved = platform.put(&path, &fresh(), &change).await?.expect(200)?;
    let position = moved.number("/receipt/position").context("a receipt")?;
    let shown = shown(&platform, &path, position).await?;
    ensure!(shown.body["pool_id"] == *pool && shown.body["region"] == region, "{}", shown.body);

    // They find nothing of it, whatever they ask; we do.
    theirs.http.get(&one).await?.expect(404)?;
    let listed = theirs.http.get("/v1/numbers").await?.expect(200)?.body;
    ensure!(listed["items"] == json!([]), "{listed}");
    let for_now = json!({ "ttl_seconds": 300 });
    let reserve = format!("{one}/reserve");
    refused(theirs.http.post(&reserve, &fresh(), &for_now).await?, 404, "NOT_REGISTERED")?;
    let verdict = |tenant: &Http| {
        let (tenant, path) = (tenant.clone(), format!("{one}/lease?min_position={position}"));
        async move { Ok::<_, anyhow::Error>(tenant.get(&path).await?.expect(200)?.body["verdict"].clone()) }
    };
    ensure!(verdict(&theirs.http).await? == "not_registered" && verdict(&ours.http).await? == "not_leased");
    ours.http.post(&reserve, &fresh(), &for_now).await?.expect(201)?;
    // Nor may they look at pools, blocks and contracts.
    for kind in ["pools", "blocks", "contracts"] {
        theirs.http.get(&format!("{NUMBERING}/{kind}")).await?.expect(403)?;
    }

    // What stands on something keeps it; the trail says who did what.
    let remove = |kind: &str, id: &str, version: u32| {
        let (platform, path) = (platform.clone(), format!("{NUMBERING}/{kind}/{id}?version={version}"));
        async move {
            let key = fresh();
            platform.send(Method::DELETE, &path, &[("idempotency-key", &*key)], Bytes::new()).await
        }
    };
    refused(remove("pools", &pool, 1).await?, 409, "IN_USE")?;
    refused(remove("blocks", &block_id, 2).await?, 409, "IN_USE")?;
    refused(remove("contracts", &contract, 2).await?, 409, "IN_USE")?;
    let auditor = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.auditor"])?);
    let noted = || async {
        let trail = auditor.get("/v1/audit?resource_type=pool").await.map(|reply| reply.body).unwrap_or_default();
        trail["items"].as_array().is_some_and(|rows| rows.iter().any(|row| row["resource_id"] == *pool))
    };
    eventually("the trail has it", PATIENCE, noted).await;
    deployment.end();
    Ok(())
}
