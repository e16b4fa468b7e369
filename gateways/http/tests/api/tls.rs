//! HTTPS as clients meet it: which versions are spoken, and what becomes of a certificate that changes.
use crate::fakes::Bench;
use crate::listening::{DEADLINE, exchange, run, until};
use peyk_http::{Certificate, ServerSettings};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const GET: &str = "GET /healthz HTTP/1.1\r\nhost: peyk\r\n\r\n";
const LAST_GET: &str = "GET /healthz HTTP/1.1\r\nhost: peyk\r\nconnection: close\r\n\r\n";

/// Two files, as whoever renews certificates writes them.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn chain(&self) -> PathBuf {
        self.0.path().join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    /// Writes both; gives the certificate for clients to trust.
    fn renew(&self) -> String {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(self.chain(), made.cert.pem()).unwrap();
        std::fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
        made.cert.pem()
    }

    fn certificate(&self) -> Certificate {
        Certificate::load(&self.chain(), &self.key()).unwrap()
    }
}

async fn connect(
    address: SocketAddr,
    trusted: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

async fn trusts(address: SocketAddr, trusted: &str) -> bool {
    connect(address, trusted, rustls::ALL_VERSIONS).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_certificate_is_served_and_open_connections_go_on() {
    let folder = Folder::new();
    let first = folder.renew();
    let (bench, certificate) = (Bench::new(), folder.certificate());
    let running = run(&bench, ServerSettings::default(), Some(certificate.clone())).await;
    let followed = certificate.clone();
    let following = tokio::spawn(async move { followed.follow().await });
    let address = running.address;
    let mut open = connect(address, &first, rustls::ALL_VERSIONS).await.unwrap();

    let second = folder.renew();
    until("the new certificate is served", async || trusts(address, &second).await).await;
    assert!(!trusts(address, &first).await, "the old one is served no more");
    open.write_all(GET.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    open.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200", "an open connection goes on");

    // A chain without its key, a file that is none, a file that is gone: what served before goes on.
    let key = std::fs::read(folder.key()).unwrap();
    folder.renew();
    std::fs::write(folder.key(), &key).unwrap();
    until("the chain without its key is refused", async || certificate.refused() == 1).await;
    assert!(trusts(address, &second).await, "the key does not belong to the chain");
    std::fs::write(folder.chain(), "no certificate").unwrap();
    std::fs::remove_file(folder.key()).unwrap();
    until("what is no certificate is refused", async || certificate.refused() == 2).await;
    assert!(trusts(address, &second).await, "nothing to serve");
    let third = folder.renew();
    until("the mended certificate is served", async || trusts(address, &third).await).await;
    following.abort();
}

#[tokio::test]
async fn tls_1_3_is_preferred_and_1_2_is_the_least() {
    let folder = Folder::new();
    let trusted = folder.renew();
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), Some(folder.certificate())).await;
    for (offered, spoken) in
        [(rustls::ALL_VERSIONS, ProtocolVersion::TLSv1_3), (&[&version::TLS12][..], ProtocolVersion::TLSv1_2)]
    {
        let stream = connect(running.address, &trusted, offered).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(spoken));
        let answer = exchange(stream, LAST_GET).await;
        assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    }
    // RFC 8446 section 6: a fatal alert (2), protocol_version (70).
    assert_eq!(greeted(running.address, [3, 2]).await, [21, 3, 3, 0, 2, 2, 70]);
    // What is refused of the same greeting in 1.2 is its ciphers: handshake_failure (40).
    assert_eq!(greeted(running.address, [3, 3]).await, [21, 3, 3, 0, 2, 2, 40]);
}

/// What a server answers to the ClientHello (RFC 5246 section 7.4.1.2) of a client that speaks at most this version.
async fn greeted(address: SocketAddr, version: [u8; 2]) -> Vec<u8> {
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    // No session, one suite that only old clients offer (TLS_RSA_WITH_AES_128_CBC_SHA), no compression.
    hello.extend([0, 0, 2, 0, 0x2f, 1, 0]);
    // Extensions: the curve x25519 and one way to sign.
    hello.extend([0, 16, 0, 10, 0, 4, 0, 2, 0, 29, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&record).await.unwrap();
    let mut alert = vec![0; 7];
    tokio::time::timeout(DEADLINE, stream.read_exact(&mut alert)).await.unwrap().unwrap();
    alert
}

#[test]
fn what_cannot_be_served_is_told_by_its_file() {
    let folder = Folder::new();
    folder.renew();
    let (chain, key) = (folder.chain(), folder.key());
    let said = |chain: &PathBuf, key: &PathBuf| Certificate::load(chain, key).unwrap_err().to_string();
    assert!(said(&key, &chain).contains("key.pem has no readable certificate chain"));
    assert!(said(&chain, &chain).contains("chain.pem has no readable private key"));
    assert!(said(&folder.0.path().join("none"), &key).contains("none cannot be read"));
    let other = Folder::new();
    other.renew();
    assert!(said(&chain, &other.key()).contains("do not serve together"));
    assert!(folder.certificate().valid_for().unwrap() > Duration::from_secs(86_400));
}
