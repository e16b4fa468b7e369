use super::accounts::Accounts;
use super::backoff::{Backoff, random_u32};
use super::entry::{AttemptResult, Entry, PendingReceipt};
use super::stats::{ConnectorStats, count};
use crate::WorkSource;
use peyk_domain::ConnectorId;
use peyk_domain::messages::REPORT_MAX;
use peyk_handlers::CommandError;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

/// How long a report may wait for company.
const GATHER: Duration = Duration::from_millis(20);
const RETRY_SHORTEST: Duration = Duration::from_millis(50);
const RETRY_LONGEST: Duration = Duration::from_secs(5);

/// Carries outcomes and receipts to the ledger, many in one command, in the order they came: a receipt never overtakes the
/// result it belongs to.
#[derive(Debug)]
pub(crate) struct Reporter<S> {
    pub source: Arc<S>,
    pub connector: ConnectorId,
    pub accounts: Accounts,
    pub stats: Arc<ConnectorStats>,
    /// Once cancelled nothing is tried again: the ledger hands out what is missing as in flight at the next start.
    pub give_up: CancellationToken,
}

impl<S: WorkSource> Reporter<S> {
    /// Runs until every sender is gone and what they sent is durable, or it is told to give up.
    pub async fn run(self, mut entries: mpsc::Receiver<Entry>) {
        while let Some(first) = entries.recv().await {
            let until = tokio::time::Instant::now() + GATHER;
            let mut batch = vec![first];
            while batch.len() < REPORT_MAX {
                match timeout_at(until, entries.recv()).await {
                    Ok(Some(entry)) => batch.push(entry),
                    Ok(None) | Err(_) => break,
                }
            }
            self.report(batch).await;
        }
    }

    async fn report(&self, batch: Vec<Entry>) {
        let mut results: BTreeMap<u16, Vec<AttemptResult>> = BTreeMap::new();
        let mut receipts: BTreeMap<Option<u16>, Vec<PendingReceipt>> = BTreeMap::new();
        for entry in batch {
            match entry {
                Entry::Result(result) => results.entry(result.partition).or_default().push(result),
                Entry::Receipt(receipt) => receipts.entry(receipt.partition).or_default().push(receipt),
            }
        }
        for (partition, results) in results {
            self.results(partition, results).await;
        }
        for (partition, receipts) in receipts {
            self.receipts(partition, receipts).await;
        }
    }

    async fn results(&self, partition: u16, results: Vec<AttemptResult>) {
        let reports: Vec<_> = results.iter().map(|result| result.report.clone()).collect();
        let send = || self.source.report(partition, self.connector, reports.clone());
        // What is not durable stays on the account: it was sent, so it must never be taken for work that did not come.
        if self.durably("results", None, send).await {
            for result in &results {
                self.accounts.close(result.report.message, result.report.attempt);
            }
        }
    }

    async fn receipts(&self, partition: Option<u16>, receipts: Vec<PendingReceipt>) {
        let now = Instant::now();
        let (receipts, late): (Vec<_>, Vec<_>) = receipts.into_iter().partition(|receipt| receipt.deadline > now);
        for receipt in late {
            receipt.answered(false);
        }
        let Some(deadline) = receipts.iter().map(|receipt| receipt.deadline).max() else { return };
        let reports: Vec<_> = receipts.iter().map(|receipt| receipt.report.clone()).collect();
        let partitions = partition.map_or(0..self.source.partitions(), |partition| partition..partition + 1);
        let mut durable = true;
        for partition in partitions {
            let send = || self.source.receipts(partition, self.connector, reports.clone());
            durable &= self.durably("receipts", Some(deadline), send).await;
        }
        for receipt in receipts {
            if durable {
                count(&self.stats.receipts);
            }
            receipt.answered(durable);
        }
    }

    /// Repeats one command until it is durable. False if it was refused, its deadline has passed, or this is to give up.
    async fn durably<F>(&self, what: &'static str, deadline: Option<Instant>, send: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<(), CommandError>>,
    {
        let mut backoff = Backoff::new(RETRY_SHORTEST, RETRY_LONGEST);
        loop {
            let error = match send().await {
                Ok(()) => return true,
                Err(error) => error,
            };
            if matches!(error, CommandError::Refused { .. } | CommandError::KeyReused | CommandError::Malformed(_)) {
                tracing::error!(connector = %self.connector, what, code = error.code(), "the ledger refused a report");
                return false;
            }
            tracing::warn!(connector = %self.connector, what, code = error.code(), "a report is not durable yet");
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return false;
            }
            let pause = match error {
                CommandError::Overloaded { retry_after } => retry_after.min(RETRY_LONGEST),
                _ => backoff.pause(random_u32()),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.give_up.cancelled() => return false,
            }
        }
    }
}
