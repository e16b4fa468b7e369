//! Filling the idle slot from the ledgers while the other one serves, and switching over.
mod fill;
mod source;

use crate::checkpoint::{LOCK_SPACE, Mark, active_slot};
use crate::error::ProjectionError;
use crate::feed::{FeedError, Feeds};
use crate::projection::{Projection, Slot};
use crate::supervisor::ProjectionsConfig;
use crate::switch::activate;
use crate::views::{Audit, Leases, Messages, NumberAudit, Routes, View};
use fill::Means;
use peyk_schemas::LedgerId;
pub(crate) use source::Source;
use sqlx::{Connection, PgConnection, PgPool};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The first key of the lock that lets one rebuild of a projection run at a time.
const REBUILD_LOCK_SPACE: i32 = LOCK_SPACE + 1;
/// How long to try for that lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_POLL: Duration = Duration::from_millis(50);
/// Records of one stretch: read, decoded and, once the first pass is over, written together.
pub(crate) const BATCH_RECORDS_MAX: usize = 2_048;
/// How many records may be left for the handover, and how often to read on before it until no more are left.
const HANDOVER_RECORDS_MAX: u64 = 4_096;
const CATCH_UPS_MAX: usize = 20;
/// How long projectors wait at most while the last records are folded before the switch.
pub(crate) const HANDOVER_MAX: Duration = Duration::from_secs(10);

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
        Projection::Audit => Rebuild::<Audit, F>::run(config, Box::new(progress)).await,
        Projection::NumberAudit => Rebuild::<NumberAudit, F>::run(config, Box::new(progress)).await,
    }
}

struct Rebuild<'a, V, F: Feeds> {
    /// The one connection everything is written through: locks live and die with it.
    connection: PgConnection,
    feeds: F,
    slot: Slot,
    sources: Vec<Source<F>>,
    means: Means,
    progress: Box<dyn FnMut(RebuildProgress) + Send + 'a>,
    events: u64,
    view: PhantomData<fn() -> V>,
}

