use crate::messages::{Sealed, SealedFor};
use serde::{Deserialize, Serialize};

/// Something personal, or secret, and which key opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub sealed_for: SealedFor,
    pub sealed: Sealed,
}

/// How state knows a login name: BLAKE3 keyed with the platform's index key, of the name as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LoginToken(pub [u8; 32]);

/// SHA-256 of an access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyHash(pub [u8; 32]);
