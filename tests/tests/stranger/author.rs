//! An insider with the keys of writers, and with the deployment's own.
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};
use peyk_schemas::{ControlEvent, Draft, EpochCertificate, EventSchema, Hash, LedgerId, Quarantine, RawEvent};

#[derive(Clone)]
pub struct Author {
    pub stored: Vec<Bytes>,
    pub root: SigningKey,
    pub key: SigningKey,
    pub epoch: u64,
    pub at: u64,
    pub prev: Hash,
    pub deployment: DeploymentId,
    pub ledger: LedgerId,
}

impl Author {
    /// Opens a ledger in epoch 1, under the key of 32 bytes of 1.
    pub fn open(root: SigningKey, deployment: DeploymentId, ledger: LedgerId) -> Self {
        let prev = ledger.chain_seed(deployment);
        let key = SigningKey::from_bytes(&[1; 32]);
        let author = Self { stored: Vec::new(), root, key, epoch: 0, at: 1_000, prev, deployment, ledger };
        let deployment_key = author.root.verifying_key().to_bytes();
        let genesis = ControlEvent::Genesis { deployment, ledger, deployment_key }.to_raw();
        author.opening(1, vec![genesis])
    }

    fn draft(&self, events: &[RawEvent]) -> Draft {
        Draft {
            at: At(self.at),
            command: CommandId::from_bytes([7; 16]),
            fingerprint: [8; 16],
            actor: ActorId::NIL,
            tenant: TenantId::NIL,
            events: Draft::encode_events(events.iter()),
        }
    }

    pub fn append(mut self, events: &[RawEvent], signed: bool) -> Self {
        self.at += 1;
        let position = self.stored.len() as u64 + 1;
        let (bytes, hash) = self.draft(events).seal(position, self.prev, self.epoch, signed.then_some(&self.key));
        self.stored.push(bytes);
        self.prev = hash;
        self
    }

    /// A commit: some unsigned records, and a signed one.
    pub fn commit(mut self, unsigned: usize) -> Self {
        for _ in 0..unsigned {
            self = self.append(&[ControlEvent::Ticked.to_raw()], false);
        }
        self.append(&[ControlEvent::Ticked.to_raw()], true)
    }

    pub fn certified(&self, by: &SigningKey, epoch: u64) -> RawEvent {
        let writer = self.key.verifying_key().to_bytes();
        let certificate = EpochCertificate::issue(by, self.deployment, self.ledger, epoch, writer);
        ControlEvent::EpochStarted(certificate).to_raw()
    }

    fn opening(mut self, seed: u8, mut before: Vec<RawEvent>) -> Self {
        self.key = SigningKey::from_bytes(&[seed; 32]);
        self.epoch += 1;
        before.push(self.certified(&self.root, self.epoch));
        self.append(&before, true)
    }

    /// The next epoch, under a key of 32 bytes of `seed`.
    pub fn epoch(self, seed: u8) -> Self {
        self.opening(seed, Vec::new())
    }

    /// Foreign messages stand behind what there is.
    pub fn meddled(mut self, foreign: &[Bytes]) -> Self {
        self.stored.extend_from_slice(foreign);
        self
    }

    /// The event that names the messages at the end.
    pub fn naming(&self, count: usize) -> RawEvent {
        let from = self.stored.len() - count;
        let hashes: Vec<Hash> = self.stored[from..].iter().map(|message| Hash::of(message)).collect();
        let quarantine = Quarantine::of(from as u64 + 1, &hashes).expect("some messages");
        ControlEvent::Quarantined(quarantine).to_raw()
    }

    pub fn quarantined(self, count: usize) -> Self {
        let naming = self.naming(count);
        self.append(&[naming], true)
    }

    /// The next record as it would be, by another hand.
    pub fn forged(&self, signer: Option<&SigningKey>) -> Bytes {
        let position = self.stored.len() as u64 + 1;
        self.draft(&[ControlEvent::Ticked.to_raw()]).seal(position, self.prev, self.epoch, signer).0
    }
}
