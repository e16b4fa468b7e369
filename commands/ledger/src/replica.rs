use crate::clock::Clock;
use crate::metrics::ReplicaMetrics;
use crate::nats::{Ledgers, ReadError};
use crate::reader::LedgerReader;
use crate::snapshot::{Found, Snapshot, Snapshots};
use crate::writer::Machine;
use peyk_domain::{At, Span};
use peyk_schemas::LedgerId;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How current a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// The last record folded.
    pub position: u64,
    /// The age of that record. An idle writer ticks, so this grows beyond the tick only if records do not arrive.
    pub age: Span,
}

struct Folded<S> {
    state: S,
    position: u64,
    at: At,
}

struct Shared<A: Machine> {
    ledgers: Ledgers,
    ledger: LedgerId,
    clock: Clock,
    snapshots: Option<Snapshots>,
    folded: RwLock<Folded<Option<A::State>>>,
    position: watch::Sender<u64>,
    metrics: Arc<ReplicaMetrics>,
}

impl Freshness {
    /// Whether the fold ended at a record that it did not understand, so that nothing is known any more.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.age.0 == u64::MAX
    }
}

/// The state of a ledger, folded from its records by a process that does not write it.
pub struct Replica<A: Machine> {
    shared: Arc<Shared<A>>,
}

impl<A: Machine> Clone for Replica<A> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<A: Machine> std::fmt::Debug for Replica<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Replica").field("ledger", &self.shared.ledger).finish_non_exhaustive()
    }
}

/// A reader's pause after the log could not be read.
const PAUSE: Duration = Duration::from_millis(250);

impl<A: Machine> Replica<A> {
    /// Begins to fold a ledger in the background, until `stop` is cancelled. A record that cannot be understood ends it: the
    /// replica then only grows older, and whoever asks it fails closed. A process that holds the deployment's secret key
    /// brings `snapshots` to begin from; any other begins with the first record.
    #[must_use]
    pub fn spawn(
        ledgers: Ledgers,
        ledger: LedgerId,
        clock: Clock,
        snapshots: Option<Snapshots>,
        stop: CancellationToken,
    ) -> Self {
        let folded = RwLock::new(Folded { state: Some(A::State::default()), position: 0, at: At::default() });
        let (position, metrics) = (watch::channel(0).0, ReplicaMetrics::of(ledger));
        let shared = Arc::new(Shared { ledgers, ledger, clock, snapshots, folded, position, metrics });
        let folding = shared.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                error = folding.run() => tracing::error!(%ledger, %error, "replica stopped"),
            }
        });
        Self { shared }
    }

    #[must_use]
    pub fn ledger(&self) -> LedgerId {
        self.shared.ledger
    }

    /// Asks the state, with how current it is.
    pub fn read<R>(&self, ask: impl FnOnce(&A::State, Freshness) -> R) -> R {
        // A fold that panicked poisons the lock; what it left is the state before, or none.
        let folded = self.shared.folded.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let freshness = Freshness { position: folded.position, age: self.shared.clock.now().since(folded.at) };
        match &folded.state {
            Some(state) => ask(state, freshness),
            None => ask(&A::State::default(), Freshness { age: Span(u64::MAX), ..freshness }),
        }
    }

    /// Waits until the record at `position` is folded, at most `patience`; whether that was reached.
    pub async fn reached(&self, position: u64, patience: Duration) -> bool {
        let mut folded = self.shared.position.subscribe();
        let reach = folded.wait_for(|&folded| folded >= position);
        tokio::time::timeout(patience, reach).await.is_ok_and(|reached| reached.is_ok())
    }

    /// Waits until everything in the ledger now is folded, at most `patience`; whether that was reached.
    pub async fn caught_up(&self, patience: Duration) -> bool {
        let reach = async {
            let tail = self.shared.ledgers.tail(self.shared.ledger).await.ok()?;
            self.shared.position.subscribe().wait_for(|&position| position >= tail).await.ok().map(drop)
        };
        tokio::time::timeout(patience, reach).await.is_ok_and(|reached| reached.is_some())
    }
}

#[derive(Debug, thiserror::Error)]
enum FoldError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("record {position}: {reason}")]
    Record { position: u64, reason: String },
}

impl<A: Machine> Shared<A> {
    async fn run(&self) -> FoldError {
        let mut reader = None;
        loop {
            match self.step(&mut reader).await {
                Ok(()) => {}
                Err(FoldError::Read(ReadError::Unavailable { .. } | ReadError::Missing(_))) => {
                    tokio::time::sleep(PAUSE).await
                }
                Err(error) => return error,
            }
        }
    }

    /// Takes over the newest snapshot, if there is one, and reads on behind it.
    async fn begin(&self) -> Result<LedgerReader, FoldError> {
        let found = match &self.snapshots {
            Some(snapshots) => snapshots.newest::<A>(self.ledger).await,
            None => None,
        };
        let Some(Found { snapshot: Snapshot { head, state, .. }, .. }) = found else {
            return Ok(LedgerReader::open(&self.ledgers, self.ledger, None).await?);
        };
        let (position, at) = (head.position, head.at);
        let reader = LedgerReader::open(&self.ledgers, self.ledger, Some(head)).await?;
        *self.folded.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Folded { state: Some(state), position, at };
        self.metrics.folded(at);
        self.position.send_replace(position);
        Ok(reader)
    }

    async fn step(&self, reader: &mut Option<LedgerReader>) -> Result<(), FoldError> {
        let reader = match reader {
            Some(reader) => reader,
            none => none.insert(self.begin().await?),
        };
        let records = reader.next(1_000, Duration::from_secs(5)).await?;
        let Some(last) = records.last() else { return Ok(()) };
        let (position, at) = (last.position, last.at);
        for record in &records {
            let broken = |reason| FoldError::Record { position: record.position, reason };
            let events = record.domain_events::<A::Event>().map_err(|error| broken(error.to_string()));
            // For one record at a time, so that nobody who asks waits for a long row of them.
            let mut folded = self.folded.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            let Some(state) = folded.state.take() else {
                return Err(broken("an earlier record did not fold".into()));
            };
            let state = events?.into_iter().try_fold(state, A::apply).map_err(|error| broken(format!("{error:?}")))?;
            *folded = Folded { state: Some(state), position: record.position, at: record.at };
        }
        self.metrics.folded(at);
        self.position.send_replace(position);
        Ok(())
    }
}
