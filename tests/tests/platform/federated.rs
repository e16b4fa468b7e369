//! People whom a tenant's own identity provider vouches for.
use crate::audit::{Admin, Story, tell};
use anyhow::{Context, Result, ensure};
use jwt_simple::prelude::*;
use peyk_domain::TenantId;
use peyk_domain::access::AccessAction;
use peyk_tests::{Deployment, Http, Postgres, eventually};
use serde_json::{Value, json};
use std::path::Path;

const IDP: &str = "https://idp.example";
/// The least that is taken: a longer key takes long to make.
const BITS: usize = 2_048;
/// Four times what a provider is spared between two looks at its keys.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

fn key(id: &str) -> Result<RS256KeyPair> {
    Ok(RS256KeyPair::generate(BITS)?.with_key_id(id))
}

/// What the provider publishes: its public keys.
fn publish(file: &Path, keys: &[&RS256KeyPair]) -> Result<()> {
    let keys = keys.iter().map(|pair| {
        let mut key: Value = serde_json::from_str(&pair.public_key().to_jwk())?;
        key["kid"] = json!(pair.key_id());
        Ok::<_, anyhow::Error>(key)
    });
    let keys: Vec<Value> = keys.collect::<Result<_, _>>()?;
    Ok(std::fs::write(file, json!({ "keys": keys }).to_string())?)
}

fn vouched(key: &RS256KeyPair, tenant: TenantId, roles: &[&str]) -> Result<String> {
    let said = json!({ "tenantId": tenant.to_string(), "roles": roles });
    let claims = Claims::with_custom_claims(said, Duration::from_mins(10));
    key.sign(claims.with_issuer(IDP).with_audience("peyk").with_subject("auth0|64a7"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_providers_people_are_let_in_as_their_tenants_and_no_further() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let published = deployment.path("jwks.json");
    let (first, second, forger) = (key("first")?, key("second")?, key("first")?);
    publish(&published, &[&first])?;
    let provider =
        format!("[[http.identity_providers]]\nissuer = \"{IDP}\"\njwks = {:?}\n", published.to_string_lossy());
    deployment.configure(&(deployment.configuration() + &provider))?;
    deployment.serve().await?;
    let admin = Admin::of(&deployment).await?;
    let Story { herat, .. } = tell(&admin).await?;
    let of = |token: Result<String>| Ok::<Http, anyhow::Error>(deployment.http().bearer(&token?));

    let person = of(vouched(&first, herat, &["account.reader", "platform.channel.admin"]))?;
    let me = person.get("/v1/me").await?.expect(200)?.body;
    ensure!(me["tenant_id"] == herat.to_string() && me["roles"] == json!(["account.reader"]), "{me}");
    person.get("/v1/sms").await?.expect(200)?;
    person.get("/v1/operators").await?.expect(403).context("a role of the platform counts for nothing")?;
    let of_platform = of(vouched(&first, TenantId::NIL, &["platform.channel.admin"]))?;
    of_platform.get("/v1/operators").await?.expect(403).context("the provider is not trusted with those")?;
    let forged = of(vouched(&forger, herat, &["account.reader"]))?.get("/v1/me").await?.expect(401)?;
    ensure!(forged.text("/reason") == "TOKEN_INVALID", "{}", forged.body);

    // The provider changes its key: who comes with the new one makes us look.
    let newcomer = of(vouched(&second, herat, &["account.reader"]))?;
    newcomer.get("/v1/me").await?.expect(401)?;
    publish(&published, &[&second])?;
    let let_in = async |person: &Http| person.get("/v1/me").await.is_ok_and(|reply| reply.status == 200);
    eventually("the new key is known", PATIENCE, || let_in(&newcomer)).await;
    person.get("/v1/me").await?.expect(401).context("the old key is nobody's now")?;

    admin.ask(AccessAction::SuspendTenant { tenant: herat }).await?;
    eventually("a suspended tenant's people stay out", PATIENCE, || async { !let_in(&newcomer).await }).await;
    admin.ask(AccessAction::ResumeTenant { tenant: herat }).await?;
    eventually("and come back with it", PATIENCE, || let_in(&newcomer)).await;
    deployment.end();
    Ok(())
}
