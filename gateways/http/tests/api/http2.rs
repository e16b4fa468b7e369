//! HTTP/2 (RFC 9113) as a client that shares no code with the server speaks it: curl.
use crate::fakes::{Bench, HERAT, TENANT_ROLES};
use crate::listening::{certificate, run};
use peyk_http::ServerSettings;
use serde_json::Value;
use tokio::process::Command;

/// Runs curl; gives what it received, and the version of HTTP and the status it received it with.
async fn curl(arguments: &[&str]) -> (Value, String) {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_version} %{http_code}"]);
    let said = command.args(arguments).output().await.expect("curl can be run; ops/test installs it");
    let complaint = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "curl: {complaint}");
    let text = String::from_utf8(said.stdout).unwrap();
    let (body, outcome) = text.rsplit_once('\n').unwrap();
    (serde_json::from_str(body).unwrap(), outcome.to_owned())
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    let bearer = format!("authorization: Bearer {}", bench.token(HERAT, &TENANT_ROLES));
    let url = format!("http://{}/v1/sms/preview", running.address);
    let asked = ["--http2-prior-knowledge", "--json", r#"{"text":"salaam"}"#, "--header", &bearer, &url];
    let (body, outcome) = curl(&asked).await;
    assert_eq!((outcome.as_str(), &body["segments"]), ("2 200", &1.into()));
    let missing = format!("http://{}/nowhere", running.address);
    let (body, outcome) = curl(&["--http2-prior-knowledge", &missing]).await;
    assert_eq!((outcome.as_str(), &body["code"]), ("2 404", &"NO_SUCH_ENDPOINT".into()));
}

#[tokio::test]
async fn tls_negotiates_http_2_and_falls_back() {
    let (_root, config) = certificate();
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), Some(config)).await;
    let url = format!("https://{}/healthz", running.address);
    for (offer, version) in [("--http2", "2 200"), ("--http1.1", "1.1 200")] {
        let (body, outcome) = curl(&["--insecure", offer, &url]).await;
        assert_eq!((outcome.as_str(), &body["state"]), (version, &"ok".into()));
    }
}

#[tokio::test]
async fn a_head_too_large_is_a_problem_in_http_2_too() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    let large = format!("x-large: {}", "x".repeat(33_000));
    let url = format!("http://{}/healthz", running.address);
    let (body, outcome) = curl(&["--http2-prior-knowledge", "--header", &large, &url]).await;
    assert_eq!((outcome.as_str(), &body["code"]), ("2 431", &"HEAD_TOO_LARGE".into()));
}
