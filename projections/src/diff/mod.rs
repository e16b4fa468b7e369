//! Whether both slots of a projection hold the same rows.
mod compare;

use crate::checkpoint::{LOCK_SPACE, Mark, active_slot};
use crate::error::ProjectionError;
use crate::feed::Feeds;
use crate::projection::{Projection, Slot};
use crate::rebuild::{BATCH_RECORDS_MAX, HANDOVER_MAX, Source, lone_connection, stop_projectors, take_rebuild_lock};
use crate::supervisor::ProjectionsConfig;
use crate::views::{Audit, Leases, Messages, NumberAudit, Routes, View};
use peyk_schemas::LedgerId;
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

/// Rows of one table that differ between the slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDiff {
    pub table: &'static str,
    /// How many keys either slot has.
    pub compared: u64,
    /// How many of them have another row in the other slot, or none.
    pub differing: u64,
    /// The first of those, ascending; a number appears as its mask.
    pub examples: Vec<String>,
}

/// What comparing the slots showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotDiff {
    pub projection: Projection,
    /// Where both slots stood in each ledger.
    pub positions: Vec<(LedgerId, u64)>,
    pub tables: Vec<TableDiff>,
}

impl SlotDiff {
    /// How many rows differ.
    #[must_use]
    pub fn differing(&self) -> u64 {
        self.tables.iter().map(|table| table.differing).sum()
    }
}

/// How far a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffProgress {
    /// The slot that does not serve is brought to where the other one stands.
    Levelling {
        ledger: LedgerId,
        position: u64,
        until: u64,
    },
    Comparing {
        table: &'static str,
        compared: u64,
    },
}

/// Compares the slots of a projection row by row. Rows can only be equal where positions are, so the slot that does not
/// serve is first folded up to the record the other one stands at; projectors wait for the last stretch of that, 10 s at
/// most, and for nothing else. Then both are read in one snapshot, a page of keys at a time.
///
/// # Errors
/// [`ProjectionError::NothingToCompare`] if the slot that does not serve is not complete, [`ProjectionError::Ahead`] if it
/// is further than the one that serves, [`ProjectionError::RebuildRunning`] while a rebuild runs.
pub async fn diff<F: Feeds>(
    config: &ProjectionsConfig<F>,
    projection: Projection,
    mut progress: impl FnMut(DiffProgress) + Send,
) -> Result<SlotDiff, ProjectionError> {
    match projection {
        Projection::Leases => run::<Leases, F>(config, &mut progress).await,
        Projection::Messages => run::<Messages, F>(config, &mut progress).await,
        Projection::Routes => run::<Routes, F>(config, &mut progress).await,
        Projection::Audit => run::<Audit, F>(config, &mut progress).await,
        Projection::NumberAudit => run::<NumberAudit, F>(config, &mut progress).await,
    }
}

async fn run<V: View, F: Feeds>(
    config: &ProjectionsConfig<F>,
    progress: &mut (dyn FnMut(DiffProgress) + Send),
) -> Result<SlotDiff, ProjectionError> {
    // As long as it holds the lock, no rebuild empties what is compared.
    let mut connection = lone_connection(&config.pool).await?;
    take_rebuild_lock(&mut connection, V::PROJECTION).await?;
    let ready: bool = sqlx::query_scalar("SELECT spare_ready FROM peyk.active_slot WHERE projection = $1")
        .bind(V::PROJECTION.name())
        .fetch_one(&mut connection)
        .await?;
    if !ready {
        return Err(ProjectionError::NothingToCompare(V::PROJECTION));
    }
    let idle = active_slot(&mut connection, V::PROJECTION).await?.other();
    let mut sources = Vec::new();
    for ledger in V::PROJECTION.ledgers(config.message_partitions) {
        sources.push(level::<V, F>(config, &mut connection, idle, ledger, progress).await?);
    }
    stop_projectors(&mut connection, V::PROJECTION).await?;
    let until = Instant::now() + HANDOVER_MAX;
    let mut positions = Vec::new();
    for source in &mut sources {
        let ledger = source.mark.ledger;
        let finished = tokio::time::timeout_at(until, finish::<V, F>(config, &mut connection, source)).await;
        finished.map_err(|_| ProjectionError::NotCaughtUp { projection: V::PROJECTION, ledger })??;
        positions.push((ledger, source.position));
    }
    // Both slots stand still until the snapshot is taken.
    let mut reading = lone_connection(&config.pool).await?;
    let mut snapshot = reading.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    // The longest statement reads two pages; a loaded server may take its time.
    sqlx::query("SET LOCAL statement_timeout = '10min'").execute(&mut *snapshot).await?;
    sqlx::query("SELECT FROM peyk.active_slot").execute(&mut *snapshot).await?;
    release_projectors(&mut connection, V::PROJECTION).await?;
    let tables = compare::tables(&mut snapshot, V::PROJECTION, progress).await?;
    snapshot.commit().await?;
    for connection in [reading, connection] {
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "a connection of the comparison did not close in order");
        }
    }
    Ok(SlotDiff { projection: V::PROJECTION, positions, tables })
}

/// Folds the idle slot nearly to where the serving one stands, while projectors go on.
async fn level<V: View, F: Feeds>(
    config: &ProjectionsConfig<F>,
    connection: &mut PgConnection,
    idle: Slot,
    ledger: LedgerId,
    progress: &mut (dyn FnMut(DiffProgress) + Send),
) -> Result<Source<F>, ProjectionError> {
    let mark = Mark { projection: V::PROJECTION, slot: idle, ledger };
    let head = mark.head(connection).await?;
    let position = head.as_ref().map_or(0, |head| head.position);
    let feed = config.feeds.open(ledger, head).await?;
    let mut source = Source { mark, feed, position, tail: 0, served: 0, of_another_log: false };
    source.look(&config.feeds, connection).await?;
    while source.position + (BATCH_RECORDS_MAX as u64) < source.served {
        source.step::<V>(connection, &*config.keys, BATCH_RECORDS_MAX).await?;
        progress(DiffProgress::Levelling { ledger, position: source.position, until: source.served });
        source.look(&config.feeds, connection).await?;
    }
    Ok(source)
}

/// Folds the idle slot to exactly where the serving one stands, which stands still.
async fn finish<V: View, F: Feeds>(
    config: &ProjectionsConfig<F>,
    connection: &mut PgConnection,
    source: &mut Source<F>,
) -> Result<(), ProjectionError> {
    source.look(&config.feeds, connection).await?;
    let serving = source.served;
    while source.is_behind_what_serves() {
        source.step_to::<V>(connection, &*config.keys, serving).await?;
    }
    if source.position == serving {
        return Ok(());
    }
    let Mark { projection, ledger, .. } = source.mark;
    Err(ProjectionError::Ahead { projection, ledger, serving, other: source.position })
}

async fn release_projectors(connection: &mut PgConnection, projection: Projection) -> Result<(), ProjectionError> {
    sqlx::query("SELECT pg_advisory_unlock($1, lock) FROM peyk.active_slot WHERE projection = $2")
        .bind(LOCK_SPACE)
        .bind(projection.name())
        .execute(connection)
        .await?;
    Ok(())
}
