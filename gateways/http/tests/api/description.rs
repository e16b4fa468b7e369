//! The API's own description: blessed, valid, and true of what the API answers.
use crate::conformance::{DOCUMENT, Described, operations, request, resolved};
use crate::fakes::{Bench, HERAT, KNOWN};
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_http::ENDPOINTS;
use serde_json::{Value, json};
use std::path::PathBuf;

fn blessed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json")
}

#[test]
fn the_blessed_description_is_up_to_date() {
    let made = format!("{:#}\n", *DOCUMENT);
    if std::env::var_os("PEYK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(blessed(), &made).unwrap();
    }
    let stored = std::fs::read_to_string(blessed()).unwrap_or_default();
    assert!(
        stored == made,
        "schemas/openapi.json is out of date. If the change is meant and breaks no client, renew it with\n    \
         PEYK_BLESS=1 cargo test -p peyk-http\nand review the difference."
    );
}

#[test]
fn every_endpoint_is_described_with_who_may_call_it() {
    assert_eq!(operations().count(), ENDPOINTS.len());
    for operation in operations() {
        let name = operation.described["operationId"].as_str().unwrap();
        assert!(!operation.described["summary"].as_str().unwrap().is_empty(), "{name}");
        let scope = &operation.described["x-peyk-scope"];
        let roles = scope["any_of"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(roles.is_empty(), scope["public"] == true, "{name}");
        assert!(roles.iter().all(|role| role.as_str().unwrap().parse::<Role>().is_ok()), "{name}");
        let schemes = |role: &Value| ["bearer", "accesskey"].map(|scheme| json!({ scheme: [role] }));
        let alternatives: Vec<Value> = roles.iter().flat_map(schemes).collect();
        assert_eq!(operation.described["security"], Value::from(alternatives), "{name}");
    }
}

#[test]
fn every_example_is_of_its_schema() {
    let mut seen = 0;
    for operation in operations() {
        let request = operation.described.pointer("/requestBody/content").into_iter();
        let responses = operation.described["responses"].as_object().unwrap().values();
        for content in request.chain(responses.filter_map(|response| resolved(response).get("content"))) {
            for body in content.as_object().unwrap().values() {
                let referred = body["examples"].as_object().into_iter().flat_map(|examples| examples.values());
                let referred = referred.map(|example| &resolved(example)["value"]);
                for example in body.get("example").into_iter().chain(referred) {
                    operation.check(&body["schema"], example);
                    seen += 1;
                }
            }
        }
        for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
            if let Some(example) = parameter.get("example") {
                operation.check(&parameter["schema"], example);
                seen += 1;
            }
        }
    }
    assert!(seen > ENDPOINTS.len(), "{seen}");
}

/// The examples are asked of the API in the order of the table. What the answers have to be like is checked of every
/// answer of every test; see `conformance`.
#[tokio::test]
async fn every_example_is_answered_as_described() {
    const ELSEWHERE: [&str; 6] =
        ["users.unlock", "users.totp.remove", "tenants.erase", "tenants.erasure", "users.erase", "users.erasure"];
    let bench = Bench::new();
    let place = |operation: &Described| ENDPOINTS.iter().position(|endpoint| endpoint.name == operation.name());
    let mut operations: Vec<Described> = operations().collect();
    operations.sort_by_key(place);
    for operation in operations {
        // Of a login there is no example that is good: `accounts` asks all of these, and their answers are held
        // against the description too. Nor does an example come before that leads to what these undo, or end.
        let of_a_login = operation.path.starts_with("/v1/auth/") || operation.path.starts_with("/v1/me");
        if of_a_login || ELSEWHERE.contains(&operation.name()) {
            continue;
        }
        let roles: Vec<Role> = operation.roles();
        let tenant = if roles.first().is_some_and(|role| role.is_platform()) { TenantId::NIL } else { HERAT };
        let token = if roles.is_empty() { String::new() } else { bench.token(tenant, &roles[..1]) };
        let (path, headers, body) = request(&operation, &KNOWN.to_string());
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // The lease the platform makes is for a tenant it names, which is not in the example for tenants.
        let own = operation.path.starts_with("/v1/numbers/") && roles.contains(&Role::NumberingWrite);
        let token = if own { bench.token(HERAT, &[Role::NumberingRead, Role::NumberingWrite]) } else { token };
        let reply = bench.ask_as(&token, &operation.method, &path, &headers, &body).await;
        assert!((200..300).contains(&reply.status), "{} {path}: {}", operation.method, reply.body);
    }
}

#[tokio::test]
async fn the_description_is_served_to_anyone_and_cached() {
    let bench = Bench::new();
    let reply = bench.ask_as("", "GET", "/v1/openapi.json", &[], "").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/openapi+json")));
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(reply.body, *DOCUMENT);
    let tag = reply.header("etag").unwrap().to_owned();
    for (known, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"other\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
    ] {
        let reply = bench.ask_as("", "GET", "/v1/openapi.json", &[("if-none-match", &known)], "").await;
        assert_eq!((reply.status, reply.header("etag")), (status, Some(tag.as_str())), "{known}");
        assert_eq!(reply.body.is_null(), status == 304);
    }
}
