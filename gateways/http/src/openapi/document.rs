use super::operation::Body;
use super::values::{Hex256, Id, LedgerName, NumberInPath, Partition};
use super::{Operation, examples, problems};
use crate::access::Access;
use crate::answer::{Answer, RECEIPT_HEADER, ShownReceipt};
use crate::api::Api;
use crate::endpoint::{ENDPOINTS, Endpoint};
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::access::Role;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use warp::http::header::IF_NONE_MATCH;

/// As the OpenAPI media types of the IETF's httpapi group have it.
pub(super) const MEDIA_TYPE: &str = "application/openapi+json";
const DESCRIPTION: &str = "Commands and queries of Peyk. A command is answered once it is on record, with a receipt that \
    leads to the record. Every error is a problem object with a stable code. Only the credential grants anything; the \
    headers X-Tenant-Id, X-Account-Id, X-User-Id, X-Roles and X-Idp may stand beside it and must then agree with it.";

static SERVED: LazyLock<(String, String)> = LazyLock::new(|| {
    let text = document().to_string();
    let tag = format!("\"{}\"", &blake3::hash(text.as_bytes()).to_hex()[..32]);
    (text, tag)
});

/// GET /v1/openapi.json.
pub(crate) async fn serve(_api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (text, tag) = &*SERVED;
    let known = request.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(|known| known.trim().trim_start_matches("W/"));
    let unchanged = known.any(|known| known == tag || known == "*");
    Ok(Answer::document(if unchanged { None } else { Some(text) }, MEDIA_TYPE, tag))
}

/// The whole description, with its members in alphabetical order.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let (mut paths, mut refusals) = (Map::new(), Map::new());
    for endpoint in ENDPOINTS {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_lowercase()] = operation(endpoint, &mut schemas, &mut refusals);
    }
    let receipt = schemas.subschema_for::<ShownReceipt>();
    let mut components = schemas.take_definitions(true);
    for name in answered_to_commands(&paths) {
        let Some(schema) = components.get_mut(&name) else { continue };
        schema["properties"]["receipt"] = receipt.clone().into();
        if let Some(required) = schema["required"].as_array_mut() {
            required.push("receipt".into());
        }
    }
    components.insert("Problem".to_owned(), problems::schema());
    let roles: Vec<Value> =
        Role::ALL.iter().map(|role| json!({ "name": role.name(), "platform": role.is_platform() })).collect();
    let mut document = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Peyk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": refusals,
            "examples": problems::examples(),
            "headers": headers(),
            "parameters": parameters(),
            "securitySchemes": { "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "A JWT with `exp`, `iss`, `aud`, `sub`, `tenant_id` and `roles`: under HS256 with \
                    the key of the deployment, or under RS256 with a key of an identity provider it trusts. A token of our \
                    own login bears `sid`, is good while its session lasts, and has the roles its user has now.",
            }, "accesskey": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "description": "`AccessKey ak_...`: a key as POST /v1/accesskeys shows it, once.",
            } },
        },
        "x-peyk-roles": roles,
    });
    document.sort_all_objects();
    document
}

/// The names of the schemas that answer commands: a command's answer carries its receipt, whatever else it says.
fn answered_to_commands(paths: &Map<String, Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.is_command()) {
        let responses = &paths[endpoint.path][endpoint.method.as_str().to_lowercase()]["responses"];
        for response in responses.as_object().into_iter().flat_map(Map::values) {
            let schema = response["content"]["application/json"]["schema"]["$ref"].as_str();
            names.extend(schema.and_then(|place| place.strip_prefix("#/components/schemas/")).map(ToOwned::to_owned));
        }
    }
    names
}

fn operation(endpoint: &Endpoint, schemas: &mut SchemaGenerator, shared: &mut Map<String, Value>) -> Value {
    let operation = (endpoint.operation)();
    let (tag, _) = endpoint.name.split_once('.').unwrap_or((endpoint.name, ""));
    let mut described = json!({
        "operationId": endpoint.name,
        "tags": [tag],
        "summary": operation.summary,
        "responses": responses(endpoint, &operation, schemas, shared),
        "x-peyk-scope": match endpoint.access {
            Access::Public => json!({ "public": true }),
            access => json!({ "any_of": access.roles().iter().map(|role| role.name()).collect::<Vec<_>>() }),
        },
        // Alternatives: any one of these roles is enough.
        "security": match endpoint.access {
            Access::Public => json!([]),
            access => access
                .roles()
                .iter()
                .flat_map(|role| ["bearer", "accesskey"].map(|scheme| json!({ scheme: [role.name()] })))
                .collect(),
        },
    });
    if !operation.description.is_empty() {
        described["description"] = operation.description.into();
    }
    let parameters = parameters_of(endpoint, &operation, schemas);
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.request {
        let required = !body.example.as_object().is_some_and(Map::is_empty);
        described["requestBody"] = json!({ "required": required, "content": content(body, schemas) });
        if let Some(bytes) = endpoint.body.bytes_max() {
            described["requestBody"]["description"] = format!("At most {bytes} bytes.").into();
        }
    }
    described
}

fn content(body: &Body, schemas: &mut SchemaGenerator) -> Value {
    json!({ body.media: { "schema": (body.schema)(schemas), "example": body.example } })
}

