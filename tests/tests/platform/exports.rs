//! What a regulator gets of a month: asked for, made, signed, stored, verified, and refused while the audit table is broken.
use crate::setting::{FIRST, Tenant, fresh, import, lease, platform};
use anyhow::{Context, Result, ensure};
use peyk_tests::{Deployment, Http, ObjectLockServer, Postgres, eventually};
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const PATH: &str = "/v1/numbering/exports";

/// One of the exports as the API lists them.
async fn shown(platform: &Http, id: &str) -> Result<Value> {
    let listed = platform.get(PATH).await?.expect(200)?.body;
    let found = listed["items"].as_array().context("items")?.iter().find(|export| export["id"] == id).cloned();
    found.with_context(|| format!("{id} in {listed}"))
}

/// Asks for an export; its id.
async fn asked(platform: &Http, profile: &str, period: &str) -> Result<String> {
    let asked = json!({ "profile": profile, "period": period });
    let reply = platform.post(PATH, &fresh(), &asked).await?.expect(202)?.body;
    Ok(reply["id"].as_str().context("an id")?.to_owned())
}

/// Waits until an export is in a state.
async fn comes_to(platform: &Http, id: &str, state: &str) -> Result<Value> {
    eventually(&format!("the export is {state}"), PATIENCE, || async {
        shown(platform, id).await.is_ok_and(|export| export["state"] == state)
    })
    .await;
    shown(platform, id).await
}

/// Asks for an export and waits until it is stored; where it is.
async fn stored(platform: &Http, profile: &str, period: &str) -> Result<(Value, PathBuf)> {
    let id = asked(platform, profile, period).await?;
    let export = comes_to(platform, &id, "stored").await?;
    let place = export["place"].as_str().and_then(|place| place.strip_prefix("file://")).context("a place")?.into();
    Ok((export, place))
}

