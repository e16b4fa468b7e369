use crate::cbor::{CborError, Reader, Writer};
use crate::{EpochCertificate, Hash};
use peyk_domain::At;

/// A place in a chain from which reading may go on: kept beside every read model and by the witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub position: u64,
    /// The hash of the record at `position`.
    pub hash: Hash,
    /// When that record was made.
    pub at: At,
    /// The epoch the record belongs to.
    pub certificate: EpochCertificate,
}

impl Head {
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(256);
        out.array(4).unsigned(self.position).bytes(&self.hash.0).unsigned(self.at.0);
        self.certificate.write(&mut out);
        out.into_bytes()
    }

    /// # Errors
    /// [`CborError`] if the bytes are not what [`Head::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CborError> {
        let mut input = Reader::new(bytes);
        input.array_of(4)?;
        let (position, hash, at) = (input.unsigned()?, Hash(input.fixed()?), At(input.unsigned()?));
        let head = Self { position, hash, at, certificate: EpochCertificate::read(&mut input)? };
        input.end()?;
        Ok(head)
    }
}
