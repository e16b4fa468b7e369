use super::{ExtractError, KeyError, NotAPeriod, rfc3339};
use peyk_domain::At;
use peyk_ledger::ReadError;
use std::io;
use std::path::PathBuf;

/// Why an export was not made. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(
        "the period ends at {}, and records before that may still come; wait until it is over, or export an instant with --as-of",
        rfc3339(*.end)
    )]
    PeriodOpen { end: At },
    #[error("the instant {} has not come yet", rfc3339(*.as_of))]
    InTheFuture { as_of: At },
    #[error(transparent)]
    Period(#[from] NotAPeriod),
    #[error("{} exists and is not an empty directory; name another one", .0.display())]
    Exists(PathBuf),
    /// The chain does not verify, or the log cannot be reached.
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the numbering ledger does not fold: {0}")]
    Extract(#[from] ExtractError),
    /// Records stand in the log that no signature covers, and none came.
    #[error(
        "the ledger goes on to position {tail}, but only what stands up to {position} is signed; is its writer running?"
    )]
    Unsigned { position: u64, tail: u64 },
    #[error("the ledger holds no signed record yet")]
    Empty,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("cannot write {}: {source}", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the export was interrupted before it was complete")]
    Interrupted,
}

impl ExportError {
    /// Stable codes for those who call the command.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PeriodOpen { .. } => "PERIOD_OPEN",
            Self::InTheFuture { .. } => "INSTANT_IN_FUTURE",
            Self::Period(_) => "INVALID_PERIOD",
            Self::Exists(_) => "OUTPUT_EXISTS",
            Self::Read(ReadError::Chain(_) | ReadError::Diverged { .. }) | Self::Extract(_) => "CORRUPT_LEDGER",
            Self::Read(_) => "UNAVAILABLE",
            Self::Unsigned { .. } => "LEDGER_UNSIGNED",
            Self::Empty => "LEDGER_EMPTY",
            Self::Key(_) => "INVALID_KEY",
            Self::Write { .. } => "WRITE_FAILED",
            Self::Interrupted => "INTERRUPTED",
        }
    }
}
