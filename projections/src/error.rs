use crate::feed::FeedError;
use crate::projection::{Projection, Slot};
use crate::recipients::KeysUnavailable;
use crate::store::{CorruptRow, StoreError};
use crate::views::Misfit;
use peyk_schemas::{LedgerId, SchemaError};
use sqlx::error::DatabaseError;

/// Why a projector or a rebuild cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// A record holds an event this process does not understand. Nothing from it on is applied.
    #[error("record {position} of {ledger}: {source}")]
    Record { ledger: LedgerId, position: u64, source: SchemaError },
    /// A record does not follow from what the rows say.
    #[error("record {position} of {ledger}, event {kind}: {source}")]
    Misfit { ledger: LedgerId, position: u64, kind: String, source: Misfit },
    /// Postgres takes no row that follows from one of these records. Shown without the row, which may be personal.
    #[error("records {from} to {to} of {ledger}: postgres refuses what follows from them ({refusal})")]
    Rows { ledger: LedgerId, from: u64, to: u64, refusal: String },
    #[error("the ledger: {0}")]
    Feed(#[from] FeedError),
    #[error("record {position} of {ledger}: {source}")]
    Keys { ledger: LedgerId, position: u64, source: KeysUnavailable },
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
    #[error("a rebuild or a comparison of {0} is running already")]
    RebuildRunning(Projection),
    #[error("the other slot of {0} holds no complete read model to go back to")]
    NothingToGoBackTo(Projection),
    #[error("the other slot of {0} holds no complete read model to compare with")]
    NothingToCompare(Projection),
    /// It cannot be folded back. Projectors bring the serving slot forward.
    #[error(
        "the other slot of {projection} stands at {other} of {ledger}, what serves at {serving}; try again once projectors have caught up"
    )]
    Ahead { projection: Projection, ledger: LedgerId, serving: u64, other: u64 },
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

/// What may become of the same attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It may well succeed a little later.
    Passing,
    /// It succeeds once an operator changed a password, rights, the schema or keys.
    Refused,
    /// It fails however often it is made.
    Final,
}

impl ProjectionError {
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        match self {
            Self::Feed(FeedError::Unavailable(_)) | Self::Overtaken | Self::NotCaughtUp { .. } => Outlook::Passing,
            Self::Keys { source, .. } if source.transient => Outlook::Passing,
            Self::Postgres(error) if is_unavailability(error) => Outlook::Passing,
            Self::Postgres(error) if is_refusal(error) => Outlook::Refused,
            Self::Keys { .. } | Self::NoSlot(_) => Outlook::Refused,
            _ => Outlook::Final,
        }
    }

    /// The record that cannot be applied, where it is one.
    #[must_use]
    pub const fn record(&self) -> Option<u64> {
        match self {
            Self::Record { position, .. } | Self::Misfit { position, .. } | Self::Keys { position, .. } => {
                Some(*position)
            }
            Self::Rows { from, to, .. } if *from == *to => Some(*from),
            _ => None,
        }
    }

    /// One word for what failed, as metrics have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Record { .. } => "record",
            Self::Misfit { .. } => "misfit",
            Self::Rows { .. } => "rows",
            Self::Feed(_) => "ledger",
            Self::Keys { .. } => "keys",
            Self::Postgres(_) | Self::NoSlot(_) => "postgres",
            Self::Corrupt(_) | Self::CorruptCheckpoint { .. } => "corrupt",
            _ => "other",
        }
    }

    /// Names the records that Postgres takes no rows of.
    pub(crate) fn of_records(self, ledger: LedgerId, from: u64, to: u64) -> Self {
        match self {
            Self::Postgres(sqlx::Error::Database(error)) if is_about_data(&*error) => {
                let code = error.code().unwrap_or_default();
                let refusal = match error.constraint() {
                    Some(constraint) => format!("SQLSTATE {code}, constraint {constraint}"),
                    None => format!("SQLSTATE {code}"),
                };
                Self::Rows { ledger, from, to, refusal }
            }
            other => other,
        }
    }
}

/// SQLSTATE classes 22, data exception, and 23, integrity constraint violation.
fn is_about_data(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| ["22", "23"].iter().any(|class| code.starts_with(class)))
}

/// Whether Postgres refuses whoever asks, or lacks what was asked for, until somebody changes that: SQLSTATE class 28
/// authorization, 42501 rights, 3D000 and 3F000 no such database or schema, 42P01, 42703 and 42883 no such table, column
/// or function, 25006 a standby.
fn is_refusal(error: &sqlx::Error) -> bool {
    let codes = ["42501", "3D000", "3F000", "42P01", "42703", "42883", "25006"];
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code.starts_with("28") || codes.contains(&code.as_ref()))
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
