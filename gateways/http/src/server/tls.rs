use crate::metrics::{CERTIFICATE_EXPIRES, CERTIFICATE_REFUSED};
use peyk_secrets::{Contents, FileUnread, Followed};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto, version};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A TLS configuration that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    File(#[from] FileUnread),
    #[error("{path} has no readable certificate chain in PEM")]
    Chain { path: PathBuf },
    #[error("{path} has no readable private key in PEM")]
    Key { path: PathBuf },
    #[error("the certificate and the key do not serve together: {0}")]
    Unfit(#[source] rustls::Error),
}

/// A chain of certificates and its key in two PEM files, as HTTPS is served with them. Clones serve the same one.
#[derive(Debug, Clone)]
pub struct Certificate(Followed<Served, TlsError>);

struct Served {
    config: Arc<ServerConfig>,
    /// Seconds since 1970.
    expires: u64,
}

impl Certificate {
    /// # Errors
    /// [`TlsError`]. Nothing of the key is in it.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let paths = vec![chain.to_owned(), key.to_owned()];
        let (chain, key) = (chain.to_owned(), key.to_owned());
        Ok(Self(Followed::open(paths, move |contents| served(contents, &chain, &key))?))
    }

    /// TLS 1.3, and 1.2 for who has nothing newer, with the certificate of the moment.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current().config)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config())
    }

    /// How long it is valid yet; nothing if it has run out.
    #[must_use]
    pub fn valid_for(&self) -> Option<Duration> {
        let expires = UNIX_EPOCH + Duration::from_secs(self.0.current().expires);
        expires.duration_since(SystemTime::now()).ok()
    }

    /// How many changed files could not be served.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.0.refused()
    }

    /// Serves new connections with what the files hold, whenever that changes; open connections go on with what they began
    /// with. Files that do not serve change nothing, are logged once and counted. Never ends; drop it to stop.
    pub async fn follow(&self) {
        let (shown, counted) = (self.0.clone(), self.0.clone());
        CERTIFICATE_REFUSED.observe(move |tell| tell(counted.refused(), &[]));
        CERTIFICATE_EXPIRES.observe_seconds(move |tell| tell(shown.current().expires as f64, &[]));
        let taken =
            |served: &Served| tracing::info!(expires = served.expires, "a new certificate of the API is served");
        self.0.follow(taken).await;
    }
}

fn served(contents: &[Contents], chain: &Path, key: &Path) -> Result<Served, TlsError> {
    let no_chain = || TlsError::Chain { path: chain.to_owned() };
    let [chain_pem, key_pem] = contents else { return Err(no_chain()) };
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(chain_pem).collect::<Result<_, _>>().map_err(|_| no_chain())?;
    let first = certificates.first().ok_or_else(no_chain)?;
    let (_, parsed) = X509Certificate::from_der(first).map_err(|_| no_chain())?;
    let expires = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or_default();
    let private = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| TlsError::Key { path: key.to_owned() })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(TlsError::Unfit)?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(TlsError::Unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Served { config: Arc::new(config), expires })
}