fn responses(
    endpoint: &Endpoint,
    operation: &Operation,
    schemas: &mut SchemaGenerator,
    shared: &mut Map<String, Value>,
) -> Value {
    let mut responses = Map::new();
    for (status, when, body) in &operation.answers {
        let mut headers = of_any_answer();
        if endpoint.is_command() {
            headers["Peyk-Receipt"] = json!({ "$ref": "#/components/headers/Receipt" });
            headers["Idempotency-Replayed"] = json!({ "$ref": "#/components/headers/Replayed" });
        }
        let mut response = json!({ "description": when, "headers": headers });
        if let Some(body) = body {
            response["content"] = content(body, schemas);
        }
        responses.insert(status.to_string(), response);
    }
    for (status, kinds) in problems::of(endpoint, operation) {
        let name = problems::name(status, &kinds);
        responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
        shared.entry(name).or_insert_with(|| problems::response(status, &kinds));
    }
    responses.into()
}

fn parameters_of(endpoint: &Endpoint, operation: &Operation, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let example = |name: &str| operation.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let mut parameters = Vec::new();
    let mut add = |name: &str, place: &str, required: bool, schema: Value| {
        let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": schema });
        if let Some(example) = example(name) {
            parameter["example"] = example.clone();
        }
        parameters.push(parameter);
    };
    for name in endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let schema = match name {
            "file" => schemas.subschema_for::<Hex256>(),
            "number" => schemas.subschema_for::<NumberInPath>(),
            "ledger" => schemas.subschema_for::<LedgerName>(),
            "partition" => schemas.subschema_for::<Partition>(),
            _ => schemas.subschema_for::<Id>(),
        };
        add(name, "path", true, schema.into());
    }
    let mut waits = false;
    if let Some(query) = operation.query {
        let query: Value = query(schemas).into();
        let required = query["required"].as_array().cloned().unwrap_or_default();
        for (name, schema) in query["properties"].as_object().into_iter().flatten() {
            waits |= name == "min_position";
            add(name, "query", required.iter().any(|required| required == name), never_null(schema.clone()));
        }
    }
    let shared = [(endpoint.is_command(), "IdempotencyKey"), (waits, "Receipt")];
    let shared = shared.iter().filter(|(applies, _)| *applies);
    parameters.extend(shared.map(|(_, name)| json!({ "$ref": format!("#/components/parameters/{name}") })));
    parameters
}

/// In a query string what is not there is left out; there is no null.
fn never_null(mut schema: Value) -> Value {
    let null = json!({ "type": "null" });
    if let Some(choices) = schema["anyOf"].as_array() {
        let value = choices.iter().find(|choice| **choice != null).cloned().unwrap_or_default();
        if let (Some(schema), Value::Object(value)) = (schema.as_object_mut(), value) {
            schema.remove("anyOf");
            schema.extend(value);
        }
    } else if let Some(types) = schema["type"].as_array() {
        schema["type"] = types.iter().find(|name| **name != "null").cloned().unwrap_or_default();
    }
    schema
}

fn parameters() -> Value {
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Names the request for 24 hours: a repeat gets the first answer. Another request under the \
                            same key is refused.",
            "schema": { "type": "string", "pattern": "^[!-~]{1,255}$" },
            "example": examples::KEY,
        },
        "Receipt": {
            "name": RECEIPT_HEADER, "in": "header", "required": false,
            "description": "The receipt of a command whose effect is to be seen; as min_position.",
            "schema": { "type": "string", "pattern": "^[a-z]+/[0-9]+/[0-9]+(/[0-9a-f]{64})?$" },
        },
    })
}

/// The headers that every answer has.
pub(super) fn of_any_answer() -> Value {
    json!({
        "X-Request-Id": { "$ref": "#/components/headers/RequestId" },
        "RateLimit-Policy": { "$ref": "#/components/headers/RateLimitPolicy" },
        "RateLimit": { "$ref": "#/components/headers/RateLimit" },
    })
}

fn headers() -> Value {
    json!({
        "RateLimitPolicy": {
            "description": "The limits the request was counted against (draft-ietf-httpapi-ratelimit-headers-11): `address` \
                and, with a token, `tenant`. `q` requests come back in `w` seconds, one by one. Where several processes \
                serve, each tells of its part.",
            "schema": { "type": "string" },
            "example": "\"address\";q=20000;w=120, \"tenant\";q=2000;w=120",
        },
        "RateLimit": {
            "description": "What is left of each of them: `r` requests now, and more in `t` seconds.",
            "schema": { "type": "string" },
            "example": "\"address\";r=19999;t=1, \"tenant\";r=1999;t=1",
        },
        "RequestId": { "description": "Names the request in the operator's log.", "schema": { "type": "string", "format": "uuid" } },
        "RetryAfter": { "description": "When to come back, in seconds.", "schema": { "type": "integer", "minimum": 1 } },
        "Challenge": { "description": "RFC 6750 section 3.", "schema": { "type": "string" } },
        "Receipt": {
            "description": "LEDGER/PARTITION/POSITION/HASH of the record; give it to a read to see at least that much.",
            "schema": { "type": "string", "pattern": "^[a-z]+/[0-9]+/[0-9]+/[0-9a-f]{64}$" },
        },
        "Replayed": {
            "description": "There if the answer is of an earlier request with the same key.",
            "schema": { "const": "true" },
        },
    })
}
