//! What `peyk projections` and `/readyz` say of projectors that cannot go on.
use crate::setting::{FIRST, Tenant, fresh, import, platform};
use anyhow::{Context, Result};
use peyk_tests::{Deployment, Postgres, eventually};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

async fn as_owner(deployment: &Deployment, statement: &'static str) -> Result<()> {
    let mut owner = PgConnection::connect(&deployment.postgres.owner_url()).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut owner).await?;
    Ok(())
}

/// What `peyk projections status` says of one of them.
fn status(deployment: &Deployment, projection: &str) -> Result<Value> {
    let said = deployment.peyk(&["--json", "projections", "status"])?;
    let lines = said.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
    lines.into_iter().find(|line| line["projection"] == projection).context("a line for it")
}

async fn until_it_is(deployment: &Deployment, projection: &str, state: &str) -> Result<Value> {
    eventually(&format!("{projection} is {state}"), PATIENCE, || async {
        status(deployment, projection).expect("peyk runs")["state"] == state
    })
    .await;
    status(deployment, projection)
}

async fn until_readyz_says(deployment: &Deployment, condition: &str) {
    eventually(&format!("projections are {condition}"), PATIENCE, || async {
        let reply = deployment.http().get("/readyz").await;
        reply.is_ok_and(|reply| reply.status == 200 && reply.text("/projections") == condition)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_projector_is_seen_from_outside_and_goes_on_once_it_may() -> Result<()> {
    let deployment = Deployment::start().await?;
    import(&platform(&deployment)?, 10).await?;
    let tenant = Tenant::of(&deployment)?;
    until_readyz_says(&deployment, "running").await;
    until_it_is(&deployment, "leases", "running").await?;

    as_owner(&deployment, "REVOKE UPDATE ON read_a.numbers FROM peyk_projector").await?;
    let path = format!("/v1/numbers/{FIRST}/reserve");
    tenant.http.post(&path, &fresh(), &json!({ "ttl_seconds": 300 })).await?.expect(201)?;
    // Commands are taken all the same.
    until_readyz_says(&deployment, "failed").await;
    let blocked = until_it_is(&deployment, "leases", "blocked").await?;
    let reason = blocked["reason"].as_str().context("a reason")?;
    assert!(reason.contains("permission denied for table numbers"), "{blocked}");
    assert!(blocked["lag"].as_u64() > Some(0) && blocked["position"].as_u64() > Some(0), "{blocked}");
    eventually("it is seen to stall", PATIENCE, || async {
        status(&deployment, "leases").expect("peyk runs")["stalled_ms"].as_u64() > Some(1_000)
    })
    .await;
    assert_eq!(status(&deployment, "messages")?["state"], "running");
    let metrics = deployment.metrics().await?;
    let value = |name: &str, with: &str| {
        let of = |line: &&str| line.starts_with(name) && line.contains("\"numbering/0\"") && line.contains(with);
        let value = metrics.lines().find(of).and_then(|line| line.rsplit_once(' '));
        value.and_then(|(_, value)| value.parse::<f64>().ok())
    };
    for (name, with) in [
        ("peyk_projection_lag{", ""),
        ("peyk_projection_stalled_seconds{", ""),
        ("peyk_projection_failures_total{", "\"postgres\""),
        ("peyk_projection_state{", "\"blocked\""),
    ] {
        assert!(value(name, with) > Some(0.0), "{name}: {metrics}");
    }
    assert_eq!(value("peyk_projection_state{", "\"running\""), Some(0.0));
    let text = deployment.peyk(&["projections", "status"])?;
    let line = text.lines().find(|line| line.starts_with("leases of numbering/0: blocked")).context("a line for it")?;
    assert!(line.contains("no step for") && line.contains("permission denied"), "{line}");
    assert!(deployment.serve_log()?.contains("an operator has to act"));

    as_owner(&deployment, "GRANT UPDATE ON read_a.numbers TO peyk_projector").await?;
    until_it_is(&deployment, "leases", "running").await?;
    until_readyz_says(&deployment, "running").await;
    let mut deployment = deployment;
    deployment.terminate(PATIENCE).await?;
    assert_eq!(status(&deployment, "leases")?["state"], "stopped");
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_the_status_says_so_and_does_not_pretend() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::own().await?).await?;
    let never = status(&deployment, "leases")?;
    assert_eq!((&never["state"], &never["position"]), (&json!("unseen"), &json!(0)));
    deployment.postgres.kill()?;
    let said = deployment.attempt(&["projections", "status"])?;
    let complaint = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(complaint.contains("how the projections stand is kept in Postgres"), "{complaint}");
    deployment.end();
    Ok(())
}
