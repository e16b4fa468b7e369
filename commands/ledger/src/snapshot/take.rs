use super::Refusal;
use super::store::{Found, Search, Snapshot, Snapshots, StoreError, refuse};
use super::sweep::ORPHAN_AGE;
use crate::metrics;
use crate::nats::ReadError;
use crate::reader::LedgerReader;
use crate::writer::{Folding, Machine, Unfoldable};
use peyk_schemas::LedgerId;
use std::time::Duration;

/// Records folded at once.
const STRIDE: usize = 4_096;
/// How long the log may be silent before its end.
const SILENCE: Duration = Duration::from_secs(10);

/// Why no snapshot was taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Unfoldable(#[from] Unfoldable),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Snapshots {
    /// Takes a snapshot of a ledger as it is now: folds from the newest one that may be used, or from the first record, to
    /// the end, writes, and keeps that one and the one it began from. Its position; `None` if nothing was added since.
    ///
    /// Holds a copy of the state for as long as it takes, and none before and after.
    ///
    /// # Errors
    /// [`TakeError`]; nothing is removed then.
    pub async fn take<A: Machine>(&self, ledger: LedgerId) -> Result<Option<u64>, TakeError> {
        let Search { found, refused } = self.search::<A>(ledger).await?;
        let mut refused: Vec<String> = refused.into_iter().map(|(name, _)| name).collect();
        let (began, taken) = match found {
            None => (None, self.fold(ledger, None).await?),
            Some(Found { name, snapshot }) => match self.fold(ledger, Some(snapshot)).await {
                Ok(taken) => (Some(name), taken),
                Err(TakeError::Unfoldable(why)) => {
                    refuse(ledger, &name, &Refusal::Unfoldable(why.to_string()));
                    refused.push(name);
                    (None, self.fold(ledger, None).await?)
                }
                Err(error) => return Err(error),
            },
        };
        let Some(snapshot) = taken else { return Ok(None) };
        let (position, store) = (snapshot.head.position, self.store().await?);
        let written = self.write::<A>(&store, ledger, snapshot).await?;
        metrics::snapshot_taken(ledger);
        tracing::info!(%ledger, position, bytes = written.size, "a snapshot was taken");
        let kept: Vec<&str> = began.as_deref().into_iter().chain([written.name.as_str()]).collect();
        let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
        self.sweep(&store, ledger, position, &kept, &refused).await?;
        let orphans = self.sweep_orphans(ORPHAN_AGE).await?;
        if orphans > 0 {
            tracing::info!(orphans, "snapshots that were never finished are removed");
        }
        Ok(Some(position))
    }

    /// The state at the end of the ledger now; `None` if `from` is already there.
    async fn fold<A: Machine>(
        &self,
        ledger: LedgerId,
        from: Option<Snapshot<A>>,
    ) -> Result<Option<Snapshot<A>>, TakeError> {
        let end = self.ledgers.tail(ledger).await?;
        let (head, mut folding) = match from {
            Some(Snapshot { head, state, idempotency }) => (Some(head), Folding::<A>::from(state, idempotency)),
            None => (None, Folding::default()),
        };
        let began = head.as_ref().map_or(0, |head| head.position);
        let mut reader = LedgerReader::open(&self.ledgers, ledger, head).await?;
        while reader.head().map_or(0, |head| head.position) < end {
            let records = reader.next(STRIDE, SILENCE).await?;
            // What stands at the end is not covered by a signature yet.
            if records.is_empty() {
                break;
            }
            folding = folding.fold(ledger, &records)?;
        }
        let Folding { state, idempotency } = folding;
        let head = reader.head().filter(|head| head.position > began).cloned();
        Ok(head.map(|head| Snapshot { head, state, idempotency }))
    }
}
