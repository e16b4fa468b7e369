//! What the projectors of this process are doing, for operators and for queries that wait.
use crate::projection::Projection;
use peyk_schemas::LedgerId;
use std::sync::Arc;
use tokio::sync::watch;

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
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectorState {
    Starting,
    Running,
    /// Postgres, the log or the keys cannot be reached; it tries again by itself.
    Waiting {
        reason: String,
    },
    /// It stopped and stays stopped: waiting would not help.
    Failed {
        reason: String,
    },
    Stopped,
}

impl ProjectorStatus {
    /// Records it is behind by.
    #[must_use]
    pub const fn lag(&self) -> u64 {
        self.tail.saturating_sub(self.position)
    }
}

pub(crate) type StatusSender = watch::Sender<ProjectorStatus>;

/// The status of every projector in this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct StatusBoard(Arc<Vec<watch::Receiver<ProjectorStatus>>>);

impl StatusBoard {
    pub(crate) fn new(receivers: Vec<watch::Receiver<ProjectorStatus>>) -> Self {
        Self(Arc::new(receivers))
    }

    #[must_use]
    pub fn all(&self) -> Vec<ProjectorStatus> {
        self.0.iter().map(seen).collect()
    }

    #[must_use]
    pub fn of(&self, projection: Projection, ledger: LedgerId) -> Option<ProjectorStatus> {
        self.receiver(projection, ledger).map(|receiver| seen(&receiver))
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

/// A projector that went away without a last word died of a bug.
fn seen(receiver: &watch::Receiver<ProjectorStatus>) -> ProjectorStatus {
    let gone = receiver.has_changed().is_err();
    let mut status = receiver.borrow().clone();
    if gone && !matches!(status.state, ProjectorState::Failed { .. } | ProjectorState::Stopped) {
        status.state = ProjectorState::Failed { reason: "the projector ended abnormally".to_owned() };
    }
    status
}

pub(crate) fn starting(projection: Projection, ledger: LedgerId) -> StatusSender {
    let state = ProjectorState::Starting;
    watch::Sender::new(ProjectorStatus { projection, ledger, position: 0, tail: 0, state })
}
