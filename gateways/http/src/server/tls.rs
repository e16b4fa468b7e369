use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto, version};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A TLS configuration that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} has no readable certificate chain in PEM")]
    Chain { path: PathBuf },
    #[error("{path} has no readable private key in PEM")]
    Key { path: PathBuf },
    #[error("the certificate and the key do not serve together")]
    Unfit(#[source] rustls::Error),
}

/// TLS 1.3, and 1.2 for who has nothing newer, with the certificate chain and key of two PEM files.
///
/// # Errors
/// [`TlsError`]. Nothing of the key is in it.
pub fn tls_config(chain: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| TlsError::Chain { path: chain.to_owned() })?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| TlsError::Key { path: key.to_owned() })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(TlsError::Unfit)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(TlsError::Unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
