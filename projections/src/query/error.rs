use crate::error::is_unavailability;
use crate::store::CorruptRow;

/// Why a query has no answer. Finding nothing is an answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Postgres cannot be reached, or was too slow. Commands are not affected; retry later.
    #[error("the read models cannot be reached now; retry later")]
    Unavailable(#[source] sqlx::Error),
    /// The projection did not get to the asked-for position in time.
    #[error("the read model stands at position {position}, {wanted} was asked for; retry shortly")]
    Behind { position: u64, wanted: u64 },
    #[error(transparent)]
    Corrupt(#[from] CorruptRow),
    /// Postgres refused the query: its schema is not the one this process knows.
    #[error("the read models refused the query")]
    Refused(#[source] sqlx::Error),
}

impl QueryError {
    /// The stable code clients branch on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "READ_MODEL_UNAVAILABLE",
            Self::Behind { .. } => "READ_MODEL_BEHIND",
            Self::Corrupt(_) => "READ_MODEL_CORRUPT",
            Self::Refused(_) => "READ_MODEL_REFUSED",
        }
    }
}

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailability(&error) { Self::Unavailable(error) } else { Self::Refused(error) }
    }
}
