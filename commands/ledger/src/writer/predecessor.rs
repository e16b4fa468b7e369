use bytes::Bytes;
use ed25519_dalek::VerifyingKey;
use peyk_schemas::{EpochCertificate, Hash, Record};

/// The writer whose place was taken. One that was stopped with several commits on their way may lose the first of them to
/// our first record when it goes on, and land one behind it, as the log compares positions and not what stands there.
#[derive(Debug)]
pub struct Predecessor {
    epoch: u64,
    key: VerifyingKey,
}

impl Predecessor {
    pub fn new(certificate: &EpochCertificate, root: &VerifyingKey) -> Option<Self> {
        Some(Self { epoch: certificate.epoch, key: certificate.writer(root)? })
    }

    /// Whether all messages that are not ours are records it signed, each for the very position it stands at: what it had
    /// on its way, and no copy that somebody put there.
    pub fn sent(&self, messages: &[(u64, Bytes)], ours: impl Fn(u64, &Bytes) -> bool) -> bool {
        // Of records that land together the last is signed and the others are chained to it.
        let mut covered = None;
        messages.iter().rev().all(|(position, bytes)| {
            if ours(*position, bytes) {
                covered = None;
                return true;
            }
            let Ok(record) = Record::decode(bytes) else { return false };
            let vouched = covered == Some(Hash::of(bytes)) || record.is_signed_by(&self.key, bytes);
            covered = Some(record.prev);
            vouched && record.epoch == self.epoch && record.position == *position
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Predecessor;
    use crate::writer::commit::{Commit, Entry, Link};
    use bytes::Bytes;
    use ed25519_dalek::SigningKey;
    use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};
    use peyk_schemas::{Draft, EpochCertificate, Hash, LedgerId};

    const EPOCH: u64 = 7;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn predecessor() -> Predecessor {
        let (root, key) = (key(1), key(2));
        let deployment = DeploymentId::from_bytes([9; 16]);
        let public = key.verifying_key().to_bytes();
        let certificate = EpochCertificate::issue(&root, deployment, LedgerId::NUMBERING, EPOCH, public);
        Predecessor::new(&certificate, &root.verifying_key()).expect("its certificate")
    }

    /// A commit of `count` records behind position 10, as it would be stored where nothing came before it.
    fn commit(count: usize, epoch: u64, key: &SigningKey) -> Vec<(u64, Bytes)> {
        let entry = |_| Entry::<(), ()> {
            draft: Draft {
                at: At(1),
                command: CommandId::NIL,
                fingerprint: [0; 16],
                actor: ActorId::NIL,
                tenant: TenantId::NIL,
                events: Draft::encode_events([].iter()),
            },
            events: Vec::new(),
            ticket: None,
        };
        let link = Link { position: 10, hash: Hash::of(b"before"), at: At(1) };
        let (commit, _) = Commit::form(1, (0..count).map(entry).collect(), link, epoch, key);
        (11..).zip(commit.records.into_iter().map(|(bytes, _)| bytes)).collect()
    }

    fn is_its(messages: &[(u64, Bytes)]) -> bool {
        predecessor().sent(messages, |_, bytes| bytes.as_ref() == b"ours")
    }

    #[test]
    fn what_it_had_on_its_way_is_known_alone_and_in_a_batch() {
        assert!(is_its(&commit(1, EPOCH, &key(2))));
        assert!(is_its(&commit(20, EPOCH, &key(2))));
    }

    #[test]
    fn what_we_sent_behind_it_is_no_reason_to_doubt() {
        let mut messages = commit(3, EPOCH, &key(2));
        messages.push((14, Bytes::from_static(b"ours")));
        assert!(is_its(&messages));
        messages.push((15, Bytes::from_static(b"not ours")));
        assert!(!is_its(&messages));
    }

    #[test]
    fn what_another_signed_or_another_epoch_or_nobody_is_not_its() {
        assert!(!is_its(&commit(1, EPOCH, &key(3))));
        assert!(!is_its(&commit(1, EPOCH - 1, &key(2))));
        assert!(!is_its(&commit(20, EPOCH, &key(2))[..19]), "the last one signs for all");
        let mut gap = commit(20, EPOCH, &key(2));
        gap[7].1 = Bytes::from_static(b"not a record");
        assert!(!is_its(&gap));
    }

    #[test]
    fn a_copy_that_somebody_puts_elsewhere_is_not_its() {
        let copied: Vec<_> =
            commit(3, EPOCH, &key(2)).into_iter().map(|(position, bytes)| (position + 1, bytes)).collect();
        assert!(!is_its(&copied));
    }
}
