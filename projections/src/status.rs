//! What the projectors of this process are doing, for operators and for queries that wait.
use crate::error::{Outlook, ProjectionError};
use crate::projection::Projection;
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// One projector now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorStatus {
    pub projection: Projection,
    pub ledger: LedgerId,
    /// The last record in the slot that serves.
    pub position: u64,
    /// The last record of the ledger, as last asked for.
    pub tail: u64,
    pub state: ProjectorState,
    /// When the state began.
    pub since: Instant,
    /// When it last came forward or had nothing left to read.
    pub progressed: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectorState {
    Starting,
    Running,
    /// Postgres, the log or the keys cannot be reached; it tries again by itself.
    Waiting {
        reason: String,
    },
    /// Postgres or the keys refuse this process. An operator has to act; it tries again by itself.
    Blocked {
        reason: String,
    },
    /// Trying again would not help. It goes on once another slot serves, so after a rebuild or a new version.
    Failed {
        reason: String,
        /// The record it cannot apply, where it is one.
        record: Option<u64>,
    },
    Stopped,
}

impl ProjectorState {
    pub(crate) fn after(error: &ProjectionError) -> Self {
        let reason = error.to_string();
        match error.outlook() {
            Outlook::Passing => Self::Waiting { reason },
            Outlook::Refused => Self::Blocked { reason },
            Outlook::Final => Self::Failed { reason, record: error.record() },
        }
    }

    /// The word for it in the status, in metrics and in Postgres.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Waiting { .. } => "waiting",
            Self::Blocked { .. } => "blocked",
            Self::Failed { .. } => "failed",
            Self::Stopped => "stopped",
        }
    }

    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Waiting { reason } | Self::Blocked { reason } | Self::Failed { reason, .. } => Some(reason),
            Self::Starting | Self::Running | Self::Stopped => None,
        }
    }

    #[must_use]
    pub const fn record(&self) -> Option<u64> {
        match self {
            Self::Failed { record, .. } => *record,
            _ => None,
        }
    }
}

/// Every word [`ProjectorState::name`] can be.
pub const STATES: [&str; 6] = ["starting", "running", "waiting", "blocked", "failed", "stopped"];

impl ProjectorStatus {
    /// Records it is behind by.
    #[must_use]
    pub const fn lag(&self) -> u64 {
        self.tail.saturating_sub(self.position)
    }

    /// How long it has not come forward although its ledger has. Zero while it is at the end.
    #[must_use]
    pub fn stalled(&self, now: Instant) -> Duration {
        if self.lag() == 0 { Duration::ZERO } else { now.saturating_duration_since(self.progressed) }
    }

    /// It stands at `position` now.
    pub(crate) fn stands(&mut self, position: u64) {
        if self.position != position || self.lag() == 0 {
            self.progressed = Instant::now();
        }
        self.position = position;
        self.tail = self.tail.max(position);
    }

    /// The ledger ends at `tail` now. Whether that is news.
    pub(crate) fn sees(&mut self, tail: u64) -> bool {
        if self.lag() == 0 {
            self.progressed = Instant::now();
        }
        std::mem::replace(&mut self.tail, tail) != tail
    }

    /// Whether that is news.
    pub(crate) fn enters(&mut self, state: ProjectorState) -> bool {
        if self.state == state {
            return false;
        }
        if self.state.name() != state.name() {
            self.since = Instant::now();
        }
        self.state = state;
        true
    }
}

/// All projectors of a process in one word, for whoever only asks whether reads are kept current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    Running,
    /// One of them waits, or has just begun.
    Waiting,
    /// One of them needs an operator.
    Failed,
}

pub(crate) type StatusSender = watch::Sender<ProjectorStatus>;

/// The status of every projector in this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct StatusBoard(pub(crate) Arc<Vec<watch::Receiver<ProjectorStatus>>>);

impl StatusBoard {
    pub(crate) fn new(receivers: Vec<watch::Receiver<ProjectorStatus>>) -> Self {
        Self(Arc::new(receivers))
    }

    #[must_use]
    pub fn all(&self) -> Vec<ProjectorStatus> {
        self.0.iter().map(|receiver| receiver.borrow().clone()).collect()
    }

    /// The worst of them; none without projectors.
    #[must_use]
    pub fn condition(&self) -> Option<Condition> {
        let condition = |receiver: &watch::Receiver<ProjectorStatus>| match receiver.borrow().state {
            ProjectorState::Running | ProjectorState::Stopped => Condition::Running,
            ProjectorState::Starting | ProjectorState::Waiting { .. } => Condition::Waiting,
            ProjectorState::Blocked { .. } | ProjectorState::Failed { .. } => Condition::Failed,
        };
        self.0.iter().map(condition).max()
    }

    #[must_use]
    pub fn of(&self, projection: Projection, ledger: LedgerId) -> Option<ProjectorStatus> {
        self.receiver(projection, ledger).map(|receiver| receiver.borrow().clone())
    }

    /// Follows one projector.
    #[must_use]
    pub fn receiver(&self, projection: Projection, ledger: LedgerId) -> Option<watch::Receiver<ProjectorStatus>> {
        let found = self.0.iter().find(|receiver| {
            let status = receiver.borrow();
            status.projection == projection && status.ledger == ledger
        });
        found.cloned()
    }
}

pub(crate) fn starting(projection: Projection, ledger: LedgerId) -> StatusSender {
    let (state, now) = (ProjectorState::Starting, Instant::now());
    watch::Sender::new(ProjectorStatus { projection, ledger, position: 0, tail: 0, state, since: now, progressed: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn stalled_counts_from_the_last_step_while_there_is_something_to_read() {
        let mut status = starting(Projection::Leases, LedgerId::NUMBERING).borrow().clone();
        tokio::time::advance(SECOND * 100).await;
        assert_eq!(status.stalled(Instant::now()), Duration::ZERO, "nothing to read");
        status.sees(5);
        tokio::time::advance(SECOND * 3).await;
        assert_eq!((status.lag(), status.stalled(Instant::now())), (5, SECOND * 3));
        // The ledger goes on and it does not: the count goes on too.
        status.sees(9);
        tokio::time::advance(SECOND).await;
        assert_eq!(status.stalled(Instant::now()), SECOND * 4);
        status.stands(4);
        tokio::time::advance(SECOND).await;
        assert_eq!(status.stalled(Instant::now()), SECOND, "it came forward");
        status.stands(9);
        tokio::time::advance(SECOND * 50).await;
        status.sees(10);
        tokio::time::advance(SECOND * 2).await;
        assert_eq!(status.stalled(Instant::now()), SECOND * 2, "it was at the end until then");
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_begins_when_its_word_changes() {
        let mut status = starting(Projection::Leases, LedgerId::NUMBERING).borrow().clone();
        let waiting = |reason: &str| ProjectorState::Waiting { reason: reason.to_owned() };
        tokio::time::advance(SECOND).await;
        assert!(status.enters(waiting("down")));
        let since = status.since;
        tokio::time::advance(SECOND).await;
        assert!(!status.enters(waiting("down")) && status.enters(waiting("still down")));
        assert_eq!(status.since, since);
        assert!(status.enters(ProjectorState::Running) && status.since > since);
    }
}
