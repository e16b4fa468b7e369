use super::store::{Snapshots, StoreError};
use super::take::TakeError;
use crate::writer::Machine;
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// When a snapshot is due: after so many records, or after so long if any were added.
#[derive(Debug, Clone)]
pub struct Cadence {
    pub records: u64,
    pub age: Duration,
    /// How often it is looked whether one is due.
    pub look: Duration,
    /// Shared by the snapshotters of a process: as many fold at once as it has permits, and each then holds a copy of its
    /// ledger's state.
    pub turns: Arc<Semaphore>,
}

impl Default for Cadence {
    fn default() -> Self {
        Self {
            records: 500_000,
            age: Duration::from_secs(24 * 3_600),
            look: Duration::from_secs(30),
            turns: Arc::new(Semaphore::new(1)),
        }
    }
}

/// Takes snapshots of a ledger when they are due, until `stop` is cancelled. It reads the ledger as anybody does; the writer
/// never waits for it. What goes wrong is logged, and tried again at the next look.
#[must_use]
pub fn spawn<A: Machine>(
    snapshots: Snapshots,
    ledger: LedgerId,
    cadence: Cadence,
    stop: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let taking = async {
            loop {
                tokio::time::sleep(cadence.look).await;
                match snapshots.take_if_due::<A>(ledger, &cadence).await {
                    Ok(_) => {}
                    Err(TakeError::Store(StoreError::Missing(bucket))) => {
                        tracing::debug!(%ledger, bucket, "no bucket of snapshots");
                    }
                    Err(error) => tracing::warn!(%ledger, %error, "no snapshot could be taken"),
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = taking => {}
        }
    })
}

impl Snapshots {
    async fn take_if_due<A: Machine>(&self, ledger: LedgerId, cadence: &Cadence) -> Result<Option<u64>, TakeError> {
        let store = self.store().await?;
        let end = self.ledgers.tail(ledger).await?;
        let mut listed = self.list(&store, ledger).await?.into_iter();
        // A name beyond the end of the ledger is no snapshot's.
        let newest = listed.find(|(position, _)| *position <= end);
        let behind = end - newest.as_ref().map_or(0, |(position, _)| *position);
        let made = newest.and_then(|(_, object)| object.modified).map(SystemTime::from);
        // An age that cannot be told is none.
        let old = made.and_then(|made| made.elapsed().ok()).is_some_and(|age| age >= cadence.age);
        if behind < cadence.records && !(old && behind > 0) {
            return Ok(None);
        }
        // Closed by nobody; if it were, there would be no turn to wait for.
        let _turn = cadence.turns.acquire().await;
        self.take::<A>(ledger).await
    }
}
