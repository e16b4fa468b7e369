use crate::cbor::{CborError, Reader, Writer};
use crate::{Ledger, LedgerId};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use peyk_domain::DeploymentId;

/// The deployment key's word that a writer key speaks for a partition in one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochCertificate {
    pub deployment: DeploymentId,
    pub ledger: LedgerId,
    pub epoch: u64,
    pub writer_key: [u8; 32],
    pub signature: [u8; 64],
}

const CONTEXT: &str = "peyk 2026 epoch certificate v1";

impl EpochCertificate {
    #[must_use]
    pub fn issue(
        root: &SigningKey,
        deployment: DeploymentId,
        ledger: LedgerId,
        epoch: u64,
        writer_key: [u8; 32],
    ) -> Self {
        let signature = root.sign(&statement(deployment, ledger, epoch, &writer_key)).to_bytes();
        Self { deployment, ledger, epoch, writer_key, signature }
    }

    /// The writer key, if `root` certified it (Ed25519, strict verification).
    #[must_use]
    pub fn writer(&self, root: &VerifyingKey) -> Option<VerifyingKey> {
        let statement = statement(self.deployment, self.ledger, self.epoch, &self.writer_key);
        root.verify_strict(&statement, &Signature::from_bytes(&self.signature)).ok()?;
        VerifyingKey::from_bytes(&self.writer_key).ok()
    }

    pub fn write(&self, out: &mut Writer) {
        out.array(6)
            .bytes(&self.deployment.to_bytes())
            .text(self.ledger.ledger.name())
            .unsigned(self.ledger.partition)
            .unsigned(self.epoch)
            .bytes(&self.writer_key)
            .bytes(&self.signature);
    }

    /// # Errors
    /// [`CborError`] if the bytes have another shape or name no ledger.
    pub fn read(input: &mut Reader<'_>) -> Result<Self, CborError> {
        input.array_of(6)?;
        let deployment = DeploymentId::from_bytes(input.fixed()?);
        let ledger = read_ledger(input)?;
        Ok(Self { deployment, ledger, epoch: input.unsigned()?, writer_key: input.fixed()?, signature: input.fixed()? })
    }
}

fn statement(deployment: DeploymentId, ledger: LedgerId, epoch: u64, writer_key: &[u8; 32]) -> Vec<u8> {
    let mut out = Writer::with_capacity(128);
    out.array(6)
        .text(CONTEXT)
        .bytes(&deployment.to_bytes())
        .text(ledger.ledger.name())
        .unsigned(ledger.partition)
        .unsigned(epoch)
        .bytes(writer_key);
    out.into_bytes()
}

/// Reads a ledger's name and partition, two values.
pub(crate) fn read_ledger(input: &mut Reader<'_>) -> Result<LedgerId, CborError> {
    let offset = input.offset();
    let unknown = CborError::Unexpected { offset, expected: "the name and partition of a ledger" };
    let name = input.text()?;
    let ledger = Ledger::ALL.into_iter().find(|ledger| ledger.name() == name).ok_or(unknown)?;
    let partition = u16::try_from(input.unsigned()?).map_err(|_| unknown)?;
    Ok(LedgerId { ledger, partition })
}

/// Checks a record's signature; strict, so that no signature has a second form.
#[must_use]
pub(crate) fn is_signed_by(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    key.verify_strict(message, &signature).is_ok()
}
