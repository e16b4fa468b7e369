//! One projection following one ledger partition, live.
use crate::batch::{Batch, Serving};
use crate::checkpoint::{Mark, active_slot};
use crate::error::ProjectionError;
use crate::feed::{Feed, Feeds};
use crate::recipients::RecipientKeys;
use crate::status::{ProjectorState, StatusSender};
use crate::store::How;
use crate::views::View;
use peyk_schemas::LedgerId;
use sqlx::PgPool;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Records of one transaction. A record has at most 768 KiB, so a batch stays under 100 MiB at the very worst.
pub(crate) const BATCH_RECORDS_MAX: usize = 128;
/// How long to wait for the next record before looking whether another slot serves now.
const PATIENCE: Duration = Duration::from_millis(500);
/// How old the tail in the status may be while records keep coming.
const TAIL_AGE_MAX: Duration = Duration::from_secs(1);
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(10);

pub(crate) struct Projector<V, F> {
    pub(crate) ledger: LedgerId,
    pub(crate) pool: PgPool,
    pub(crate) feeds: F,
    pub(crate) keys: Arc<dyn RecipientKeys>,
    pub(crate) status: StatusSender,
    pub(crate) shutdown: CancellationToken,
    pub(crate) view: PhantomData<fn() -> V>,
}

impl<V: View, F: Feeds> Projector<V, F> {
    /// Runs until shutdown, or until something comes that waiting does not mend; the status says which.
    pub(crate) async fn run(self) {
        let mut pause = RETRY_MIN;
        while !self.shutdown.is_cancelled() {
            let before = self.status.borrow().position;
            let Err(error) = self.follow().await else { break };
            if matches!(error, ProjectionError::Overtaken) {
                tracing::debug!(projection = %V::PROJECTION, ledger = %self.ledger, "checkpoint moved elsewhere, reading anew");
            } else if error.is_transient() {
                tracing::warn!(projection = %V::PROJECTION, ledger = %self.ledger, %error, "projector waits");
                self.tell(ProjectorState::Waiting { reason: error.to_string() });
            } else {
                tracing::error!(projection = %V::PROJECTION, ledger = %self.ledger, %error, "projector stopped");
                self.tell(ProjectorState::Failed { reason: error.to_string() });
                return;
            }
            if self.status.borrow().position != before {
                pause = RETRY_MIN;
            }
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(RETRY_MAX),
            }
        }
        self.tell(ProjectorState::Stopped);
    }

    fn tell(&self, state: ProjectorState) {
        self.status.send_modify(|status| status.state = state);
    }

    /// Reads on from the checkpoint of the slot that serves. Returns `Ok` only on shutdown.
    async fn follow(&self) -> Result<(), ProjectionError> {
        let mut connection = self.pool.acquire().await?;
        let slot = active_slot(&mut connection, V::PROJECTION).await?;
        let mark = Mark { projection: V::PROJECTION, slot, ledger: self.ledger };
        let head = mark.head(&mut connection).await?;
        drop(connection);
        let mut position = head.as_ref().map_or(0, |head| head.position);
        // After a switch this may be behind what stood here before; queries that wait must know.
        self.status.send_modify(|status| status.position = position);

        let mut feed = self.feeds.open(self.ledger, head).await?;
        let mut tail_known = self.look_at_tail().await?;
        self.tell(ProjectorState::Running);
        loop {
            let records = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Ok(()),
                records = feed.next(BATCH_RECORDS_MAX, PATIENCE) => records?,
            };
            let Some(head) = feed.head().filter(|_| !records.is_empty()) else {
                self.check_slot(mark, position).await?;
                tail_known = self.look_at_tail().await?;
                continue;
            };
            let batch = Batch::<V>::decode(self.ledger, position, &records, head, &*self.keys).await?;
            if let Some(batch) = batch {
                let mut connection = self.pool.acquire().await?;
                batch.commit(&mut connection, mark, position, Serving::Yes, How::Upsert).await?;
                position = batch.head().position;
                self.status.send_modify(|status| {
                    status.position = position;
                    status.tail = status.tail.max(position);
                });
            }
            if tail_known.elapsed() > TAIL_AGE_MAX {
                tail_known = self.look_at_tail().await?;
            }
        }
    }

    async fn look_at_tail(&self) -> Result<Instant, ProjectionError> {
        let tail = self.feeds.tail(self.ledger).await?;
        self.status.send_if_modified(|status| std::mem::replace(&mut status.tail, tail) != tail);
        Ok(Instant::now())
    }

    /// With nothing to write, a switch or another projector's work would go unnoticed.
    async fn check_slot(&self, mark: Mark, position: u64) -> Result<(), ProjectionError> {
        let mut connection = self.pool.acquire().await?;
        if active_slot(&mut connection, V::PROJECTION).await? != mark.slot {
            return Err(ProjectionError::Overtaken);
        }
        let now = mark.head(&mut connection).await?.map_or(0, |head| head.position);
        if now == position { Ok(()) } else { Err(ProjectionError::Overtaken) }
    }
}
