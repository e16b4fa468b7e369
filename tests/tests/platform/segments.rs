use crate::load::{Load, Manner, Outcome, Tally, hold_against};
use crate::setting::{Tenant, import, platform};
use anyhow::{Context, Result};
use async_nats::jetstream;
use peyk_ledger::Segments;
use peyk_ledger::nats::provision;
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Postgres, eventually};
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LEDGER: LedgerId = LedgerId::NUMBERING;
const NUMBERS: u64 = 20_000;
const PATIENCE: Duration = Duration::from_secs(60);

async fn deployment(positions: u64, ahead: u64) -> Result<Deployment> {
    let mut deployment = Deployment::prepare_cut(Postgres::database().await?, Segments::new(positions, ahead)?).await?;
    deployment.serve().await?;
    import(&platform(&deployment)?, NUMBERS).await?;
    Ok(deployment)
}

async fn tail(deployment: &Deployment) -> Result<u64> {
    Ok(deployment.ledgers().await?.tail(LEDGER).await?)
}

/// What a command of `peyk` says of a ledger, one JSON object a line.
fn said(deployment: &Deployment, arguments: &[&str]) -> Result<Vec<Value>> {
    let text = deployment.peyk(&[&["--json"], arguments].concat())?;
    text.lines().map(|line| serde_json::from_str(line).context("a line of JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_boundaries_under_load_it_loses_nothing_and_everybody_reads_across() -> Result<()> {
    let mut deployment = deployment(400, 4).await?;
    // The maintenance job.
    let job = CancellationToken::new();
    let (names, stopped) = (deployment.ledgers().await?.names().clone(), job.clone());
    let context = jetstream::new(deployment.nats.user("migrate").connect("maintenance").await?);
    let maintenance = tokio::spawn(async move {
        while !stopped.is_cancelled() {
            provision(&context, &names, &[LEDGER], 1).await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    });
    let load = Load::start(&Tenant::with_quota(&deployment).await?, NUMBERS, 64, Manner::UntilAnswered);
    for _ in 0..4 {
        load.goes_on(500).await;
        // As near before a boundary as can be seen from here; what is on its way fills the segment.
        let ledgers = deployment.ledgers().await?;
        eventually("the end of a segment is near", PATIENCE, || async {
            ledgers.tail(LEDGER).await.is_ok_and(|tail| tail % 400 > 300)
        })
        .await;
        deployment.kill()?;
        deployment.serve().await?;
    }
    load.goes_on(200).await;
    load.stop();
    let outcomes = load.outcomes().await?;
    job.cancel();
    maintenance.await??;
    let records = deployment.records(LEDGER).await?;
    let tally = hold_against(&records, &outcomes)?;
    assert!(tally.acknowledged >= 2_200, "{tally:?}");
    assert_eq!(tally, Tally { acknowledged: tally.acknowledged, ..Tally::default() });
    assert_eq!(records.last().map(|record| record.epoch), Some(5));

    let end = tail(&deployment).await?;
    deployment.terminate(Duration::from_secs(30)).await?;
    let verified = said(&deployment, &["ledger", "verify", "numbering"])?;
    assert!(verified.iter().any(|line| line["position"].as_u64() >= Some(end)), "{verified:?}");
    let made = verified.iter().find_map(|line| line["segments"].as_u64());
    assert!(made > Some(end / 400), "{verified:?}");
    let last = verified.iter().find_map(|line| line["hash"].as_str()).context("a hash")?;
    let directory = tempfile::tempdir()?;
    let copy = directory.path().join("numbering.copy").to_string_lossy().into_owned();
    said(&deployment, &["ledger", "copy", "numbering", "--out", &copy])?;
    let checked = said(&deployment, &["ledger", "verify", "numbering", "--copy", &copy, "--head", last])?;
    assert_eq!(checked[0]["position"], verified[0]["position"]);
    let shown = said(&deployment, &["ledger", "replay", "numbering", "--from", "399", "--to", "402"])?;
    let positions: Vec<_> = shown.iter().filter_map(|line| line["position"].as_u64()).collect();
    assert_eq!(positions, [399, 400, 401, 402]);
    said(&deployment, &["projections", "rebuild", "leases"])?;
    let status = said(&deployment, &["projections", "status"])?;
    let leases = status.iter().find(|line| line.to_string().contains("leases")).context("leases")?;
    assert!(leases.to_string().contains(&verified[0]["position"].to_string()), "{leases} has read to the end");
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_segment_ready_there_is_an_alarm_first_then_a_refusal_and_then_it_goes_on() -> Result<()> {
    let mut deployment = deployment(100, 1).await?;
    let alarmed = |deployment: &Deployment| {
        let log = deployment.serve_log()?;
        let alarm = |line: &str| {
            line.contains("CRITICAL") && line.contains("no segment is ready") && line.contains("numbering/0")
        };
        anyhow::Ok(log.lines().any(alarm))
    };
    assert!(!alarmed(&deployment)?, "the second segment is ready");
    let load = Load::start(&Tenant::with_quota(&deployment).await?, NUMBERS, 16, Manner::Once);
    load.goes_on(100).await;
    eventually("the alarm is raised", PATIENCE, || async { alarmed(&deployment).is_ok_and(|alarmed| alarmed) }).await;
    load.is_refused().await;
    assert_eq!(tail(&deployment).await?, 200);
    deployment.peyk(&["migrate"])?;
    load.goes_on(50).await;
    load.stop();
    let outcomes = load.outcomes().await?;
    let refused = outcomes.values().filter(|outcome| !matches!(outcome, Outcome::Acknowledged { .. }));
    for outcome in refused {
        assert!(
            matches!(outcome, Outcome::Refused { status: 503, code } if code == "UNAVAILABLE"),
            "what finds no position is not taken up: {outcome:?}"
        );
    }
    deployment.terminate(Duration::from_secs(30)).await?;
    let tally = hold_against(&deployment.records(LEDGER).await?, &outcomes)?;
    assert!(tally.acknowledged >= 150 && tally.refused > 0 && tally.open == 0, "{tally:?}");
    deployment.end();
    Ok(())
}
