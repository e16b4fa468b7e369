//! Who gets what from every endpoint, walked from the description the API serves and held against a reviewed file.
//!
//! Every request names the tenant HERAT wherever it can: in its path, its query or its body.
use crate::conformance::{DOCUMENT, Described, operations, request};
use crate::fakes::{Asked, Bench, HERAT, KABUL, KNOWN, TENANT_ROLES};
use crate::tokens::expired;
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_domain::numbering::NumberingCommand;
use peyk_http::ENDPOINTS;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const HEADER: &str = "\
# Who gets what. One line for each endpoint: its name, method and path; then roles with three statuses, of a token of
# the tenant that is named, of another tenant, and of the platform itself; then any other role, no token, and a token
# that has expired. An endpoint that cannot name a tenant shows each what is its own.
# Renewed by PEYK_BLESS=1 cargo test -p peyk-http; whoever changes a line decides who may do what.
";

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/roles.txt")
}

/// The example request, naming HERAT wherever a tenant can be named.
fn naming_herat(operation: &Described) -> (String, Vec<(&'static str, String)>, String) {
    let (mut path, headers, mut body) = request(operation, &KNOWN.to_string());
    let parameters = operation.described["parameters"].as_array().into_iter().flatten();
    let named = path.contains("tenant_id=");
    if !named && parameters.into_iter().any(|parameter| parameter["name"] == "tenant_id") {
        path = format!("{path}{}tenant_id={HERAT}", if path.contains('?') { '&' } else { '?' });
    }
    let schema = &operation.described["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let schema = schema.as_str().and_then(|place| DOCUMENT.pointer(place.trim_start_matches('#')));
    if schema.is_some_and(|schema| schema["properties"].get("tenant_id").is_some()) {
        let mut named: Value = serde_json::from_str(&body).unwrap();
        named["tenant_id"] = json!(HERAT.to_string());
        body = named.to_string();
    }
    (path, headers, body)
}

/// The tenants whose things were touched: what the command side and the read models were asked for.
fn touched(bench: &Bench) -> Vec<TenantId> {
    let asked = bench.commands.asked();
    let commands = asked.iter().map(|asked| match asked {
        Asked::Numbering(call) => match call.command {
            NumberingCommand::Reserve { tenant, .. }
            | NumberingCommand::Hold { tenant, .. }
            | NumberingCommand::Assign { tenant, .. }
            | NumberingCommand::Renew { tenant, .. }
            | NumberingCommand::Release { tenant, .. } => tenant,
            _ => TenantId::NIL,
        },
        Asked::Routing(_) => TenantId::NIL,
        Asked::Submit(call) => call.caller.tenant,
        Asked::Access(call) => call.caller.tenant,
    });
    commands.chain(bench.reads.asked_for.lock().unwrap().iter().copied()).collect()
}

async fn status(operation: &Described, token: &str, may_touch: &[TenantId]) -> u16 {
    let bench = Bench::new();
    let (path, headers, body) = naming_herat(operation);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = bench.ask_as(token, &operation.method, &path, &headers, &body).await;
    let touched = touched(&bench);
    let within = touched.iter().all(|tenant| may_touch.contains(tenant));
    assert!(within, "{} {path} reached into {touched:?}", operation.method);
    if (400..500).contains(&reply.status) {
        assert!(bench.commands.asked().is_empty(), "{} {path} was refused and done", operation.method);
    }
    reply.status
}

/// What a role gets with a token of HERAT, of KABUL and of the platform.
async fn of_role(operation: &Described, role: Role) -> [u16; 3] {
    let bench = Bench::new();
    let mut statuses = [0; 3];
    for (status_of, tenant) in statuses.iter_mut().zip([HERAT, KABUL, TenantId::NIL]) {
        // Only the platform's own people see or act beyond their tenant.
        let may_touch: &[TenantId] = if role.is_platform() && tenant.is_nil() { &[HERAT, tenant] } else { &[tenant] };
        *status_of = status(operation, &bench.token(tenant, &[role]), may_touch).await;
    }
    statuses
}

fn shown(roles: &[&str], [own, other, platform]: [u16; 3]) -> String {
    format!("{} {own} {other} {platform}", roles.join(", "))
}

async fn line(operation: &Described, catalogue: &[Role]) -> String {
    let granted = operation.roles();
    let mut by_outcome: BTreeMap<[u16; 3], Vec<&str>> = BTreeMap::new();
    let mut others: BTreeMap<[u16; 3], Vec<&str>> = BTreeMap::new();
    for &role in catalogue {
        let outcomes = if granted.contains(&role) { &mut by_outcome } else { &mut others };
        outcomes.entry(of_role(operation, role).await).or_default().push(role.name());
    }
    let mut cells: Vec<String> = by_outcome.into_iter().map(|(outcome, roles)| shown(&roles, outcome)).collect();
    let rest = if granted.is_empty() { "any role" } else { "any other" };
    match others.len() {
        1 => cells.extend(others.into_keys().map(|outcome| shown(&[rest], outcome))),
        _ => cells.extend(others.into_iter().map(|(outcome, roles)| shown(&roles, outcome))),
    }
    cells.push(format!("no token {}", status(operation, "", &[]).await));
    cells.push(format!("expired {}", status(operation, &expired(catalogue), &[]).await));
    let name = operation.described["operationId"].as_str().unwrap();
    format!("{name} {} {}: {}\n", operation.method, operation.path, cells.join("; "))
}

#[tokio::test]
async fn every_endpoint_gives_every_role_what_was_reviewed() {
    let served = Bench::new().ask_as("", "GET", "/v1/openapi.json", &[], "").await.body;
    assert_eq!(served, *DOCUMENT);
    let catalogue: Vec<Role> = served["x-peyk-roles"].as_array().unwrap().iter().map(named).collect();
    assert_eq!(catalogue, Role::ALL);
    let mut lines = BTreeMap::new();
    for operation in operations() {
        lines.insert(operation.described["operationId"].to_string(), line(&operation, &catalogue).await);
    }
    assert_eq!(lines.len(), ENDPOINTS.len());
    let walked = format!("{HEADER}{}", lines.into_values().collect::<String>());
    if std::env::var_os("PEYK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(golden(), &walked).unwrap();
    }
    let reviewed = std::fs::read_to_string(golden()).unwrap_or_default();
    let new: Vec<&str> = walked.lines().filter(|line| !reviewed.lines().any(|known| known == *line)).collect();
    let old: Vec<&str> = reviewed.lines().filter(|line| !walked.lines().any(|known| known == *line)).collect();
    assert!(
        walked == reviewed,
        "tests/golden/roles.txt says\n{old:#?}\nand the API does\n{new:#?}\nIf that is meant, renew the file with\n    \
         PEYK_BLESS=1 cargo test -p peyk-http\nand have the difference reviewed."
    );
}

fn named(role: &Value) -> Role {
    role["name"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_token_without_roles_opens_nothing() {
    let bench = Bench::new();
    for operation in operations().filter(|operation| !operation.roles().is_empty()) {
        let (path, headers, body) = naming_herat(&operation);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = bench.ask_as(&bench.token(HERAT, &[]), &operation.method, &path, &headers, &body).await;
        reply.is_problem(403, "INSUFFICIENT_SCOPE");
    }
}

#[tokio::test]
async fn the_platform_itself_is_no_tenant() {
    let bench = Bench::new();
    let token = bench.token(TenantId::NIL, &TENANT_ROLES);
    let send = bench.ask_as(&token, "POST", "/v1/sms/send", &[], "{}").await;
    send.is_problem(403, "INSUFFICIENT_SCOPE");
}
