use super::manifest::{MANIFEST, Manifest, SIGNATURE, unhex};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::{fs, io};

/// What an export is recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// SHA-256 of the manifest.
    pub manifest: [u8; 32],
    /// SHA-256 of the public key it says it was signed with.
    pub key: [u8; 32],
    pub signature: Vec<u8>,
}

/// Reads the proof of an export that was verified.
///
/// # Errors
/// If it cannot be read, or is none.
pub fn proof(dir: &Path) -> io::Result<Proof> {
    let (json, signature) = (fs::read(dir.join(MANIFEST))?, fs::read(dir.join(SIGNATURE))?);
    let manifest: Manifest = serde_json::from_slice(&json)?;
    let key = unhex(&manifest.signed_with.fingerprint).and_then(|key| key.try_into().ok());
    let key = key.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the manifest names no key"))?;
    Ok(Proof { manifest: Sha256::digest(&json).into(), key, signature })
}
