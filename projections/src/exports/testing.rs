//! A chain as a writer makes it, without a log: records sealed and signed, then verified as a reader does.
use super::extract::Extract;
use super::{ExportRequest, Jurisdiction, Period, Profile, RegulatorKey, Scope};
use ed25519_dalek::SigningKey;
use peyk_domain::numbering::NumberingEvent;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, SenderId, TenantId};
use peyk_schemas::{
    ControlEvent, Draft, EpochCertificate, EventSchema, Hash, LedgerId, RawEvent, VerifiedRecord, Verifier,
};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::{CryptoRng, Error, RngCore, impls};
use std::sync::LazyLock;

pub(super) const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xde; 16]);

pub(super) fn root() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

pub(super) fn number(last: u64) -> SenderId {
    SenderId::from_digits(93_700_000_000 + last).expect("a number")
}

/// Builds a chain and keeps what a reader would let through.
pub(super) struct Chain {
    writer: SigningKey,
    epoch: u64,
    position: u64,
    prev: Hash,
    verifier: Verifier,
    records: Vec<VerifiedRecord>,
}

impl Chain {
    /// Genesis at `at`, in epoch 1.
    pub(super) fn new(at: u64) -> Self {
        let verifier = Verifier::from_genesis(root().verifying_key(), DEPLOYMENT, LedgerId::NUMBERING);
        let prev = LedgerId::NUMBERING.chain_seed(DEPLOYMENT);
        let mut chain = Self {
            writer: SigningKey::from_bytes(&[1; 32]),
            epoch: 0,
            position: 0,
            prev,
            verifier,
            records: Vec::new(),
        };
        let genesis = ControlEvent::Genesis {
            deployment: DEPLOYMENT,
            ledger: LedgerId::NUMBERING,
            deployment_key: root().verifying_key().to_bytes(),
        };
        chain.epoch(at, vec![genesis.to_raw()]);
        chain
    }

    fn epoch(&mut self, at: u64, before: Vec<RawEvent>) {
        self.epoch += 1;
        self.writer = SigningKey::from_bytes(&[100 + self.epoch as u8; 32]);
        let key = self.writer.verifying_key().to_bytes();
        let certificate = EpochCertificate::issue(&root(), DEPLOYMENT, LedgerId::NUMBERING, self.epoch, key);
        let events = before.into_iter().chain([ControlEvent::EpochStarted(certificate).to_raw()]).collect();
        self.record(at, events, true);
    }

    /// Another writer takes over.
    pub(super) fn new_epoch(mut self, at: u64) -> Self {
        self.epoch(at, Vec::new());
        self
    }

    fn record(&mut self, at: u64, events: Vec<RawEvent>, signed: bool) {
        self.position += 1;
        let draft = Draft {
            at: At(at),
            command: CommandId::from_bytes(u128::from(self.position).to_be_bytes()),
            fingerprint: [0; 16],
            actor: ActorId::NIL,
            tenant: TenantId::NIL,
            events: Draft::encode_events(events.iter()),
        };
        let (bytes, hash) = draft.seal(self.position, self.prev, self.epoch, signed.then_some(&self.writer));
        self.prev = hash;
        self.verifier.push(self.position, bytes, &mut self.records).expect("the next one");
        self.verifier.settle(&mut self.records);
    }

    /// A signed record of what happened at `at`.
    pub(super) fn then(mut self, at: u64, events: impl IntoIterator<Item = NumberingEvent>) -> Self {
        self.record(at, events.into_iter().map(|event| event.to_raw()).collect(), true);
        self
    }

    /// A record that the next signed one covers.
    pub(super) fn unsigned(mut self, at: u64, events: impl IntoIterator<Item = NumberingEvent>) -> Self {
        self.record(at, events.into_iter().map(|event| event.to_raw()).collect(), false);
        self
    }

    /// A signed record with an event as stored.
    pub(super) fn raw(mut self, at: u64, event: RawEvent) -> Self {
        self.record(at, vec![event], true);
        self
    }

    pub(super) fn tick(self, at: u64) -> Self {
        self.raw(at, ControlEvent::Ticked.to_raw())
    }

    pub(super) fn records(&self) -> &[VerifiedRecord] {
        &self.records
    }

    pub(super) fn extract(&self, end: u64) -> Extract {
        let mut extract = Extract::until(At(end));
        for record in &self.records {
            extract.push(record).expect("the chain folds");
        }
        extract
    }
}

pub(super) fn as_of(end: u64) -> ExportRequest {
    ExportRequest { scope: Scope::AsOf(At(end)), jurisdiction: kabul(), now: At(end) }
}

pub(super) fn month(period: &str, now: u64) -> ExportRequest {
    let period: Period = period.parse().expect("a period");
    ExportRequest { scope: Scope::Period(period), jurisdiction: kabul(), now: At(now) }
}

fn kabul() -> Jurisdiction {
    jurisdiction("generic")
}

pub(super) fn jurisdiction(profile: &str) -> Jurisdiction {
    Jurisdiction::of(Profile::named(profile).expect("a profile")).expect("a zone")
}

/// Bytes that follow from a seed, so that test keys are the same in every run.
struct Seeded(blake3::OutputReader);

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Seeded {}

pub(super) struct TestKey {
    pub private_pem: String,
    pub public_pem: String,
    pub key: RegulatorKey,
}

pub(super) fn generate(seed: &str, bits: usize) -> rsa::RsaPrivateKey {
    let mut random = Seeded(blake3::Hasher::new().update(seed.as_bytes()).finalize_xof());
    rsa::RsaPrivateKey::new(&mut random, bits).expect("a key")
}

fn test_key(seed: &str) -> TestKey {
    let private = generate(seed, 2_048);
    let private_pem = private.to_pkcs8_pem(LineEnding::LF).expect("PKCS#8").to_string();
    let public_pem = private.to_public_key().to_public_key_pem(LineEnding::LF).expect("SPKI");
    let key = RegulatorKey::from_pem(private_pem.as_bytes()).expect("a good key");
    TestKey { private_pem, public_pem, key }
}

pub(super) static EXPORTER: LazyLock<TestKey> = LazyLock::new(|| test_key("exporter"));
pub(super) static STRANGER: LazyLock<TestKey> = LazyLock::new(|| test_key("stranger"));
