use crate::setting::{FIRST, Tenant, fresh, import, lease, platform, route};
use anyhow::{Context, Result};
use hyper::Method;
use peyk_tests::Deployment;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_finds_nothing_of_another_and_cannot_claim_to_be_it() -> Result<()> {
    let deployment = Deployment::start().await?;
    let platform = platform(&deployment)?;
    let (tenant, stranger) = (Tenant::of(&deployment)?, Tenant::of(&deployment)?);
    import(&platform, 2).await?;
    route(&platform, &deployment).await?;
    let leased_at = lease(&tenant, FIRST).await?;
    let message = json!({ "from": format!("+{FIRST}"), "to": "+93790000001", "text": "Salaam" });
    let sent = tenant.http.post("/v1/sms/send", &fresh(), &message).await?.expect(202)?;
    let sent_at = sent.number("/receipt/position").context("a receipt")?;
    let message_path = format!("/v1/sms/{}", sent.text("/message_id"));
    let number_path = format!("/v1/numbers/{FIRST}");

    // The owner finds both, so the stranger does not merely come too early.
    tenant.http.get(&format!("{message_path}?min_position={sent_at}")).await?.expect(200)?;
    tenant.http.get(&format!("{number_path}?min_position={leased_at}")).await?.expect(200)?;
    for path in [message_path.clone(), format!("{message_path}/timeline"), number_path] {
        let reply = stranger.http.get(&path).await?.expect(404)?;
        assert_eq!(reply.code(), "NOT_FOUND", "{path}");
    }
    let free = stranger.http.get("/v1/numbers").await?.expect(200)?;
    assert_eq!(free.body["items"].as_array().map(Vec::len), Some(1), "only the number that is nobody's");
    // And may not use what it cannot see.
    let forged = stranger.http.post("/v1/sms/send", &fresh(), &message).await?.expect(403)?;
    assert_eq!(forged.code(), "REFUSED_SENDER_UNAUTHORIZED");
    let path = format!("/v1/numbers/{FIRST}/release");
    stranger.http.post(&path, &fresh(), &json!({})).await?.expect(404)?;
    let acting = json!({ "tenant_id": tenant.id.to_string() });
    let acted = stranger.http.post(&path, &fresh(), &acting).await?.expect(403)?;
    assert_eq!(acted.code(), "INSUFFICIENT_SCOPE");

    let claim = tenant.id.to_string();
    for header in ["x-tenant-id", "x-account-id"] {
        let headers = [(header, claim.as_str())];
        let reply = stranger.http.send(Method::GET, &message_path, &headers, "".into()).await?.expect(403)?;
        assert_eq!(reply.code(), "TENANT_MISMATCH");
        tenant.http.send(Method::GET, &message_path, &headers, "".into()).await?.expect(200)?;
    }
    let nobody = deployment.http().get(&message_path).await?.expect(401)?;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    deployment.end();
    Ok(())
}
