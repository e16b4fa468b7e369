use crate::feed::FeedError;
use crate::projection::{Projection, Slot};
use crate::recipients::KeysUnavailable;
use crate::store::{CorruptRow, StoreError};
use crate::views::Misfit;
use peyk_schemas::{LedgerId, SchemaError};

/// Why a projector or a rebuild cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// A record holds an event this process does not understand. Nothing from it on is applied.
    #[error("record {position} of {ledger}: {source}")]
    Record { ledger: LedgerId, position: u64, source: SchemaError },
    /// A record does not follow from what the rows say.
    #[error("record {position} of {ledger}, event {kind}: {source}")]
    Misfit { ledger: LedgerId, position: u64, kind: String, source: Misfit },
    #[error("the ledger: {0}")]
    Feed(#[from] FeedError),
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
    #[error("postgres: {0}")]
    Postgres(#[from] sqlx::Error),
    #[error(transparent)]
    Corrupt(#[from] CorruptRow),
    #[error("the checkpoint of {projection} in slot {slot} for {ledger} cannot be read; rebuild the projection")]
    CorruptCheckpoint { projection: Projection, slot: Slot, ledger: LedgerId },
    /// Somebody else moved the checkpoint, or another slot serves now. Reading anew from where it stands helps.
    #[error("another process moved the checkpoint")]
    Overtaken,
    #[error("the slot of {0} that serves is not known; run `peyk migrate`")]
    NoSlot(Projection),
    #[error("a rebuild of {0} is running already")]
    RebuildRunning(Projection),
    #[error("the other slot of {0} holds no complete read model to go back to")]
    NothingToGoBackTo(Projection),
    /// One of the tasks of a rebuild ended abnormally; the slot that served still serves.
    #[error("a task of the rebuild ended abnormally")]
    Abandoned,
    /// New records kept coming faster than the last stretch could be caught up.
    #[error("{projection} did not catch up with {ledger} in time; the slot that served still serves, try again")]
    NotCaughtUp { projection: Projection, ledger: LedgerId },
}

impl From<StoreError> for ProjectionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Postgres(error) => Self::Postgres(error),
            StoreError::Corrupt(error) => Self::Corrupt(error),
        }
    }
}

impl ProjectionError {
    /// Whether the same attempt may well succeed a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Feed(error) => matches!(error, FeedError::Unavailable(_)),
            Self::Keys(error) => error.transient,
            Self::Postgres(error) => is_unavailability(error),
            Self::Overtaken | Self::NotCaughtUp { .. } => true,
            _ => false,
        }
    }
}

/// Whether Postgres is down, busy or gave up waiting, as opposed to refusing what it was asked.
pub(crate) fn is_unavailability(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // SQLSTATE classes (PostgreSQL manual, appendix A): 08 connection, 40 rollback, 53 resources, 55P03 lock not
        // available, 57 operator intervention, 58 system error, 25P03 idle for too long inside a transaction.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
                || ["55P03", "25P03"].contains(&code.as_ref())
        }),
        _ => false,
    }
}
