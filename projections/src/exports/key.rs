use super::spki;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why a key cannot be used. Nothing of the key is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("expected a private key as unencrypted PKCS#8 in PEM (BEGIN PRIVATE KEY)")]
    NotPkcs8,
    #[error("the private key was refused: {0}; expected RSA of 2048 to 4096 bits")]
    Rejected(String),
    #[error("expected an RSA public key as SubjectPublicKeyInfo in PEM (BEGIN PUBLIC KEY)")]
    NotSpki,
    #[error("the signature could not be made")]
    Signing,
}

/// The exporter's RSA key, with which manifests are signed.
#[derive(Clone)]
pub struct RegulatorKey(Arc<RsaKeyPair>);

impl RegulatorKey {
    /// Reads PKCS#8 in PEM, as `openssl genpkey -algorithm RSA` writes it.
    ///
    /// # Errors
    /// [`KeyError::NotPkcs8`], or [`KeyError::Rejected`] if it is no RSA key of 2048 to 4096 bits.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map(Zeroizing::new).map_err(|_| KeyError::NotPkcs8)?;
        Self::from_der(der.secret_pkcs8_der())
    }

    /// Reads PKCS#8 in DER.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if it is no RSA key of 2048 to 4096 bits.
    pub fn from_der(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|rejected| KeyError::Rejected(rejected.to_string()))?;
        Ok(Self(Arc::new(pair)))
    }

    /// The half that verifies.
    #[must_use]
    pub fn public(&self) -> RegulatorPublicKey {
        RegulatorPublicKey { rsa: self.0.public().as_ref().into() }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self.0.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map(|()| signature).map_err(|_| KeyError::Signing)
    }
}

impl fmt::Debug for RegulatorKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RegulatorKey({})", self.public().fingerprint())
    }
}

/// The key a regulator checks manifests with, learned from the exporter out of band.
#[derive(Clone, PartialEq, Eq)]
pub struct RegulatorPublicKey {
    rsa: Box<[u8]>,
}

impl RegulatorPublicKey {
    /// Reads SubjectPublicKeyInfo in PEM, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// [`KeyError::NotSpki`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyError::NotSpki)?;
        spki::unwrap(&der).map(|rsa| Self { rsa: rsa.into() }).ok_or(KeyError::NotSpki)
    }

    /// SHA-256 of the SubjectPublicKeyInfo in lower-case hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        super::manifest::hex(&Sha256::digest(spki::wrap(&self.rsa)))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.rsa).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for RegulatorPublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RegulatorPublicKey({})", self.fingerprint())
    }
}