impl<'a, V: View + 'static, F: Feeds> Rebuild<'a, V, F> {
    async fn run(
        config: &ProjectionsConfig<F>,
        progress: Box<dyn FnMut(RebuildProgress) + Send + 'a>,
    ) -> Result<Rebuilt, ProjectionError> {
        let mut connection = lone_connection(&config.pool).await?;
        take_rebuild_lock(&mut connection, V::PROJECTION).await?;
        let slot = clear_idle(&mut connection, V::PROJECTION).await?;
        tracing::info!(projection = %V::PROJECTION, %slot, "rebuild begins");
        let mut rebuild = Self {
            connection,
            feeds: config.feeds.clone(),
            slot,
            sources: Vec::new(),
            means: Means { keys: Arc::clone(&config.keys), rows_max: config.rebuild_rows_max.max(1) },
            progress,
            events: 0,
            view: PhantomData,
        };
        for ledger in V::PROJECTION.ledgers(config.message_partitions) {
            rebuild = rebuild.fill(ledger, &config.pool).await?;
        }
        // The first pass may take long; the next ones read what came meanwhile, so that little is left for the handover.
        for _ in 0..CATCH_UPS_MAX {
            if rebuild.catch_up().await? <= HANDOVER_RECORDS_MAX {
                break;
            }
        }
        rebuild.hand_over().await
    }

    async fn fill(mut self, ledger: LedgerId, pool: &PgPool) -> Result<Self, ProjectionError> {
        let mark = Mark { projection: V::PROJECTION, slot: self.slot, ledger };
        let feed = self.feeds.open(ledger, None).await?;
        let of_another_log = self.serves_another_log(mark).await?;
        let mut source = Source { mark, feed, position: 0, tail: 0, served: 0, of_another_log };
        source.look(&self.feeds, &mut self.connection).await?;
        let progress = &mut self.progress;
        let mut told = |position, tail| progress(RebuildProgress { projection: V::PROJECTION, ledger, position, tail });
        let mut folding = pool.acquire().await?;
        let (source, connection, events) =
            fill::fill::<V, F>(source, &self.means, &mut folding, self.connection, &mut told).await?;
        self.sources.push(source);
        self.events += events;
        Ok(Self { connection, ..self })
    }

    /// Whether the ledger does not hold the record the serving slot stands at: the log was restored from a backup. Then
    /// there is nothing to catch up with.
    async fn serves_another_log(&mut self, mark: Mark) -> Result<bool, ProjectionError> {
        let serving = Mark { slot: mark.slot.other(), ..mark };
        let Some(head) = serving.head(&mut self.connection).await? else { return Ok(false) };
        let position = head.position;
        match self.feeds.open(mark.ledger, Some(head)).await {
            Ok(_) => Ok(false),
            Err(FeedError::Broken(reason)) => {
                tracing::warn!(projection = %V::PROJECTION, ledger = %mark.ledger, position, reason, "what serves was made from another log");
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads each ledger up to its end now. How many records that were.
    async fn catch_up(&mut self) -> Result<u64, ProjectionError> {
        let mut read = 0;
        for index in 0..self.sources.len() {
            let source = &mut self.sources[index];
            source.look(&self.feeds, &mut self.connection).await?;
            let (begun, tail) = (source.position, source.tail);
            while self.sources[index].position < tail && self.step(index).await? {}
            read += self.sources[index].position - begun;
        }
        Ok(read)
    }

    /// Folds the next stretch of one ledger into the slot. Whether there was one.
    async fn step(&mut self, index: usize) -> Result<bool, ProjectionError> {
        let source = &mut self.sources[index];
        let more = source.step::<V>(&mut self.connection, &*self.means.keys, BATCH_RECORDS_MAX).await?;
        let (ledger, position, tail) = (source.mark.ledger, source.position, source.tail.max(source.position));
        if let Some(events) = more {
            self.events += events;
            (self.progress)(RebuildProgress { projection: V::PROJECTION, ledger, position, tail });
        }
        Ok(more.is_some())
    }

    /// Makes projectors wait, folds what they had read further, and switches: no reader ever sees an older state.
    async fn hand_over(mut self) -> Result<Rebuilt, ProjectionError> {
        stop_projectors(&mut self.connection, V::PROJECTION).await?;
        let until = Instant::now() + HANDOVER_MAX;
        for index in 0..self.sources.len() {
            let source = &mut self.sources[index];
            source.look(&self.feeds, &mut self.connection).await?;
            let ledger = source.mark.ledger;
            while self.sources[index].is_behind_what_serves() {
                let step = tokio::time::timeout_at(until, self.step(index)).await;
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
pub(crate) async fn lone_connection(pool: &PgPool) -> Result<PgConnection, ProjectionError> {
    Ok(pool.acquire().await?.detach())
}

/// Waits a moment: the server may not have noticed yet that whoever held the lock is gone.
pub(crate) async fn take_rebuild_lock(
    connection: &mut PgConnection,
    projection: Projection,
) -> Result<(), ProjectionError> {
    let until = Instant::now() + LOCK_PATIENCE;
    loop {
        let taken: Option<bool> =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1, lock) FROM peyk.active_slot WHERE projection = $2")
                .bind(REBUILD_LOCK_SPACE)
                .bind(projection.name())
                .fetch_optional(&mut *connection)
                .await?;
        match taken {
            Some(true) => return Ok(()),
            None => return Err(ProjectionError::NoSlot(projection)),
            Some(false) if Instant::now() >= until => return Err(ProjectionError::RebuildRunning(projection)),
            Some(false) => tokio::time::sleep(LOCK_POLL).await,
        }
    }
}

/// Makes projectors of every process wait, until the connection ends or gives the lock back.
pub(crate) async fn stop_projectors(
    connection: &mut PgConnection,
    projection: Projection,
) -> Result<(), ProjectionError> {
    sqlx::query("SELECT pg_advisory_lock($1, lock) FROM peyk.active_slot WHERE projection = $2")
        .bind(LOCK_SPACE)
        .bind(projection.name())
        .execute(connection)
        .await?;
    Ok(())
}

async fn clear_idle(connection: &mut PgConnection, projection: Projection) -> Result<Slot, ProjectionError> {
    let slot: String =
        sqlx::query_scalar("SELECT read.clear_idle($1)").bind(projection.name()).fetch_one(connection).await?;
    Slot::named(&slot).ok_or(ProjectionError::NoSlot(projection))
}
