//! The first pass over a ledger: records are read, folded and written at the same time, each on a task of its own.
//!
//! Rows are folded in memory and copied once they are settled, so a message costs one row and not one for each event.
//! Until all of them stand in the slot it has no checkpoint: a pass that was stopped leaves nothing anybody would trust.
use super::{BATCH_RECORDS_MAX, Source};
use crate::batch::{Batch, Serving};
use crate::checkpoint::{Mark, enter};
use crate::error::ProjectionError;
use crate::feed::{Feed, Feeds};
use crate::sources::ReadModelKeys;
use crate::store::{How, Which};
use crate::views::View;
use peyk_schemas::Head;
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

/// Stretches of records that are read ahead of the fold.
const READ_AHEAD: usize = 2;
/// Loads of rows that are folded ahead of the copying.
const WRITE_AHEAD: usize = 1;

/// What the pass needs beside the ledger.
pub(super) struct Means {
    pub(super) keys: Arc<dyn ReadModelKeys>,
    pub(super) rows_max: usize,
}

/// Reads a ledger up to the tail known when the pass began, tells of each stretch, and gives the source back, read so
/// far, with the count of its events. `fold` looks rows up, `copy` writes them.
pub(super) async fn fill<V: View + 'static, F: Feeds>(
    source: Source<F>,
    means: &Means,
    fold: &mut PgConnection,
    copy: PgConnection,
    told: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<(Source<F>, PgConnection, u64), ProjectionError> {
    let (mark, tail) = (source.mark, source.tail);
    let (stretches, mut read) = mpsc::channel(READ_AHEAD);
    let records_max = means.rows_max.min(BATCH_RECORDS_MAX);
    let reading = spawn(read_on::<V, F>(source, records_max, Arc::clone(&means.keys), stretches));
    let (loads, folded) = mpsc::channel(WRITE_AHEAD);
    let (done, written) = watch::channel(0);
    let writing = spawn(write(mark, copy, folded, done));

    let mut folding = Folding { view: V::default(), loads, written, sent: 0, mark };
    let (mut head, mut events) = (None, 0);
    while let Some(batch) = read.recv().await {
        batch.touch(&mut folding.view);
        if folding.view.lacks_rows() && !folding.look_up(fold).await? {
            return Err(cause(writing).await);
        }
        batch.fold(&mut folding.view)?;
        events += batch.events() as u64;
        head = Some(batch.head().clone());
        told(batch.head().position, tail.max(batch.head().position));
        drop(batch);
        if !folding.relieve(means.rows_max).await {
            return Err(cause(writing).await);
        }
    }
    let source = ended(reading.await)?;
    if let Some(head) = head
        && !folding.finish(head).await
    {
        return Err(cause(writing).await);
    }
    drop(folding);
    Ok((source, ended(writing.await)?, events))
}

fn spawn<T: Send + 'static>(
    work: impl Future<Output = Result<T, ProjectionError>> + Send + 'static,
) -> AbortOnDropHandle<Result<T, ProjectionError>> {
    AbortOnDropHandle::new(tokio::spawn(work))
}

fn ended<T>(joined: Result<Result<T, ProjectionError>, tokio::task::JoinError>) -> Result<T, ProjectionError> {
    joined.map_err(|_| ProjectionError::Abandoned)?
}

/// Why the writing ended although there was more.
async fn cause(writing: AbortOnDropHandle<Result<PgConnection, ProjectionError>>) -> ProjectionError {
    ended(writing.await).err().unwrap_or(ProjectionError::Abandoned)
}

/// Reads and decodes until the tail, or until the log has no more.
async fn read_on<V: View, F: Feeds>(
    mut source: Source<F>,
    records_max: usize,
    keys: Arc<dyn ReadModelKeys>,
    stretches: mpsc::Sender<Batch<V>>,
) -> Result<Source<F>, ProjectionError> {
    while source.position < source.tail {
        let records = source.feed.next(records_max, source.patience()).await?;
        let Some(head) = source.feed.head().filter(|_| !records.is_empty()) else {
            if source.is_behind_what_serves() {
                return Err(source.silent());
            }
            break;
        };
        let Some(batch) = Batch::decode(source.mark.ledger, source.position, &records, head, &*keys).await? else {
            continue;
        };
        source.position = batch.head().position;
        if stretches.send(batch).await.is_err() {
            break;
        }
    }
    Ok(source)
}

/// Rows on their way into the slot.
struct Load<V> {
    rows: V,
    /// Set with the last one: the checkpoint.
    head: Option<Head>,
}

struct Folding<V> {
    view: V,
    loads: mpsc::Sender<Load<V>>,
    written: watch::Receiver<u64>,
    sent: u64,
    mark: Mark,
}

impl<V: View> Folding<V> {
    /// Loads rows that were written before and are needed again. False if the writing ended.
    async fn look_up(&mut self, connection: &mut PgConnection) -> Result<bool, ProjectionError> {
        let sent = self.sent;
        if self.written.wait_for(|&written| written >= sent).await.is_err() {
            return Ok(false);
        }
        let mut transaction = connection.begin().await?;
        enter(&mut transaction, self.mark.slot).await?;
        self.view.load(&mut transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Sends rows away when too many are in memory: those that are settled first.
    async fn relieve(&mut self, rows_max: usize) -> bool {
        for which in [Which::Settled, Which::All] {
            if self.view.count() * 2 >= rows_max {
                let rows = self.view.take(which);
                if !self.send(Load { rows, head: None }).await {
                    return false;
                }
            }
        }
        true
    }

    async fn finish(&mut self, head: Head) -> bool {
        let rows = self.view.take(Which::All);
        self.send(Load { rows, head: Some(head) }).await
    }

    async fn send(&mut self, load: Load<V>) -> bool {
        self.sent += 1;
        self.loads.send(load).await.is_ok()
    }
}

async fn write<V: View>(
    mark: Mark,
    mut connection: PgConnection,
    mut loads: mpsc::Receiver<Load<V>>,
    done: watch::Sender<u64>,
) -> Result<PgConnection, ProjectionError> {
    while let Some(Load { rows, head }) = loads.recv().await {
        let mut transaction = connection.begin().await?;
        Serving::No.hold(&mut transaction, mark).await?;
        if let Some(head) = &head {
            mark.advance(&mut transaction, 0, head).await?;
        } else {
            // Worth nothing before the checkpoint, whose commit waits for the disk and so for this one too.
            sqlx::query("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await?;
        }
        enter(&mut transaction, mark.slot).await?;
        rows.write(&mut transaction, How::Copy).await?;
        transaction.commit().await?;
        done.send_modify(|written| *written += 1);
    }
    Ok(connection)
}
