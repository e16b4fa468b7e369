//! What a verifier lets through, what it names, and what it passes over.
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};
use peyk_schemas::{
    ChainError, ControlEvent, Draft, EpochCertificate, EventSchema, Flaw, Hash, Head, LedgerId, Quarantine, Record,
    RecordError, Recovered, VerifiedRecord, Verifier,
};
use proptest::prelude::*;

const LEDGER: LedgerId = LedgerId::messages(3);
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);

fn root() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// Writes a ledger the way a writer does.
struct Author {
    stored: Vec<Bytes>,
    prev: Hash,
    epoch: u64,
    key: SigningKey,
    at: u64,
}

impl Author {
    fn new() -> Self {
        let key = SigningKey::from_bytes(&[2; 32]);
        let mut author = Self { stored: Vec::new(), prev: LEDGER.chain_seed(DEPLOYMENT), epoch: 0, key, at: 1_000 };
        author.open_epoch(2);
        author
    }

    fn draft(&self, events: &[ControlEvent]) -> Draft {
        let raw: Vec<_> = events.iter().map(EventSchema::to_raw).collect();
        let number = self.stored.len() as u8;
        Draft {
            at: At(self.at),
            command: CommandId::from_bytes([number; 16]),
            fingerprint: [number; 16],
            actor: ActorId::NIL,
            tenant: TenantId::NIL,
            events: Draft::encode_events(raw.iter()),
        }
    }

    fn append(&mut self, events: &[ControlEvent], signed: bool) -> &mut Self {
        self.at += 1;
        let position = self.stored.len() as u64 + 1;
        let (bytes, hash) = self.draft(events).seal(position, self.prev, self.epoch, signed.then_some(&self.key));
        self.stored.push(bytes);
        self.prev = hash;
        self
    }

    fn open_epoch(&mut self, seed: u8) -> &mut Self {
        self.open_epoch_with(seed, &[])
    }

    fn open_epoch_with(&mut self, seed: u8, before: &[ControlEvent]) -> &mut Self {
        self.key = SigningKey::from_bytes(&[seed; 32]);
        self.epoch += 1;
        let writer = self.key.verifying_key().to_bytes();
        let certificate = EpochCertificate::issue(&root(), DEPLOYMENT, LEDGER, self.epoch, writer);
        let started = ControlEvent::EpochStarted(certificate);
        let deployment_key = root().verifying_key().to_bytes();
        let genesis = ControlEvent::Genesis { deployment: DEPLOYMENT, ledger: LEDGER, deployment_key };
        let first = if self.stored.is_empty() { vec![genesis] } else { Vec::new() };
        self.append(&[&first, before, &[started]].concat(), true)
    }

    fn ticks(&mut self, unsigned: usize) -> &mut Self {
        for _ in 0..unsigned {
            self.append(&[ControlEvent::Ticked], false);
        }
        self.append(&[ControlEvent::Ticked], true)
    }

    /// Foreign messages, then a record that names them, as a writer that was refused by them appends.
    fn meddled(&mut self, foreign: &[&[u8]]) -> &mut Self {
        let from = self.stored.len() as u64 + 1;
        self.stored.extend(foreign.iter().map(|message| Bytes::copy_from_slice(message)));
        let hashes: Vec<Hash> = foreign.iter().map(|message| Hash::of(message)).collect();
        let quarantine = Quarantine::of(from, &hashes).expect("some messages");
        self.append(&[ControlEvent::Quarantined(quarantine)], true)
    }
}

fn push_all(verifier: &mut Verifier, stored: &[Bytes]) -> Vec<VerifiedRecord> {
    let mut passed = Vec::new();
    for bytes in stored {
        verifier.push(verifier.seen() + 1, bytes.clone(), &mut passed).expect("the next position");
    }
    verifier.settle(&mut passed);
    passed
}

fn verify(stored: &[Bytes]) -> (Vec<VerifiedRecord>, Result<(), ChainError>) {
    let mut verifier = Verifier::from_genesis(root().verifying_key(), DEPLOYMENT, LEDGER);
    let passed = push_all(&mut verifier, stored);
    (passed, verifier.finish())
}

