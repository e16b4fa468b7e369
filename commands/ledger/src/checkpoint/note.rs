use super::key::{Certificate, CheckpointKey};
use super::tree::Tree;
use base64::prelude::{BASE64_STANDARD, Engine};
use ed25519_dalek::{Signature, VerifyingKey};
use peyk_domain::DeploymentId;
use peyk_schemas::LedgerId;
use signed_note::{Note, Verifier, VerifierList, key_id};
use tlog_tiles::checkpoint::Checkpoint as Text;
use tlog_tiles::tlog::Hash as Node;

/// The signature type of Ed25519 in a signed note.
const ED25519: u8 = 1;
const CERTIFICATE: &str = "certificate ";

/// What the checkpoint key signed: how long a ledger was, and the root of the tree over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub ledger: LedgerId,
    /// How many positions it covers; the last of them holds a record that counts.
    pub size: u64,
    pub root: Node,
    /// As signed: text, an empty line, signature.
    pub note: String,
}

/// Why a text is no checkpoint of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("it is no checkpoint in a signed note (C2SP tlog-checkpoint)")]
    Malformed,
    #[error("it is a checkpoint of another ledger or deployment")]
    AnotherOrigin,
    #[error("the deployment key does not vouch for the key that signed it")]
    BadCertificate,
    #[error("its signature does not fit")]
    BadSignature,
}

/// The name of a ledger's tree, and of the key that signs it.
fn origin(deployment: DeploymentId, ledger: LedgerId) -> String {
    format!("peyk/{deployment}/{ledger}")
}

/// The deployment and ledger of an origin.
fn named(name: &str) -> Option<(DeploymentId, LedgerId)> {
    let (deployment, ledger) = name.strip_prefix("peyk/")?.split_once('/')?;
    let (deployment, ledger) = (deployment.parse().ok()?, ledger.parse().ok()?);
    (origin(deployment, ledger) == name).then_some((deployment, ledger))
}

fn typed(key: &[u8; 32]) -> Vec<u8> {
    [&[ED25519], &key[..]].concat()
}

struct Strict {
    origin: String,
    key: VerifyingKey,
}

impl Verifier for Strict {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        key_id(&self.origin, &typed(self.key.as_bytes()))
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = signature.try_into().map(|bytes| Signature::from_bytes(&bytes));
        signature.is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl Checkpoint {
    /// Signs for a tree.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] never, as far as a ledger's name fits into a note.
    pub fn sign(
        key: &CheckpointKey,
        deployment: DeploymentId,
        ledger: LedgerId,
        tree: &Tree,
    ) -> Result<Self, CheckpointError> {
        let (origin, certificate) = (origin(deployment, ledger), key.certificate());
        let extension = format!("{CERTIFICATE}{}\n", BASE64_STANDARD.encode(certificate.to_bytes()));
        let text = Text::new(&origin, tree.size(), tree.root(), &extension).map_err(|_| CheckpointError::Malformed)?;
        let text = text.to_bytes();
        let id = key_id(&origin, &typed(&certificate.key));
        let signature = signed_note::Signature::new(origin, id, key.sign(&text).to_vec());
        let note = signature.and_then(|signature| Note::new(&text, &[signature]));
        let note = note.map_err(|_| CheckpointError::Malformed)?.to_bytes();
        let note = String::from_utf8(note).map_err(|_| CheckpointError::Malformed)?;
        Ok(Self { ledger, size: tree.size(), root: tree.root(), note })
    }

    /// Reads a note of a ledger and checks it, from the deployment key down.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read(
        note: &str,
        root: &VerifyingKey,
        deployment: DeploymentId,
        ledger: LedgerId,
    ) -> Result<Self, CheckpointError> {
        let (found, checkpoint) = Self::read_any(note, root)?;
        if (found, checkpoint.ledger) == (deployment, ledger) {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::AnotherOrigin)
        }
    }

    /// Reads a note of any ledger under the deployment key; the deployment is the one it names.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read_any(note: &str, root: &VerifyingKey) -> Result<(DeploymentId, Self), CheckpointError> {
        let signed = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
        let text = Text::from_bytes(signed.text()).map_err(|_| CheckpointError::Malformed)?;
        let (deployment, ledger) = named(text.origin()).ok_or(CheckpointError::AnotherOrigin)?;
        if text.size() == 0 {
            return Err(CheckpointError::Malformed);
        }
        let line = text.extension().strip_prefix(CERTIFICATE).and_then(|line| line.strip_suffix('\n'));
        let certificate = line.and_then(|line| BASE64_STANDARD.decode(line).ok());
        let certificate = certificate.and_then(|bytes| Certificate::from_bytes(&bytes));
        let key = certificate.and_then(|certificate| certificate.verified(root, deployment));
        let key = key.ok_or(CheckpointError::BadCertificate)?;
        let known = VerifierList::new(vec![Box::new(Strict { origin: text.origin().to_owned(), key })]);
        signed.verify(&known).map_err(|_| CheckpointError::BadSignature)?;
        Ok((deployment, Self { ledger, size: text.size(), root: *text.hash(), note: note.to_owned() }))
    }

    /// The root in base64, as the note shows it.
    #[must_use]
    pub fn root_text(&self) -> String {
        self.root.to_string()
    }
}
