//! What the description promises, held against every answer that any test here gets.
use crate::fakes::Reply;
use peyk_domain::access::Role;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(peyk_http::openapi);

/// One way in, as it is described.
pub struct Described {
    pub method: String,
    pub path: String,
    pub described: &'static Value,
}

pub fn operations() -> impl Iterator<Item = Described> {
    DOCUMENT["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, described)| Described {
            method: method.to_uppercase(),
            path: path.clone(),
            described,
        })
    })
}

impl Described {
    pub fn name(&self) -> &str {
        self.described["operationId"].as_str().unwrap()
    }

    pub fn roles(&self) -> Vec<Role> {
        let roles = self.described["x-peyk-scope"]["any_of"].as_array().into_iter().flatten();
        roles.map(|role| role.as_str().unwrap().parse().unwrap()).collect()
    }

    /// That the value is as the schema has it.
    #[track_caller]
    pub fn check(&self, schema: &Value, value: &Value) {
        // Made once for each schema: there are many answers and few schemas.
        static MADE: LazyLock<Mutex<HashMap<String, &'static jsonschema::Validator>>> = LazyLock::new(Mutex::default);
        let validator = *MADE.lock().unwrap().entry(schema.to_string()).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = json!({ "schemas": DOCUMENT["components"]["schemas"] });
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            Box::leak(Box::new(options.build(&whole).expect("a schema")))
        });
        let wrong: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}\n{value:#}", self.name());
    }
}

/// The example request: path, headers and body. Messages are called `message`.
pub fn request(operation: &Described, message: &str) -> (String, Vec<(&'static str, String)>, String) {
    let mut path = operation.path.clone();
    let mut query = Vec::new();
    let mut headers = Vec::new();
    for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
        if parameter.get("$ref").is_some() {
            let shared = resolved(parameter);
            if shared["name"] == "Idempotency-Key" {
                headers.push(("idempotency-key", shared["example"].as_str().unwrap().to_owned()));
            }
            continue;
        }
        let Some(example) = parameter.get("example") else { continue };
        let name = parameter["name"].as_str().unwrap();
        let value = example.as_str().map_or_else(|| example.to_string(), ToOwned::to_owned);
        match parameter["in"].as_str().unwrap() {
            "path" if path.starts_with("/v1/sms/") => path = path.replace("{id}", message),
            "path" => path = path.replace(&format!("{{{name}}}"), &value),
            _ => query.push(format!("{name}={value}")),
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let mut body = String::new();
    if let Some(content) = operation.described.pointer("/requestBody/content") {
        let (media, content) = content.as_object().unwrap().iter().next().unwrap();
        let example = &content["example"];
        if media == "multipart/form-data" {
            let (media, form) = form(example);
            headers.push(("content-type", media));
            return (path, headers, form);
        }
        headers.push(("content-type", media.clone()));
        body = example.as_str().map_or_else(|| example.to_string(), ToOwned::to_owned);
    }
    (path, headers, body)
}

/// A form with these fields (RFC 7578), and its type; what is null is left out.
pub fn form(fields: &Value) -> (String, String) {
    let mut body = String::new();
    for (name, value) in fields.as_object().unwrap() {
        let Some(value) = value.as_str() else { continue };
        body += &format!("--form\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    ("multipart/form-data; boundary=form".to_owned(), body + "--form--\r\n")
}

fn find(method: &str, path: &str) -> Option<Described> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |described: &str| {
        let (wanted, given): (Vec<_>, Vec<_>) = (described.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len()
            && wanted
                .iter()
                .zip(&given)
                .all(|(wanted, given)| wanted == given || wanted.starts_with('{') && !given.is_empty())
    };
    let mut found: Vec<Described> =
        operations().filter(|operation| operation.method == method && fits(&operation.path)).collect();
    found.sort_by_key(|operation| operation.path.contains('{'));
    found.into_iter().next()
}

/// What a reference within the document refers to, or the value itself.
pub fn resolved(value: &'static Value) -> &'static Value {
    value["$ref"]
        .as_str()
        .map_or(value, |place| DOCUMENT.pointer(place.trim_start_matches('#')).expect("what is there"))
}

/// That an answer is one the description names: its status, its problem, the form of its body, and its headers.
#[track_caller]
pub fn check(method: &str, path: &str, reply: &Reply) {
    let Some(operation) = find(method, path) else { return };
    let name = operation.name();
    let response = resolved(&operation.described["responses"][reply.status.to_string()]);
    assert!(response.is_object(), "{name} is not said to answer {}: {}", reply.status, reply.body);
    let Some(content) = response["content"].as_object() else {
        assert!(reply.body.is_null(), "{name}: a body where none is described");
        return;
    };
    let media = reply.header("content-type").unwrap();
    let body = content.get(media).unwrap_or_else(|| panic!("{name} is not said to answer in {media}"));
    operation.check(&body["schema"], &reply.body);
    if media == "application/problem+json" {
        let code = reply.text("code");
        assert!(body["examples"].get(code).is_some(), "{name} is not said to answer {} {code}", reply.status);
    }
    for header in reply.headers.keys().filter(|name| DESCRIBED_HEADERS.contains(&name.as_str())) {
        let described = response["headers"].as_object().into_iter().flatten();
        assert!(
            described.into_iter().any(|(name, _)| name.eq_ignore_ascii_case(header)),
            "{name}, {}: {header} is not described",
            reply.status
        );
    }
}

const DESCRIBED_HEADERS: [&str; 6] =
    ["peyk-receipt", "idempotency-replayed", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate"];