fn content(place: &Path, name: &str) -> Result<Vec<u8>> {
    std::fs::read(place.join(name)).with_context(|| format!("{name} of {}", place.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_exported_again_to_the_same_bytes_and_verifies_under_the_key_of_its_year() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let shelf = deployment.path("exports");
    let exports = format!("[exports]\ndirectory = {:?}\nprofiles = [\"atra\"]\n", shelf.display().to_string());
    deployment.configure(&format!("{}\n{exports}", deployment.configuration()))?;
    deployment.serve().await?;
    let platform = platform(&deployment)?;
    import(&platform, 5).await?;
    lease(&Tenant::of(&deployment)?, FIRST + 3).await?;

    // The month that ended last is exported by itself.
    let by_itself = || async {
        let listed = platform.get(PATH).await.map(|reply| reply.body).unwrap_or_default();
        listed["items"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["profile"] == "atra" && one["state"] == "stored"))
    };
    eventually("the last month is exported by itself", PATIENCE, by_itself).await;
    let listed = platform.get(PATH).await?.expect(200)?.body;
    let period = listed["items"][0]["period"].as_str().context("a period")?.to_owned();

    let (one, first) = stored(&platform, "generic", &period).await?;
    let place = first.to_string_lossy().into_owned();
    let (held, said) = deployment.attempt_json(&["export", "verify", &place])?;
    ensure!(held, "{said}");
    let mode = |path: &Path| std::fs::metadata(path).map(|found| found.permissions().mode() & 0o222);
    ensure!(mode(&first)? == 0 && mode(&first.join("manifest.json"))? == 0, "nobody writes there");

    deployment.peyk(&["keys", "rotate-regulator"])?;
    let (other, second) = stored(&platform, "generic", &period).await?;
    ensure!(first != second && one["key_sha256"] != other["key_sha256"], "{one} {other}");
    for name in ["numbers.csv", "leases.csv", "utilisation.csv"] {
        ensure!(content(&first, name)? == content(&second, name)?, "{name} differs");
    }
    for place in [&first, &second] {
        let (held, said) = deployment.attempt_json(&["export", "verify", &place.to_string_lossy()])?;
        ensure!(held, "{said}");
    }
    let (again, third) = stored(&platform, "generic", &period).await?;
    ensure!(content(&second, "manifest.json")? == content(&third, "manifest.json")?, "the same bytes");
    ensure!(again["manifest_sha256"] == other["manifest_sha256"], "{again} {other}");

    // A month that is not over.
    let early = asked(&platform, "generic", "9990-01").await?;
    let export = comes_to(&platform, &early, "failed").await?;
    ensure!(export["code"] == "PERIOD_OPEN", "{export}");
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_exported_while_the_audit_table_is_broken() -> Result<()> {
    let deployment = Deployment::start().await?;
    let platform = platform(&deployment)?;
    import(&platform, 5).await?;
    let owner = PgPoolOptions::new().max_connections(1).connect(&deployment.postgres.owner_url()).await?;
    let projected = || async {
        let rows = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM read_a.number_audit").fetch_one(&owner).await;
        rows.is_ok_and(|rows| rows == 5)
    };
    eventually("the audit table is filled", PATIENCE, projected).await;
    let asked = json!({ "profile": "fcc-502", "period": "2026-01" });
    let tamper = "BEGIN; ALTER TABLE read_a.number_audit DISABLE TRIGGER ALL;
        DELETE FROM read_a.number_audit WHERE id = (SELECT max(id) FROM read_a.number_audit);
        ALTER TABLE read_a.number_audit ENABLE TRIGGER ALL; COMMIT";
    sqlx::raw_sql(tamper).execute(&owner).await?;
    let (held, said) = deployment.attempt_json(&["audit", "verify"])?;
    ensure!(!held && said["code"] == "NUMBER_AUDIT_BROKEN", "{said}");
    let refused = platform.post(PATH, &fresh(), &asked).await?.expect(409)?;
    ensure!(refused.body["code"] == "NUMBER_AUDIT_BROKEN", "{}", refused.body);
    let seen = || async { platform.get(PATH).await.is_ok_and(|reply| reply.body["audit_sound"] == false) };
    eventually("every process knows", PATIENCE, seen).await;
    deployment.peyk(&["projections", "rebuild", "number_audit"])?;
    let (held, said) = deployment.attempt_json(&["audit", "verify"])?;
    ensure!(held, "{said}");
    platform.post(PATH, &fresh(), &asked).await?.expect(202)?;
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_counts_as_stored_once_a_bucket_locks_it_as_it_was_signed() -> Result<()> {
    const PERIOD: &str = "2026-01";
    let s3 = ObjectLockServer::start().await?;
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let settings = deployment.configuration();
    let shelf = deployment.path("exports");
    let with_bucket = |bucket: &str| {
        format!(
            "{settings}\n[exports]\ndirectory = {:?}\nprofiles = [\"atra\"]\n[exports.s3]\nbucket = {bucket:?}\n\
             region = \"us-east-1\"\nendpoint = {:?}\naccess_key_id = \"test\"\nsecret_access_key = \"test\"\n",
            shelf.display().to_string(),
            s3.url()
        )
    };
    deployment.configure(&with_bucket("exports"))?;
    deployment.serve().await?;
    let staff = platform(&deployment)?;
    import(&staff, 5).await?;

    // While there is no bucket it waits.
    let waiting = asked(&staff, "generic", PERIOD).await?;
    comes_to(&staff, &waiting, "produced").await?;
    deployment.terminate(PATIENCE).await?;

    // Somebody else has put something there before.
    s3.bucket("exports", "COMPLIANCE", 7).await?;
    s3.put(&format!("/exports/generic/{PERIOD}/{waiting}/manifest.json"), "{}").await?;
    deployment.serve().await?;
    let staff = platform(&deployment)?;
    let export = comes_to(&staff, &waiting, "failed").await?;
    ensure!(export["code"] == "EXPORT_ALTERED", "{export}");

    let kept = asked(&staff, "generic", PERIOD).await?;
    let export = comes_to(&staff, &kept, "stored").await?;
    let prefix = format!("generic/{PERIOD}/{kept}");
    ensure!(export["place"] == format!("s3://exports/{prefix}"), "{export}");
    for file in std::fs::read_dir(shelf.join(&prefix))? {
        let file = file?;
        let path = format!("/exports/{prefix}/{}", file.file_name().to_string_lossy());
        let (headers, object) = s3.object(&path).await?;
        ensure!(object == std::fs::read(file.path())?, "{path} is what was signed");
        let version = headers.get("x-amz-version-id").context("a version")?.to_str()?;
        ensure!(s3.delete(&path, version).await.is_err(), "{path} cannot be deleted");
    }
    deployment.terminate(PATIENCE).await?;

    // An administrator of the bucket could lift this one, or wait it out.
    for (bucket, mode, years) in [("soft", "GOVERNANCE", 7), ("short", "COMPLIANCE", 6)] {
        s3.bucket(bucket, mode, years).await?;
        deployment.configure(&with_bucket(bucket))?;
        deployment.serve().await?;
        let staff = platform(&deployment)?;
        let open = asked(&staff, "generic", PERIOD).await?;
        let export = comes_to(&staff, &open, "failed").await?;
        ensure!(export["code"] == "EXPORT_NOT_LOCKED", "{export}");
        deployment.terminate(PATIENCE).await?;
    }
    deployment.end();
    Ok(())
}
