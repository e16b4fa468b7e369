use crate::checkpoint::{Checkpoint, HistoryError, Walk, WalkError};
use crate::nats::{Ledgers, ReadError, Tape};
use peyk_schemas::LedgerId;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// How long the log may be silent before its end, and how long a message at the end may wait for what covers or names it.
const SILENCE: Duration = Duration::from_secs(10);
/// Messages between two looks at the pace.
const STRETCH: u64 = 512;

/// How many messages are read in a second at most; no limit where somebody waits for the outcome.
pub type Pace = Option<NonZeroU32>;

/// Why a ledger was not verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("ledger {ledger}: the log fell silent at position {position}")]
    Silent { ledger: LedgerId, position: u64 },
    #[error(transparent)]
    Walk(#[from] WalkError),
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl AuditError {
    /// Whether it says something of the ledger, and not only that it could not be read now.
    #[must_use]
    pub const fn condemns(&self) -> bool {
        match self {
            Self::Walk(_) | Self::History(HistoryError::Bad { .. }) => true,
            Self::Read(ReadError::Unavailable { .. } | ReadError::Missing(_) | ReadError::OtherSegments { .. }) => {
                false
            }
            Self::Read(_) => true,
            Self::Silent { .. } | Self::History(HistoryError::Io { .. }) => false,
        }
    }

    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Walk(error) => error.code(),
            Self::Read(ReadError::Chain(error)) => error.flaw.code(),
            Self::Read(ReadError::AnotherDeployment { .. }) => "ANOTHER_DEPLOYMENT",
            Self::Read(ReadError::OtherSegments { .. }) => "OTHER_SEGMENTS",
            Self::Read(ReadError::Lost { .. }) => "LEDGER_LOST",
            Self::Read(ReadError::Diverged { .. }) => "LEDGER_DIVERGED",
            Self::Read(ReadError::Missing(_)) => "LEDGER_MISSING",
            Self::Read(ReadError::Unavailable { .. }) | Self::Silent { .. } => "LEDGER_UNAVAILABLE",
            Self::History(HistoryError::Bad { .. }) => "BAD_CHECKPOINT",
            Self::History(HistoryError::Io { .. }) => "CHECKPOINTS_UNREADABLE",
        }
    }

    /// The position that is at fault, if one is.
    #[must_use]
    pub const fn position(&self) -> Option<u64> {
        match self {
            Self::Walk(error) => Some(error.position()),
            Self::Read(ReadError::Chain(error)) => Some(error.position),
            Self::Read(ReadError::Lost { position, .. } | ReadError::Diverged { position, .. }) => Some(*position),
            _ => None,
        }
    }
}

/// Verifies a ledger from its first record to its end now, and holds `checkpoints`, read before, against it. `walk` may ask
/// for more on the way; `progress` hears of positions.
///
/// # Errors
/// [`AuditError`].
pub async fn audit(
    ledgers: &Ledgers,
    ledger: LedgerId,
    checkpoints: Vec<Checkpoint>,
    pace: Pace,
    prepare: impl FnOnce(Walk) -> Walk,
    mut progress: impl FnMut(u64, u64),
) -> Result<Walk, AuditError> {
    let end = ledgers.tail(ledger).await?;
    let walk = Walk::from_genesis(*ledgers.root(), ledgers.deployment(), ledger, checkpoints);
    let mut walk = prepare(walk);
    let mut tape = Tape::open(ledgers, ledger, 0).await?;
    let began = Instant::now();
    while walk.verifier().seen() < end {
        let Some((position, bytes)) = tape.next(SILENCE).await? else {
            return Err(AuditError::Silent { ledger, position: walk.verifier().seen() });
        };
        walk.push(position, bytes)?;
        if position.is_multiple_of(STRETCH) {
            progress(position, end);
            if let Some(per_second) = pace {
                let due = Duration::from_secs_f64(position as f64 / f64::from(per_second.get()));
                tokio::time::sleep_until(began + due).await;
            }
        }
    }
    walk.settle();
    // A live writer names what is foreign at the end in a moment.
    let patience = Instant::now() + SILENCE;
    while walk.verifier().position() < end && Instant::now() < patience {
        if let Some((position, bytes)) = tape.next(patience.saturating_duration_since(Instant::now())).await? {
            walk.push(position, bytes)?;
            walk.settle();
        }
    }
    walk.finish()?;
    progress(walk.verifier().position(), end);
    Ok(walk)
}
