use super::accounts::Accounts;
use super::backoff::{Backoff, random_u32};
use super::entry::Taken;
use crate::WorkSource;
use peyk_domain::messages::{AttemptReport, DISPATCH_MAX, Lane, Outcome, REPORT_MAX};
use peyk_domain::{ConnectorId, MessageId};
use peyk_handlers::{CommandError, TakeWork};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How long the writer may hold a request for work that it has none for. A stopping connector waits this long at most.
const WAIT: Duration = Duration::from_secs(1);
/// How often the ledger is asked for work that never came.
const LOOK_BACK: Duration = Duration::from_secs(60);
/// The longest answer to what is in flight; there may be more behind it.
const IN_FLIGHT_MAX: usize = 20_000;
const RETRY_SHORTEST: Duration = Duration::from_millis(100);
const RETRY_LONGEST: Duration = Duration::from_secs(5);

/// Takes work of one partition whenever the connector is bound and has room for it.
#[derive(Debug)]
pub(crate) struct Puller<S> {
    pub source: Arc<S>,
    pub connector: ConnectorId,
    pub partition: u16,
    pub lanes: Vec<Lane>,
    /// Places for work whose outcome is open, of this partition.
    pub in_hand: Arc<Semaphore>,
    pub in_hand_max: usize,
    /// Places for work not durably reported, of the connector.
    pub unreported: Arc<Semaphore>,
    pub accounts: Accounts,
    pub bound: watch::Receiver<bool>,
    pub work: mpsc::Sender<Taken>,
    pub stop: CancellationToken,
}

impl<S: WorkSource> Puller<S> {
    /// Runs until told to stop. Work on its way at that moment is still passed on.
    pub async fn run(mut self) {
        if self.stop.clone().run_until_cancelled(self.settle_the_past()).await.is_none() {
            return;
        }
        let mut backoff = Backoff::new(RETRY_SHORTEST, RETRY_LONGEST);
        let mut looked_back = Instant::now();
        while let Some((mut in_hand, mut unreported)) = self.room().await {
            if looked_back.elapsed() >= LOOK_BACK {
                self.give_back_what_never_came().await;
                looked_back = Instant::now();
            }
            let count = in_hand.num_permits();
            let request =
                TakeWork { connector: self.connector, lanes: self.lanes.clone(), count: count as u16, wait: WAIT };
            match self.source.take(self.partition, request).await {
                Ok(works) => {
                    backoff.reset();
                    for work in works {
                        self.accounts.open(work.message, work.attempt);
                        let taken = Taken {
                            partition: self.partition,
                            work,
                            _in_hand: in_hand.split(1),
                            _unreported: unreported.split(1),
                        };
                        // The queue has room for every place there is; it is closed only after the pullers ended.
                        if self.work.send(taken).await.is_err() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    drop((in_hand, unreported));
                    tracing::warn!(connector = %self.connector, partition = self.partition, code = error.code(), "no work to be had");
                    let pause = match error {
                        CommandError::Overloaded { retry_after } => retry_after.min(RETRY_LONGEST),
                        _ => backoff.pause(random_u32()),
                    };
                    if self.stop.clone().run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                        return;
                    }
                    // The work may be on record as handed out although it never came.
                    if matches!(error, CommandError::OutcomeUnknown | CommandError::Malformed(_)) {
                        self.give_back_what_never_came().await;
                    }
                }
            }
        }
    }

    /// Waits until there is a bind and room for a worthwhile batch, since every batch is one record.
    async fn room(&mut self) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let batch = (self.in_hand_max / 4).clamp(1, DISPATCH_MAX) as u32;
        let stop = self.stop.clone();
        let room = async {
            self.bound.wait_for(|bound| *bound).await.ok()?;
            let mut unreported = self.unreported.clone().acquire_many_owned(batch).await.ok()?;
            let mut in_hand = self.in_hand.clone().acquire_many_owned(batch).await.ok()?;
            while in_hand.num_permits() < DISPATCH_MAX {
                let (Ok(more), Ok(most)) =
                    (self.in_hand.clone().try_acquire_owned(), self.unreported.clone().try_acquire_owned())
                else {
                    break;
                };
                in_hand.merge(more);
                unreported.merge(most);
            }
            Some((in_hand, unreported))
        };
        stop.run_until_cancelled(room).await.flatten()
    }

    /// What an earlier process took and did not report: sent or not, nobody knows any more.
    async fn settle_the_past(&self) {
        let mut backoff = Backoff::new(RETRY_SHORTEST, RETRY_LONGEST);
        let mut told = None;
        loop {
            let settled = async {
                let past = self.source.in_flight(self.partition, self.connector).await?;
                for chunk in past.chunks(REPORT_MAX) {
                    let reports = chunk.iter().map(|attempt| report(*attempt, Outcome::InDoubt)).collect();
                    self.source.report(self.partition, self.connector, reports).await?;
                }
                Ok::<usize, CommandError>(past.len())
            };
            match settled.await {
                Ok(0) => return,
                Ok(attempts) => {
                    tracing::warn!(connector = %self.connector, partition = self.partition, attempts, "attempts of an earlier process are in doubt");
                    if attempts < IN_FLIGHT_MAX {
                        return;
                    }
                }
                Err(error) => {
                    // Once for each reason: it may last until an operator has done something.
                    if told.as_deref() != Some(error.code()) {
                        tracing::warn!(connector = %self.connector, partition = self.partition, code = error.code(), "attempts in flight cannot be settled yet");
                        told = Some(error.code().to_owned());
                    }
                    tokio::time::sleep(backoff.pause(random_u32())).await;
                }
            }
        }
    }

    /// Attempts the ledger handed out in an answer that got lost. This process accounts for all it ever received, so these
    /// were certainly not sent.
    async fn give_back_what_never_came(&self) {
        let mut known = self.accounts.snapshot();
        let Ok(in_flight) = self.source.in_flight(self.partition, self.connector).await else { return };
        known.extend(self.accounts.snapshot());
        let lost: Vec<_> = in_flight
            .into_iter()
            .filter(|attempt| !known.contains(attempt))
            .map(|attempt| report(attempt, Outcome::NotSent))
            .collect();
        for chunk in lost.chunks(REPORT_MAX) {
            let reported = self.source.report(self.partition, self.connector, chunk.to_vec()).await;
            match reported {
                Ok(()) => {
                    tracing::warn!(connector = %self.connector, attempts = chunk.len(), "work that never came is given back")
                }
                // The next look finds them again.
                Err(_) => return,
            }
        }
    }
}

fn report((message, attempt): (MessageId, u32), outcome: Outcome) -> AttemptReport {
    AttemptReport { message, attempt, outcome }
}
