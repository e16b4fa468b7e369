//! The keys operators sign their files with.
use super::FileHash;
use crate::{At, Span};
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How long a key counts unless something else is asked for.
pub const KEY_LASTS: Span = Span::days(90);
/// The shortest and the longest time a key counts.
pub const KEY_LASTS_MIN: Span = Span::hours(1);
pub const KEY_LASTS_MAX: Span = Span::days(400);
/// Keys of all operators, those that are over among them.
pub const KEYS_MAX: usize = 1_000;
/// The longest SubjectPublicKeyInfo, in bytes.
pub const PUBLIC_KEY_BYTES_MAX: usize = 1_024;
/// The longest signature, in bytes: RSA of 4096 bits.
pub const SIGNATURE_BYTES_MAX: usize = 512;
const MODULUS_BYTES_MIN: usize = 256;
const MODULUS_BYTES_MAX: usize = 512;

/// How a signature is made (RFC 8017).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureScheme {
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    PssSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Pkcs1Sha256,
}

/// A word that names no scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such scheme: expected rsa-pss-sha256 or rsa-pkcs1-sha256")]
pub struct NoSuchScheme;

impl SignatureScheme {
    pub const ALL: [Self; 2] = [Self::PssSha256, Self::Pkcs1Sha256];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PssSha256 => "rsa-pss-sha256",
            Self::Pkcs1Sha256 => "rsa-pkcs1-sha256",
        }
    }

    /// Whether the signature is the key's over the file with this hash. The file itself is not needed: both schemes sign
    /// its SHA-256, so the ledger is enough to check this again.
    ///
    /// `public_key` is a SubjectPublicKeyInfo in DER (RFC 5280).
    #[must_use]
    pub fn verifies(self, public_key: &[u8], file: FileHash, signature: &[u8]) -> bool {
        let Some(key) = rsa_key(public_key).filter(|_| signature.len() <= SIGNATURE_BYTES_MAX) else { return false };
        let hash = file.to_bytes();
        match self {
            Self::PssSha256 => key.verify(Pss::new::<rsa::sha2::Sha256>(), &hash, signature),
            Self::Pkcs1Sha256 => key.verify(Pkcs1v15Sign::new::<rsa::sha2::Sha256>(), &hash, signature),
        }
        .is_ok()
    }
}

impl fmt::Display for SignatureScheme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for SignatureScheme {
    type Err = NoSuchScheme;

    fn from_str(word: &str) -> Result<Self, NoSuchScheme> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == word).ok_or(NoSuchScheme)
    }
}

/// RSA of 2048 to 4096 bits in the one encoding a key has; none for anything else.
pub(super) fn rsa_key(public_key: &[u8]) -> Option<RsaPublicKey> {
    if public_key.len() > PUBLIC_KEY_BYTES_MAX {
        return None;
    }
    let key = RsaPublicKey::from_public_key_der(public_key).ok()?;
    let same = key.to_public_key_der().is_ok_and(|der| der.as_bytes() == public_key);
    (same && (MODULUS_BYTES_MIN..=MODULUS_BYTES_MAX).contains(&key.size())).then_some(key)
}

/// A key an operator signs with. Several of one operator count at once while it changes from one to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportKey {
    /// The operator, as blocks name it.
    pub mno: String,
    pub scheme: SignatureScheme,
    /// SubjectPublicKeyInfo in DER.
    pub public_key: Vec<u8>,
    pub valid_from: At,
    pub expires: At,
    pub revoked: Option<At>,
}

impl ImportKey {
    /// Why it does not count at `at`, if it does not.
    #[must_use]
    pub fn flaw(&self, at: At) -> Option<&'static str> {
        if self.revoked.is_some() {
            Some("the key was revoked")
        } else if at < self.valid_from {
            Some("the key does not count yet")
        } else if at >= self.expires {
            Some("the key has expired")
        } else {
            None
        }
    }
}
