//! Keys of an identity provider over HTTPS.
use jwt_simple::prelude::*;
use peyk_http::{Certificate, KeySource, KeySourceError, NotAJwkSet};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let key = RS256KeyPair::generate(2_048).unwrap().public_key();
    let key: Value = serde_json::from_str(&key.to_jwk()).unwrap();
    json!({ "keys": [key] }).to_string()
});

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// A server that gives every request the same answer, with a certificate of its own for localhost.
struct Publisher {
    directory: TempDir,
    port: u16,
    serving: JoinHandle<()>,
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn certificate(directory: &Path, name: &str) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let path = directory.join(format!("{name}.pem"));
    std::fs::write(&path, made.cert.pem()).unwrap();
    std::fs::write(path.with_extension("key"), made.signing_key.serialize_pem()).unwrap();
    path
}

async fn publisher(answer: Option<String>) -> Publisher {
    let directory = tempfile::tempdir().unwrap();
    let chain = certificate(directory.path(), "server");
    let tls = TlsAcceptor::from(Certificate::load(&chain, &chain.with_extension("key")).unwrap().config());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = tls.accept(stream).await else { continue };
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            match &answer {
                Some(answer) => {
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
                None => std::future::pending().await,
            }
        }
    });
    Publisher { directory, port, serving }
}

impl Publisher {
    fn source(&self, roots: &str) -> KeySource {
        let url = format!("https://localhost:{}/keys", self.port).parse().unwrap();
        KeySource::Url { url, roots: Some(self.directory.path().join(roots)) }
    }
}

#[tokio::test]
async fn keys_come_over_https_from_whom_is_trusted() {
    let publisher = publisher(Some(answer("200 OK", &DOCUMENT))).await;
    publisher.source("server.pem").load().await.unwrap();
    certificate(publisher.directory.path(), "other");
    let refused = publisher.source("other.pem").load().await.unwrap_err();
    assert!(matches!(refused, KeySourceError::Unreachable { .. }), "{refused}");
    let refused = publisher.source("none.pem").load().await.unwrap_err();
    assert!(matches!(refused, KeySourceError::Roots { .. }), "{refused}");
    let plain = format!("http://localhost:{}/keys", publisher.port).parse().unwrap();
    let refused = KeySource::Url { url: plain, roots: None }.load().await.unwrap_err();
    assert!(matches!(refused, KeySourceError::Address(_)), "{refused}");
}

#[tokio::test]
async fn an_answer_without_keys_is_an_error_of_its_own() {
    let moved = "HTTP/1.1 302 Found\r\nlocation: https://localhost/elsewhere\r\ncontent-length: 0\r\n\r\n".to_owned();
    let redirected = publisher(Some(moved)).await.source("server.pem").load().await.unwrap_err();
    assert!(matches!(redirected, KeySourceError::Status { status, .. } if status == 302), "{redirected}");
    let gone = publisher(Some(answer("404 Not Found", ""))).await.source("server.pem").load().await.unwrap_err();
    assert!(matches!(gone, KeySourceError::Status { status, .. } if status == 404), "{gone}");
    let page = publisher(Some(answer("200 OK", "<html>"))).await.source("server.pem").load().await.unwrap_err();
    assert!(matches!(page, KeySourceError::Document(NotAJwkSet::Malformed)), "{page}");
    let huge =
        publisher(Some(answer("200 OK", &" ".repeat(300_000)))).await.source("server.pem").load().await.unwrap_err();
    assert!(matches!(huge, KeySourceError::Unreachable { .. }), "{huge}");
}

#[tokio::test]
async fn a_silent_publisher_is_not_waited_for_long() {
    let publisher = publisher(None).await;
    let silent = publisher.source("server.pem").load().await.unwrap_err();
    assert!(matches!(silent, KeySourceError::TooSlow), "{silent}");
}
