//! The public keys of an issuer as it publishes them: a JWK set (RFC 7517 section 5).
use jwt_simple::algorithms::RS256PublicKey;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// The longest document that is read, in bytes.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
/// The most keys a set may have.
const KEYS_MAX: usize = 64;
/// The longest key id that is looked at.
const KEY_ID_BYTES_MAX: usize = 256;

/// The keys of a set that sign RS256.
#[derive(Clone, Default)]
pub struct JwkSet {
    by_id: HashMap<String, RS256PublicKey>,
    /// The key of a set of one, which a token need not name.
    only: Option<RS256PublicKey>,
}

impl std::fmt::Debug for JwkSet {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "JwkSet({} keys)", self.by_id.len())
    }
}

/// A document that is not a usable set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAJwkSet {
    #[error("the document has {0} bytes, more than {JWKS_BYTES_MAX}")]
    TooLong(usize),
    #[error("the document is not a JWK set (RFC 7517): expected an object with a list of keys")]
    Malformed,
    #[error("the set has {0} keys, more than {KEYS_MAX}")]
    TooManyKeys(usize),
    #[error("two keys of the set have the same id")]
    RepeatedId,
    #[error("no key of the set signs RS256 with 2048 to 4096 bits and has an id, or is the only one")]
    NoUsableKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl JwkSet {
    /// Reads a set. Keys of other kinds are passed over, as the RFC asks, and so is one among others without an id.
    ///
    /// # Errors
    /// [`NotAJwkSet`].
    pub fn parse(document: &[u8]) -> Result<Self, NotAJwkSet> {
        if document.len() > JWKS_BYTES_MAX {
            return Err(NotAJwkSet::TooLong(document.len()));
        }
        let Document { keys } = serde_json::from_slice(document).map_err(|_| NotAJwkSet::Malformed)?;
        if keys.len() > KEYS_MAX {
            return Err(NotAJwkSet::TooManyKeys(keys.len()));
        }
        // The library takes RSA keys of 2048 to 4096 bits for signatures, nothing else.
        let usable = |key: &Value| RS256PublicKey::from_jwk(&key.to_string()).ok();
        let only = if let [key] = keys.as_slice() { usable(key) } else { None };
        let mut by_id = HashMap::new();
        for key in &keys {
            let Some(id) = key["kid"].as_str().filter(|id| id.len() <= KEY_ID_BYTES_MAX) else { continue };
            let Some(key) = usable(key) else { continue };
            if by_id.insert(id.to_owned(), key).is_some() {
                return Err(NotAJwkSet::RepeatedId);
            }
        }
        if by_id.is_empty() && only.is_none() { Err(NotAJwkSet::NoUsableKey) } else { Ok(Self { by_id, only }) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.only.is_none()
    }

    /// The key a token names; the only one for a token that names none.
    pub(super) fn key(&self, id: Option<&str>) -> Option<&RS256PublicKey> {
        id.map_or(self.only.as_ref(), |id| self.by_id.get(id))
    }
}
