use super::accounts::Accounts;
use super::backoff::{Backoff, random_u32};
use super::bind::bind;
use super::config::{ConnectorConfig, ConnectorConfigError};
use super::error::SessionError;
use super::ids::RecentIds;
use super::line::Line;
use super::metrics::ConnectorMetrics;
use super::puller::Puller;
use super::reporter::Reporter;
use super::sequence::Sequence;
use super::session::{DELIVERIES_MAX, Session};
use super::stats::{ConnectorStats, count};
use crate::WorkSource;
use peyk_domain::ConnectorId;
use peyk_domain::messages::Outcome;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// Windows of each partition's work in hand: one on the wire, one ready behind it.
const WINDOWS_IN_HAND: usize = 2;
/// Results that may wait for the ledger beyond the work in hand. When they do not get durable, no more work is taken.
const UNREPORTED_MAX: usize = 10_000;
/// Message ids remembered to lead receipts to their partition.
const RECENT_IDS_MAX: usize = 200_000;
/// A session shorter than this does not count as a success.
const STABLE: Duration = Duration::from_secs(10);
/// How long a stopping connector tries to make its last reports durable.
const LAST_REPORTS: Duration = Duration::from_secs(10);

/// A running connector.
///
/// It binds again whenever the session is lost, until the token it was started with is cancelled. Then it takes no more
/// work, waits for outstanding answers (`drain_ms`), reports, unbinds and ends.
#[derive(Debug)]
pub struct Connector {
    id: ConnectorId,
    stats: Arc<ConnectorStats>,
    task: JoinHandle<()>,
}

impl Connector {
    /// Starts a connector on the current runtime.
    ///
    /// # Errors
    /// Every [`ConnectorConfigError`] of the configuration; nothing is started then.
    pub fn spawn<S: WorkSource>(
        config: ConnectorConfig,
        source: Arc<S>,
        cancel: CancellationToken,
    ) -> Result<Self, Vec<ConnectorConfigError>> {
        config.validate()?;
        let stats = Arc::new(ConnectorStats::default());
        let id = config.connector;
        let task = tokio::spawn(run(config, source, stats.clone(), cancel));
        Ok(Self { id, stats, task })
    }

    #[must_use]
    pub fn id(&self) -> ConnectorId {
        self.id
    }

    #[must_use]
    pub fn stats(&self) -> Arc<ConnectorStats> {
        self.stats.clone()
    }

    /// Waits until the connector has ended, which it does only after its token was cancelled.
    ///
    /// # Errors
    /// [`JoinError`] if its task panicked.
    pub async fn join(self) -> Result<(), JoinError> {
        self.task.await
    }
}

async fn run<S: WorkSource>(
    config: ConnectorConfig,
    source: Arc<S>,
    stats: Arc<ConnectorStats>,
    stop: CancellationToken,
) {
    let connector = config.connector;
    let partitions = source.partitions();
    let in_hand_max = usize::from(config.window) * WINDOWS_IN_HAND;
    let unreported_max = in_hand_max * usize::from(partitions) + UNREPORTED_MAX;
    let accounts = Accounts::default();
    let unreported = Arc::new(Semaphore::new(unreported_max));
    let (entries_in, entries_out) = mpsc::channel(unreported_max + DELIVERIES_MAX);
    // One place for each unit of work there may be in hand, and one batch more.
    let (work_in, work_out) = mpsc::channel(in_hand_max * usize::from(partitions) + 1);
    let (bound_in, bound_out) = watch::channel(false);
    let give_up = CancellationToken::new();

    let reporter = Reporter {
        source: source.clone(),
        connector,
        accounts: accounts.clone(),
        stats: stats.clone(),
        give_up: give_up.clone(),
    };
    let reporter = tokio::spawn(reporter.run(entries_out));
    let mut pullers = JoinSet::new();
    for partition in 0..partitions {
        let puller = Puller {
            source: source.clone(),
            connector,
            partition,
            lanes: config.lanes.clone(),
            in_hand: Arc::new(Semaphore::new(in_hand_max)),
            in_hand_max,
            unreported: unreported.clone(),
            accounts: accounts.clone(),
            bound: bound_out.clone(),
            work: work_in.clone(),
            stop: stop.clone(),
        };
        pullers.spawn(puller.run());
    }
    drop(work_in);

    let metrics = ConnectorMetrics::of(connector, config.window, stats.clone());
    let mut line = Line {
        config,
        stats,
        metrics,
        work: work_out,
        entries: entries_in,
        places: Arc::new(Semaphore::new(DELIVERIES_MAX)),
        recent: RecentIds::new(RECENT_IDS_MAX),
        reference: random_u32() as u8,
    };
    keep_bound(&mut line, &bound_in, &stop).await;

    // Pullers end by themselves once their last request is answered; what it brings is given back.
    while let Some(taken) = line.work.recv().await {
        line.ended(taken, Outcome::NotSent);
    }
    while let Some(ended) = pullers.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%connector, %error, "a puller panicked");
        }
    }
    drop(line);
    let mut reporter = reporter;
    if tokio::time::timeout(LAST_REPORTS, &mut reporter).await.is_err() {
        tracing::error!(%connector, "the last reports are not durable; the ledger will ask for them at the next start");
        give_up.cancel();
        let _ = reporter.await;
    }
}

/// Binds, works, and binds again after a pause, until told to stop.
async fn keep_bound(line: &mut Line, bound: &watch::Sender<bool>, stop: &CancellationToken) {
    let connector = line.config.connector;
    let shortest = Duration::from_millis(line.config.reconnect_min_ms);
    let mut backoff = Backoff::new(shortest, Duration::from_millis(line.config.reconnect_max_ms));
    while !stop.is_cancelled() {
        let began = Instant::now();
        let error = match session(line, bound, stop).await {
            Ok(()) => return,
            Err(error) => error,
        };
        line.give_back_waiting();
        if stop.is_cancelled() {
            tracing::warn!(%connector, code = error.code(), "stopped without a clean end");
            return;
        }
        count(&line.stats.reconnects);
        if began.elapsed() >= STABLE {
            backoff.reset();
        }
        let pause = backoff.pause(random_u32());
        tracing::warn!(%connector, code = error.code(), %error, pause_ms = pause.as_millis() as u64, "not bound");
        let pause = tokio::time::sleep(pause);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                () = stop.cancelled() => return,
                // Work that was on its way when the session ended.
                Some(taken) = line.work.recv() => line.ended(taken, Outcome::NotSent),
            }
        }
    }
}

async fn session(line: &mut Line, bound: &watch::Sender<bool>, stop: &CancellationToken) -> Result<(), SessionError> {
    let mut sequence = Sequence::new();
    let Some(wire) = stop.run_until_cancelled(bind(&line.config, &mut sequence)).await else { return Ok(()) };
    let wire = wire?;
    tracing::info!(connector = %line.config.connector, "bound");
    count(&line.stats.binds);
    line.stats.bound.store(true, Ordering::Relaxed);
    bound.send_replace(true);
    let stats = line.stats.clone();
    let ended = Session::new(line, wire, sequence).run(stop).await;
    bound.send_replace(false);
    stats.bound.store(false, Ordering::Relaxed);
    ended
}
