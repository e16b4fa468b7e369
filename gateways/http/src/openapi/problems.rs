//! Which problems an endpoint can answer, and how they are described.
use super::Operation;
use super::document::of_any_answer;
use super::examples::REQUEST;
use crate::access::Access;
use crate::body::BodyRule;
use crate::endpoint::Endpoint;
use crate::problem::{Kind, kind};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use warp::http::{Method, StatusCode};

const ANY: &[&Kind] = &[
    &kind::INVALID_HOST,
    &kind::ADDRESS_BLOCKED,
    &kind::RESOURCE_EXHAUSTED,
    &kind::HEAD_TOO_LARGE,
    &kind::PAYLOAD_TOO_LARGE,
    &kind::OVERLOADED,
    &kind::INTERNAL,
];
const GUARDED: &[&Kind] = &[
    &kind::UNAUTHENTICATED,
    &kind::INSUFFICIENT_SCOPE,
    &kind::ADDRESS_NOT_ALLOWED,
    &kind::TENANT_MISMATCH,
    &kind::IDENTITY_MISMATCH,
    &kind::UNAVAILABLE,
];
const BODIED: &[&Kind] = &[&kind::REQUEST_TIMEOUT, &kind::UNSUPPORTED_MEDIA_TYPE];
const COMMANDS: &[&Kind] = &[
    &kind::IDEMPOTENCY_KEY_INVALID,
    &kind::IDEMPOTENCY_KEY_REUSED,
    &kind::IN_FLIGHT,
    &kind::REFUSED,
    &kind::CORRUPT_LEDGER,
    &kind::UNAVAILABLE,
    &kind::OUTCOME_UNKNOWN,
];
const READS: &[&Kind] = &[&kind::READ_MODEL_UNAVAILABLE, &kind::READ_MODEL_BEHIND];

/// By status, in the order of the table of problems.
pub(super) fn of(endpoint: &Endpoint, operation: &Operation) -> BTreeMap<u16, Vec<&'static Kind>> {
    let mut all: Vec<&Kind> = ANY.iter().chain(operation.problems).copied().collect();
    let mut when = |applies: bool, problems: &[&'static Kind]| {
        if applies {
            all.extend(problems);
        }
    };
    let guarded = endpoint.access != Access::Public;
    when(guarded, GUARDED);
    when(matches!(endpoint.access, Access::AnyOf(_)), &[&kind::MFA_REQUIRED]);
    when(endpoint.body != BodyRule::Empty, BODIED);
    when(matches!(endpoint.body, BodyRule::Json(_)), &[&kind::INVALID_JSON]);
    when(matches!(endpoint.body, BodyRule::Form(_)), &[&kind::INVALID_FORM, &kind::INVALID_VALUE]);
    when(endpoint.is_command(), COMMANDS);
    when(guarded && endpoint.method == Method::GET, READS);
    when(operation.query.is_some(), &[&kind::INVALID_QUERY, &kind::INVALID_VALUE]);
    when(endpoint.path.contains("{id}") || endpoint.path.contains("{file}"), &[&kind::NOT_FOUND]);
    when(endpoint.path.contains("{number}"), &[&kind::INVALID_VALUE]);
    let mut by_status = BTreeMap::new();
    for kind in kind::ALL.iter().filter(|kind| all.contains(kind)) {
        by_status.entry(kind.status.as_u16()).or_insert_with(Vec::new).push(*kind);
    }
    by_status
}

/// What the response with these problems of one status is called; endpoints that share it refer to it.
pub(super) fn name(status: u16, kinds: &[&Kind]) -> String {
    let codes = kinds.iter().map(|kind| kind.code);
    std::iter::once(status.to_string().as_str()).chain(codes).collect::<Vec<_>>().join(".")
}

/// That response.
pub(super) fn response(status: u16, kinds: &[&Kind]) -> Value {
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code).collect();
    let meanings: Vec<String> = kinds.iter().map(|kind| format!("- `{}`: {}", kind.code, kind.title)).collect();
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| ((*code).to_owned(), json!({ "$ref": format!("#/components/examples/{code}") })))
        .collect();
    let mut headers = of_any_answer();
    if kinds.iter().any(|kind| kind.comes_back()) {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    if status == StatusCode::UNAUTHORIZED.as_u16() {
        headers["WWW-Authenticate"] = json!({ "$ref": "#/components/headers/Challenge" });
    }
    let mut more = Map::new();
    if kinds.contains(&&kind::NONE_ACCEPTED) {
        headers["Peyk-Receipt"] = json!({ "$ref": "#/components/headers/Receipt" });
        headers["Idempotency-Replayed"] = json!({ "$ref": "#/components/headers/Replayed" });
        more = Map::from_iter([
            ("accepted".to_owned(), json!({ "const": 0 })),
            ("refused".to_owned(), json!({ "type": "integer" })),
            ("items".to_owned(), json!({ "type": "array", "items": { "$ref": "#/components/schemas/ItemResult" } })),
            ("receipts".to_owned(), json!({ "type": "array", "items": { "$ref": "#/components/schemas/Receipt" } })),
            ("receipt".to_owned(), json!({ "$ref": "#/components/schemas/Receipt" })),
        ]);
    }
    // Rules of tomorrow refuse with codes of their own.
    let code = if codes.contains(&kind::REFUSED.code) { json!({}) } else { json!({ "enum": codes }) };
    more.extend([("status".to_owned(), json!({ "const": status })), ("code".to_owned(), code)]);
    json!({
        "description": meanings.join("\n"),
        "headers": headers,
        "content": { "application/problem+json": {
            "schema": {
                "$ref": "#/components/schemas/Problem",
                "properties": more,
            },
            "examples": examples,
        } },
    })
}

/// One example of each, for `components/examples`.
pub(super) fn examples() -> Map<String, Value> {
    let example = |kind: &&Kind| {
        let value = json!({
            "type": format!("urn:peyk:problem:{}", kind.code),
            "title": kind.title,
            "status": kind.status.as_u16(),
            "detail": kind.title,
            "code": kind.code,
            "domain": "peyk",
            "request_id": REQUEST,
            "instance": format!("urn:uuid:{REQUEST}"),
        });
        (kind.code.to_owned(), json!({ "summary": kind.title, "value": value }))
    };
    kind::ALL.iter().map(example).collect()
}

/// The problem object itself.
pub(super) fn schema() -> Value {
    json!({
        "description": "Problem details (RFC 9457). `code` is stable and what to branch on; a code that is not in \
                        this document is a refusal by a newer rule. Further members may stand beside these.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "domain", "request_id", "instance"],
        "properties": {
            "type": { "type": "string", "format": "uri", "pattern": "^urn:peyk:problem:" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "description": "What to do. Never repeats a number or a text.", "type": "string" },
            "code": { "type": "string" },
            "reason": { "description": "A finer code, where there is one.", "type": "string" },
            "field": { "description": "The part of the request that is meant, where it is one.", "type": "string" },
            "domain": { "const": "peyk" },
            "request_id": { "type": "string", "format": "uuid" },
            "instance": { "type": "string", "format": "uri" },
        },
    })
}
