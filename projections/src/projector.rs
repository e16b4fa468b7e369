//! One projection following one ledger partition, live.
use crate::batch::{Batch, Serving};
use crate::checkpoint::{Mark, active_slot};
use crate::error::{Outlook, ProjectionError};
use crate::feed::{Feed, Feeds};
use crate::metrics;
use crate::projection::Slot;
use crate::sources::ReadModelKeys;
use crate::status::{ProjectorState, StatusSender};
use crate::store::How;
use crate::views::View;
use peyk_schemas::LedgerId;
use sqlx::PgPool;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Records of one transaction. A record has at most 768 KiB, so a batch stays under 100 MiB at the very worst.
const BATCH_RECORDS_MAX: usize = 128;
/// How long to wait for the next record before looking whether another slot serves now.
const PATIENCE: Duration = Duration::from_millis(500);
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(10);
/// How often one that failed looks whether another slot serves.
const SECOND_CHANCE: Duration = Duration::from_secs(2);

pub(crate) struct Projector<V, F> {
    pub(crate) ledger: LedgerId,
    pub(crate) pool: PgPool,
    pub(crate) feeds: F,
    pub(crate) keys: Arc<dyn ReadModelKeys>,
    pub(crate) status: StatusSender,
    pub(crate) shutdown: CancellationToken,
    pub(crate) view: PhantomData<fn() -> V>,
}

/// Where a run of a projector has come.
struct Course {
    /// The slot that is followed; none before it is known.
    slot: Option<Slot>,
    /// Up to here records are applied one by one, to find the one that cannot be.
    careful_until: u64,
}

impl<V: View, F: Feeds> Projector<V, F> {
    /// Runs until shutdown. After an error that trying again does not mend it stays where it is until another slot serves.
    pub(crate) async fn run(self) {
        let mut pause = RETRY_MIN;
        let mut course = Course { slot: None, careful_until: 0 };
        while !self.shutdown.is_cancelled() {
            let before = self.status.borrow().position;
            let Err(error) = self.follow(&mut course).await else { break };
            let position = self.status.borrow().position;
            match error {
                ProjectionError::Overtaken => {
                    tracing::debug!(projection = %V::PROJECTION, ledger = %self.ledger, "checkpoint moved elsewhere, reading anew");
                }
                // All before the record in question is still to be applied.
                error if is_in_a_batch(&error, position) && position >= course.careful_until => {
                    course.careful_until = position + BATCH_RECORDS_MAX as u64;
                    continue;
                }
                error => {
                    let outlook = error.outlook();
                    self.fail(&error);
                    if outlook == Outlook::Final {
                        self.other_slot(course.slot).await;
                        pause = RETRY_MIN;
                    }
                }
            }
            if position != before {
                pause = RETRY_MIN;
            }
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(RETRY_MAX),
            }
        }
        self.tell(ProjectorState::Stopped);
    }

    fn tell(&self, state: ProjectorState) -> bool {
        self.status.send_if_modified(|status| status.enters(state))
    }

    fn fail(&self, error: &ProjectionError) {
        let (projection, ledger, outlook) = (V::PROJECTION, self.ledger, error.outlook());
        metrics::failed(projection, ledger, error.kind());
        // What is tried again and again is told once.
        if !self.tell(ProjectorState::after(error)) {
            return;
        }
        let (position, record) = (self.status.borrow().position, error.record());
        match outlook {
            Outlook::Passing => tracing::warn!(%projection, %ledger, position, %error, "projector waits"),
            Outlook::Refused => {
                tracing::error!(%projection, %ledger, position, %error, "projector is refused and tries again; an operator has to act");
            }
            Outlook::Final => {
                tracing::error!(%projection, %ledger, position, record, %error, "projector stopped until another slot serves");
            }
        }
    }

    /// Waits until another slot serves than the one that could not be followed: somebody rebuilt the projection.
    async fn other_slot(&self, failed: Option<Slot>) {
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = tokio::time::sleep(SECOND_CHANCE) => {}
            }
            // Postgres may be away meanwhile; that is no reason to stop looking.
            let Ok(mut connection) = self.pool.acquire().await else { continue };
            match active_slot(&mut connection, V::PROJECTION).await {
                Ok(slot) if Some(slot) != failed => {
                    tracing::info!(projection = %V::PROJECTION, ledger = %self.ledger, %slot, "another slot serves, reading on");
                    return;
                }
                _ => {}
            }
        }
    }

    /// Reads on from the checkpoint of the slot that serves. Returns `Ok` only on shutdown.
    async fn follow(&self, course: &mut Course) -> Result<(), ProjectionError> {
        let mut connection = self.pool.acquire().await?;
        let slot = active_slot(&mut connection, V::PROJECTION).await?;
        if course.slot.replace(slot) != Some(slot) {
            course.careful_until = 0;
        }
        let mark = Mark { projection: V::PROJECTION, slot, ledger: self.ledger };
        let head = mark.head(&mut connection).await?;
        drop(connection);
        let mut position = head.as_ref().map_or(0, |head| head.position);
        // After a switch this may be behind what stood here before; queries that wait must know.
        self.status.send_modify(|status| status.stands(position));

        let mut feed = self.feeds.open(self.ledger, head).await?;
        let tail = self.feeds.tail(self.ledger).await?;
        self.status.send_if_modified(|status| status.sees(tail));
        loop {
            let records_max = if position < course.careful_until { 1 } else { BATCH_RECORDS_MAX };
            let records = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Ok(()),
                records = feed.next(records_max, PATIENCE) => records?,
            };
            let Some(head) = feed.head().filter(|_| !records.is_empty()) else {
                self.check_slot(mark, position).await?;
                self.tell(ProjectorState::Running);
                continue;
            };
            let first = records.first().map_or(head.position, |record| record.position);
            let batch = Batch::<V>::decode(self.ledger, position, &records, head, &*self.keys).await?;
            if let Some(batch) = batch {
                let mut connection = self.pool.acquire().await?;
                let committed = batch.commit(&mut connection, mark, position, Serving::Yes, How::Upsert).await;
                committed.map_err(|error| error.of_records(self.ledger, first, batch.head().position))?;
                position = batch.head().position;
                self.status.send_modify(|status| {
                    status.stands(position);
                    status.enters(ProjectorState::Running);
                });
            }
        }
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

/// Whether others may have been undone together with the record, or it is not known which record it is.
fn is_in_a_batch(error: &ProjectionError, position: u64) -> bool {
    match error {
        ProjectionError::Rows { .. } => error.record().is_none(),
        ProjectionError::Record { position: record, .. } | ProjectionError::Misfit { position: record, .. } => {
            *record > position + 1
        }
        _ => false,
    }
}