fn flaw(stored: &[Bytes]) -> (u64, Flaw) {
    let (_, outcome) = verify(stored);
    let ChainError { ledger, position, flaw } = outcome.expect_err("something is wrong");
    assert_eq!(ledger, LEDGER);
    (position, flaw)
}

#[test]
fn a_ledger_with_epochs_and_batches_verifies() {
    let mut author = Author::new();
    author.ticks(0).ticks(5).open_epoch(3).ticks(2);
    let (passed, outcome) = verify(&author.stored);
    assert_eq!(outcome, Ok(()));
    assert_eq!(passed.iter().map(|record| record.bytes.clone()).collect::<Vec<_>>(), author.stored);
    assert_eq!(passed.iter().map(|record| record.epoch).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
}

/// A loss of the twenty positions after what the author has.
fn loss(author: &Author) -> ControlEvent {
    let found = author.stored.len() as u64;
    ControlEvent::Recovered(Recovered {
        witnessed: found + 20,
        witnessed_hash: Hash([7; 32]),
        witnessed_at: At(author.at),
        found,
        found_hash: author.prev,
    })
}

#[test]
fn a_loss_is_recorded_where_an_epoch_opens_behind_what_was_found_and_nowhere_else() {
    let mut author = Author::new();
    author.ticks(3);
    let recovered = loss(&author);
    let mut lying = Author { stored: author.stored.clone(), key: author.key.clone(), ..author };
    author.open_epoch_with(4, std::slice::from_ref(&recovered)).ticks(1);
    let (passed, outcome) = verify(&author.stored);
    assert_eq!(outcome, Ok(()));
    let told: Vec<_> = passed.iter().filter_map(|record| Some((record.position, record.recovered()?))).collect();
    assert_eq!(told.iter().map(|(at, loss)| (*at, loss.found, loss.lost())).collect::<Vec<_>>(), [(6, 5, 20)]);

    // In the middle of an epoch it says nothing.
    let standing = lying.stored.len();
    lying.append(&[recovered], true);
    assert_eq!(flaw(&lying.stored), (6, Flaw::BadRecovery));
    // Nor about another place than the one it stands at.
    lying.stored.truncate(standing);
    lying.prev = Hash::of(&lying.stored[standing - 1]);
    let ControlEvent::Recovered(mut elsewhere) = loss(&lying) else { unreachable!() };
    elsewhere.found_hash = Hash([8; 32]);
    lying.open_epoch_with(4, &[ControlEvent::Recovered(elsewhere)]);
    assert_eq!(flaw(&lying.stored), (6, Flaw::BadRecovery));
}

#[test]
fn what_no_signature_covers_is_held_back() {
    let mut author = Author::new();
    author.ticks(0).append(&[ControlEvent::Ticked], false);
    let (passed, outcome) = verify(&author.stored);
    assert_eq!(passed.len(), 2);
    assert!(matches!(outcome, Err(ChainError { position: 3, flaw: Flaw::Uncovered, .. })));
}

#[test]
fn each_way_to_be_wrong_is_named_with_its_position() {
    let mut author = Author::new();
    author.ticks(3).ticks(0);
    let good = author.stored.clone();
    let with = |index: usize, bytes: Bytes| {
        let mut stored = good.clone();
        stored[index] = bytes;
        stored
    };
    let sealed = |position, prev, at, epoch, key: Option<&SigningKey>| {
        let draft = Draft { at: At(at), ..author.draft(&[ControlEvent::Ticked]) };
        draft.seal(position, prev, epoch, key).0
    };
    let prev = Hash::of(&good[1]);

    let (position, found) = flaw(&with(2, Bytes::from_static(b"no record")));
    assert!(matches!(found, Flaw::Undecodable(RecordError::Shape(_))), "{found:?}");
    assert_eq!(position, 3);

    let (position, found) = flaw(&with(2, good[2].slice(..good[2].len() - 1)));
    assert!(matches!(found, Flaw::Undecodable(RecordError::Shape(_))), "a truncated record: {found:?}");
    assert_eq!(position, 3);

    let mut later = good[2].to_vec();
    later[1] = 2;
    assert_eq!(flaw(&with(2, later.into())), (3, Flaw::Undecodable(RecordError::Version(2))));

    assert_eq!(flaw(&with(2, good[3].clone())), (3, Flaw::Misplaced { stated: 4 }));
    assert_eq!(flaw(&with(2, sealed(3, prev, 5_000, 7, None))), (3, Flaw::WrongEpoch { current: 1, stated: 7 }));
    assert!(matches!(flaw(&with(2, sealed(3, prev, 1, 1, None))), (3, Flaw::TimeWentBack { found: At(1), .. })));

    // An altered record is named, not the one after it that gives it away.
    let (position, found) = flaw(&with(2, sealed(3, prev, 1_003, 1, None)));
    assert!(matches!(found, Flaw::Replaced { .. }), "{found:?}");
    assert_eq!(position, 3);
    // One whose link was altered is named itself, whether the one before it is signed or not, and whether it is.
    assert!(matches!(flaw(&with(5, sealed(6, Hash([0; 32]), 9_000, 1, None))), (6, Flaw::WrongPrev { .. })));
    assert!(matches!(flaw(&with(3, sealed(4, Hash([0; 32]), 1_003, 1, None))), (4, Flaw::WrongPrev { .. })));
    let relinked = sealed(5, Hash([0; 32]), 9_000, 1, Some(&SigningKey::from_bytes(&[66; 32])));
    assert!(matches!(flaw(&with(4, relinked)), (5, Flaw::WrongPrev { .. })));

    let forger = SigningKey::from_bytes(&[66; 32]);
    let last = sealed(6, Hash::of(&good[4]), 9_000, 1, Some(&forger));
    assert_eq!(flaw(&with(5, last)), (6, Flaw::BadSignature));
}

#[test]
fn positions_may_not_be_skipped() {
    let mut author = Author::new();
    author.ticks(0).ticks(0);
    let mut verifier = Verifier::from_genesis(root().verifying_key(), DEPLOYMENT, LEDGER);
    let mut passed = Vec::new();
    verifier.push(1, author.stored[0].clone(), &mut passed).expect("the first");
    let skipped = verifier.push(3, author.stored[2].clone(), &mut passed);
    assert!(matches!(skipped, Err(ChainError { position: 3, flaw: Flaw::Gap { expected: 2 }, .. })));
}

#[test]
fn only_the_deployment_key_opens_a_chain_or_an_epoch() {
    let author = Author::new();
    let mut stranger = Verifier::from_genesis(SigningKey::from_bytes(&[4; 32]).verifying_key(), DEPLOYMENT, LEDGER);
    assert_eq!(push_all(&mut stranger, &author.stored), []);
    assert!(matches!(stranger.finish(), Err(ChainError { position: 1, flaw: Flaw::BadCertificate, .. })));

    let mut elsewhere = Verifier::from_genesis(root().verifying_key(), DEPLOYMENT, LedgerId::messages(4));
    assert_eq!(push_all(&mut elsewhere, &author.stored), []);
    assert!(matches!(elsewhere.finish(), Err(ChainError { flaw: Flaw::BadGenesis, .. })));

    // A usurper certifies itself.
    let mut author = Author::new();
    let usurper = SigningKey::from_bytes(&[66; 32]);
    let own = EpochCertificate::issue(&usurper, DEPLOYMENT, LEDGER, 2, usurper.verifying_key().to_bytes());
    (author.key, author.epoch) = (usurper, 2);
    author.append(&[ControlEvent::EpochStarted(own)], true);
    assert_eq!(flaw(&author.stored), (2, Flaw::BadCertificate));
}

#[test]
fn an_old_epoch_does_not_come_back() {
    let mut author = Author::new();
    author.open_epoch(3);
    author.epoch = 0;
    author.open_epoch(2);
    assert_eq!(flaw(&author.stored), (3, Flaw::BadCertificate));
}

#[test]
fn foreign_messages_wait_for_a_signed_quarantine_and_are_passed_over() {
    let mut author = Author::new();
    let forged = author.draft(&[ControlEvent::Ticked]).seal(3, Hash([0; 32]), 1, None).0;
    author.ticks(0).meddled(&[b"foreign", &forged, b""]).ticks(1);
    let before = verify(&author.stored[..5]);
    assert_eq!(before.0.len(), 2);
    assert!(matches!(before.1, Err(ChainError { position: 3, flaw: Flaw::Undecodable(_), .. })));
    let (passed, outcome) = verify(&author.stored);
    assert_eq!(outcome, Ok(()));
    assert_eq!(passed.iter().map(|record| record.position).collect::<Vec<_>>(), [1, 2, 6, 7, 8]);
}

#[test]
fn a_forged_record_that_chains_well_is_passed_over_with_what_follows_it() {
    let mut author = Author::new();
    author.ticks(0);
    let (position, prev) = (author.stored.len() as u64 + 1, author.prev);
    let (first, hash) = author.draft(&[ControlEvent::Ticked]).seal(position, prev, 1, None);
    let (second, _) = author.draft(&[ControlEvent::Ticked]).seal(position + 1, hash, 1, None);
    author.meddled(&[&first, &second]).ticks(0);
    let (passed, outcome) = verify(&author.stored);
    assert_eq!(outcome, Ok(()));
    assert_eq!(passed.iter().map(|record| record.position).collect::<Vec<_>>(), [1, 2, 5, 6]);
}

#[test]
fn a_quarantine_counts_only_if_signed_and_exact() {
    for (signed, shift) in [(false, 0), (true, 1)] {
        let mut author = Author::new();
        author.stored.push(Bytes::from_static(b"foreign"));
        let quarantine = Quarantine::of(2 + shift, &[Hash::of(b"foreign")]).expect("one");
        author.append(&[ControlEvent::Quarantined(quarantine)], signed);
        let (passed, outcome) = verify(&author.stored);
        assert_eq!(passed.len(), 1);
        assert!(outcome.is_err(), "signed {signed}, shifted by {shift}");
    }
}

#[test]
fn a_flood_is_named_in_strides() {
    let messages: Vec<Bytes> = (0..20_000_u32).map(|number| Bytes::copy_from_slice(&number.to_be_bytes())).collect();
    let slices: Vec<&[u8]> = messages.iter().map(|message| &message[..]).collect();
    let mut author = Author::new();
    author.meddled(&slices).ticks(0);
    assert!(author.stored.iter().all(|bytes| bytes.len() < peyk_schemas::RECORD_MAX));
    assert_eq!(verify(&author.stored).1, Ok(()));
    author.stored[7_777] = Bytes::from_static(b"another");
    assert!(verify(&author.stored).1.is_err());
}

#[test]
fn reading_goes_on_from_a_head_and_not_from_a_forged_one() {
    let mut author = Author::new();
    author.ticks(1).open_epoch(3).ticks(1);
    let mut first = Verifier::from_genesis(root().verifying_key(), DEPLOYMENT, LEDGER);
    push_all(&mut first, &author.stored[..4]);
    let head = Head::from_bytes(&first.head().expect("a head").to_bytes()).expect("a head");
    let mut second =
        Verifier::from_head(root().verifying_key(), DEPLOYMENT, LEDGER, head.clone()).expect("a good head");
    assert_eq!(push_all(&mut second, &author.stored[4..]).len(), 2);
    assert_eq!(second.finish(), Ok(()));
    let mut certificate = head.certificate.clone();
    certificate.writer_key = SigningKey::from_bytes(&[66; 32]).verifying_key().to_bytes();
    let forged = Verifier::from_head(root().verifying_key(), DEPLOYMENT, LEDGER, Head { certificate, ..head });
    assert!(matches!(forged, Err(ChainError { flaw: Flaw::BadCertificate, .. })));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_laid_to_its_record(record in 0_usize..11, bit in any::<prop::sample::Index>()) {
        let mut author = Author::new();
        author.ticks(2).ticks(0).ticks(2).open_epoch(3).ticks(1).ticks(0);
        let mut altered = author.stored[record].to_vec();
        let bit = bit.index(altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        author.stored[record] = altered.into();
        let error = verify(&author.stored).1.expect_err("it is noticed");
        prop_assert_eq!(error.position, record as u64 + 1, "{}", error);
    }

    #[test]
    fn hostile_bytes_never_panic_a_decoder(bytes: Vec<u8>) {
        prop_assert!(Record::decode(&Bytes::from(bytes.clone())).is_err());
        prop_assert!(Head::from_bytes(&bytes).is_err());
    }
}
