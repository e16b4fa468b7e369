use super::config::ConnectorConfig;
use super::entry::{Entry, Taken};
use super::ids::RecentIds;
use super::metrics::ConnectorMetrics;
use super::stats::{ConnectorStats, count};
use super::trace::submit_sm;
use peyk_domain::messages::Outcome;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Semaphore, mpsc};

/// What outlives a session.
#[derive(Debug)]
pub(crate) struct Line {
    pub config: ConnectorConfig,
    pub stats: Arc<ConnectorStats>,
    pub metrics: Arc<ConnectorMetrics>,
    pub work: mpsc::Receiver<Taken>,
    pub entries: mpsc::Sender<Entry>,
    /// Places for receipts between the operator and the ledger.
    pub places: Arc<Semaphore>,
    pub recent: RecentIds,
    /// Ties the parts of one long message together.
    pub reference: u8,
}

impl Line {
    /// Puts what became of an attempt that was written at `sent` on its way to the ledger.
    pub fn exchanged(&self, taken: Taken, outcome: Outcome, sent: Instant) {
        self.metrics.ended(&outcome, sent.elapsed());
        submit_sm(self.config.connector, &taken, &outcome, sent);
        self.ended(taken, outcome);
    }

    /// Puts what became of an attempt on its way to the ledger. The channel has room for all there can be.
    pub fn ended(&self, taken: Taken, outcome: Outcome) {
        count(match outcome {
            Outcome::Submitted { .. } => &self.stats.submitted,
            Outcome::Rejected { .. } => &self.stats.rejected,
            Outcome::Throttled => &self.stats.throttled,
            Outcome::NotSent => &self.stats.not_sent,
            Outcome::InDoubt => &self.stats.in_doubt,
        });
        self.tell(taken.ended(outcome));
    }

    pub fn tell(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            tracing::error!(connector = %self.config.connector, "a report found no place; the ledger will ask for it at the next start");
        }
    }

    /// Gives back work that is waiting and will not be written.
    pub fn give_back_waiting(&mut self) {
        while let Ok(taken) = self.work.try_recv() {
            self.ended(taken, Outcome::NotSent);
        }
    }
}
