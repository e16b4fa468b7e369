use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use peyk_domain::DeploymentId;
use peyk_schemas::cbor::Writer;
use zeroize::Zeroizing;

const DERIVATION: &str = "peyk 2026 checkpoint key v1";
const CONTEXT: &str = "peyk 2026 checkpoint certificate v1";

/// What signs checkpoints of all ledgers of a deployment, with the deployment key's word for it. It follows from the
/// deployment key, but leads nowhere: whoever holds only this one certifies no writer.
#[derive(Clone)]
pub struct CheckpointKey {
    key: SigningKey,
    certificate: Certificate,
}

impl std::fmt::Debug for CheckpointKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("CheckpointKey")
    }
}

/// A public key and the deployment key's signature over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Certificate {
    pub key: [u8; 32],
    pub signature: [u8; 64],
}

impl Certificate {
    pub const BYTES: usize = 96;

    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..32].copy_from_slice(&self.key);
        bytes[32..].copy_from_slice(&self.signature);
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, signature) = bytes.split_at_checked(32)?;
        Some(Self { key: key.try_into().ok()?, signature: signature.try_into().ok()? })
    }

    /// The certified key, if `root` signed for it (Ed25519, strict verification).
    pub fn verified(&self, root: &VerifyingKey, deployment: DeploymentId) -> Option<VerifyingKey> {
        root.verify_strict(&statement(deployment, &self.key), &Signature::from_bytes(&self.signature)).ok()?;
        VerifyingKey::from_bytes(&self.key).ok()
    }
}

fn statement(deployment: DeploymentId, key: &[u8; 32]) -> Vec<u8> {
    let mut out = Writer::with_capacity(96);
    out.array(3).text(CONTEXT).bytes(&deployment.to_bytes()).bytes(key);
    out.into_bytes()
}

impl CheckpointKey {
    /// Derives the key from the deployment's secret key (BLAKE3 derive_key).
    #[must_use]
    pub fn derive(root: &SigningKey, deployment: DeploymentId) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(DERIVATION);
        hasher.update(root.as_bytes()).update(&deployment.to_bytes());
        let seed = Zeroizing::new(*hasher.finalize().as_bytes());
        let key = SigningKey::from_bytes(&seed);
        let public = key.verifying_key().to_bytes();
        let signature = root.sign(&statement(deployment, &public)).to_bytes();
        Self { key, certificate: Certificate { key: public, signature } }
    }

    pub(super) const fn certificate(&self) -> Certificate {
        self.certificate
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}
