//! One field under one key: 24 bytes of nonce, the ciphertext, 16 bytes of tag (XChaCha20-Poly1305,
//! draft-irtf-cfrg-xchacha-03).
use crate::error::{OpenError, SealError};
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use peyk_domain::messages::Sealed;
use zeroize::Zeroizing;

/// The longest field that is sealed, in bytes.
pub const PLAINTEXT_BYTES_MAX: usize = 65_536;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The nonce must be random, or otherwise never used before under this key.
pub(crate) fn seal(key: &[u8; 32], nonce: [u8; 24], bound_to: &[u8], plaintext: &[u8]) -> Result<Sealed, SealError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    let mut sealed = Vec::with_capacity(NONCE_BYTES + plaintext.len() + TAG_BYTES);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&XNonce::from(nonce), bound_to, (&mut sealed[NONCE_BYTES..]).into())
        .map_err(|_| SealError::TooLong)?;
    sealed.extend_from_slice(&tag);
    Ok(Sealed(sealed.into_boxed_slice()))
}

pub(crate) fn open(key: &[u8; 32], bound_to: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (nonce, rest) = sealed.0.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Broken)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(OpenError::Broken)?;
    let mut opened = Zeroizing::new(ciphertext.to_vec());
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(&XNonce::from(*nonce), bound_to, opened.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| OpenError::Broken)?;
    Ok(opened)
}
