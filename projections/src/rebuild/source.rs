use super::{BATCH_RECORDS_MAX, HANDOVER_MAX};
use crate::batch::{Batch, Serving};
use crate::checkpoint::Mark;
use crate::error::ProjectionError;
use crate::feed::{Feed, FeedError, Feeds};
use crate::sources::ReadModelKeys;
use crate::store::How;
use crate::views::View;
use peyk_schemas::VerifiedRecord;
use sqlx::PgConnection;
use std::time::Duration;

/// How long a feed may stay silent before all there is counts as read.
const SILENCE: Duration = Duration::from_millis(200);

/// One ledger that is being read.
pub(crate) struct Source<F: Feeds> {
    pub(crate) mark: Mark,
    pub(crate) feed: F::Feed,
    pub(crate) position: u64,
    /// The last record when the present pass began.
    pub(crate) tail: u64,
    /// Where the slot that serves stood then; the ledger has that much for sure.
    pub(crate) served: u64,
    /// Unless that slot was made from a log that is no more.
    pub(crate) of_another_log: bool,
}

impl<F: Feeds> Source<F> {
    pub(crate) async fn look(&mut self, feeds: &F, connection: &mut PgConnection) -> Result<(), ProjectionError> {
        self.tail = feeds.tail(self.mark.ledger).await?.max(self.position);
        let serving = Mark { slot: self.mark.slot.other(), ..self.mark };
        if !self.of_another_log {
            self.served = serving.head(connection).await?.map_or(0, |head| head.position);
        }
        Ok(())
    }

    /// Below the tail there are records, and the log may be slow; at the end one of them may await a signature.
    pub(super) const fn patience(&self) -> Duration {
        if self.position < self.tail { HANDOVER_MAX } else { SILENCE }
    }

    pub(crate) const fn is_behind_what_serves(&self) -> bool {
        self.position < self.served
    }

    pub(super) fn silent(&self) -> ProjectionError {
        let Self { mark: Mark { ledger, .. }, position, served, .. } = self;
        let reason = format!("{ledger} gave no record behind {position} although {served} is read");
        FeedError::Unavailable(reason).into()
    }

    /// Folds the next records into the slot, `records_max` at most. The count of their events; none if nothing came.
    pub(crate) async fn step<V: View>(
        &mut self,
        connection: &mut PgConnection,
        keys: &dyn ReadModelKeys,
        records_max: usize,
    ) -> Result<Option<u64>, ProjectionError> {
        let records = self.feed.next(records_max, self.patience()).await?;
        self.apply::<V>(connection, keys, &records).await
    }

    /// As [`Self::step`], but no further than the record at `until`.
    pub(crate) async fn step_to<V: View>(
        &mut self,
        connection: &mut PgConnection,
        keys: &dyn ReadModelKeys,
        until: u64,
    ) -> Result<Option<u64>, ProjectionError> {
        let mut records = Vec::new();
        while records.len() < BATCH_RECORDS_MAX {
            // One by one: where positions are passed over, it is not known how many records are left.
            let next = self.feed.next(1, self.patience()).await?;
            let Some(last) = next.last().map(|record| record.position) else { break };
            records.extend(next);
            if last >= until {
                break;
            }
        }
        self.apply::<V>(connection, keys, &records).await
    }

    async fn apply<V: View>(
        &mut self,
        connection: &mut PgConnection,
        keys: &dyn ReadModelKeys,
        records: &[VerifiedRecord],
    ) -> Result<Option<u64>, ProjectionError> {
        let Some(head) = self.feed.head().filter(|_| !records.is_empty()) else {
            // A message nobody vouches for yet may stand at the end; what matters is to be no older than what serves.
            return if self.is_behind_what_serves() { Err(self.silent()) } else { Ok(None) };
        };
        let batch = Batch::<V>::decode(self.mark.ledger, self.position, records, head, keys).await?;
        let Some(batch) = batch else { return Ok(None) };
        batch.commit(connection, self.mark, self.position, Serving::No, How::Copy).await?;
        self.position = batch.head().position;
        Ok(Some(batch.events() as u64))
    }
}
