//! `peyk serve` takes snapshots by itself, and its next start begins from one.
use crate::load::{Load, Manner, Tally, hold_against};
use crate::setting::{Tenant, import, platform};
use anyhow::{Context, Result};
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Postgres, eventually};
use std::time::Duration;

const BEFORE: u64 = 2_000;
const NUMBERS: u64 = 2_500;
/// It is looked every 30 s whether one is due.
const PATIENCE: Duration = Duration::from_secs(120);

fn says(deployment: &Deployment, what: &str) -> Result<Vec<String>> {
    let log = deployment.serve_log()?;
    Ok(log.lines().filter(|line| line.contains(what) && line.contains("numbering/0")).map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_after_a_kill_begins_from_a_snapshot_and_knows_what_came_before() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let snapshots = "\n[snapshots]\nrecords = 1000\n";
    deployment.configure(&(deployment.configuration() + snapshots))?;
    deployment.serve().await?;
    import(&platform(&deployment)?, NUMBERS).await?;
    let tenant = Tenant::with_quota(&deployment).await?;
    let before = Load::start(&tenant, BEFORE, 32, Manner::UntilAnswered).outcomes().await?;
    eventually("a snapshot is taken", PATIENCE, || async {
        says(&deployment, "a snapshot was taken").is_ok_and(|lines| !lines.is_empty())
    })
    .await;
    assert!(says(&deployment, "the replay begins from a snapshot")?.is_empty(), "the first start had none");
    deployment.kill()?;
    deployment.serve().await?;
    assert!(!says(&deployment, "the replay begins from a snapshot")?.is_empty(), "the start folded the whole ledger");

    // Under the same keys: what the snapshot remembers is answered as before, and what is new is done.
    let after = Load::start(&tenant, NUMBERS, 32, Manner::UntilAnswered).outcomes().await?;
    let repeated: Vec<_> = after.iter().take(before.len()).collect();
    assert_eq!(repeated, before.iter().collect::<Vec<_>>());
    let records = deployment.records(LedgerId::NUMBERING).await?;
    assert_eq!(hold_against(&records, &after)?, Tally { acknowledged: NUMBERS, ..Tally::default() });
    let epoch = records.iter().find(|record| record.epoch == 2).context("a second epoch")?;
    assert!(epoch.position > BEFORE, "it stands behind all that was there");
    let metrics = deployment.metrics().await?;
    assert!(!metrics.contains("peyk_ledger_snapshots_refused_total{"), "no snapshot was refused");
    deployment.end();
    Ok(())
}
