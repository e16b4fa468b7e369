use crate::cbor::{CborError, Reader};
use bytes::Bytes;
use std::borrow::Cow;

/// An event as a record stores it: a stable name, the version of its shape, and the shape itself in deterministic CBOR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    pub kind: Cow<'static, str>,
    pub version: u16,
    /// One CBOR value, by convention an array of fixed order.
    pub data: Bytes,
}

/// Names that begin so belong to the ledger itself, not to a context.
pub const CONTROL_PREFIX: &str = "ledger.";

impl RawEvent {
    /// Whether the event belongs to the ledger itself.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.kind.starts_with(CONTROL_PREFIX)
    }

    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.data)
    }
}

/// Why a stored event cannot be understood. Values are never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("event kind {kind:?} is unknown to this version of Peyk; upgrade before reading on")]
    UnknownKind { kind: String },
    #[error("event {kind} has version {version}, newer than this version of Peyk reads; upgrade before reading on")]
    UnknownVersion { kind: String, version: u16 },
    #[error("event {kind}: {source}")]
    Shape { kind: String, source: CborError },
    #[error("event {kind}: field {field} is out of range")]
    Range { kind: String, field: &'static str },
}

/// How events of one context are stored and read back.
pub trait EventSchema: Sized {
    fn to_raw(&self) -> RawEvent;

    /// # Errors
    /// [`SchemaError`] if the kind or version is unknown or the data has another shape.
    fn from_raw(raw: &RawEvent) -> Result<Self, SchemaError>;
}
