use super::idempotency::Idempotency;
use super::machine::Machine;
use peyk_schemas::{LedgerId, VerifiedRecord};

/// A record that cannot follow from what was folded before, or is beyond this version's understanding.
#[derive(Debug, thiserror::Error)]
#[error("ledger {ledger}, record {position}: {reason}")]
pub struct Unfoldable {
    pub ledger: LedgerId,
    pub position: u64,
    pub reason: String,
}

/// A state on its way through a ledger, and what the ledger remembers of command ids.
pub(crate) struct Folding<A: Machine> {
    pub state: A::State,
    pub idempotency: Idempotency,
}

impl<A: Machine> Default for Folding<A> {
    fn default() -> Self {
        Self { state: A::State::default(), idempotency: Idempotency::default() }
    }
}

impl<A: Machine> Folding<A> {
    pub const fn from(state: A::State, idempotency: Idempotency) -> Self {
        Self { state, idempotency }
    }

    /// Lets records have happened.
    pub fn fold(mut self, ledger: LedgerId, records: &[VerifiedRecord]) -> Result<Self, Unfoldable> {
        for record in records {
            let VerifiedRecord { position, at, command, fingerprint, .. } = *record;
            let broken = |reason| Unfoldable { ledger, position, reason };
            let events = record.domain_events::<A::Event>().map_err(|error| broken(error.to_string()))?;
            self.state =
                events.into_iter().try_fold(self.state, A::apply).map_err(|error| broken(format!("{error:?}")))?;
            self.idempotency.remember(command, fingerprint, position, at);
        }
        Ok(self)
    }
}
