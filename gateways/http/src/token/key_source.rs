//! Where an issuer's keys are fetched from.
use super::jwks::{JWKS_BYTES_MAX, JwkSet, NotAJwkSet};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

/// How long a fetch may take as a whole.
const PATIENCE: Duration = Duration::from_secs(5);

/// A file or an address that holds a JWK set.
#[derive(Debug, Clone)]
pub enum KeySource {
    File(PathBuf),
    /// Over HTTPS, verified against the system's roots or those of `roots` alone. Redirections are not followed.
    Url {
        url: Uri,
        roots: Option<PathBuf>,
    },
}

/// Why keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum KeySourceError {
    #[error("{path} cannot be read: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{0} is not an address keys are fetched from: expected https://host/path")]
    Address(Uri),
    #[error("{path} holds no certificate to trust")]
    Roots { path: PathBuf },
    #[error("{host} cannot be asked for keys: {reason}")]
    Unreachable { host: String, reason: String },
    #[error("{host} answered {status} where keys were expected")]
    Status { host: String, status: StatusCode },
    #[error("asking for keys took longer than 5 seconds")]
    TooSlow,
    #[error(transparent)]
    Document(#[from] NotAJwkSet),
}

impl KeySource {
    /// The keys as they are published now.
    ///
    /// # Errors
    /// [`KeySourceError`].
    pub async fn load(&self) -> Result<JwkSet, KeySourceError> {
        let document = match self {
            Self::File(path) => {
                let read = tokio::fs::read(path).await;
                Bytes::from(read.map_err(|source| KeySourceError::File { path: path.clone(), source })?)
            }
            Self::Url { url, roots } => {
                let asking = fetch(url, roots.as_ref());
                tokio::time::timeout(PATIENCE, asking).await.map_err(|_| KeySourceError::TooSlow)??
            }
        };
        Ok(JwkSet::parse(&document)?)
    }
}

async fn fetch(url: &Uri, roots: Option<&PathBuf>) -> Result<Bytes, KeySourceError> {
    let (Some("https"), Some(host)) = (url.scheme_str(), url.host()) else {
        return Err(KeySourceError::Address(url.clone()));
    };
    let unreachable = |error: &dyn std::fmt::Display| KeySourceError::Unreachable {
        host: host.to_owned(),
        reason: error.to_string(),
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|_| KeySourceError::Address(url.clone()))?;
    let port = url.port_u16().unwrap_or(443);
    let stream = TcpStream::connect((host, port)).await.map_err(|error| unreachable(&error))?;
    let connector = TlsConnector::from(Arc::new(client_config(roots)?));
    let stream = connector.connect(name, stream).await.map_err(|error| unreachable(&error))?;
    get(stream, url, host)
        .await
        .map_err(|error| unreachable(&error))?
        .map_err(|status| KeySourceError::Status { host: host.to_owned(), status })
}

fn client_config(roots: Option<&PathBuf>) -> Result<ClientConfig, KeySourceError> {
    let mut trusted = RootCertStore::empty();
    match roots {
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path).into_iter().flatten().flatten();
            trusted.add_parsable_certificates(certificates);
            if trusted.is_empty() {
                return Err(KeySourceError::Roots { path: path.clone() });
            }
        }
        None => {
            trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| KeySourceError::Unreachable { host: String::new(), reason: error.to_string() })?;
    Ok(config.with_root_certificates(trusted).with_no_client_auth())
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn get(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Uri,
    host: &str,
) -> Result<Result<Bytes, StatusCode>, Failure> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(url.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, url.authority().map_or(host, |authority| authority.as_str()))
        .header(header::ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Ok(Err(answer.status()));
        }
        let body = Limited::new(answer.into_body(), JWKS_BYTES_MAX).collect().await?;
        Ok::<_, Failure>(Ok(body.to_bytes()))
    };
    // Driven only as long as the answer is awaited.
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    exchange.await
}
