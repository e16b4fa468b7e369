use crate::metrics::{CERTIFICATE_EXPIRES, CERTIFICATE_REFUSED};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto, version};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How often the files are looked at. What changed is taken once it was the same twice, so that nobody takes a chain
/// whose key is still being written.
const LOOK: Duration = Duration::from_secs(2);
/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A TLS configuration that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} cannot be read: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path} has no readable certificate chain in PEM")]
    Chain { path: PathBuf },
    #[error("{path} has no readable private key in PEM")]
    Key { path: PathBuf },
    #[error("the certificate and the key do not serve together: {0}")]
    Unfit(#[source] rustls::Error),
}

/// A chain of certificates and its key in two PEM files, as HTTPS is served with them. Clones serve the same one.
#[derive(Clone)]
pub struct Certificate {
    chain: Arc<Path>,
    key: Arc<Path>,
    served: Arc<RwLock<Served>>,
    refused: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Served {
    config: Arc<ServerConfig>,
    /// Of both files.
    digest: blake3::Hash,
    /// Seconds since 1970.
    expires: u64,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Certificate").field("chain", &self.chain).field("key", &self.key).finish_non_exhaustive()
    }
}

impl Certificate {
    /// # Errors
    /// [`TlsError`]. Nothing of the key is in it.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let served = Arc::new(RwLock::new(Files::read(chain, key)?.served(chain, key)?));
        Ok(Self { chain: chain.into(), key: key.into(), served, refused: Arc::default() })
    }

    /// TLS 1.3, and 1.2 for who has nothing newer, with the certificate of the moment.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        self.served().config
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config())
    }

    /// How long it is valid yet; nothing if it has run out.
    #[must_use]
    pub fn valid_for(&self) -> Option<Duration> {
        let expires = UNIX_EPOCH + Duration::from_secs(self.served().expires);
        expires.duration_since(SystemTime::now()).ok()
    }

    /// How many changed files could not be served.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Serves new connections with what the files hold, whenever that changes; open connections go on with what they began
    /// with. Files that do not serve change nothing, are logged once and counted. Never ends; drop it to stop.
    pub async fn follow(&self) {
        let (shown, refused) = (self.clone(), self.refused.clone());
        CERTIFICATE_REFUSED.observe(move |tell| tell(refused.load(Ordering::Relaxed), &[]));
        CERTIFICATE_EXPIRES.observe_seconds(move |tell| tell(shown.served().expires as f64, &[]));
        let mut seen = None;
        let mut judged = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let (chain, key) = (self.chain.clone(), self.key.clone());
            let Ok(files) = tokio::task::spawn_blocking(move || Files::read(&chain, &key)).await else { continue };
            let found = files.as_ref().map_err(ToString::to_string).map(Files::digest);
            if found == Ok(self.served().digest) {
                (seen, judged) = (None, None);
            } else if seen.as_ref() != Some(&found) {
                seen = Some(found);
            } else if judged != seen {
                judged.clone_from(&seen);
                self.take(files);
            }
        }
    }

    fn take(&self, files: Result<Files, TlsError>) {
        match files.and_then(|files| files.served(&self.chain, &self.key)) {
            Ok(served) => {
                tracing::info!(chain = %self.chain.display(), expires = served.expires, "a new certificate is served");
                *self.served.write().unwrap_or_else(PoisonError::into_inner) = served;
            }
            Err(error) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, "the changed certificate is not served; the one before it stays");
            }
        }
    }

    fn served(&self) -> Served {
        // Nothing panics while it is locked.
        self.served.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the two files hold.
struct Files {
    chain: Vec<u8>,
    key: zeroize::Zeroizing<Vec<u8>>,
}

impl Files {
    fn read(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            use std::io::Read;
            let mut bytes = Vec::new();
            let read = std::fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
            read.map(|_| bytes).map_err(|source| TlsError::File { path: path.to_owned(), source })
        };
        Ok(Self { chain: read(chain)?, key: zeroize::Zeroizing::new(read(key)?) })
    }

    fn digest(&self) -> blake3::Hash {
        // The length keeps the two apart.
        let length = (self.chain.len() as u64).to_be_bytes();
        blake3::Hasher::new().update(&length).update(&self.chain).update(&self.key).finalize()
    }

    fn served(&self, chain: &Path, key: &Path) -> Result<Served, TlsError> {
        let no_chain = || TlsError::Chain { path: chain.to_owned() };
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(&self.chain).collect::<Result<_, _>>().map_err(|_| no_chain())?;
        let first = certificates.first().ok_or_else(no_chain)?;
        let (_, parsed) = X509Certificate::from_der(first).map_err(|_| no_chain())?;
        let expires = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or_default();
        let private = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| TlsError::Key { path: key.to_owned() })?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(TlsError::Unfit)?
            .with_no_client_auth()
            .with_single_cert(certificates, private)
            .map_err(TlsError::Unfit)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Served { config: Arc::new(config), digest: self.digest(), expires })
    }
}
