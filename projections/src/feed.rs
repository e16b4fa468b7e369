//! Where records come from. Projectors see verified records and the place behind them, nothing of the log itself.
use peyk_ledger::{LedgerReader, Ledgers, ReadError};
use peyk_schemas::{Head, LedgerId, VerifiedRecord};
use std::future::Future;
use std::time::Duration;

/// Why no records come.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The log cannot be reached; it may be a little later.
    #[error("{0}")]
    Unavailable(String),
    /// What stands there cannot be trusted, or is not what the checkpoint was taken from. Waiting does not help.
    #[error("{0}")]
    Broken(String),
}

impl From<ReadError> for FeedError {
    fn from(error: ReadError) -> Self {
        match error {
            // `peyk migrate` creates a missing stream, perhaps a moment after this process started.
            ReadError::Unavailable { .. } | ReadError::Missing(_) => Self::Unavailable(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// The ledgers as projectors read them.
pub trait Feeds: Clone + Send + Sync + 'static {
    type Feed: Feed + 'static;

    /// Reads on behind `from`, or from the first record.
    ///
    /// # Errors
    /// [`FeedError::Broken`] if the ledger does not hold the record `from` names.
    fn open(&self, ledger: LedgerId, from: Option<Head>) -> impl Future<Output = Result<Self::Feed, FeedError>> + Send;

    /// The position of the last record now, 0 if there is none.
    fn tail(&self, ledger: LedgerId) -> impl Future<Output = Result<u64, FeedError>> + Send;
}

/// The records of one ledger partition, one stretch after another.
pub trait Feed: Send {
    /// The next records, about `max` at most; waits up to `wait` for the first. Empty: nothing new.
    fn next(
        &mut self,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<VerifiedRecord>, FeedError>> + Send;

    /// The place of the last record returned.
    fn head(&self) -> Option<Head>;
}

impl Feeds for Ledgers {
    type Feed = LedgerReader;

    async fn open(&self, ledger: LedgerId, from: Option<Head>) -> Result<LedgerReader, FeedError> {
        Ok(LedgerReader::open(self, ledger, from).await?)
    }

    async fn tail(&self, ledger: LedgerId) -> Result<u64, FeedError> {
        Ok(Self::tail(self, ledger).await?)
    }
}

impl Feed for LedgerReader {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<VerifiedRecord>, FeedError> {
        Ok(Self::next(self, max, wait).await?)
    }

    fn head(&self) -> Option<Head> {
        Self::head(self).cloned()
    }
}
