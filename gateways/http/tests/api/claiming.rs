//! Headers that claim who asks (X-Tenant-Id and its kin): held against the token over a real socket, never believed.
use crate::fakes::{ACTOR, Bench, HERAT, KABUL};
use crate::listening::{Running, exchange, run};
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_http::ServerSettings;
use tokio::net::TcpStream;

const ISSUER: &str = "https://login.peyk.test";
/// A caller that may read numbers, but no messages.
const ROLES: [Role; 2] = [Role::NumberingRead, Role::AccountSender];
const READS: &str = "/v1/numbers";

/// Each header with the value that agrees with the token, one that does not, and the code it is refused with.
fn claims() -> [(&'static str, String, String, &'static str); 5] {
    let held = "sms:numbering:read".to_owned();
    [
        ("X-Tenant-Id", HERAT.to_string(), KABUL.to_string(), "TENANT_MISMATCH"),
        ("X-Account-Id", HERAT.to_string(), KABUL.to_string(), "TENANT_MISMATCH"),
        ("X-User-Id", ACTOR.to_string(), KABUL.to_string(), "IDENTITY_MISMATCH"),
        ("X-Roles", held, "platform.numbering.admin".to_owned(), "IDENTITY_MISMATCH"),
        ("X-Idp", ISSUER.to_owned(), "https://evil.test".to_owned(), "IDENTITY_MISMATCH"),
    ]
}

/// The status and the code of a request with these header lines.
async fn ask(running: &Running, token: &str, path: &str, lines: &str) -> (u16, String) {
    let bearer = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let request = format!("GET {path} HTTP/1.1\r\nhost: peyk\r\n{bearer}connection: close\r\n{lines}\r\n");
    let answer = exchange(TcpStream::connect(running.address).await.unwrap(), &request).await;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    let code = answer.split_once("\"code\":\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
    (status, code.to_owned())
}

#[tokio::test]
async fn a_claim_in_any_form_agrees_with_the_token_or_is_refused() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    let token = bench.token(HERAT, &ROLES);
    for (name, right, wrong, code) in claims() {
        let (small, large) = (name.to_lowercase(), name.to_uppercase());
        for line in [
            format!("{name}: {right}\r\n"),
            format!("{small}: {right}\r\n"),
            format!("{large}:{right}\r\n"),
            format!("{name}: \t {right} \t\r\n"),
            format!("{name}: {right}\r\n{small}: {right}\r\n"),
        ] {
            assert_eq!(ask(&running, &token, READS, &line).await.0, 200, "{line:?}");
        }
        let refused = (403, code.to_owned());
        for line in [
            format!("{name}: {wrong}\r\n"),
            format!("{small}: {wrong}\r\n"),
            format!("{large}:{wrong}\r\n"),
            format!("{name}: \t {wrong} \t\r\n"),
            format!("{name}:\r\n"),
            format!("{name}: \t \r\n"),
            format!("{name}: {right}\r\n{small}: {wrong}\r\n"),
            format!("{small}: {wrong}\r\n{large}: {right}\r\n"),
            format!("{name}: {right}\r\n{name}:\r\n"),
            format!("{name}: {right},{wrong}\r\n"),
            format!("{name}: {right} {wrong}\r\n"),
            format!("{name}: {right};\r\n"),
            format!("{name}: \"{right}\"\r\n"),
            format!("{name}: {right}\u{e9}\r\n"),
            format!("{name}: *\r\n"),
            format!("{name}: {}\r\n", "1".repeat(8_000)),
        ] {
            assert_eq!(ask(&running, &token, READS, &line).await, refused, "{line:?}");
        }
    }
}

#[tokio::test]
async fn what_each_header_may_say_is_exact() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    let token = bench.token(HERAT, &ROLES);
    let abbreviated = HERAT.to_string().replace('-', "");
    let letters = ACTOR.to_string();
    for (line, expected) in [
        // One id in another notation is the same id.
        (format!("x-tenant-id: {abbreviated}"), 200),
        (format!("x-user-id: {}", letters.to_uppercase()), 200),
        (format!("x-tenant-id: {{{HERAT}}}"), 403),
        (format!("x-tenant-id: urn:uuid:{HERAT}"), 403),
        (format!("x-tenant-id: {}", TenantId::NIL), 403),
        (format!("x-tenant-id: {}", &abbreviated[1..]), 403),
        (format!("x-account-id: {HERAT}\r\nx-tenant-id: {KABUL}"), 403),
        (format!("x-user-id: {HERAT}"), 403),
        ("x-roles: sms:numbering:read, account.sender".to_owned(), 200),
        ("x-roles: account.sender ,\tsms:numbering:read".to_owned(), 200),
        ("x-roles: account.sender,account.sender".to_owned(), 200),
        ("x-roles: account.sender\r\nx-roles: account.reader".to_owned(), 403),
        ("x-roles: account.sender,".to_owned(), 403),
        ("x-roles: ,".to_owned(), 403),
        ("x-roles: Account.Sender".to_owned(), 403),
        ("x-roles: account.sender, root".to_owned(), 403),
        ("x-roles: account.sender; account.reader".to_owned(), 403),
        (format!("x-idp: {}", ISSUER.to_uppercase()), 403),
        (format!("x-idp: {ISSUER}/"), 403),
    ] {
        assert_eq!(ask(&running, &token, READS, &format!("{line}\r\n")).await.0, expected, "{line:?}");
    }
}

#[tokio::test]
async fn claims_grant_nothing() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    let token = bench.token(HERAT, &ROLES);
    let all: String = claims().iter().map(|(name, right, ..)| format!("{name}: {right}\r\n")).collect();
    assert_eq!(ask(&running, &token, READS, &all).await.0, 200);
    let without = ask(&running, "", READS, &all).await;
    assert_eq!(without, (401, "UNAUTHENTICATED".to_owned()), "claims without a token are nobody's");
    let roleless = bench.token(HERAT, &[]);
    let claimed = ask(&running, &roleless, READS, "x-roles: sms:numbering:read\r\n").await;
    assert_eq!(claimed, (403, "IDENTITY_MISMATCH".to_owned()));
    // Spellings that some servers fold into these names are no names of ours.
    for line in ["x_tenant_id", "x_roles", "http_x_roles"].map(|name| format!("{name}: account.reader\r\n")) {
        assert_eq!(ask(&running, &token, "/v1/sms", &line).await.1, "INSUFFICIENT_SCOPE", "{line:?}");
    }
    let kabul = KABUL.to_string();
    let seen = bench.reads.listed.lock().unwrap().clone();
    assert!(!seen.is_empty() && seen.iter().all(|(scope, ..)| scope.tenant().to_string() != kabul));
}

#[tokio::test]
async fn on_public_endpoints_claims_count_for_nothing() {
    let bench = Bench::new();
    let running = run(&bench, ServerSettings::default(), None).await;
    for path in ["/healthz", "/readyz", "/v1/openapi.json"] {
        for (name, _, wrong, _) in claims() {
            let lines = format!("{name}: {wrong}\r\n{name}:\r\n");
            assert_eq!(ask(&running, "", path, &lines).await.0, 200, "{path} with {name}");
            assert_eq!(ask(&running, "no.real.token", path, &lines).await.0, 200, "{path} with {name}");
        }
    }
}
