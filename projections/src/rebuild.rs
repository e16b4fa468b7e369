//! Filling the idle slot from the ledgers while the other one serves, and switching over.
use crate::batch::{Batch, Serving};
use crate::checkpoint::{LOCK_SPACE, Mark, active_slot};
use crate::error::ProjectionError;
use crate::feed::{Feed, FeedError, Feeds};
use crate::projection::{Projection, Slot};
use crate::projector::BATCH_RECORDS_MAX;
use crate::recipients::RecipientKeys;
use crate::store::How;
use crate::supervisor::ProjectionsConfig;
use crate::switch::activate;
use crate::views::{Leases, Messages, Routes, View};
use peyk_schemas::{LedgerId, VerifiedRecord};
use sqlx::{Connection, PgConnection, PgPool};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The first key of the lock that lets one rebuild of a projection run at a time.
const REBUILD_LOCK_SPACE: i32 = LOCK_SPACE + 1;
/// Bytes of records that are folded in memory before rows are written.
const FOLD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a feed may stay silent before all there is counts as read.
const SILENCE: Duration = Duration::from_millis(200);
/// How long projectors wait at most while the last records are folded before the switch.
const HANDOVER_MAX: Duration = Duration::from_secs(10);

/// How far a rebuild has come in one ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildProgress {
    pub projection: Projection,
    pub ledger: LedgerId,
    pub position: u64,
    /// The last record of the ledger when the rebuild began to read it.
    pub tail: u64,
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    pub projection: Projection,
    /// The slot that serves now.
    pub slot: Slot,
    /// Where each ledger stood at the switch.
    pub positions: Vec<(LedgerId, u64)>,
    pub events: u64,
}

/// Fills the idle slot of a projection anew, catches up, and lets it serve. The slot that served stays for
/// [`crate::rollback`]. Reads go on throughout; projectors of any process follow the switch by themselves.
///
/// Dropping the future stops the rebuild; the next one begins again with an empty slot.
///
/// # Errors
/// [`ProjectionError`]; unless the error came from the switch itself, the slot that served serves on.
pub async fn rebuild<F: Feeds>(
    config: &ProjectionsConfig<F>,
    projection: Projection,
    progress: impl FnMut(RebuildProgress) + Send,
) -> Result<Rebuilt, ProjectionError> {
    match projection {
        Projection::Leases => Rebuild::<Leases, F>::run(config, Box::new(progress)).await,
        Projection::Messages => Rebuild::<Messages, F>::run(config, Box::new(progress)).await,
        Projection::Routes => Rebuild::<Routes, F>::run(config, Box::new(progress)).await,
    }
}

struct Source<F: Feeds> {
    mark: Mark,
    feed: F::Feed,
    position: u64,
    tail: u64,
}

struct Rebuild<'a, V, F: Feeds> {
    /// The one connection everything goes through: locks live and die with it.
    connection: PgConnection,
    slot: Slot,
    sources: Vec<Source<F>>,
    keys: Arc<dyn RecipientKeys>,
    progress: Box<dyn FnMut(RebuildProgress) + Send + 'a>,
    events: u64,
    fold_events_max: usize,
    view: std::marker::PhantomData<fn() -> V>,
}

impl<'a, V: View, F: Feeds> Rebuild<'a, V, F> {
    async fn run(
        config: &ProjectionsConfig<F>,
        progress: Box<dyn FnMut(RebuildProgress) + Send + 'a>,
    ) -> Result<Rebuilt, ProjectionError> {
        let mut connection = lone_connection(&config.pool).await?;
        take_rebuild_lock(&mut connection, V::PROJECTION).await?;
        let slot = clear_idle(&mut connection, V::PROJECTION).await?;
        tracing::info!(projection = %V::PROJECTION, %slot, "rebuild begins");
        let mut sources = Vec::new();
        for ledger in V::PROJECTION.ledgers(config.message_partitions) {
            let mark = Mark { projection: V::PROJECTION, slot, ledger };
            let feed = config.feeds.open(ledger, None).await?;
            sources.push(Source { mark, feed, position: 0, tail: config.feeds.tail(ledger).await? });
        }
        let view = std::marker::PhantomData;
        let keys = Arc::clone(&config.keys);
        let fold_events_max = config.fold_events_max.max(1);
        let mut rebuild = Self { connection, slot, sources, keys, progress, events: 0, fold_events_max, view };
        // The first pass may take long; the second reads what came meanwhile, so that little is left for the handover.
        rebuild.catch_up(How::Copy).await?;
        rebuild.catch_up(How::Upsert).await?;
        rebuild.hand_over().await
    }

    /// Reads each ledger to its end and a little beyond.
    async fn catch_up(&mut self, how: How) -> Result<(), ProjectionError> {
        for index in 0..self.sources.len() {
            while self.step(index, how).await? {}
        }
        Ok(())
    }

