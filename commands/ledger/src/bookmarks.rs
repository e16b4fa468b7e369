//! Places in ledgers that others than the witness keep: those of read models. They see what a lost witness no longer can.
use crate::nats::{Ledgers, ReadError};
use crate::reader::recoveries;
use futures::future::BoxFuture;
use peyk_schemas::{Hash, LedgerId};

/// The record at a position, as somebody who read it remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Who remembers it.
    pub of: String,
    pub position: u64,
    pub hash: Hash,
}

/// Who remembers places in ledgers.
pub trait Bookmarks: Send + Sync {
    /// What is remembered of a ledger; nothing if it cannot be asked now.
    fn of(&self, ledger: LedgerId) -> BoxFuture<'_, Vec<Bookmark>>;
}

/// Why a log was not believed.
#[derive(Debug, thiserror::Error)]
pub enum BookmarkError {
    #[error(
        "ledger {ledger} does not hold the record that {of} has read at position {position}; it ends at {end}: \
         acknowledged records are lost, or the checkpoint belongs to another deployment"
    )]
    Lost { ledger: LedgerId, of: String, position: u64, end: u64 },
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Bookmark {
    /// Holds what is remembered against a ledger that ends at `end`. What a recovery has recorded as lost is told and
    /// accepted.
    ///
    /// # Errors
    /// [`BookmarkError`].
    pub async fn compare(ledgers: &Ledgers, ledger: LedgerId, kept: &[Self], end: u64) -> Result<(), BookmarkError> {
        for Self { of, position, hash } in kept {
            let position = *position;
            let stored = if position <= end { ledgers.message(ledger, position).await? } else { None };
            if stored.is_some_and(|bytes| Hash::of(&bytes) == *hash) {
                continue;
            }
            let known = recoveries(ledgers, ledger).await?;
            let Some((at, _)) = known.iter().find(|(_, recovered)| recovered.may_have_lost(position)) else {
                return Err(BookmarkError::Lost { ledger, of: of.clone(), position, end });
            };
            tracing::warn!(%ledger, of, position, recovered_at = at, "it has read what was lost: run `peyk projections rebuild`");
        }
        Ok(())
    }
}
