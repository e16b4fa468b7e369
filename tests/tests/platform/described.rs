//! The description that `peyk serve` serves, taken at its word: every example is asked, and answered as described.
use crate::setting::fresh;
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Reply, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// The order in which the examples make sense.
const STORY: &[&str] = &[
    "health.live",
    "health.ready",
    "openapi",
    "tenants.create",
    "tenants.list",
    "tenants.show",
    "tenants.rename",
    "tenants.suspend",
    "tenants.resume",
    "tenants.limits",
    "tenants.allowed",
    "accesskeys.create",
    "accesskeys.list",
    "accesskeys.revoke",
    "blocked.add",
    "blocked.list",
    "blocked.remove",
    "numbering.keys.register",
    "numbering.keys",
    "numbering.import",
    "numbering.imports",
    "numbering.imports.show",
    "numbering.keys.revoke",
    "numbering.imports.approve",
    "numbering.contracts.add",
    "numbering.contracts",
    "numbering.contracts.show",
    "numbering.contracts.change",
    "numbering.pools.add",
    "numbering.pools",
    "numbering.pools.show",
    "numbering.pools.change",
    "numbering.blocks.add",
    "numbering.blocks",
    "numbering.blocks.show",
    "numbering.blocks.change",
    "numbering.blocks.remove",
    "numbering.pools.remove",
    "numbering.contracts.remove",
    "numbers.reserve",
    "numbers.hold",
    "numbers.assign",
    "numbers.renew",
    "numbers.recall",
    "numbers.reinstate",
    "numbers.show",
    "numbers.history",
    "numbers.lease",
    "numbers.list",
    "operators.register",
    "connectors.register",
    "routes.set",
    "operators.list",
    "connectors.list",
    "routes.list",
    "connectors.close",
    "connectors.open",
    "sms.preview",
    "sms.send",
    "sms.bulk",
    "sms.show",
    "sms.timeline",
    "sms.list",
    "routes.remove",
    "numbering.quota",
    "numbering.quotas.show",
    "numbering.signals",
    "exports.request",
    "exports.list",
    "numbers.release",
    "numbers.cool_off",
    "numbers.retire",
    "audit.list",
    "ledgers.replay",
];
/// Lists that may well have nothing in them.
const EMPTY: &[&str] = &["exports.list", "audit.list", "numbering.signals", "numbers.history"];

/// What only somebody who has logged in can ask, or what is asked about somebody who can: the API's own tests do.
const OF_PEOPLE: [&str; 4] = ["accessreviews.", "auth.", "me.", "users."];
/// What only an import that broke off can be asked: `imports.rs` does.
const BREAKS_OFF: &str = "numbering.imports.abandon";
/// What ends the tenant of the story: `erasure.rs` does.
const ENDS: [&str; 2] = ["tenants.erase", "tenants.erasure"];
/// What the platform's own people do for a tenant.
const OF_THE_PLATFORM: [&str; 4] = ["tenants.", "accesskeys.", "blocked.", "numbering."];

/// A form with these fields (RFC 7578).
fn form(fields: &Value) -> (String, Bytes) {
    let fields = fields.as_object().into_iter().flatten();
    let parts = fields
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .map(|(name, value)| format!("--form\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    ("multipart/form-data; boundary=form".to_owned(), format!("{}--form--\r\n", parts.collect::<String>()).into())
}

/// Where an operation stands in the document.
struct Operation<'a> {
    method: String,
    path: &'a str,
    described: &'a Value,
}

fn operation<'a>(document: &'a Value, id: &str) -> Result<Operation<'a>> {
    for (path, methods) in document["paths"].as_object().context("paths")? {
        for (method, described) in methods.as_object().context("methods")? {
            if described["operationId"] == id {
                return Ok(Operation { method: method.to_uppercase(), path, described });
            }
        }
    }
    bail!("{id} is not described")
}

