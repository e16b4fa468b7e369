use super::{Message, MessageState};
use peyk_domain::At;

/// One step in the life of a message, as its row remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub kind: StepKind,
    pub at: At,
    /// The record it stands in, where the row still knows: the first and the newest.
    pub position: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    Accepted,
    /// The start of the last attempt; attempts count from 1.
    Dispatched {
        attempt: u32,
    },
    Submitted,
    /// A state nothing is done about any more.
    Final(MessageState),
}

impl Message {
    /// What the row tells of the way the message took, oldest first: of several attempts, the last. The ledger has them all.
    #[must_use]
    pub fn timeline(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(4);
        if self.state != MessageState::Refused {
            steps.push(Step { kind: StepKind::Accepted, at: self.accepted_at, position: Some(self.position) });
        }
        if let Some(at) = self.dispatched_at {
            steps.push(Step { kind: StepKind::Dispatched { attempt: self.attempts }, at, position: None });
        }
        if let Some(at) = self.submitted_at {
            steps.push(Step { kind: StepKind::Submitted, at, position: None });
        }
        if let Some(at) = self.final_at.filter(|_| self.state.is_final()) {
            steps.push(Step { kind: StepKind::Final(self.state), at, position: None });
        }
        if let Some(last) = steps.last_mut() {
            last.position = Some(self.updated_position);
        }
        steps
    }
}
