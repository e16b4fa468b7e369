use crate::cbor::{CborError, Reader, Writer};
use crate::certificate::is_signed_by;
use crate::{Hash, RawEvent};
use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use peyk_domain::{ActorId, At, CommandId, TenantId};
use std::borrow::Cow;

/// The version of the record's own shape.
pub const RECORD_VERSION: u64 = 1;
/// The most bytes a stored record may have.
pub const RECORD_MAX: usize = 768 * 1024;
/// The most events one record may hold.
pub const EVENTS_MAX: usize = 4_096;

const FIELDS: usize = 10;
/// `58 40` and 64 bytes: what a signature adds at the end.
const SIGNATURE_SUFFIX: usize = 66;

/// What a command left behind, before it has a place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub at: At,
    pub command: CommandId,
    /// Which request the command id stood for, so that the same id with another request is told apart. Zero: not kept.
    pub fingerprint: [u8; 16],
    pub actor: ActorId,
    pub tenant: TenantId,
    /// The events, already encoded as one CBOR array.
    pub events: Bytes,
}

impl Draft {
    /// Encodes events the way a record holds them.
    #[must_use]
    pub fn encode_events<'e>(events: impl ExactSizeIterator<Item = &'e RawEvent>) -> Bytes {
        let mut out = Writer::with_capacity(256);
        out.array(events.len());
        for event in events {
            out.array(3).text(&event.kind).unsigned(event.version).encoded(&event.data);
        }
        out.into_bytes().into()
    }

    /// Gives the draft its place: the bytes to store, signed if `signer` is given, and their hash.
    #[must_use]
    pub fn seal(&self, position: u64, prev: Hash, epoch: u64, signer: Option<&SigningKey>) -> (Bytes, Hash) {
        let mut out = Writer::with_capacity(self.events.len() + 256);
        out.array(FIELDS)
            .unsigned(RECORD_VERSION)
            .unsigned(position)
            .bytes(&prev.0)
            .unsigned(self.at.0)
            .unsigned(epoch)
            .bytes(&self.command.to_bytes())
            .bytes(&self.fingerprint)
            .bytes(&self.actor.to_bytes())
            .bytes(&self.tenant.to_bytes())
            .encoded(&self.events);
        let mut bytes = out.into_bytes();
        if let Some(key) = signer {
            let signature = key.sign(&bytes).to_bytes();
            let mut suffix = Writer::with_capacity(SIGNATURE_SUFFIX);
            suffix.bytes(&signature);
            bytes.extend_from_slice(suffix.as_slice());
            bytes[0] += 1;
        }
        let hash = Hash::of(&bytes);
        (bytes.into(), hash)
    }
}

/// A stored record, decoded. Whether it belongs where it stands is for [`crate::Verifier`] to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub position: u64,
    pub prev: Hash,
    pub at: At,
    pub epoch: u64,
    pub command: CommandId,
    pub fingerprint: [u8; 16],
    pub actor: ActorId,
    pub tenant: TenantId,
    pub events: Vec<RawEvent>,
    pub signature: Option<[u8; 64]>,
}

/// Why stored bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("{0}")]
    Shape(#[from] CborError),
    #[error("it has version {0}, which this version of Peyk does not know; upgrade before reading on")]
    Version(u64),
    #[error("it has {0} bytes, more than a record may have")]
    TooLarge(usize),
    #[error("it holds {0} events, more than a record may hold")]
    TooManyEvents(usize),
    #[error("it has {0} fields where a record has {FIELDS}, or one more when signed")]
    Fields(usize),
}

impl Record {
    /// Reads stored bytes.
    ///
    /// # Errors
    /// [`RecordError`] if they are anything but the one encoding of a record of a known version.
    pub fn decode(bytes: &Bytes) -> Result<Self, RecordError> {
        if bytes.len() > RECORD_MAX {
            return Err(RecordError::TooLarge(bytes.len()));
        }
        let mut input = Reader::new(bytes);
        let fields = input.array()?;
        let version = input.unsigned()?;
        if version != RECORD_VERSION {
            return Err(RecordError::Version(version));
        }
        if fields != FIELDS && fields != FIELDS + 1 {
            return Err(RecordError::Fields(fields));
        }
        let position = input.unsigned()?;
        let prev = Hash(input.fixed()?);
        let at = At(input.unsigned()?);
        let epoch = input.unsigned()?;
        let command = CommandId::from_bytes(input.fixed()?);
        let fingerprint = input.fixed()?;
        let actor = ActorId::from_bytes(input.fixed()?);
        let tenant = TenantId::from_bytes(input.fixed()?);
        let count = input.array()?;
        if count > EVENTS_MAX {
            return Err(RecordError::TooManyEvents(count));
        }
        let mut events = Vec::with_capacity(count);
        for _ in 0..count {
            input.array_of(3)?;
            let kind = Cow::Owned(input.text()?.to_owned());
            let offset = input.offset();
            let version = u16::try_from(input.unsigned()?)
                .map_err(|_| CborError::Unexpected { offset, expected: "a version below 65536" })?;
            let start = input.offset();
            input.skip()?;
            events.push(RawEvent { kind, version, data: bytes.slice(start..input.offset()) });
        }
        let signature = if fields > FIELDS { Some(input.fixed()?) } else { None };
        input.end()?;
        Ok(Self { position, prev, at, epoch, command, fingerprint, actor, tenant, events, signature })
    }

    /// Whether `bytes`, which this record was decoded from, bear a signature by `key`. Nothing is encoded again: the
    /// signed form is the stored one with the count of fields one less and without its last value.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifyingKey, bytes: &[u8]) -> bool {
        let Some(signature) = &self.signature else { return false };
        let mut unsigned = bytes[..bytes.len() - SIGNATURE_SUFFIX].to_vec();
        unsigned[0] -= 1;
        is_signed_by(key, &unsigned, signature)
    }
}
