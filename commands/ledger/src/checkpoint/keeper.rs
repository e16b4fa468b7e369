use super::history::{CheckpointHistory, HistoryError};
use super::key::CheckpointKey;
use super::note::{Checkpoint, CheckpointError};
use super::walk::{Walk, WalkError};
use crate::metrics;
use crate::nats::{Ledgers, ReadError, Tape};
use peyk_schemas::{Hash, Head, LedgerId};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a ledger that grew is checkpointed.
pub const CHECKPOINTING: Duration = Duration::from_secs(60);
/// A pause after the log could not be read.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the log may be silent before its end.
const SILENCE: Duration = Duration::from_secs(10);
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
                outcome = self.in_turn(ledger) => outcome,
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

    /// Of several processes that share the place one keeps the checkpoints, and the others stand by.
    async fn in_turn(&self, ledger: LedgerId) -> Result<(), KeeperError> {
        match self.history.claim(ledger)? {
            Some(_claim) => self.follow(ledger).await,
            None => Ok(()),
        }
    }

    async fn follow(&self, ledger: LedgerId) -> Result<(), KeeperError> {
        let (root, deployment) = (*self.ledgers.root(), self.ledgers.deployment());
        let mut last = self.history.last(ledger, &root, deployment)?;
        metrics::checkpoint_signed(ledger, last.as_ref().map_or(0, |checkpoint| checkpoint.size));
        let mut walk = self.begin(ledger, last.as_ref()).await?;
        let mut tape = Tape::open(&self.ledgers, ledger, walk.verifier().seen()).await?;
        self.reach(ledger, &mut walk, &mut tape).await?;
        let (mut due, mut doubted) = (Instant::now(), None);
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if let Some((position, bytes)) = tape.next(left.min(GLANCE)).await? {
                walk.push(position, bytes)?;
            }
            if Instant::now() < due {
                continue;
            }
            walk.settle();
            // The first one as soon as there is something to sign for.
            due = Instant::now() + if walk.tree().size() == 0 { GLANCE } else { self.every };
            let doubt = walk.verifier().suspicion().cloned();
            if let Some(error) = doubt.clone().filter(|_| doubt == doubted) {
                // Its writer has had all this time to name it.
                return Err(WalkError::from(error).into());
            }
            doubted = doubt;
            // Smaller than the last one only behind a recorded loss.
            if walk.tree().size() != last.as_ref().map_or(0, |checkpoint| checkpoint.size) {
                last = Some(self.sign(ledger, last.as_ref(), &walk).await?);
            }
        }
    }

    /// Where to read on: behind the last checkpoint if the place is kept and holds the same record, else from the start.
    async fn begin(&self, ledger: LedgerId, last: Option<&Checkpoint>) -> Result<Walk, KeeperError> {
        let (root, deployment) = (*self.ledgers.root(), self.ledgers.deployment());
        self.ledgers.check_deployment(ledger).await?;
        if let Some((head, tree)) = last.and_then(|last| self.history.frontier(last))
            && self.stands(ledger, &head).await?
        {
            return Ok(Walk::from_head(root, deployment, ledger, head, tree).map_err(WalkError::from)?);
        }
        Ok(Walk::from_genesis(root, deployment, ledger, last.cloned().into_iter().collect()))
    }

    /// Whether the record at a head's position is the one it names, whose hash stands for all before it.
    async fn stands(&self, ledger: LedgerId, head: &Head) -> Result<bool, KeeperError> {
        let stored = self.ledgers.message(ledger, head.position).await?;
        Ok(stored.is_some_and(|bytes| Hash::of(&bytes) == head.hash))
    }

    /// Reads up to where the ledger ends now, and holds it against the last checkpoint.
    async fn reach(&self, ledger: LedgerId, walk: &mut Walk, tape: &mut Tape) -> Result<(), KeeperError> {
        let end = self.ledgers.tail(ledger).await?;
        while walk.verifier().seen() < end {
            let Some((position, bytes)) = tape.next(SILENCE).await? else {
                let reason = "the log fell silent".to_owned();
                return Err(ReadError::Unavailable { ledger, reason }.into());
            };
            walk.push(position, bytes)?;
        }
        walk.settle();
        if let Err(error) = walk.judge() {
            // The chain says more exactly what is wrong, if it is broken.
            walk.verifier().finish().map_err(WalkError::from)?;
            return Err(error.into());
        }
        if walk.lost() > 0 {
            tracing::warn!(%ledger, "the last checkpoint is over records that are lost and recorded as such");
        }
        Ok(())
    }

    async fn sign(&self, ledger: LedgerId, last: Option<&Checkpoint>, walk: &Walk) -> Result<Checkpoint, KeeperError> {
        let (root, deployment) = (*self.ledgers.root(), self.ledgers.deployment());
        let Some(head) = walk.verifier().head() else { return Err(KeeperError::Rival(ledger)) };
        if self.history.last(ledger, &root, deployment)?.as_ref() != last {
            return Err(KeeperError::Rival(ledger));
        }
        if !self.stands(ledger, head).await? {
            // Read anew, and hold the last checkpoint against what is there now.
            let reason = format!("the record at position {} is no longer the one that was read", head.position);
            return Err(ReadError::Unavailable { ledger, reason }.into());
        }
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
