use crate::rows::{ChainedTransition, NumberState, NumberTransition};
use peyk_domain::SenderId;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Stands for the length of what is not there.
const NULL: [u8; 4] = [0xff; 4];

/// Where the chain of a number ends.
struct End {
    seq: u32,
    state: NumberState,
    hash: [u8; 32],
}

/// Chains transitions as Postgres does, in the encoding migrations/0015 states. Keeps the last hash of every number.
#[derive(Default)]
pub(super) struct Chains(HashMap<SenderId, End>);

impl Chains {
    pub(super) fn chain(&mut self, transition: NumberTransition) -> ChainedTransition {
        let last = self.0.get(&transition.number);
        let seq = last.map_or(0, |last| last.seq).saturating_add(1);
        let (from, prev_hash) = (last.map(|last| last.state), last.map_or([0; 32], |last| last.hash));
        let row_hash = row_hash(&transition, seq, from, &prev_hash);
        self.0.insert(transition.number, End { seq, state: transition.to, hash: row_hash });
        ChainedTransition { transition, seq, from, prev_hash, row_hash }
    }
}

fn row_hash(row: &NumberTransition, seq: u32, from: Option<NumberState>, prev_hash: &[u8; 32]) -> [u8; 32] {
    let mut hash = Framing(Sha256::new_with_prefix(prev_hash));
    hash.value(&row.id.value().to_be_bytes());
    hash.value(row.number.text().as_bytes());
    hash.value(&seq.to_be_bytes());
    hash.option(from.map(|state| state.name().as_bytes()));
    hash.value(row.to.name().as_bytes());
    hash.value(row.reason.name().as_bytes());
    hash.option(row.tenant.map(|tenant| tenant.to_bytes()));
    hash.option(row.lease.map(|lease| lease.to_bytes()));
    hash.option(row.actor.map(|actor| actor.to_bytes()));
    hash.value(&row.actor_tenant.to_bytes());
    hash.value(&row.at.0.to_be_bytes());
    hash.value(&row.position.to_be_bytes());
    hash.value(&row.item.to_be_bytes());
    hash.0.finalize().into()
}

struct Framing(Sha256);

impl Framing {
    fn value(&mut self, value: &[u8]) {
        // Columns are far shorter than 4 GiB.
        self.0.update(u32::try_from(value.len()).unwrap_or(u32::MAX - 1).to_be_bytes());
        self.0.update(value);
    }

    fn option(&mut self, value: Option<impl AsRef<[u8]>>) {
        match value {
            Some(value) => self.value(value.as_ref()),
            None => self.0.update(NULL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{TransitionId, TransitionReason};
    use peyk_domain::{ActorId, At, LeaseId, TenantId};

    fn first() -> NumberTransition {
        NumberTransition {
            id: TransitionId::new(7, 2, 1),
            number: "+93700000001".parse().expect("a number"),
            to: NumberState::Available,
            reason: TransitionReason::Listed,
            tenant: None,
            lease: None,
            actor: Some(ActorId::from_bytes([0xac; 16])),
            actor_tenant: TenantId::NIL,
            at: At(1_790_000_000_000),
            position: 7,
            item: 2,
        }
    }

    /// Written out by hand from migrations/0015, not by the code under test.
    #[test]
    fn the_encoding_is_the_one_the_migration_states() {
        let mut bytes = vec![0; 32];
        bytes.extend(*b"\0\0\0\x08\0\0\0\0\x07\0\x20\x01");
        bytes.extend(*b"\0\0\0\x0c+93700000001");
        bytes.extend(*b"\0\0\0\x04\0\0\0\x01");
        bytes.extend([0xff; 4]);
        bytes.extend(*b"\0\0\0\x09available");
        bytes.extend(*b"\0\0\0\x06listed");
        bytes.extend([0xff; 8]);
        bytes.extend([0, 0, 0, 16]);
        bytes.extend([0xac; 16]);
        bytes.extend([0, 0, 0, 16]);
        bytes.extend([0; 16]);
        bytes.extend(*b"\0\0\0\x08\0\0\x01\xa0\xc4\x50\x6c\0");
        bytes.extend(*b"\0\0\0\x08\0\0\0\0\0\0\0\x07");
        bytes.extend(*b"\0\0\0\x04\0\0\0\x02");
        let chained = Chains::default().chain(first());
        assert_eq!((chained.seq, chained.from, chained.prev_hash), (1, None, [0; 32]));
        assert_eq!(chained.row_hash, <[u8; 32]>::from(Sha256::digest(&bytes)));
    }

    #[test]
    fn each_number_has_a_chain_and_every_column_counts() {
        let mut chains = Chains::default();
        let one = chains.chain(first());
        let other = "+93700000002".parse().expect("a number");
        let another = chains.chain(NumberTransition { number: other, ..first() });
        assert_eq!((another.seq, another.prev_hash), (1, [0; 32]));
        let reserved = NumberTransition { to: NumberState::Reserved, reason: TransitionReason::Reserved, ..first() };
        let next = chains.chain(reserved);
        assert_eq!((next.seq, next.from, next.prev_hash), (2, Some(NumberState::Available), one.row_hash));

        let hash = |row: &NumberTransition| row_hash(row, 1, None, &[0; 32]);
        let of = hash(&first());
        let tenant = Some(TenantId::from_bytes([1; 16]));
        let lease = Some(LeaseId::from_bytes([1; 16]));
        for changed in [
            NumberTransition { id: TransitionId::new(7, 2, 2), ..first() },
            NumberTransition { number: other, ..first() },
            NumberTransition { to: NumberState::Held, ..first() },
            NumberTransition { reason: TransitionReason::Held, ..first() },
            NumberTransition { tenant, ..first() },
            NumberTransition { lease, ..first() },
            NumberTransition { actor: None, ..first() },
            NumberTransition { actor_tenant: TenantId::from_bytes([1; 16]), ..first() },
            NumberTransition { at: At(1), ..first() },
            NumberTransition { position: 8, ..first() },
            NumberTransition { item: 3, ..first() },
        ] {
            assert_ne!(hash(&changed), of, "{changed:?}");
        }
        assert_ne!(row_hash(&first(), 2, None, &[0; 32]), of);
        assert_ne!(row_hash(&first(), 1, Some(NumberState::Held), &[0; 32]), of);
        assert_ne!(row_hash(&first(), 1, None, &[1; 32]), of);
        // A tenant is not taken for a lease.
        assert_ne!(
            hash(&NumberTransition { tenant, ..first() }),
            hash(&NumberTransition { lease: tenant.map(|id| LeaseId::from_bytes(id.to_bytes())), ..first() })
        );
    }
}