impl Operation<'_> {
    /// The path with the examples of its parameters; `message` stands for the id of a message.
    fn target(&self, message: &str) -> String {
        let (mut path, mut query) = (self.path.to_owned(), Vec::new());
        for parameter in self.described["parameters"].as_array().into_iter().flatten() {
            let Some(example) = parameter.get("example") else { continue };
            let value = example.as_str().map_or_else(|| example.to_string(), ToOwned::to_owned);
            match (parameter["in"].as_str(), parameter["name"].as_str().unwrap_or_default()) {
                (Some("path"), _) if path.starts_with("/v1/sms/") => path = path.replace("{id}", message),
                (Some("path"), name) => path = path.replace(&format!("{{{name}}}"), &value),
                (_, name) => query.push(format!("{name}={value}")),
            }
        }
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// The example body and its type.
    fn body(&self) -> (String, Bytes) {
        let content = self.described.pointer("/requestBody/content").and_then(Value::as_object);
        let Some((media, content)) = content.and_then(|content| content.iter().next()) else {
            return ("application/json".to_owned(), Bytes::new());
        };
        let example = &content["example"];
        if media == "multipart/form-data" {
            return form(example);
        }
        (media.clone(), example.as_str().map_or_else(|| example.to_string(), ToOwned::to_owned).into())
    }

    fn roles(&self) -> Vec<&str> {
        let roles = self.described["x-peyk-scope"]["any_of"].as_array().into_iter().flatten();
        roles.filter_map(Value::as_str).collect()
    }

    /// That the answer is a success it is said to have, in the form it is said to have.
    fn check(&self, document: &Value, reply: &Reply) -> Result<()> {
        let response = &self.described["responses"][reply.status.to_string()];
        ensure!(reply.status < 300 && response.is_object(), "{}: {} {}", self.path, reply.status, reply.body);
        let media = reply.headers["content-type"].to_str()?;
        let mut schema = response["content"][media]["schema"].clone();
        ensure!(schema.is_object(), "{}: {media} is not described", self.path);
        schema["components"] = json!({ "schemas": document["components"]["schemas"] });
        let schema = jsonschema::draft202012::options().should_validate_formats(true).build(&schema)?;
        let wrong: Vec<String> = schema.iter_errors(&reply.body).map(|error| error.to_string()).collect();
        ensure!(wrong.is_empty(), "{}: {wrong:?} in {}", self.path, reply.body);
        Ok(())
    }
}

#[tokio::test]
async fn every_example_of_the_description_works() -> Result<()> {
    let deployment = Deployment::start().await?;
    let document = deployment.http().get("/v1/openapi.json").await?.expect(200)?.body;
    let platform: BTreeSet<&str> = document["x-peyk-roles"]
        .as_array()
        .context("the roles")?
        .iter()
        .filter(|role| role["platform"] == true)
        .filter_map(|role| role["name"].as_str())
        .collect();
    let tenant = TenantId::from_bytes(uuid::Uuid::new_v4().into_bytes());
    let mut message = String::new();
    for id in STORY {
        let operation = operation(&document, id)?;
        let roles = operation.roles();
        let (own, of_platform): (Vec<&str>, Vec<&str>) = roles.into_iter().partition(|role| !platform.contains(role));
        let by_platform = OF_THE_PLATFORM.iter().any(|group| id.starts_with(group));
        let http = match (own.last().filter(|_| !by_platform), of_platform.first()) {
            (Some(role), _) => deployment.http().bearer(&deployment.token(tenant, &[role])?),
            (None, Some(role)) => deployment.http().bearer(&deployment.token(TenantId::NIL, &[role])?),
            (None, None) => deployment.http(),
        };
        let (target, (media, body)) = (operation.target(&message), operation.body());
        let key = fresh();
        let headers = [("content-type", media.as_str()), ("idempotency-key", key.as_str())];
        let method: hyper::Method = operation.method.parse()?;
        if method == hyper::Method::GET {
            // What was done shows after a while.
            eventually(id, PATIENCE, || async {
                let shown = http.get(&target).await;
                shown.is_ok_and(|reply| {
                    let listed = reply.body["items"].as_array().is_none_or(|items| !items.is_empty());
                    reply.status == 200 && (listed || EMPTY.contains(id))
                })
            })
            .await;
        }
        let reply = http.send(method, &target, &headers, body).await?;
        operation.check(&document, &reply).with_context(|| (*id).to_owned())?;
        if *id == "sms.send" {
            message = reply.text("/message_id").to_owned();
        }
    }
    let described = document["paths"].as_object().context("paths")?.values();
    let described = described.filter_map(Value::as_object).flat_map(serde_json::Map::values);
    let described = described.filter_map(|operation| operation["operationId"].as_str());
    let elsewhere =
        |id: &str| OF_PEOPLE.iter().any(|group| id.starts_with(group)) || id == BREAKS_OFF || ENDS.contains(&id);
    let told = described.filter(|id| !elsewhere(id)).count();
    assert_eq!(told, STORY.len(), "every operation has its place in the story");
    deployment.end();
    Ok(())
}
