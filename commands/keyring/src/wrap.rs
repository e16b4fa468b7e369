//! A keyring at rest: version 1, fingerprint of the wrapping key (8 bytes), nonce (24), ciphertext, tag (16).
//! XChaCha20-Poly1305; the tenant and what stands before the nonce are associated data.
use crate::error::KeyringError;
use crate::random;
use crate::wrapping_keys::WrappingKey;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use peyk_domain::TenantId;
use zeroize::Zeroizing;

const CONTEXT: &[u8; 15] = b"peyk.keyring.v1";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 1 + 8;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// What wrapping adds, in bytes.
pub(crate) const OVERHEAD_BYTES: usize = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

pub(crate) fn wrap(key: &WrappingKey, tenant: TenantId, keyring: &[u8]) -> Result<Vec<u8>, KeyringError> {
    let mut header = [VERSION; HEADER_BYTES];
    header[1..].copy_from_slice(&key.fingerprint());
    let mut nonce = [0; NONCE_BYTES];
    random::fill(&mut nonce)?;
    let mut wrapped = Vec::with_capacity(keyring.len() + OVERHEAD_BYTES);
    wrapped.extend_from_slice(&header);
    wrapped.extend_from_slice(&nonce);
    wrapped.extend_from_slice(keyring);
    let secret = (&mut wrapped[HEADER_BYTES + NONCE_BYTES..]).into();
    let tag = XChaCha20Poly1305::new(key.expose().into())
        .encrypt_inout_detached(&XNonce::from(nonce), &associated_data(tenant, &header), secret)
        .map_err(|_| KeyringError::TooLarge)?;
    wrapped.extend_from_slice(&tag);
    Ok(wrapped)
}

pub(crate) fn unwrap(key: &WrappingKey, tenant: TenantId, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let (header, rest) = wrapped.split_first_chunk::<HEADER_BYTES>().ok_or(KeyringError::Corrupt)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(KeyringError::Corrupt)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(KeyringError::Corrupt)?;
    if header[0] != VERSION {
        return Err(KeyringError::Corrupt);
    }
    if header[1..] != key.fingerprint() {
        return Err(KeyringError::WrongWrappingKey);
    }
    let mut keyring = Zeroizing::new(ciphertext.to_vec());
    let data = associated_data(tenant, header);
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt_inout_detached(&XNonce::from(*nonce), &data, keyring.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| KeyringError::Corrupt)?;
    Ok(keyring)
}

fn associated_data(tenant: TenantId, header: &[u8; HEADER_BYTES]) -> Vec<u8> {
    [&CONTEXT[..], &tenant.to_bytes(), header].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes(*b"tenant one......");

    fn key(byte: u8) -> WrappingKey {
        WrappingKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn unwraps_what_it_wrapped() {
        let wrapped = wrap(&key(1), TENANT, b"keyring").unwrap();
        assert_eq!(wrapped.len(), b"keyring".len() + OVERHEAD_BYTES);
        assert_eq!(&unwrap(&key(1), TENANT, &wrapped).unwrap()[..], b"keyring");
    }

    #[test]
    fn tells_a_wrong_key_from_damage() {
        let wrapped = wrap(&key(1), TENANT, b"keyring").unwrap();
        assert!(matches!(unwrap(&key(2), TENANT, &wrapped), Err(KeyringError::WrongWrappingKey)));
        let other = TenantId::from_bytes(*b"tenant two......");
        assert!(matches!(unwrap(&key(1), other, &wrapped), Err(KeyringError::Corrupt)));
        for at in 0..wrapped.len() {
            let mut damaged = wrapped.clone();
            damaged[at] ^= 1;
            assert!(unwrap(&key(1), TENANT, &damaged).is_err(), "byte {at}");
            assert!(unwrap(&key(1), TENANT, &wrapped[..at]).is_err(), "cut at {at}");
        }
    }
}
