use crate::metrics::ConfirmedMetrics;
use crate::replica::{Freshness, Replica};
use crate::writer::Machine;
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often a replica is held against the end of its ledger.
const CADENCE: Duration = Duration::from_millis(500);
/// How long one comparison may take. Within [`FRESH_FOR`] several can go wrong.
const PATIENCE: Duration = Duration::from_millis(800);
/// For how long what a replica says holds once it was confirmed. This bounds how late a revocation is noticed.
pub const FRESH_FOR: Duration = Duration::from_secs(2);

/// The replica has not been at the end of its ledger lately: what it says may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the replica of {0} is not known to be current")]
pub struct Stale(pub LedgerId);

/// A replica that is asked only while it is known to be current.
///
/// Its age alone does not tell: a quiet ledger has old records, and a cut connection looks like a quiet ledger. So the log
/// is asked, again and again, where the ledger ends, and the replica is confirmed as of that question once it got there.
pub struct Fresh<A: Machine> {
    replica: Replica<A>,
    confirmed: Arc<Confirmed>,
}

struct Confirmed {
    ledger: LedgerId,
    since: Instant,
    /// When the log was last asked with success, in ms after `since` and one more; 0: never.
    at_ms: AtomicU64,
    metrics: Arc<ConfirmedMetrics>,
}

impl<A: Machine> Clone for Fresh<A> {
    fn clone(&self) -> Self {
        Self { replica: self.replica.clone(), confirmed: self.confirmed.clone() }
    }
}

impl<A: Machine> std::fmt::Debug for Fresh<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Fresh").field("ledger", &self.confirmed.ledger).finish_non_exhaustive()
    }
}

impl<A: Machine> Fresh<A> {
    /// Begins to confirm a replica in the background, until `stop` is cancelled. It is stale until the first time.
    #[must_use]
    pub fn spawn(replica: Replica<A>, stop: CancellationToken) -> Self {
        let ledger = replica.ledger();
        let confirmed = Arc::new(Confirmed {
            ledger,
            since: Instant::now(),
            at_ms: AtomicU64::new(0),
            metrics: ConfirmedMetrics::of(ledger),
        });
        let fresh = Self { replica, confirmed };
        let keeper = fresh.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = keeper.keep() => {}
            }
        });
        fresh
    }

    async fn keep(&self) {
        let mut cadence = interval(CADENCE);
        cadence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            cadence.tick().await;
            let asked = Instant::now();
            if self.replica.caught_up(PATIENCE).await {
                self.confirmed.confirm(asked);
            }
        }
    }

    /// When the log was last asked where the ledger ends, of the times the replica then got there.
    #[must_use]
    pub fn confirmed_at(&self) -> Option<Instant> {
        self.confirmed.at()
    }

    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.confirmed_at().is_some_and(|at| at.elapsed() <= FRESH_FOR)
    }

    /// Asks the state.
    ///
    /// # Errors
    /// [`Stale`] if the replica was not confirmed within [`FRESH_FOR`].
    pub fn read<R>(&self, ask: impl FnOnce(&A::State) -> R) -> Result<R, Stale> {
        if self.is_fresh() { Ok(self.replica.read(|state, _| ask(state))) } else { Err(Stale(self.confirmed.ledger)) }
    }

    /// Asks the state, if the replica was confirmed within `bound`, which may be longer than [`FRESH_FOR`] where what the
    /// state says need not be that recent. The age is that of the confirmation.
    ///
    /// # Errors
    /// [`Stale`] if it was not, or if the fold ended at a record it did not understand.
    pub fn read_within<R>(
        &self,
        bound: Duration,
        ask: impl FnOnce(&A::State, Freshness, Duration) -> R,
    ) -> Result<R, Stale> {
        let stale = Stale(self.confirmed.ledger);
        let age = self.confirmed_at().map(|at| at.elapsed()).filter(|age| *age <= bound).ok_or(stale)?;
        self.replica
            .read(|state, freshness| if freshness.is_broken() { Err(stale) } else { Ok(ask(state, freshness, age)) })
    }

    /// The replica, for who waits for a record of its own or takes what there is.
    #[must_use]
    pub const fn replica(&self) -> &Replica<A> {
        &self.replica
    }
}

impl Confirmed {
    fn confirm(&self, asked: Instant) {
        let after = asked.duration_since(self.since).as_millis();
        self.at_ms.store(u64::try_from(after).unwrap_or(u64::MAX - 1) + 1, Ordering::Relaxed);
        self.metrics.confirmed(asked.elapsed());
    }

    fn at(&self) -> Option<Instant> {
        let after = self.at_ms.load(Ordering::Relaxed).checked_sub(1)?;
        self.since.checked_add(Duration::from_millis(after))
    }
}
