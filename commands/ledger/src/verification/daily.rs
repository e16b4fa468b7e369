use super::audit::{AuditError, Pace, audit};
use super::journal::{Journal, Verification};
use crate::checkpoint::{CheckpointHistory, Walk};
use crate::clock::Clock;
use crate::metrics;
use crate::nats::Ledgers;
use peyk_schemas::LedgerId;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Minutes from one verification of a ledger to the next: a day.
pub const VERIFICATION_MINUTES_DEFAULT: u32 = 24 * 60;
/// What a verification in the background reads at most, so that nobody notices it.
pub const RECORDS_PER_SECOND_DEFAULT: u32 = 20_000;
/// A pause between two ledgers, and between two looks at what is due.
const PAUSE: Duration = Duration::from_secs(10);

/// Verifies ledgers one after another whenever one is due.
#[derive(Debug, Clone)]
pub struct DailyVerification {
    pub ledgers: Ledgers,
    pub history: CheckpointHistory,
    pub journal: Journal,
    pub clock: Clock,
    pub every: Duration,
    pub pace: Pace,
    pub stop: CancellationToken,
}

impl DailyVerification {
    /// Runs until stopped.
    pub async fn run(&self, all: &[LedgerId]) {
        for &ledger in all {
            // As far as is known before the first one of this process.
            let known = self.journal.load(ledger).ok().flatten().filter(Verification::verified);
            metrics::verified(ledger, known.map_or(0, |known| known.position));
        }
        loop {
            for &ledger in all {
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
                if self.is_due(ledger) {
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = self.verify(ledger) => {}
                    }
                }
            }
        }
    }

    async fn verify(&self, ledger: LedgerId) {
        let Self { ledgers, history, journal, clock, pace, .. } = self;
        match verify_and_keep(ledgers, ledger, history, journal, clock, *pace, |_, _| {}).await {
            Ok(walk) => {
                let (position, records, checkpoints) = (walk.verifier().position(), walk.records(), walk.compared());
                tracing::info!(%ledger, position, records, checkpoints, "verified");
            }
            Err(error) if error.condemns() => {
                let (code, position) = (error.code(), error.position());
                tracing::error!(severity = "CRITICAL", %ledger, code, position, %error, "the ledger does not verify");
            }
            Err(error) => tracing::warn!(%ledger, %error, "the ledger could not be verified now"),
        }
    }

    fn is_due(&self, ledger: LedgerId) -> bool {
        let every = u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX);
        match self.journal.load(ledger) {
            Ok(last) => last.is_none_or(|last| last.at.saturating_add(every) <= self.clock.now().0),
            Err(error) => {
                tracing::warn!(%ledger, %error, "verifying again");
                true
            }
        }
    }
}

/// Verifies a ledger against its own chain and its checkpoints, and keeps and counts what came of it; to say it is the
/// caller's. A ledger that could not be read leaves what was kept before.
///
/// # Errors
/// [`AuditError`].
pub async fn verify_and_keep(
    ledgers: &Ledgers,
    ledger: LedgerId,
    history: &CheckpointHistory,
    journal: &Journal,
    clock: &Clock,
    pace: Pace,
    progress: impl FnMut(u64, u64),
) -> Result<Walk, AuditError> {
    let began = Instant::now();
    let outcome = match history.load(ledger, ledgers.root(), ledgers.deployment()) {
        Ok(kept) => audit(ledgers, ledger, kept.checkpoints, pace, |walk| walk, progress).await,
        Err(error) => Err(error.into()),
    };
    let verification = Verification::of(ledger, clock.now().0, began.elapsed().as_secs_f64(), &outcome);
    match &outcome {
        Ok(_) => metrics::verified(ledger, verification.position),
        Err(error) if error.condemns() => metrics::verification_failed(ledger),
        Err(_) => return outcome,
    }
    if let Err(error) = journal.save(ledger, &verification) {
        tracing::error!(%ledger, %error, "the verification could not be kept");
    }
    outcome
}
