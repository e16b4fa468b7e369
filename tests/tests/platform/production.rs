//! A whole deployment as production asks for it: everything over TLS, every secret in a file.
use crate::rotation::Kept;
use crate::setting::fresh;
use anyhow::{Context, Result, ensure};
use peyk_domain::TenantId;
use peyk_ledger::Tls;
use peyk_tests::{Authority, Deployment, Postgres, eventually};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "kQ5vZ0xN1rT8uYw3LmCd9EfGh2JpQs4aXb7=";

/// Asks over HTTPS with a client that shares no code with the server, and trusts one authority; gives the status, or what
/// went wrong.
fn ask(deployment: &Deployment, trusted: &Path, credential: &str, path: &str, body: Option<&Value>) -> Result<String> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "30", "--output", "/dev/null", "--write-out", "%{http_code}"]);
    curl.arg("--cacert").arg(trusted).args(["--header", &format!("authorization: {credential}")]);
    if let Some(body) = body {
        curl.args(["--json", &body.to_string(), "--header", &format!("idempotency-key: {}", fresh())]);
    }
    let said = curl.arg(format!("https://127.0.0.1:{}{path}", deployment.http_port())).output()?;
    let (status, complaint) = (String::from_utf8(said.stdout)?, String::from_utf8_lossy(&said.stderr).into_owned());
    ensure!(said.status.success(), "{complaint}");
    Ok(status)
}

async fn answers(deployment: &Deployment, trusted: &Path, credential: &str, path: &str) {
    eventually("it answers over HTTPS", PATIENCE, || async {
        ask(deployment, trusted, credential, path, None).is_ok_and(|status| status == "200")
    })
    .await;
}

