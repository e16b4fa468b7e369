use crate::setting::{Tenant, fresh};
use anyhow::{Context, Result};
use peyk_tests::{Deployment, Http, Postgres, eventually, free_port};
use serde_json::json;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// Requests of a tenant a minute, and how many that is at once.
const PER_MINUTE: u32 = 120;
const AT_ONCE: u32 = 2 * PER_MINUTE;

/// One request that changes nothing; whether it was let through.
async fn ask(http: &Http) -> Result<bool> {
    let reply = http.post("/v1/sms/preview", &fresh(), &json!({ "text": "salaam" })).await?;
    if reply.status == 429 { Ok(false) } else { reply.expect(200).map(|_| true) }
}

/// How many of so many requests are let through.
async fn let_through(http: &Http, tries: u32) -> Result<u32> {
    let mut through = 0;
    for _ in 0..tries {
        through += u32::from(ask(http).await?);
    }
    Ok(through)
}

/// How many requests at once the process says it lets through of the tenant.
async fn portion(http: &Http) -> Result<u32> {
    let reply = http.post("/v1/sms/preview", &fresh(), &json!({ "text": "salaam" })).await?;
    let policy = reply.headers.get("ratelimit-policy").context("a policy")?.to_str()?;
    let quota = policy.split("\"tenant\";q=").nth(1).and_then(|rest| rest.split(';').next());
    quota.context("a quota")?.parse().context("a number")
}

async fn comes_to(what: &str, http: &Http, expected: u32) {
    eventually(what, PATIENCE, || async { portion(http).await.is_ok_and(|portion| portion == expected) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_together_let_through_what_a_tenant_may_ask() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let limits = deployment.configuration().replace("tenant_per_minute = 100000000", "tenant_per_minute = 120");
    deployment.configure(&limits)?;
    deployment.serve().await?;
    let (tenant, watcher) = (Tenant::of(&deployment)?, Tenant::of(&deployment)?);
    assert_eq!(portion(&watcher.http).await?, AT_ONCE, "alone");
    let began = Instant::now();
    let mut through = let_through(&tenant.http, 100).await?;
    assert_eq!(through, 100);

    let ports = [free_port()?, free_port()?];
    let [listen, metrics] = ports.map(|port| format!("127.0.0.1:{port}"));
    let (listen, metrics) = (format!("http.listen={listen}"), format!("telemetry.metrics_listen={metrics}"));
    let second = deployment.launch(&["--set", &listen, "--set", &metrics, "serve"], "second.log")?;
    let roles = ["account.sender"];
    let on_second = Http::new(ports[0]).bearer(&deployment.token(tenant.id, &roles)?);
    let watching = Http::new(ports[0]).bearer(&deployment.token(watcher.id, &roles)?);
    let public = Http::new(ports[0]);
    eventually("the second process serves", PATIENCE, || async { public.get("/healthz").await.is_ok() }).await;
    // Who just joined begins with nothing, and says at once what its part is.
    assert_eq!(portion(&watching).await?, AT_ONCE / 2);
    comes_to("the first one makes room", &watcher.http, AT_ONCE / 2).await;

    let both = tokio::try_join!(let_through(&tenant.http, 400), let_through(&on_second, 400))?;
    through += both.0 + both.1;
    let at_most = AT_ONCE + u32::try_from(began.elapsed().as_secs() + 1)? * PER_MINUTE / 60;
    assert!(through <= at_most, "{through} of {at_most}: {both:?}");
    assert!(both.0 >= AT_ONCE / 2, "the first lets its part through at once: {both:?}");
    // The second one's part comes bit by bit.
    eventually("the second lets one through", PATIENCE, || async { ask(&on_second).await.is_ok_and(|yes| yes) }).await;
    through += 1;

    drop(second);
    comes_to("the first one has it all again", &watcher.http, AT_ONCE).await;
    through += let_through(&tenant.http, 400).await?;
    let at_most = AT_ONCE + u32::try_from(began.elapsed().as_secs() + 1)? * PER_MINUTE / 60;
    assert!(through <= at_most, "{through} of {at_most}: what the second let through is used");
    deployment.end();
    Ok(())
}
