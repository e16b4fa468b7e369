/// Why a routing command was refused. The code is stable: clients branch on it, so it never changes meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutingError {
    /// What was not found: "operator", "connector" or "route".
    #[error("no such {0}")]
    NotFound(&'static str),
    #[error("this {0} is registered already; use a new id")]
    AlreadyExists(&'static str),
    #[error("not acceptable: {0}")]
    InvalidValue(&'static str),
    #[error("the table has as many {0} as it takes; remove some first")]
    TooMany(&'static str),
    /// An event that `decide` cannot have produced in this state: the ledger is not to be trusted, reading stops.
    #[error("the routing ledger contradicts itself: {0}")]
    CorruptLedger(&'static str),
}

impl RoutingError {
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::InvalidValue(_) => "INVALID_VALUE",
            Self::TooMany(_) => "TOO_MANY",
            Self::CorruptLedger(_) => "CORRUPT_LEDGER",
        }
    }
}
