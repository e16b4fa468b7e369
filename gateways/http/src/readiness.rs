use crate::problem::{Reason, reason};
use peyk_projections::Condition;

/// Whether commands can be taken, as the runtime last saw it. `/readyz` reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    pub log: LogState,
    /// Whether Postgres answers, where known. Informational: commands go on without it.
    pub postgres: Option<bool>,
    /// Whether the projectors of this process keep reads current, where it runs any. Informational too.
    pub projections: Option<Condition>,
}

/// What stands between this process and a durable command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogState {
    /// The log can be reached and every partition has a writer that answers.
    Ready,
    /// The log cannot be reached.
    #[default]
    LogUnavailable,
    /// This process runs the ledger role and another one leads.
    NotLeader,
    /// A partition has nobody who writes.
    NoWriter,
    /// This process could write a ledger and does not, because of what it found there; its log says what.
    LedgerRefused,
    /// Who may do what is not known to be current: no credential is believed.
    AccessStale,
}

impl LogState {
    /// As `/readyz` words it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::LogUnavailable => "log unavailable",
            Self::NotLeader => "not leader",
            Self::NoWriter => "no writer",
            Self::LedgerRefused => "ledger refused",
            Self::AccessStale => "access stale",
        }
    }

    /// Why commands cannot be taken; none if they can.
    pub(crate) const fn reason(self) -> Option<&'static Reason> {
        Some(match self {
            Self::Ready => return None,
            Self::LogUnavailable => &reason::LOG_UNAVAILABLE,
            Self::NotLeader => &reason::NOT_LEADER,
            Self::NoWriter => &reason::NO_WRITER,
            Self::LedgerRefused => &reason::LEDGER_REFUSED,
            Self::AccessStale => &reason::ACCESS_NOT_READY,
        })
    }
}
