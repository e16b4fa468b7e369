//! All projectors of a process.
use crate::feed::Feeds;
use crate::metrics;
use crate::projection::Projection;
use crate::projector::Projector;
use crate::reporter::Reporter;
use crate::sources::ReadModelKeys;
use crate::status::{ProjectorState, StatusBoard, StatusSender, starting};
use crate::views::{Audit, Leases, Messages, NumberAudit, Routes, View};
use futures::FutureExt;
use peyk_schemas::LedgerId;
use sqlx::PgPool;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// What projectors need.
#[derive(Clone)]
pub struct ProjectionsConfig<F> {
    /// Connections as `peyk_projector`, see [`crate::projector_pool`]; one for each ledger partition and two to spare.
    pub pool: PgPool,
    pub feeds: F,
    pub keys: Arc<dyn ReadModelKeys>,
    /// Partitions of `messages` in this deployment.
    pub message_partitions: u16,
    /// Rows a rebuild changes in memory before it copies them, of half a kilobyte each; as many again are on their way to
    /// Postgres. [`REBUILD_ROWS_DEFAULT`] unless memory is scarce.
    pub rebuild_rows_max: usize,
}

/// What a rebuild keeps in memory at a time: tens of megabytes.
pub const REBUILD_ROWS_DEFAULT: usize = 50_000;

impl<F> std::fmt::Debug for ProjectionsConfig<F> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ProjectionsConfig")
            .field("message_partitions", &self.message_partitions)
            .finish_non_exhaustive()
    }
}

/// The running projectors.
#[derive(Debug)]
pub struct Projections {
    tasks: JoinSet<()>,
    reporting: JoinHandle<()>,
    over: DropGuard,
    status: StatusBoard,
}

impl Projections {
    /// Starts a projector for each projection and ledger partition. They run until `shutdown` is cancelled; one that
    /// fails stops alone and says so in its status, in Postgres, in the log and in metrics.
    #[must_use]
    pub fn spawn<F: Feeds>(config: &ProjectionsConfig<F>, shutdown: &CancellationToken) -> Self {
        let process = Uuid::new_v4();
        tracing::info!(%process, "projectors start");
        let (mut tasks, mut statuses) = (JoinSet::new(), Vec::new());
        for projection in Projection::ALL {
            for ledger in projection.ledgers(config.message_partitions) {
                statuses.push(match projection {
                    Projection::Leases => start::<Leases, F>(&mut tasks, config, shutdown, ledger),
                    Projection::Messages => start::<Messages, F>(&mut tasks, config, shutdown, ledger),
                    Projection::Routes => start::<Routes, F>(&mut tasks, config, shutdown, ledger),
                    Projection::Audit => start::<Audit, F>(&mut tasks, config, shutdown, ledger),
                    Projection::NumberAudit => start::<NumberAudit, F>(&mut tasks, config, shutdown, ledger),
                });
            }
        }
        let status = StatusBoard::new(statuses.iter().map(StatusSender::subscribe).collect());
        metrics::observe(&status);
        let over = CancellationToken::new();
        let (pool, feeds) = (config.pool.clone(), config.feeds.clone());
        let reporting = tokio::spawn(Reporter { process, pool, feeds, statuses, over: over.clone() }.run());
        Self { tasks, reporting, over: over.drop_guard(), status }
    }

    #[must_use]
    pub fn status(&self) -> StatusBoard {
        self.status.clone()
    }

    /// Returns once every projector ended, each after its transaction. Cancel the shutdown token first.
    pub async fn stopped(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a projector ended abnormally");
            }
        }
        drop(self.over);
        if let Err(error) = self.reporting.await {
            tracing::error!(%error, "the reports on projectors ended abnormally");
        }
    }
}

fn start<V: View + 'static, F: Feeds>(
    tasks: &mut JoinSet<()>,
    config: &ProjectionsConfig<F>,
    shutdown: &CancellationToken,
    ledger: LedgerId,
) -> StatusSender {
    let status = starting(V::PROJECTION, ledger);
    let projector = Projector::<V, F> {
        ledger,
        pool: config.pool.clone(),
        feeds: config.feeds.clone(),
        keys: Arc::clone(&config.keys),
        status: status.clone(),
        shutdown: shutdown.clone(),
        view: PhantomData,
    };
    let failed = status.clone();
    tasks.spawn(async move {
        // Whatever it shares with others is whole between any two of its steps.
        if AssertUnwindSafe(projector.run()).catch_unwind().await.is_err() {
            tracing::error!(projection = %V::PROJECTION, %ledger, "projector ended abnormally; restart the process");
            metrics::failed(V::PROJECTION, ledger, "abnormal");
            let reason = "the projector ended abnormally; restart the process".to_owned();
            failed.send_if_modified(|status| status.enters(ProjectorState::Failed { reason, record: None }));
        }
    });
    status
}
