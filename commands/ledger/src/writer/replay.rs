use super::core::Replayed;
use super::folding::{Folding, Unfoldable};
use super::machine::Machine;
use crate::nats::{Ledgers, ReadError, Tape};
use crate::snapshot::{Found, Refusal, Snapshot, Snapshots, refuse};
use crate::witness::{FileWitness, WitnessError};
use peyk_schemas::{Hash, Head, LedgerId, Verifier};
use std::time::Duration;

/// Why a ledger could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Witness(#[from] WitnessError),
    #[error(transparent)]
    Record(#[from] Unfoldable),
}

/// How long the log may be silent in the middle of a replay.
const SILENCE: Duration = Duration::from_secs(10);
const STRIDE: usize = 4_096;

/// Folds a ledger to its end now, and holds it against the witness: from the newest of `snapshots` that may be used, else
/// from the first record.
///
/// # Errors
/// [`ReplayError`]: unreadable, not what was written, behind the witness, or beyond this version's understanding.
pub async fn replay<A: Machine>(
    ledgers: &Ledgers,
    ledger: LedgerId,
    witness: &FileWitness,
    snapshots: Option<&Snapshots>,
) -> Result<Replayed<A>, ReplayError> {
    let witnessed = witness.load(ledger)?;
    let replayed = held_against(ledgers, ledger, witnessed.as_ref(), snapshots).await?;
    witness.require(ledger, witnessed.as_ref(), replayed.verifier.position())?;
    Ok(replayed)
}

/// Folds a ledger to its end now, and holds it against what was witnessed, if anything was.
pub(super) async fn held_against<A: Machine>(
    ledgers: &Ledgers,
    ledger: LedgerId,
    witnessed: Option<&Head>,
    snapshots: Option<&Snapshots>,
) -> Result<Replayed<A>, ReplayError> {
    ledgers.check_deployment(ledger).await?;
    let found = match snapshots {
        Some(snapshots) => snapshots.newest::<A>(ledger).await,
        None => None,
    };
    if let Some(Found { name, snapshot }) = found {
        tracing::info!(%ledger, position = snapshot.head.position, "the replay begins from a snapshot");
        match follow(ledgers, ledger, witnessed, Some(snapshot)).await {
            Err(ReplayError::Record(why)) => refuse(ledger, &name, &Refusal::Unfoldable(why.to_string())),
            replayed => return replayed,
        }
    }
    follow(ledgers, ledger, witnessed, None).await
}

async fn follow<A: Machine>(
    ledgers: &Ledgers,
    ledger: LedgerId,
    witnessed: Option<&Head>,
    from: Option<Snapshot<A>>,
) -> Result<Replayed<A>, ReplayError> {
    let (root, deployment) = (*ledgers.root(), ledgers.deployment());
    let (mut verifier, mut folding) = match from {
        Some(Snapshot { head, state, idempotency }) => {
            let verifier = Verifier::from_head(root, deployment, ledger, head).map_err(ReadError::from)?;
            (verifier, Folding::<A>::from(state, idempotency))
        }
        None => (Verifier::from_genesis(root, deployment, ledger), Folding::default()),
    };
    let (began, watched) = (verifier.position(), witnessed.map_or(0, |head| head.position));
    // What the witness saw may lie before what is folded now; the log itself then says what stands there.
    let mut seen = match witnessed {
        // Before the first record, a writer that was about to begin.
        Some(_) if watched == 0 => Some(ledger.chain_seed(deployment)),
        Some(_) if watched <= began => ledgers.message(ledger, watched).await?.map(|bytes| Hash::of(&bytes)),
        _ => None,
    };
    let end = ledgers.tail(ledger).await?;
    let mut tape = Tape::open(ledgers, ledger, began).await?;
    let mut passed = Vec::new();
    loop {
        let last = verifier.seen() >= end;
        if last || verifier.pending() >= STRIDE || passed.len() >= STRIDE {
            verifier.settle(&mut passed);
        }
        seen = seen.or_else(|| passed.iter().find(|record| record.position == watched).map(|record| record.hash));
        folding = folding.fold(ledger, &passed)?;
        passed.clear();
        if last {
            break;
        }
        let Some((position, bytes)) = tape.next(SILENCE).await? else {
            return Err(ReadError::Unavailable { ledger, reason: "the log fell silent during a replay".into() }.into());
        };
        verifier.push(position, bytes, &mut passed).map_err(ReadError::from)?;
    }
    if let Some(witnessed) = witnessed {
        FileWitness::compare(ledger, witnessed, verifier.position(), seen)?;
    }
    let Folding { state, idempotency } = folding;
    Ok(Replayed { state, idempotency, verifier, began })
}
