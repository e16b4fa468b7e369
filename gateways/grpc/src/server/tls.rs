use crate::metrics::{CERTIFICATE_EXPIRES, CERTIFICATE_REFUSED};
use peyk_secrets::{Contents, FileUnread, Followed};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, crypto, version};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A TLS configuration that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum GrpcTlsError {
    #[error(transparent)]
    File(#[from] FileUnread),
    #[error("{path} has no readable certificates in PEM")]
    Certificates { path: PathBuf },
    #[error("{path} has no readable private key in PEM")]
    Key { path: PathBuf },
    #[error("{path} has no certificate that clients could be verified by: {said}")]
    Authority { path: PathBuf, said: String },
    #[error("the certificate and the key do not serve together: {0}")]
    Unfit(#[source] rustls::Error),
}

/// TLS 1.3 in which both sides show certificates: ours and its key, and the authority that clients' are signed by, in three
/// PEM files. Clones are the same.
#[derive(Debug, Clone)]
pub struct MutualTls {
    followed: Followed<Served, GrpcTlsError>,
    changes: watch::Sender<u64>,
}

struct Served {
    config: Arc<ServerConfig>,
    /// Seconds since 1970.
    expires: u64,
}

impl MutualTls {
    /// # Errors
    /// [`GrpcTlsError`]. Nothing of the key is in it.
    pub fn load(chain: &Path, key: &Path, authority: &Path) -> Result<Self, GrpcTlsError> {
        let paths = [chain, key, authority].map(Path::to_owned);
        let followed = Followed::open(paths.to_vec(), move |contents| served(contents, &paths))?;
        Ok(Self { followed, changes: watch::channel(0).0 })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.followed.current().config))
    }

    /// How often the files were taken anew.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// How long our own certificate is valid yet; nothing if it has run out.
    #[must_use]
    pub fn valid_for(&self) -> Option<Duration> {
        let expires = UNIX_EPOCH + Duration::from_secs(self.followed.current().expires);
        expires.duration_since(SystemTime::now()).ok()
    }

    /// How many changes could not be taken.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.followed.refused()
    }

    /// Takes what the files hold whenever that changes. Open connections are then asked to end, so that a client whose
    /// authority was taken away does not stay. Files that do not serve change nothing, are logged once and counted. Never
    /// ends; drop it to stop.
    pub async fn follow(&self) {
        let (shown, counted) = (self.followed.clone(), self.followed.clone());
        CERTIFICATE_REFUSED.observe(move |tell| tell(counted.refused(), &[]));
        CERTIFICATE_EXPIRES.observe_seconds(move |tell| tell(shown.current().expires as f64, &[]));
        let taken = |served: &Served| {
            tracing::info!(expires = served.expires, "new certificates of the gRPC server or its clients' CA are used");
            self.changes.send_modify(|changes| *changes += 1);
        };
        self.followed.follow(taken).await;
    }
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, GrpcTlsError> {
    let none = || GrpcTlsError::Certificates { path: path.to_owned() };
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| none())?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

fn served(contents: &[Contents], [chain, key, authority]: &[PathBuf; 3]) -> Result<Served, GrpcTlsError> {
    let [chain_pem, key_pem, authority_pem] = contents else {
        return Err(GrpcTlsError::Certificates { path: chain.clone() });
    };
    let ours = certificates(chain_pem, chain)?;
    let unreadable = || GrpcTlsError::Certificates { path: chain.clone() };
    let first = ours.first().ok_or_else(unreadable)?;
    let (_, parsed) = X509Certificate::from_der(first).map_err(|_| unreadable())?;
    let expires = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or_default();
    let private = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| GrpcTlsError::Key { path: key.clone() })?;
    let unfit = |said: String| GrpcTlsError::Authority { path: authority.clone(), said };
    let mut roots = RootCertStore::empty();
    for root in certificates(authority_pem, authority)? {
        roots.add(root).map_err(|error| unfit(error.to_string()))?;
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .map_err(GrpcTlsError::Unfit)?
        .with_client_cert_verifier(verifier.map_err(|error| unfit(error.to_string()))?)
        .with_single_cert(ours, private)
        .map_err(GrpcTlsError::Unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // Who resumes a session does not show a certificate again.
    config.send_tls13_tickets = 0;
    Ok(Served { config: Arc::new(config), expires })
}