    /// Folds the next stretch of one ledger into the slot. Whether there was one.
    async fn step(&mut self, index: usize, how: How) -> Result<bool, ProjectionError> {
        let source = &mut self.sources[index];
        let mut records: Vec<VerifiedRecord> = Vec::new();
        let (mut events, mut bytes) = (0, 0);
        while events < self.fold_events_max && bytes < FOLD_BYTES_MAX {
            // Below the tail known at the start there are records for sure, and the log may be slow.
            let behind = records.is_empty() && source.position < source.tail;
            let wait = if behind { HANDOVER_MAX } else { SILENCE };
            let next = source.feed.next(BATCH_RECORDS_MAX, wait).await?;
            if next.is_empty() {
                break;
            }
            events += next.iter().map(|record| record.events.len()).sum::<usize>();
            bytes += next.iter().map(|record| record.bytes.len()).sum::<usize>();
            records.extend(next);
        }
        let Mark { ledger, .. } = source.mark;
        let Some(head) = source.feed.head().filter(|_| !records.is_empty()) else {
            // A message nobody vouches for yet may stand at the end; what matters is to be no older than what serves.
            let serving = Mark { slot: source.mark.slot.other(), ..source.mark };
            let needed = serving.head(&mut self.connection).await?.map_or(0, |head| head.position);
            if source.position < needed {
                let reason = format!("{ledger} gave no record behind {} although {needed} is read", source.position);
                return Err(FeedError::Unavailable(reason).into());
            }
            source.tail = source.position;
            return Ok(false);
        };
        let Some(batch) = Batch::<V>::decode(ledger, source.position, &records, head, &*self.keys).await? else {
            return Ok(false);
        };
        batch.commit(&mut self.connection, source.mark, source.position, Serving::No, how).await?;
        source.position = batch.head().position;
        self.events += batch.events() as u64;
        let (position, tail) = (source.position, source.tail.max(source.position));
        (self.progress)(RebuildProgress { projection: V::PROJECTION, ledger, position, tail });
        Ok(true)
    }

    /// Makes projectors wait, folds what they had read further, and switches: no reader ever sees an older state.
    async fn hand_over(mut self) -> Result<Rebuilt, ProjectionError> {
        sqlx::query("SELECT pg_advisory_lock($1, lock) FROM peyk.active_slot WHERE projection = $2")
            .bind(LOCK_SPACE)
            .bind(V::PROJECTION.name())
            .execute(&mut self.connection)
            .await?;
        let until = Instant::now() + HANDOVER_MAX;
        for index in 0..self.sources.len() {
            let Mark { ledger, slot, .. } = self.sources[index].mark;
            let serving = Mark { slot: slot.other(), ..self.sources[index].mark };
            let target = serving.head(&mut self.connection).await?.map_or(0, |head| head.position);
            while self.sources[index].position < target {
                let step = tokio::time::timeout_at(until, self.step(index, How::Upsert)).await;
                step.map_err(|_| ProjectionError::NotCaughtUp { projection: V::PROJECTION, ledger })??;
            }
        }
        let mut transaction = self.connection.begin().await?;
        if active_slot(&mut transaction, V::PROJECTION).await? == self.slot {
            return Err(ProjectionError::Overtaken);
        }
        activate(&mut transaction, V::PROJECTION, self.slot).await?;
        transaction.commit().await?;
        // Gives both locks back at once; if it fails, so does the connection, and the server gives them back.
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "the rebuild's connection did not close in order");
        }
        let positions = self.sources.iter().map(|source| (source.mark.ledger, source.position)).collect();
        tracing::info!(projection = %V::PROJECTION, slot = %self.slot, events = self.events, "rebuild serves");
        Ok(Rebuilt { projection: V::PROJECTION, slot: self.slot, positions, events: self.events })
    }
}

/// A connection of its own, closed for good when dropped: what it locked is free then.
async fn lone_connection(pool: &PgPool) -> Result<PgConnection, ProjectionError> {
    Ok(pool.acquire().await?.detach())
}

async fn take_rebuild_lock(connection: &mut PgConnection, projection: Projection) -> Result<(), ProjectionError> {
    let taken: Option<bool> =
        sqlx::query_scalar("SELECT pg_try_advisory_lock($1, lock) FROM peyk.active_slot WHERE projection = $2")
            .bind(REBUILD_LOCK_SPACE)
            .bind(projection.name())
            .fetch_optional(connection)
            .await?;
    match taken {
        Some(true) => Ok(()),
        Some(false) => Err(ProjectionError::RebuildRunning(projection)),
        None => Err(ProjectionError::NoSlot(projection)),
    }
}

async fn clear_idle(connection: &mut PgConnection, projection: Projection) -> Result<Slot, ProjectionError> {
    let slot: String =
        sqlx::query_scalar("SELECT read.clear_idle($1)").bind(projection.name()).fetch_one(connection).await?;
    Slot::named(&slot).ok_or(ProjectionError::NoSlot(projection))
}
