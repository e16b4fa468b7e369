use crate::fakes::{Bench, HERAT, KABUL, TENANT_ROLES};
use peyk_domain::TenantId;
use peyk_http::{Access, ENDPOINTS, Endpoint, Role};

/// Who may call what, written down a second time on purpose.
const NUMBERING: &[&str] = &["platform.numbering.admin", "sms:numbering:read", "sms:numbering:write"];
const ALLOWED: &[(&str, &[&str])] = &[
    ("numbering.import", &["platform.numbering.admin"]),
    ("numbers.list", NUMBERING),
    ("numbers.show", NUMBERING),
    ("numbers.reserve", &["platform.numbering.admin", "sms:numbering:write"]),
    ("numbers.hold", &["platform.numbering.admin", "sms:numbering:write"]),
    ("numbers.assign", &["platform.numbering.admin", "sms:numbering:write"]),
    ("numbers.release", &["platform.numbering.admin", "sms:numbering:write"]),
    ("operators.register", &["platform.channel.admin"]),
    ("operators.list", &["platform.channel.admin"]),
    ("connectors.register", &["platform.channel.admin"]),
    ("connectors.list", &["platform.channel.admin"]),
    ("connectors.close", &["platform.channel.admin"]),
    ("connectors.open", &["platform.channel.admin"]),
    ("routes.set", &["platform.channel.admin"]),
    ("routes.list", &["platform.channel.admin"]),
    ("routes.remove", &["platform.channel.admin"]),
    ("sms.send", &["account.sender", "account.admin"]),
    ("sms.bulk", &["account.sender", "account.admin"]),
    ("sms.preview", &["account.sender", "account.reader", "account.admin"]),
    ("sms.list", &["account.reader", "account.admin"]),
    ("sms.show", &["account.reader", "account.admin"]),
    ("sms.timeline", &["account.reader", "account.admin"]),
];

fn path(endpoint: &Endpoint) -> String {
    endpoint.path.replace("{digits}", "93700000001").replace("{id}", &HERAT.to_string())
}

#[tokio::test]
async fn every_endpoint_lets_in_its_roles_and_no_other() {
    let bench = Bench::new();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.access != Access::Public) {
        let (_, allowed) = ALLOWED.iter().find(|(name, _)| *name == endpoint.name).expect("an endpoint of the matrix");
        let (method, path) = (endpoint.method.as_str(), path(endpoint));
        bench.ask_as("", method, &path, &[], "").await.is_problem(401, "UNAUTHENTICATED");
        bench.ask_as(&bench.token(HERAT, &[]), method, &path, &[], "").await.is_problem(403, "INSUFFICIENT_SCOPE");
        for role in Role::ALL {
            let reply = bench.ask_as(&bench.token(HERAT, &[role]), method, &path, &[], "").await;
            let refused = reply.text("code") == "INSUFFICIENT_SCOPE";
            assert_eq!(!refused, allowed.contains(&role.name()), "{endpoint:?} for {role}: {}", reply.body);
            assert_ne!(reply.status, 401, "{endpoint:?} for {role}");
        }
    }
    assert_eq!(ALLOWED.len() + 3, ENDPOINTS.len());
}

#[tokio::test]
async fn identity_headers_grant_nothing_and_must_agree() {
    let bench = Bench::new();
    let (herat, kabul) = (HERAT.to_string(), KABUL.to_string());
    let actor = crate::fakes::ACTOR.to_string();
    for (name, value, code) in [
        ("x-tenant-id", herat.as_str(), None),
        ("x-tenant-id", kabul.as_str(), Some("TENANT_MISMATCH")),
        ("x-tenant-id", "", Some("TENANT_MISMATCH")),
        ("x-account-id", kabul.as_str(), Some("TENANT_MISMATCH")),
        ("x-user-id", actor.as_str(), None),
        ("x-user-id", kabul.as_str(), Some("IDENTITY_MISMATCH")),
        ("x-roles", "account.sender, account.reader", None),
        ("x-roles", "account.sender,platform.numbering.admin", Some("IDENTITY_MISMATCH")),
        ("x-roles", "root", Some("IDENTITY_MISMATCH")),
        ("x-idp", "https://login.peyk.test", None),
        ("x-idp", "https://evil.test", Some("IDENTITY_MISMATCH")),
    ] {
        let reply = bench.ask_with(&[(name, value)], "GET", "/v1/sms", "").await;
        match code {
            None => assert_eq!(reply.status, 200, "{name}: {value}"),
            Some(code) => reply.is_problem(403, code),
        }
    }
    let token = bench.token(HERAT, &[]);
    let reply = bench.ask_as(&token, "GET", "/v1/sms", &[("x-roles", "account.reader")], "").await;
    reply.is_problem(403, "IDENTITY_MISMATCH");
}

#[tokio::test]
async fn the_platform_itself_is_no_tenant() {
    let bench = Bench::new();
    let token = bench.token(TenantId::NIL, &TENANT_ROLES);
    let send = bench.ask_as(&token, "POST", "/v1/sms/send", &[], "{}").await;
    send.is_problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn health_needs_no_token() {
    let bench = Bench::new();
    let reply = bench.ask_as("", "GET", "/healthz", &[("authorization", "nonsense")], "").await;
    assert_eq!((reply.status, reply.text("state")), (200, "ok"));
}
