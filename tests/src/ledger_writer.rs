use crate::listing::{Answer, Listing};
use anyhow::Result;
use peyk_domain::numbering::Numbering;
use peyk_ledger::writer::spawn;
use peyk_ledger::{WriterConfig, WriterHandle};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a lease of another may stand in the way, with room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A writer of a numbering ledger, in this process.
#[derive(Debug)]
pub struct LedgerWriter {
    pub handle: WriterHandle<Numbering>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl LedgerWriter {
    #[must_use]
    pub fn start(config: WriterConfig) -> Self {
        let stop = config.stop.clone();
        let (handle, task) = spawn(config);
        Self { handle, stop, task }
    }

    /// # Errors
    /// If it panicked.
    pub async fn end(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }

    /// Waits until it leads, or does not.
    ///
    /// # Errors
    /// If that does not come, or it ended.
    pub async fn leads(&self, wanted: bool) -> Result<()> {
        let mut leadership = self.handle.leadership();
        tokio::time::timeout(PATIENCE, leadership.wait_for(|&leading| leading == wanted)).await??;
        Ok(())
    }

    /// Waits until it had the lease and refused the ledger.
    ///
    /// # Errors
    /// If that does not come, or it ended.
    ///
    /// # Panics
    /// If it leads all the same.
    pub async fn refuses(&self) -> Result<()> {
        let mut refusals = self.handle.refusals();
        tokio::time::timeout(PATIENCE, refusals.wait_for(|&refused| refused)).await??;
        assert!(!self.handle.leading());
        Ok(())
    }

    /// Lists the number of that index within `seconds`.
    pub async fn list(&self, index: u64, seconds: u64) -> Answer {
        self.handle.submit(Listing(index).request(seconds)).await
    }
}
