use crate::place::{LEDGER, PATIENCE};
use anyhow::{Context, Result};
use peyk_domain::TenantId;
use peyk_domain::numbering::NumberingEvent;
use peyk_tests::{Deployment, Http, Operator, Postgres, Standby, eventually};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const FIRST: u64 = 93_700_000_000;
const NUMBERS: u64 = 400;

struct Tenant(String);

impl Tenant {
    async fn prepared(deployment: &Deployment) -> Result<Self> {
        let platform = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.numbering.admin"])?);
        Operator::test().import(&platform, FIRST, NUMBERS).await?;
        let id = TenantId::from_bytes(uuid::Uuid::new_v4().into_bytes());
        let quota = json!({ "at_once": 100_000, "per_minute": 100_000 });
        platform.put(&format!("/v1/numbering/quotas/{id}"), "quota", &quota).await?.expect(200)?;
        Ok(Self(deployment.token(id, &["sms:numbering:read", "sms:numbering:write"])?))
    }

    /// Reserves a number: the position if it was acknowledged, else the status and code.
    async fn reserve(&self, http: &Http, index: u64) -> Result<Result<u64, (u16, String)>> {
        let path = format!("/v1/numbers/{}/reserve", FIRST + index);
        let key = format!("reservation-{index}");
        let reply = http.bearer(&self.0).post(&path, &key, &json!({ "ttl_seconds": 3_600 })).await?;
        Ok(match reply.status {
            201 => Ok(reply.number("/receipt/position").context("a receipt")?),
            status => Err((status, reply.code().to_owned())),
        })
    }
}

/// Two processes of one deployment: one that writes, and one that stands by.
async fn two() -> Result<(Deployment, Standby)> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.serve().await?;
    let standby = deployment.stand_by()?;
    // It says that another leads, and not that the log is gone.
    eventually("the other stands by", PATIENCE, || async {
        standby.readiness().await == Some((503, "NOT_LEADER".to_owned()))
    })
    .await;
    Ok((deployment, standby))
}

/// That one process stands by for another is no reason to wake anybody.
fn nobody_is_woken(deployment: &Deployment) -> Result<()> {
    for log in [deployment.path("serve.log"), deployment.path("standby.log")] {
        let text = std::fs::read_to_string(&log)?;
        let alarms: Vec<&str> = text.lines().filter(|line| line.contains("CRITICAL")).collect();
        anyhow::ensure!(alarms.is_empty(), "{}: {alarms:?}", log.display());
    }
    Ok(())
}

/// Every acknowledged reservation stands in the ledger at its position, each number is reserved once, and one epoch
/// follows the other.
async fn hold_against(deployment: &Deployment, acknowledged: &BTreeMap<u64, u64>) -> Result<()> {
    let records = deployment.records(LEDGER).await?;
    let mut standing: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for record in &records {
        for event in record.domain_events::<NumberingEvent>()? {
            if let NumberingEvent::NumberReserved { number, .. } = event {
                standing.entry(number.digits().expect("a telephone number") - FIRST).or_default().push(record.position);
            }
        }
    }
    for (index, position) in acknowledged {
        assert_eq!(standing.get(index).map(Vec::as_slice), Some(&[*position][..]), "reservation {index}");
    }
    assert!(standing.values().all(|positions| positions.len() == 1), "{standing:?}");
    assert!(records.iter().map(|record| record.epoch).is_sorted(), "nothing of an old epoch stands behind a new one");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr)]
async fn a_killed_writer_is_replaced_by_the_one_that_stands_by() -> Result<()> {
    let (mut deployment, standby) = two().await?;
    let tenant = Tenant::prepared(&deployment).await?;
    let mut acknowledged = BTreeMap::new();
    for index in 0..50 {
        // Through either process: both reach the one that writes.
        let http = if index % 2 == 0 { deployment.http() } else { standby.http() };
        let position = tenant.reserve(&http, index).await?.map_err(|why| anyhow::anyhow!("{why:?}"))?;
        acknowledged.insert(index, position);
    }
    let killed = Instant::now();
    deployment.kill()?;
    eventually("the other writes", PATIENCE, || async {
        standby.readiness().await.is_some_and(|(status, _)| status == 200)
    })
    .await;
    eprintln!("writer killed: the other led every ledger after {:.1} s", killed.elapsed().as_secs_f64());
    for index in 50..100 {
        let position = tenant.reserve(&standby.http(), index).await?.map_err(|why| anyhow::anyhow!("{why:?}"))?;
        acknowledged.insert(index, position);
    }
    hold_against(&deployment, &acknowledged).await?;
    nobody_is_woken(&deployment)?;
    standby.terminate(Duration::from_secs(60)).await?;
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr)]
async fn a_paused_writer_that_wakes_up_is_fenced_and_stands_by() -> Result<()> {
    let (mut deployment, standby) = two().await?;
    let tenant = Tenant::prepared(&deployment).await?;
    let mut acknowledged = BTreeMap::new();
    for index in 0..50 {
        let position = tenant.reserve(&deployment.http(), index).await?.map_err(|why| anyhow::anyhow!("{why:?}"))?;
        acknowledged.insert(index, position);
    }
    let paused = Instant::now();
    deployment.pause()?;
    eventually("the other writes", PATIENCE, || async {
        standby.readiness().await.is_some_and(|(status, _)| status == 200)
    })
    .await;
    eprintln!("writer paused: the other led every ledger after {:.1} s", paused.elapsed().as_secs_f64());
    deployment.resume()?;
    // Callers of both, while the one that wakes up still thinks it leads: an answer of a known kind, and never a fork.
    for index in 50..150 {
        let http = if index % 2 == 0 { deployment.http() } else { standby.http() };
        match tenant.reserve(&http, index).await? {
            Ok(position) => drop(acknowledged.insert(index, position)),
            Err((503 | 504, _)) => {}
            Err(why) => panic!("{why:?}"),
        }
    }
    eventually("the one that woke up stands by", PATIENCE, || async {
        let reply = deployment.http().get("/readyz").await;
        reply.is_ok_and(|reply| reply.status == 503 && reply.text("/reason") == "NOT_LEADER")
    })
    .await;
    let log = deployment.serve_log()?;
    assert!(
        log.lines().any(|line| line.contains("the writer steps down") && line.contains("another writer opened epoch"))
    );
    assert!(acknowledged.len() > 60, "commands went on: {}", acknowledged.len());
    hold_against(&deployment, &acknowledged).await?;
    nobody_is_woken(&deployment)?;
    deployment.terminate(Duration::from_secs(60)).await?;
    standby.terminate(Duration::from_secs(60)).await?;
    deployment.end();
    Ok(())
}