/// What production asks for, from what the deployment had in development.
fn production(deployment: &Deployment) -> Result<String> {
    let kept = Kept { deployment };
    let path = |name: &str| deployment.path(name);
    let mut text = deployment.configuration().replace("\"development\"", "\"production\"");
    for user in ["migrate", "core", "audit", "smpp"] {
        text = kept.moved(&text, user, &format!("test-{user}"))?;
    }
    let secure = format!("?sslmode=verify-full&sslrootcert={}", path("ca.pem").display());
    let postgres = &deployment.postgres;
    for (name, url) in
        [("owner", postgres.owner_url()), ("projector", postgres.projector_url()), ("reader", postgres.reader_url())]
    {
        text = kept.moved(&text, name, &url)?;
        kept.write(name, &format!("{url}{secure}"))?;
    }
    for (what, secret) in deployment.secrets() {
        if what == "the JWT secret" {
            text = kept.moved(&text, "key", &secret)?;
        } else if what == "the SMPP password" {
            text = kept.moved(&text, "smsc", &secret)?;
        }
    }
    kept.write("key", KEY)?;
    let files = |ca: &str, name: &str| {
        let (certificate, key) = (path(&format!("{name}.crt")), path(&format!("{name}.key")));
        format!("{ca}certificate = {certificate:?}\nkey = {key:?}\n")
    };
    let nats = files(&format!("ca = {:?}\n", path("ca.pem")), "client");
    Ok(text.replace("[keys]", &format!("[nats.tls]\n{nats}[http.tls]\n{}[keys]", files("", "http"))))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_over_tls_and_nothing_starts_without() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::own().await?).await?;

    // As it stands production refuses it, and says everything at once.
    let (held, refused) = deployment.attempt_json(&["--set", "environment=production", "migrate"])?;
    let problems = refused["problems"].as_array().context("problems")?;
    let codes: BTreeSet<&str> = problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
    let guards = ["HTTP_PLAIN", "JWT_KEY_WEAK", "NATS_PLAIN", "POSTGRES_PLAIN", "SECRET_IN_CLEAR"];
    assert!(!held && codes == guards.map(|guard| format!("GUARD_{guard}")).iter().map(|code| &**code).collect());

    let authority = Authority::new()?;
    let trusted = authority.publish(&deployment.path("ca.pem"))?;
    let stranger = Authority::new()?.publish(&deployment.path("stranger.pem"))?;
    for name in ["nats", "client", "http"] {
        authority.issue(&deployment.path(&format!("{name}.crt")), &deployment.path(&format!("{name}.key")))?;
    }
    let client = Tls {
        roots: Some(trusted.clone()),
        certificate: Some(deployment.path("client.crt")),
        key: Some(deployment.path("client.key")),
    };
    let (certificate, key) = (deployment.path("nats.crt"), deployment.path("nats.key"));
    deployment.nats.secure(&certificate, &key, client).await?;
    deployment.postgres.secure(&authority).await?;
    deployment.configure(&production(&deployment)?)?;

    deployment.peyk(&["migrate"])?;
    let _serve = deployment.launch(&["serve"], "serve.log")?;
    let minted = format!("Bearer {}", deployment.token(TenantId::NIL, &["platform.channel.admin"])?);
    answers(&deployment, &trusted, &minted, "/readyz").await;
    let status = ask(&deployment, &trusted, &minted, "/v1/operators", None)?;
    assert_eq!(status, "401", "a token that goes back to no login is for development");
    let make = ["--json", "access", "key", "create", "--label", "test", "--role", "platform.channel.admin"];
    let made: serde_json::Value = serde_json::from_slice(&deployment.attempt_with(&make, "")?.stdout)?;
    let token = format!("AccessKey {}", made["access_key"].as_str().context("an access key")?);
    answers(&deployment, &trusted, &token, "/v1/operators").await;
    let operator = serde_json::json!({ "id": fresh(), "name": "Test", "country": "AF" });
    assert_eq!(ask(&deployment, &trusted, &token, "/v1/operators", Some(&operator))?, "201", "a command");
    answers(&deployment, &trusted, &token, "/v1/operators").await;
    let mut owner = PgConnection::connect(&deployment.postgres.owner_url()).await?;
    let encrypted = "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl \
                     JOIN pg_stat_activity USING (pid) WHERE usename LIKE 'peyk%'";
    let (over_tls, plain): (i64, i64) = sqlx::query_as(encrypted).fetch_one(&mut owner).await?;
    assert!(over_tls > 0 && plain == 0, "{over_tls} connections over TLS, {plain} plain");
    let checked = deployment.attempt(&["check", "--json"])?;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    // Whom it does not know it does not talk to, and says why.
    let refused = ask(&deployment, &stranger, &token, "/readyz", None).expect_err("another authority");
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let roots = format!("nats.tls.ca={}", stranger.display());
    let (held, refused) = deployment.attempt_json(&["--set", &roots, "ledger", "verify", "routing"])?;
    assert!(!held && refused["code"] == "NATS_UNREACHABLE", "{refused}");
    assert!(refused["error"].to_string().contains("invalid peer certificate: UnknownIssuer"), "{refused}");
    let reader = format!("{}?sslmode=verify-full&sslrootcert={}", deployment.postgres.reader_url(), stranger.display());
    Kept { deployment: &deployment }.write("reader", &reader)?;
    let checked = String::from_utf8(deployment.attempt(&["check", "--json"])?.stdout)?;
    let lines: Vec<Value> = checked.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let failed: Vec<&Value> = lines.iter().filter(|line| line["status"] == "failed").collect();
    assert!(failed.len() == 1 && failed[0]["check"] == "postgres.reader", "{failed:?}");
    assert!(failed[0]["said"].to_string().contains("invalid peer certificate: UnknownIssuer"), "{failed:?}");

    // A renewed certificate is served by the process that runs.
    let successor = Authority::new()?;
    let trusted = successor.publish(&deployment.path("successor.pem"))?;
    successor.issue(&deployment.path("http.crt"), &deployment.path("http.key"))?;
    answers(&deployment, &trusted, &token, "/readyz").await;
    let page = deployment.metrics().await?;
    assert!(page.contains("peyk_http_certificate_expires_seconds"), "when it runs out is measured");
    deployment.end();
    Ok(())
}
