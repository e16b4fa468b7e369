//! A bound server and raw sockets: what no well-behaved client shows.
use crate::fakes::{Bench, HERAT, TENANT_ROLES};
use peyk_http::{ApiSettings, Certificate, Drained, FixedLimits, Limiter, Server, ServerSettings, TrustedProxies};
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

const SEND: &str = r#"{"from":"+93700000001","to":"+93700000002","text":"salaam"}"#;
pub const DEADLINE: Duration = Duration::from_secs(20);
const ANY: &str = "127.0.0.1:0";

pub struct Running {
    pub address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<Drained>,
}

pub async fn run(bench: &Bench, settings: ServerSettings, tls: Option<Certificate>) -> Running {
    let server = Server::bind(ANY.parse().unwrap(), tls, settings).await.unwrap();
    let address = server.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(Arc::clone(&bench.api), stop.clone()));
    Running { address, stop, serving }
}

pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < DEADLINE, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn send_request(bench: &Bench) -> String {
    let token = bench.token(HERAT, &TENANT_ROLES);
    let length = SEND.len();
    format!(
        "POST /v1/sms/send HTTP/1.1\r\nhost: peyk\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{SEND}"
    )
}

/// All that comes until the server closes.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A close in the middle of what we send may come as a reset: what was read stands.
    let _ = timeout(DEADLINE, stream.read_to_end(&mut bytes)).await.expect("the server closes in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

pub async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

fn held() -> (Bench, Arc<Semaphore>) {
    let bench = Bench::new();
    let gate = Arc::clone(&bench.commands.gate);
    gate.forget_permits(Semaphore::MAX_PERMITS);
    (bench, gate)
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cancel_its_command() {
    let (bench, gate) = held();
    let running = run(&bench, ServerSettings::default(), None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(send_request(&bench).as_bytes()).await.unwrap();
    until("the command was asked", async || !bench.commands.asked().is_empty()).await;
    drop(stream);
    // A stop waits for the command although nobody waits for its answer.
    running.stop.cancel();
    until("it no longer listens", async || std::net::TcpStream::connect(running.address).is_err()).await;
    assert!(!running.serving.is_finished());
    gate.add_permits(1);
    assert_eq!(timeout(DEADLINE, running.serving).await.unwrap().unwrap(), Drained::Whole);
    assert_eq!(gate.available_permits(), 1, "the command ran to its end and gave its permit back");
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way() {
    let (bench, gate) = held();
    let running = run(&bench, ServerSettings::default(), None).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let request = send_request(&bench);
    let exchange = tokio::spawn(async move { exchange(stream, &request).await });
    until("the command was asked", async || !bench.commands.asked().is_empty()).await;
    running.stop.cancel();
    gate.add_permits(1);
    let answer = exchange.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    assert_eq!(timeout(DEADLINE, running.serving).await.unwrap().unwrap(), Drained::Whole);
}

#[tokio::test]
async fn a_stop_has_a_deadline() {
    let (bench, _gate) = held();
    let settings = ServerSettings { drain_deadline: Duration::from_millis(50), ..ServerSettings::default() };
    let running = run(&bench, settings, None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(send_request(&bench).as_bytes()).await.unwrap();
    until("the command was asked", async || !bench.commands.asked().is_empty()).await;
    running.stop.cancel();
    assert_eq!(timeout(DEADLINE, running.serving).await.unwrap().unwrap(), Drained::DeadlinePassed);
}

#[tokio::test]
async fn slow_heads_and_silent_connections_are_closed() {
    let bench = Bench::new();
    let short = Duration::from_millis(100);
    let settings = ServerSettings { head_timeout: short, idle_timeout: short, ..ServerSettings::default() };
    let running = run(&bench, settings, None).await;
    for begun in ["GET /healthz HTTP/1.1\r\nhost: p", "", "PRI * HTTP/2.0\r\n"] {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let answer = exchange(stream, begun).await;
        assert!(!answer.contains("200 OK"), "{begun:?}: {answer}");
    }
    let kept = "GET /healthz HTTP/1.1\r\nhost: peyk\r\n\r\n";
    let answer = exchange(TcpStream::connect(running.address).await.unwrap(), kept).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "answered, and closed once idle: {answer}");
    running.stop.cancel();
    assert_eq!(timeout(DEADLINE, running.serving).await.unwrap().unwrap(), Drained::Whole);
}

#[tokio::test]
async fn slow_bodies_and_endless_ones_are_refused() {
    let settings = ApiSettings { body_timeout: Duration::from_millis(100), ..ApiSettings::default() };
    let bench = Bench::with(settings);
    let running = run(&bench, ServerSettings::default(), None).await;
    let token = bench.token(HERAT, &TENANT_ROLES);
    let head = format!("POST /v1/sms/send HTTP/1.1\r\nhost: peyk\r\nauthorization: Bearer {token}\r\n");
    let slow = format!("{head}content-length: 100\r\nconnection: close\r\n\r\n{{");
    let answer = exchange(TcpStream::connect(running.address).await.unwrap(), &slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
    let endless = format!("{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n{}", chunk.repeat(17));
    let answer = exchange(TcpStream::connect(running.address).await.unwrap(), &endless).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(bench.commands.asked().is_empty());
}

#[tokio::test]
async fn headers_that_come_twice_or_promise_too_much_are_refused() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    let token = bench.token(HERAT, &TENANT_ROLES);
    let sound = send_request(&bench);
    let twice = |header: &str| sound.replacen("host: peyk", &format!("host: peyk\r\n{header}"), 1);
    for (request, status, code) in [
        (twice(&format!("authorization: Bearer {token}")), "401", "TOKEN_INVALID"),
        (twice("idempotency-key: a\r\nidempotency-key: b"), "400", "IDEMPOTENCY_KEY_INVALID"),
        (twice("x-tenant-id: 1"), "403", "TENANT_MISMATCH"),
        (sound.replacen(&format!("length: {}", SEND.len()), "length: 99999999", 1), "413", "PAYLOAD_TOO_LARGE"),
    ] {
        let answer = exchange(TcpStream::connect(running.address).await.unwrap(), &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(code), "{answer}");
    }
    assert!(bench.commands.asked().is_empty());
}

#[tokio::test]
async fn a_head_without_one_host_or_too_large_is_a_problem() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    let head = |host: &str, more: &str| format!("GET /healthz HTTP/1.1\r\n{host}{more}connection: close\r\n\r\n");
    let many = |count: usize| (0..count).map(|index| format!("x-{index}: 1\r\n")).collect::<String>();
    let large = |bytes: usize| format!("x-large: {}\r\n", "x".repeat(bytes));
    let host = "host: peyk:8080\r\n";
    for (request, status, code) in [
        (head("", ""), 400, "INVALID_HOST"),
        (head("host: peyk\r\nhost: peyk\r\n", ""), 400, "INVALID_HOST"),
        (head("host: pe yk\r\n", ""), 400, "INVALID_HOST"),
        (head(host, &many(63)), 431, "HEAD_TOO_LARGE"),
        (head(host, &large(33_000)), 431, "HEAD_TOO_LARGE"),
        (head(host, "").replacen("/healthz", &format!("/{}", "x".repeat(33_000)), 1), 431, "HEAD_TOO_LARGE"),
    ] {
        let answer = exchange(TcpStream::connect(running.address).await.unwrap(), &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(code), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
    for sound in [head(host, &many(62)), head("host:\r\n", ""), head("", "").replacen("1.1", "1.0", 1)] {
        let answer = exchange(TcpStream::connect(running.address).await.unwrap(), &sound).await;
        assert!(answer.contains(" 200 OK"), "{answer}");
    }
    // Beyond what is parsed at all.
    for beyond in [head(host, &many(200)), head(host, &large(70_000)), format!("GET /{} ", "x".repeat(70_000))] {
        let answer = exchange_or_close(TcpStream::connect(running.address).await.unwrap(), &beyond).await;
        is_whole_problem(&answer, 431, "HEAD_TOO_LARGE");
    }
}

/// An answer as it came, that is a problem from its first line to its last byte.
#[track_caller]
fn is_whole_problem(answer: &str, status: u16, code: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    for line in ["content-type: application/problem+json", "connection: close", "cache-control: no-store"] {
        assert!(head.lines().any(|found| found == line), "{line}: {head}");
    }
    assert!(
        head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())) || head.ends_with(&body.len().to_string())
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["code"], &body["status"]), (&code.into(), &status.into()));
    assert!(head.contains(body["request_id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_head_that_is_no_http_is_a_problem_and_counts() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    for head in [
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /secret stuff HTTP/1.1\r\nhost: peyk\r\n\r\n",
        "G=T / HTTP/1.1\r\nhost: peyk\r\n\r\n",
        "GET / HTTP/1.1\r\nhost peyk\r\n\r\n",
        "GET / HTTP/1.1\r\nho\u{0}st: peyk\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: peyk\r\n x: folded\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: peyk\r\ncontent-length: x\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\r\n\r\n",
    ] {
        let answer = exchange_or_close(TcpStream::connect(running.address).await.unwrap(), head).await;
        is_whole_problem(&answer, 400, "MALFORMED_REQUEST");
        assert!(!answer.contains("secret"), "{answer}");
    }
    // Behind a request that was answered on the same connection.
    let second = "GET /healthz HTTP/1.1\r\nhost: peyk\r\n\r\nGET\r\n\r\n";
    let answer = exchange_or_close(TcpStream::connect(running.address).await.unwrap(), second).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("HTTP/1.1 400 "), "{answer}");

    let one = std::num::NonZeroU32::MIN;
    let limits = FixedLimits::per_minute(one, one, one, Vec::new());
    let bench = Bench::limited(Limiter::alone(Arc::new(limits), TrustedProxies::default()));
    let running = run(&bench, ServerSettings::default(), None).await;
    let mut last = String::new();
    for _ in 0..4 {
        last = exchange_or_close(TcpStream::connect(running.address).await.unwrap(), "GET\r\n\r\n").await;
    }
    is_whole_problem(&last, 429, "RESOURCE_EXHAUSTED");
}

#[tokio::test]
async fn a_handshake_that_does_not_end_and_a_client_that_does_not_read_are_closed() {
    let short = Duration::from_millis(200);
    let bench = Bench::new();
    let settings = ServerSettings { handshake_timeout: short, ..ServerSettings::default() };
    let running = run(&bench, settings, Some(certificate().1)).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    silent.write_all(&[0x16, 3, 1]).await.unwrap();
    assert_eq!(rest(&mut silent).await, "", "closed without a word");

    let settings = ServerSettings { idle_timeout: short, connections_max: 1, ..ServerSettings::default() };
    let running = run(&bench, settings, None).await;
    let mut deaf = TcpStream::connect(running.address).await.unwrap();
    // The answers are some hundred megabytes, which no buffer holds: the server has to wait for it.
    let ask = "GET /v1/openapi.json HTTP/1.1\r\nhost: peyk\r\n\r\n".repeat(2_000);
    let _ = timeout(DEADLINE, deaf.write_all(ask.as_bytes())).await.expect("it takes or closes");
    let get = "GET /healthz HTTP/1.1\r\nhost: peyk\r\nconnection: close\r\n\r\n";
    let answer = exchange(TcpStream::connect(running.address).await.unwrap(), get).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "there is room once it was given up: {answer}");
    drop(deaf);
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served() {
    let bench = Bench::new();
    let settings = ServerSettings { connections_max: 1, ..ServerSettings::default() };
    let running = run(&bench, settings, None).await;
    let get = "GET /healthz HTTP/1.1\r\nhost: peyk\r\nconnection: close\r\n\r\n";
    let mut first = TcpStream::connect(running.address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second.write_all(get.as_bytes()).await.unwrap();
    let mut byte = [0];
    let early = timeout(Duration::from_millis(100), second.read(&mut byte)).await;
    assert!(early.is_err(), "the second is not served while the first is there");
    first.write_all(b"host: peyk\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut first).await.starts_with("HTTP/1.1 200 "));
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200 "));
}

pub fn certificate() -> (CertificateDer<'static>, Certificate) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (made.cert.der().clone(), Certificate::load(&chain, &key).unwrap())
}

#[tokio::test]
async fn tls_is_served_and_plain_text_is_not() {
    let (root, config) = certificate();
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), Some(config)).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let stream = TcpStream::connect(running.address).await.unwrap();
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    let answer = exchange(stream, &send_request(&bench)).await;
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");

    let plain = exchange(TcpStream::connect(running.address).await.unwrap(), &send_request(&bench)).await;
    assert!(!plain.contains("HTTP/1.1"), "{plain}");
    running.stop.cancel();
    assert_eq!(timeout(DEADLINE, running.serving).await.unwrap().unwrap(), Drained::Whole);
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_a_proxy_has_all() {
    let get = "GET /healthz HTTP/1.1\r\nhost: peyk\r\nconnection: close\r\n\r\n";
    let settings = ServerSettings { connections_per_address_max: 2, ..ServerSettings::default() };
    let bench = Bench::new();
    let running = run(&bench, settings, None).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        held.push(stream);
    }
    let refused = exchange_or_close(TcpStream::connect(running.address).await.unwrap(), get).await;
    assert_eq!(refused, "", "a third one is closed without an answer");
    let mut first = held.remove(0);
    first.write_all(b"host: peyk\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut first).await.starts_with("HTTP/1.1 200 "));
    drop(first);
    let again = async || {
        let answer = exchange_or_close(TcpStream::connect(running.address).await.unwrap(), get).await;
        answer.starts_with("HTTP/1.1 200 ")
    };
    let began = Instant::now();
    while !again().await {
        assert!(began.elapsed() < DEADLINE, "its place is free again");
    }

    let proxies = TrustedProxies { networks: vec!["127.0.0.0/8".parse().unwrap()], ..TrustedProxies::default() };
    let bench = Bench::limited(Limiter::alone(Arc::new(FixedLimits::default()), proxies));
    let running = run(&bench, settings, None).await;
    let mut many = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: peyk\r\nconnection: close\r\n").await.unwrap();
        many.push(stream);
    }
    for mut stream in many {
        stream.write_all(b"\r\n").await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 "));
    }
}

/// As `exchange`, where the server may close before it read everything.
async fn exchange_or_close(mut stream: TcpStream, request: &str) -> String {
    let _ = stream.write_all(request.as_bytes()).await;
    rest(&mut stream).await
}
