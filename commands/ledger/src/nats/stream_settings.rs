//! A ledger's stream as it is, beside the stream as it is declared. Nothing here changes a stream.
use super::ledgers::{Ledgers, ReadError, unavailable};
use super::provision::stream_config;
use crate::segments::Segment;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::Config;
use peyk_schemas::LedgerId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A stream as its server describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamFound {
    pub name: String,
    pub segment: Segment,
    /// The whole configuration, with what this client has no name for.
    pub config: Value,
    /// The servers that keep it; none where there is no cluster.
    pub servers: Vec<String>,
}

#[derive(Deserialize)]
struct Info {
    config: Value,
    #[serde(default)]
    cluster: Cluster,
}

#[derive(Deserialize, Default)]
struct Cluster {
    leader: Option<String>,
    #[serde(default)]
    replicas: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    name: String,
}

impl Ledgers {
    /// The streams of a ledger as they are now, those ahead included.
    ///
    /// # Errors
    /// [`ReadError::Missing`] or [`ReadError::Unavailable`].
    pub async fn streams_found(&self, ledger: LedgerId) -> Result<Vec<StreamFound>, ReadError> {
        let (mut found, mut segment) = (Vec::new(), Segment::FIRST);
        loop {
            match self.stream_found(ledger, segment).await {
                Ok(stream) => found.push(stream),
                Err(ReadError::Missing(_)) if !found.is_empty() => return Ok(found),
                Err(error) => return Err(error),
            }
            segment = segment.next();
        }
    }

    async fn stream_found(&self, ledger: LedgerId, segment: Segment) -> Result<StreamFound, ReadError> {
        let name = self.names().stream(ledger, segment);
        let asked = self.context().request(format!("STREAM.INFO.{name}"), &json!({})).await;
        match asked.map_err(|error| unavailable(ledger, &error))? {
            Response::Ok(Info { config, cluster: Cluster { leader, replicas } }) => {
                let servers = leader.into_iter().chain(replicas.into_iter().map(|server| server.name)).collect();
                Ok(StreamFound { name, segment, config, servers })
            }
            Response::Err { error } if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Err(ReadError::Missing(ledger))
            }
            Response::Err { error } => Err(unavailable(ledger, &error)),
        }
    }
}

impl StreamFound {
    /// The fields that are not as they were declared, by their names in NATS.
    #[must_use]
    pub fn differences(&self, declared: &Config) -> Vec<String> {
        let declared = serde_json::to_value(declared).unwrap_or_default();
        let (wanted, found) = (plain(&declared), plain(&self.config));
        let names = wanted.keys().chain(found.keys().filter(|name| !wanted.contains_key(*name)));
        names.filter(|name| wanted.get(*name) != found.get(*name)).cloned().collect()
    }

    /// As [`Self::differences`], from what `peyk migrate` makes.
    #[must_use]
    pub fn differences_of(&self, ledgers: &Ledgers, ledger: LedgerId, replicas: usize) -> Vec<String> {
        self.differences(&stream_config(ledgers.names(), ledger, self.segment, replicas))
    }
}

/// A configuration without what says nothing: fields with the value they have when nobody sets them, and the marks that
/// servers leave for each other. What is unknown here is kept, so that a new feature that somebody turns on is seen.
fn plain(config: &Value) -> Map<String, Value> {
    let mut config = config.as_object().cloned().unwrap_or_default();
    if let Some(metadata) = config.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !name.starts_with("_nats."));
    }
    config.retain(|name, value| !says_nothing(name, value));
    config
}

/// What a server does with two equal message ids. Peyk sends none.
const DUPLICATE_WINDOW_NS: u64 = 120_000_000_000;

fn says_nothing(name: &str, value: &Value) -> bool {
    match (name, value) {
        (_, Value::Null | Value::Bool(false)) => true,
        (_, Value::Array(values)) => values.is_empty(),
        (_, Value::Object(values)) => values.is_empty(),
        ("compression", value) => value == "none",
        ("persist_mode", value) => value == "default",
        ("duplicate_window", value) => value.as_u64().is_some_and(|window| [0, DUPLICATE_WINDOW_NS].contains(&window)),
        // No limit, said in two ways.
        (_, Value::Number(number)) => number.as_i64().is_some_and(|number| number == 0 || number == -1),
        (_, Value::String(text)) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::*;

    fn declared() -> Config {
        stream_config(&Names::new("t").expect("a namespace"), LedgerId::NUMBERING, Segment::FIRST, 3)
    }

    /// As NATS 2.15.1 answers for a stream just made.
    fn found() -> Value {
        let mut found = serde_json::to_value(declared()).expect("JSON");
        let added = json!({
            "max_consumers": -1, "max_msgs_per_subject": -1, "max_age": 0,
            "duplicate_window": 120_000_000_000_u64, "compression": "none", "mirror_direct": false, "sealed": false,
            "allow_rollup_hdrs": false, "consumer_limits": {}, "allow_msg_ttl": false,
        });
        let added = added.as_object().expect("an object").clone();
        found.as_object_mut().expect("an object").extend(added);
        for (mark, value) in [("_nats.level", "5"), ("_nats.req.level", "2"), ("_nats.ver", "2.15.1")] {
            found["metadata"][mark] = json!(value);
        }
        found
    }

    fn differences(alter: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut config = found();
        alter(&mut config);
        StreamFound { name: "s".to_owned(), segment: Segment::FIRST, config, servers: Vec::new() }
            .differences(&declared())
    }

    #[test]
    fn a_stream_as_it_was_made_shows_no_difference() {
        assert_eq!(differences(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn every_field_that_was_changed_is_named_known_or_not() {
        for (field, value) in [
            ("deny_delete", json!(false)),
            ("deny_purge", json!(false)),
            ("retention", json!("workqueue")),
            ("discard", json!("old")),
            ("storage", json!("memory")),
            ("num_replicas", json!(1)),
            ("subjects", json!(["t.ledger.numbering.0.1", "somebody.else"])),
            ("max_age", json!(1_000_000_000)),
            ("max_msgs", json!(10)),
            ("max_bytes", json!(1)),
            ("max_msg_size", json!(10)),
            ("max_msgs_per_subject", json!(1)),
            ("max_consumers", json!(1)),
            ("duplicate_window", json!(1_000_000_000)),
            ("allow_atomic", json!(false)),
            ("allow_rollup_hdrs", json!(true)),
            ("allow_msg_ttl", json!(true)),
            ("allow_msg_counter", json!(true)),
            ("allow_msg_schedules", json!(true)),
            ("allow_batched", json!(true)),
            ("sealed", json!(true)),
            ("no_ack", json!(true)),
            ("compression", json!("s2")),
            ("persist_mode", json!("async")),
            ("mirror", json!({ "name": "other" })),
            ("mirror_direct", json!(true)),
            ("sources", json!([{ "name": "other" }])),
            ("republish", json!({ "src": ">", "dest": "x.>" })),
            ("subject_transform", json!({ "src": ">", "dest": "x.>" })),
            ("placement", json!({ "cluster": "other" })),
            ("first_seq", json!(7)),
            ("consumer_limits", json!({ "max_ack_pending": 1 })),
            ("subject_delete_marker_ttl", json!(1_000_000_000)),
            ("metadata", json!({ "owner": "somebody", "_nats.ver": "2.15.1" })),
            ("description", json!("changed")),
            ("a_field_of_the_future", json!(true)),
        ] {
            assert_eq!(differences(|config| config[field] = value), [field]);
        }
    }
}
