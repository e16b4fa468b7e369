use crate::place::{LEDGER, PATIENCE, Place};
use anyhow::{Context, Result};
use peyk_ledger::{Declared, Durability, Ledgers};
use peyk_tests::{Answer, LedgerWriter, Listing, NatsCluster, accepted, eventually, hold_against, verified};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const ASKERS: u64 = 16;
/// How long a server is paused: longer than its peers wait for it.
const PAUSE: Duration = Duration::from_secs(12);

/// Commands under way, and what became of them.
struct Load {
    acknowledged: Arc<AtomicU64>,
    stop: CancellationToken,
    askers: Vec<JoinHandle<HashMap<u64, Answer>>>,
}

impl Load {
    fn start(writer: &LedgerWriter) -> Self {
        let (acknowledged, stop) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
        let askers = (0..ASKERS).map(|asker| {
            let (handle, stop, acknowledged) = (writer.handle.clone(), stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut answers = HashMap::new();
                for index in (asker..).step_by(ASKERS as usize) {
                    if stop.is_cancelled() {
                        break;
                    }
                    let answer = handle.submit(Listing(index).request(2)).await;
                    acknowledged.fetch_add(u64::from(answer.is_ok()), Ordering::Relaxed);
                    answers.insert(index, answer);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                answers
            })
        });
        Self { askers: askers.collect(), acknowledged, stop }
    }

    /// Waits until so many more are acknowledged than could be on their way.
    async fn goes_on(&self) {
        let from = self.acknowledged.load(Ordering::Relaxed);
        eventually("commands are acknowledged", PATIENCE, || async {
            self.acknowledged.load(Ordering::Relaxed) >= from + 10 * ASKERS
        })
        .await;
    }

    async fn answers(self) -> Result<HashMap<u64, Answer>> {
        self.stop.cancel();
        let mut answers = HashMap::new();
        for asker in self.askers {
            answers.extend(asker.await?);
        }
        Ok(answers)
    }
}

/// The server that leads the stream now.
async fn leader(ledgers: &Ledgers) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ledgers.streams_found(LEDGER).await {
            Ok(found) if found.first().is_some_and(|stream| stream.servers.len() == 3) => {
                return found[0].servers.first().cloned().context("a leader");
            }
            other => anyhow::ensure!(Instant::now() < deadline, "no leader: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr)]
async fn with_the_leader_killed_or_paused_or_all_killed_under_load_nothing_acknowledged_is_lost() -> Result<()> {
    let mut cluster = NatsCluster::start().await?;
    let place = Place::new(Durability::new(Declared::Replicated, 3))?;
    place.provision(cluster.user("migrate")).await?;
    let ledgers = place.ledgers(cluster.user("audit")).await?;
    let writer = place.leading(cluster.user("core")).await?;
    let load = Load::start(&writer);
    load.goes_on().await;

    let name = leader(&ledgers).await?;
    let began = Instant::now();
    cluster.named(&name)?.kill()?;
    load.goes_on().await;
    eprintln!("leader killed: writes went on after {:.1} s", began.elapsed().as_secs_f64());
    cluster.named(&name)?.restart().await?;
    load.goes_on().await;

    let name = leader(&ledgers).await?;
    let began = Instant::now();
    cluster.named(&name)?.pause()?;
    load.goes_on().await;
    eprintln!("leader paused: writes went on after {:.1} s", began.elapsed().as_secs_f64());
    // It wakes up as one that was replaced.
    tokio::time::sleep(PAUSE.saturating_sub(began.elapsed())).await;
    cluster.named(&name)?.resume()?;
    load.goes_on().await;

    let began = Instant::now();
    cluster.kill()?;
    cluster.restart().await?;
    let up = began.elapsed();
    load.goes_on().await;
    eprintln!(
        "all killed: servers were up after {:.1} s, writes went on after {:.1} s",
        up.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    let answers = load.answers().await?;
    // What is still on its way comes to its end before the count.
    writer.end().await?;

    let (acknowledged, refused) = hold_against(verified(&ledgers, LEDGER).await?, answers);
    assert!(acknowledged >= 6 * 10 * ASKERS && refused > 0, "{acknowledged} acknowledged, {refused} refused");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_opens_with_one_of_three_servers_gone_once_the_others_miss_it() -> Result<()> {
    let mut cluster = NatsCluster::start().await?;
    let place = Place::new(Durability::new(Declared::Replicated, 3))?;
    place.provision(cluster.user("migrate")).await?;
    let ledgers = place.ledgers(cluster.user("audit")).await?;
    let name = leader(&ledgers).await?;
    cluster.named(&name)?.kill()?;
    // Until then the missing answer is a refusal.
    let writer = place.leading(cluster.user("core")).await?;
    accepted(writer.list(0, 60).await)?;
    let ledgers = place.ledgers(cluster.user("core")).await?;
    let streams = ledgers.streams_found(LEDGER).await?;
    assert_eq!(place.durability.verify(&ledgers, &streams).await, Ok(vec![name.clone()]));
    cluster.named(&name)?.restart().await?;
    eventually("all three are there again", PATIENCE, || async {
        place.durability.verify(&ledgers, &streams).await == Ok(Vec::new())
    })
    .await;
    writer.end().await
}
