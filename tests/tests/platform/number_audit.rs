//! Somebody who owns the database rewrites what became of a number.
use crate::setting::{FIRST, Tenant, import, lease, platform};
use anyhow::{Context, Result, ensure};
use peyk_domain::TenantId;
use peyk_tests::{Deployment, eventually};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

async fn rewrite(owner: &PgPool, statement: &str) -> Result<()> {
    let statement = format!(
        "BEGIN; ALTER TABLE read_a.number_audit DISABLE TRIGGER ALL; ALTER TABLE read_b.number_audit DISABLE TRIGGER ALL;
        {statement};
        ALTER TABLE read_a.number_audit ENABLE TRIGGER ALL; ALTER TABLE read_b.number_audit ENABLE TRIGGER ALL;
        COMMIT"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(owner).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_is_found_and_nothing_is_exported_until_it_is_mended() -> Result<()> {
    let deployment = Deployment::start().await?;
    import(&platform(&deployment)?, 5).await?;
    let tenant = Tenant::of(&deployment)?;
    lease(&tenant, FIRST + 3).await?;
    let path = format!("/v1/numbers/{}/history", FIRST + 3);
    let own = || async { tenant.http.get(&path).await.is_ok_and(|reply| reply.body["items"][1]["to"] == "assigned") };
    eventually("the history of the number is read", PATIENCE, own).await;
    let auditor = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.auditor"])?);
    let whole = auditor.get(&path).await?.expect(200)?.body;
    let reasons: Vec<_> = whole["items"].as_array().context("items")?.iter().map(|row| &row["reason"]).collect();
    ensure!(reasons == ["staged", "reserved", "assigned"], "{whole}");

    let verify = || deployment.attempt_json(&["audit", "verify"]);
    let export = |name: &str| {
        let out = deployment.path(name).to_string_lossy().into_owned();
        deployment.attempt_json(&["export", "regulator", "--as-of", "now", "--out", &out])
    };
    let (held, said) = verify()?;
    ensure!(held && said["rows"] == 7, "{said}");
    ensure!(export("before")?.0, "a sound table stops nothing");

    let owner = PgPoolOptions::new().max_connections(1).connect(&deployment.postgres.owner_url()).await?;
    let statement = "UPDATE read_a.number_audit SET tenant = gen_random_uuid() WHERE reason_code = 'assigned'";
    let refused = sqlx::query(statement).execute(&owner).await;
    ensure!(refused.is_err(), "not even the owner changes a row");
    rewrite(&owner, statement).await?;
    let (held, said) = verify()?;
    ensure!(!held && said["code"] == "NUMBER_AUDIT_BROKEN", "{said}");
    let told = said["error"].as_str().context("an error")?;
    ensure!(told.contains("another tenant") && !told.contains("9370"), "{told}");
    let (held, said) = export("meanwhile")?;
    ensure!(!held && said["code"] == "NUMBER_AUDIT_BROKEN", "{said}");
    ensure!(!deployment.path("meanwhile").exists());

    // Made anew from the ledger, it is what it was; only a verification says so.
    deployment.peyk(&["projections", "rebuild", "number_audit"])?;
    ensure!(!export("rebuilt")?.0, "nobody has looked yet");
    let (held, said) = verify()?;
    ensure!(held && said["rows"] == 7, "{said}");
    ensure!(export("after")?.0, "it is mended");
    let again = auditor.get(&path).await?.expect(200)?.body;
    ensure!(again == whole, "{again}");
    deployment.end();
    Ok(())
}
