use super::core::Replayed;
use super::idempotency::Idempotency;
use super::machine::Machine;
use crate::nats::{Ledgers, ReadError, Tape};
use crate::witness::{FileWitness, WitnessError};
use peyk_schemas::{LedgerId, VerifiedRecord, Verifier};
use std::time::Duration;

/// Why a ledger could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Witness(#[from] WitnessError),
    #[error("ledger {ledger}, record {position}: {reason}")]
    Record { ledger: LedgerId, position: u64, reason: String },
}

/// How long the log may be silent in the middle of a replay.
const SILENCE: Duration = Duration::from_secs(10);
const STRIDE: usize = 4_096;

/// Folds a ledger from its first record to its end now, and holds it against the witness.
///
/// # Errors
/// [`ReplayError`]: unreadable, not what was written, behind the witness, or beyond this version's understanding.
pub async fn replay<A: Machine>(
    ledgers: &Ledgers,
    ledger: LedgerId,
    witness: &FileWitness,
) -> Result<Replayed<A>, ReplayError> {
    ledgers.check_deployment(ledger).await?;
    let witnessed = witness.load(ledger)?;
    let end = ledgers.tail(ledger).await?;
    let mut verifier = Verifier::from_genesis(*ledgers.root(), ledgers.deployment(), ledger);
    let mut replayed = Folding::<A> {
        ledger,
        state: A::State::default(),
        idempotency: Idempotency::default(),
        watched: witnessed.as_ref().map_or(0, |head| head.position),
        seen: None,
    };
    let mut tape = Tape::open(ledgers, ledger, 0).await?;
    let mut passed = Vec::new();
    while verifier.seen() < end {
        let Some((position, bytes)) = tape.next(SILENCE).await? else {
            return Err(ReadError::Unavailable { ledger, reason: "the log fell silent during a replay".into() }.into());
        };
        verifier.push(position, bytes, &mut passed).map_err(ReadError::from)?;
        if verifier.pending() >= STRIDE || passed.len() >= STRIDE {
            verifier.settle(&mut passed);
        }
        replayed = replayed.fold(&mut passed)?;
    }
    verifier.settle(&mut passed);
    let Folding { state, idempotency, seen, .. } = replayed.fold(&mut passed)?;
    if let Some(witnessed) = witnessed {
        FileWitness::compare(ledger, &witnessed, verifier.position(), seen)?;
    }
    Ok(Replayed { state, idempotency, verifier })
}

struct Folding<A: Machine> {
    ledger: LedgerId,
    state: A::State,
    idempotency: Idempotency,
    /// The position the witness saw, and the hash found there.
    watched: u64,
    seen: Option<peyk_schemas::Hash>,
}

impl<A: Machine> Folding<A> {
    fn fold(mut self, records: &mut Vec<VerifiedRecord>) -> Result<Self, ReplayError> {
        for record in records.drain(..) {
            let VerifiedRecord { position, at, command, fingerprint, hash, .. } = record;
            let broken = |reason| ReplayError::Record { ledger: self.ledger, position, reason };
            let events = record.domain_events::<A::Event>().map_err(|error| broken(error.to_string()))?;
            self.state =
                events.into_iter().try_fold(self.state, A::apply).map_err(|error| broken(format!("{error:?}")))?;
            self.idempotency.remember(command, fingerprint, position, at);
            if position == self.watched {
                self.seen = Some(hash);
            }
        }
        Ok(self)
    }
}
