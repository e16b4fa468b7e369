//! What travels between a gateway and a writer, byte for byte.
//!
//! A message is a CBOR sequence (RFC 8742) of two items: the version, then the envelope or the answer. Domain types carry
//! no serialisation; the `...Form` types here say how each is written and are checked against it by the compiler. Golden
//! bytes pin the form: a change needs a new version, because processes of two releases talk to each other while one
//! replaces the other.
mod access;
mod allocation;
mod answer;
mod envelope;
mod imports;
mod messages;
mod numbering;
mod routing;
mod scalar;

#[cfg(test)]
mod golden;
#[cfg(test)]
pub(crate) mod golden_access;
#[cfg(test)]
mod golden_allocation;
#[cfg(test)]
mod hostile;

pub(crate) use answer::{Answer, AttemptForm, Failure};
pub(crate) use envelope::{Envelope, Request};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The form written and the only one read.
pub(crate) const VERSION: u16 = 1;
/// The longest envelope or answer in bytes: what a NATS server takes by default.
pub(crate) const BYTES_MAX: usize = 1024 * 1024;

/// Bytes that are no message of this version. Says nothing of their content, which may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error("{0} bytes are more than the {BYTES_MAX} a message may have")]
    TooLong(usize),
    #[error("version {0} is not the version {VERSION} spoken here")]
    Version(u16),
    #[error("not a message of version {VERSION}")]
    Form,
    #[error("{0} bytes follow after the message")]
    Trailing(usize),
}

/// # Errors
/// [`WireError::TooLong`] if it would exceed [`BYTES_MAX`].
pub(crate) fn encode<T: Serialize>(content: &T) -> Result<Bytes, WireError> {
    let mut bytes = Vec::with_capacity(256);
    ciborium::into_writer(&VERSION, &mut bytes).map_err(|_| WireError::Form)?;
    ciborium::into_writer(content, &mut bytes).map_err(|_| WireError::Form)?;
    if bytes.len() > BYTES_MAX { Err(WireError::TooLong(bytes.len())) } else { Ok(Bytes::from(bytes)) }
}

/// # Errors
/// [`WireError`] for anything that is not exactly one message of [`VERSION`].
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    if bytes.len() > BYTES_MAX {
        return Err(WireError::TooLong(bytes.len()));
    }
    let mut rest = bytes;
    let version: u16 = ciborium::from_reader(&mut rest).map_err(|_| WireError::Form)?;
    if version != VERSION {
        return Err(WireError::Version(version));
    }
    // The depth of any type here is below ten; the limit keeps nested bytes from reaching the end of the stack.
    let content = ciborium::de::from_reader_with_recursion_limit(&mut rest, 16).map_err(|_| WireError::Form)?;
    if rest.is_empty() { Ok(content) } else { Err(WireError::Trailing(rest.len())) }
}

/// The bytes of a command alone, as a fingerprint takes them.
pub(crate) fn canonical<T: Serialize>(content: &T) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::with_capacity(128);
    ciborium::into_writer(content, &mut bytes).map_err(|_| WireError::Form)?;
    Ok(bytes)
}
