/// Why a session with an operator ended, or never began. What it leaves unanswered is reported in doubt.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("the operator cannot be reached")]
    Connect(#[source] std::io::Error),
    #[error("the operator did not accept the connection in time")]
    ConnectTimeout,
    #[error("the operator refused the bind with command_status {status:#x}")]
    BindRefused { status: u32 },
    #[error("the operator did not answer the bind in time")]
    BindTimeout,
    #[error("the connection failed")]
    Io(#[source] std::io::Error),
    #[error("the operator closed the connection")]
    Closed,
    #[error("the operator unbound")]
    Unbound,
    #[error("the operator did not answer enquire_link in time")]
    Silent,
    #[error("the operator sent a command_length of {length}, which no PDU has; the stream lost its place")]
    BadLength { length: usize },
    #[error("the outstanding answers did not come before the connector had to stop")]
    DrainTimeout,
}

impl SessionError {
    /// A closed label for metrics and status pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Connect(_) => "CONNECT_FAILED",
            Self::ConnectTimeout => "CONNECT_TIMEOUT",
            Self::BindRefused { .. } => "BIND_REFUSED",
            Self::BindTimeout => "BIND_TIMEOUT",
            Self::Io(_) => "CONNECTION_FAILED",
            Self::Closed => "CONNECTION_CLOSED",
            Self::Unbound => "UNBOUND",
            Self::Silent => "SILENT",
            Self::BadLength { .. } => "BAD_LENGTH",
            Self::DrainTimeout => "DRAIN_TIMEOUT",
        }
    }
}

impl From<crate::wire::WireError> for SessionError {
    fn from(error: crate::wire::WireError) -> Self {
        use crate::wire::WireError;
        match error {
            WireError::Io(error) => Self::Io(error),
            WireError::Closed => Self::Closed,
            WireError::BadLength { length, .. } => Self::BadLength { length },
        }
    }
}
