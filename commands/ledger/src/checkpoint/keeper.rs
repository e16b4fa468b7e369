use super::history::{CheckpointHistory, HistoryError};
use super::key::CheckpointKey;
use super::note::{Checkpoint, CheckpointError};
use super::walk::{Contradiction, Walk, WalkError};
use crate::metrics;
use crate::nats::{Ledgers, ReadError, Tape};
use peyk_schemas::{Hash, LedgerId};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a ledger that grew is checkpointed.
pub const CHECKPOINTING: Duration = Duration::from_secs(60);
/// A pause after the log could not be read.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a tape may be silent before the time is looked at again.
const GLANCE: Duration = Duration::from_secs(1);

/// Follows ledgers as any reader does and signs for what it saw, as long as that agrees with what it signed before.
#[derive(Debug, Clone)]
pub struct Keeper {
    pub ledgers: Ledgers,
    pub key: CheckpointKey,
    pub history: CheckpointHistory,
    /// How often; [`CHECKPOINTING`].
    pub every: Duration,
    pub stop: CancellationToken,
}

/// Why nothing is signed.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Walk(#[from] WalkError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("ledger {0}: somebody else keeps checkpoints in the same place; the newest is not the one signed here")]
    Rival(LedgerId),
    #[error("the checkpoint could not be made: {0}")]
    Sign(#[from] CheckpointError),
}

impl KeeperError {
    /// Whether waiting helps.
    const fn passes(&self) -> bool {
        matches!(self, Self::Read(ReadError::Unavailable { .. } | ReadError::Missing(_)))
    }
}

impl Keeper {
    /// Keeps the checkpoints of one ledger until stopped. What does not agree with the last checkpoint is a CRITICAL alarm
    /// at every turn, and nothing is signed.
    pub async fn run(&self, ledger: LedgerId) {
        while !self.stop.is_cancelled() {
            let outcome = tokio::select! {
                () = self.stop.cancelled() => return,
                outcome = self.follow(ledger) => outcome,
            };
            let pause = match outcome {
                Ok(()) => PAUSE,
                Err(error) if error.passes() => {
                    tracing::debug!(%ledger, %error, "no checkpoints while the log cannot be read");
                    PAUSE
                }
                Err(error) => {
                    metrics::checkpoint_refused(ledger);
                    tracing::error!(severity = "CRITICAL", %ledger, %error, "no checkpoint is signed for the ledger");
                    self.every
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn follow(&self, ledger: LedgerId) -> Result<(), KeeperError> {
        let (root, deployment) = (*self.ledgers.root(), self.ledgers.deployment());
        let mut last = self.history.last(ledger, &root, deployment)?;
        let mut walk = self.begin(ledger, last.as_ref()).await?;
        let mut tape = Tape::open(&self.ledgers, ledger, walk.verifier().seen()).await?;
        self.reach(ledger, last.as_ref(), &mut walk, &mut tape).await?;
        let mut due = Instant::now();
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if let Some((position, bytes)) = tape.next(left.min(GLANCE)).await? {
                walk.push(position, bytes)?;
            }
            if Instant::now() < due {
                continue;
            }
            due = Instant::now() + self.every;
            walk.settle()?;
            if let Some(error) = walk.verifier().suspicion() {
                // Its writer names it soon; until then nothing behind it can be signed for.
                tracing::warn!(%ledger, %error, "a message that is not the writer's waits for its quarantine");
            }
            if walk.tree().size() > last.as_ref().map_or(0, |checkpoint| checkpoint.size) {
                last = Some(self.sign(ledger, last.as_ref(), &walk).await?);
            }
        }
    }

    /// Where to read on: behind the last checkpoint if the place is kept and holds the same record, else from the start.
    async fn begin(&self, ledger: LedgerId, last: Option<&Checkpoint>) -> Result<Walk, KeeperError> {
        let (root, deployment) = (*self.ledgers.root(), self.ledgers.deployment());
        self.ledgers.check_deployment(ledger).await?;
        if let Some((head, tree)) = last.and_then(|last| self.history.frontier(last)) {
            self.stands(ledger, head.position, head.hash).await?;
            return Ok(Walk::from_head(root, deployment, ledger, head, tree).map_err(WalkError::from)?);
        }
        Ok(Walk::from_genesis(root, deployment, ledger, last.cloned().into_iter().collect()))
    }

    /// The record at a position is still the one that was signed for; its hash stands for all before it.
    async fn stands(&self, ledger: LedgerId, position: u64, hash: Hash) -> Result<(), KeeperError> {
        match self.ledgers.message(ledger, position).await? {
            Some(bytes) if Hash::of(&bytes) == hash => Ok(()),
            Some(_) => Err(WalkError::from(Contradiction { ledger, from: 1, to: position }).into()),
            None => Err(self.short(ledger, position).await?.into()),
        }
    }

    async fn short(&self, ledger: LedgerId, size: u64) -> Result<WalkError, KeeperError> {
        let end = self.ledgers.tail(ledger).await?;
        if end >= size {
            let reason = "a message that is there was not given".to_owned();
            return Err(ReadError::Unavailable { ledger, reason }.into());
        }
        Ok(WalkError::Short { ledger, end, size })
    }

    /// Reads up to the last checkpoint, which the walk compares.
    async fn reach(
        &self,
        ledger: LedgerId,
        last: Option<&Checkpoint>,
        walk: &mut Walk,
        tape: &mut Tape,
    ) -> Result<(), KeeperError> {
        let size = last.map_or(0, |last| last.size);
        while walk.tree().size() < size {
            match tape.next(GLANCE).await? {
                Some((position, bytes)) => walk.push(position, bytes)?,
                None => {
                    walk.settle()?;
                    if walk.tree().size() < size {
                        return Err(self.short(ledger, size).await?.into());
                    }
                }
            }
        }
        Ok(())
    }

    async fn sign(&self, ledger: LedgerId, last: Option<&Checkpoint>, walk: &Walk) -> Result<Checkpoint, KeeperError> {
        let (root, deployment) = (*self.ledgers.root(), self.ledgers.deployment());
        let Some(head) = walk.verifier().head() else { return Err(KeeperError::Rival(ledger)) };
        if self.history.last(ledger, &root, deployment)?.as_ref() != last {
            return Err(KeeperError::Rival(ledger));
        }
        self.stands(ledger, head.position, head.hash).await?;
        let checkpoint = Checkpoint::sign(&self.key, deployment, ledger, walk.tree())?;
        let (history, kept, head, tree) = (self.history.clone(), checkpoint.clone(), head.clone(), walk.tree().clone());
        let writing = tokio::task::spawn_blocking(move || {
            history.append(&kept)?;
            history.keep_frontier(ledger, &head, &tree)
        });
        writing.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        metrics::checkpoint_signed(ledger, checkpoint.size);
        tracing::debug!(%ledger, size = checkpoint.size, "checkpoint");
        Ok(checkpoint)
    }
}
