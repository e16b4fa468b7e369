//! What the servers of a NATS cluster say of themselves, each for itself, through the system account.
use async_nats::Client;
use futures::StreamExt;
use futures::stream::select;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Imports of the account that owns the ledgers; see `ops/nats/server.conf.template`.
const JETSTREAM: &str = "$SYS.REQ.SERVER.PING.JSZ";
const SETTINGS: &str = "$SYS.REQ.SERVER.PING.VARZ";
/// Without it the answers leave out how writes are synced.
const WITH_CONFIG: &str = r#"{"config":true}"#;
/// How long answers may take.
pub const SURVEY: Duration = Duration::from_secs(2);
/// A peer its cluster heard nothing of for so long acknowledges nothing, so its answer is not waited for.
const UNHEARD_NS: u64 = 10_000_000_000;

/// One server with JetStream, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub name: String,
    /// Whether it answers a write only once it is on disk.
    pub sync_always: bool,
    /// The prefix of the tag by which it places replicas apart, if it does.
    pub unique_tag: Option<String>,
    pub tags: Vec<String>,
    /// The largest message it takes, bytes.
    pub max_payload: u64,
    /// None if it stands alone.
    pub cluster: Option<Membership>,
}

/// A server's view of the cluster it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    pub leader: Option<String>,
    /// How many servers the cluster counts, itself included.
    pub size: usize,
    pub others: Vec<Other>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    pub name: String,
    /// Whether the cluster heard of it lately. Only the leader knows.
    pub heard: bool,
}

#[derive(Deserialize)]
struct Answer<D> {
    server: About,
    data: D,
}

#[derive(Deserialize)]
struct About {
    name: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct JetStream {
    /// Absent from a server that has no JetStream.
    config: Option<Storage>,
    meta_cluster: Option<Meta>,
}

#[derive(Deserialize)]
struct Storage {
    #[serde(default)]
    sync_always: bool,
    #[serde(default)]
    unique_tag: String,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    leader: String,
    #[serde(default)]
    cluster_size: usize,
    #[serde(default)]
    replicas: Vec<Replica>,
}

#[derive(Deserialize)]
struct Replica {
    name: String,
    #[serde(default)]
    current: bool,
    #[serde(default)]
    offline: bool,
    /// Nanoseconds since it was heard of; 0 if it never was.
    #[serde(default)]
    active: u64,
}

#[derive(Deserialize)]
struct Settings {
    max_payload: u64,
}

impl Replica {
    const fn heard(&self) -> bool {
        !self.offline && self.active < UNHEARD_NS && (self.current || self.active > 0)
    }
}

impl From<&Meta> for Membership {
    fn from(meta: &Meta) -> Self {
        let others = meta.replicas.iter().map(|other| Other { name: other.name.clone(), heard: other.heard() });
        let leader = Some(meta.leader.clone()).filter(|leader| !leader.is_empty());
        Self { leader, size: meta.cluster_size, others: others.collect() }
    }
}

/// Asks every server, and gives those that answered both questions, by name; none where nobody may be asked. Ends early
/// once `enough` says so of what is there.
///
/// # Errors
/// What the client says if it cannot ask.
pub async fn survey(client: &Client, enough: impl Fn(&[Peer]) -> bool) -> Result<Vec<Peer>, async_nats::Error> {
    let until = Instant::now() + SURVEY;
    let mut answers = BTreeMap::<String, Answers>::new();
    let inbox = client.new_inbox();
    let (jetstream, settings) = (format!("{inbox}.jetstream"), format!("{inbox}.settings"));
    let mut coming = select(client.subscribe(jetstream.clone()).await?, client.subscribe(settings.clone()).await?);
    client.publish_with_reply(JETSTREAM, jetstream.clone(), WITH_CONFIG.into()).await?;
    client.publish_with_reply(SETTINGS, settings, WITH_CONFIG.into()).await?;
    let mut peers = Vec::new();
    while let Ok(Some(message)) = timeout_at(until, coming.next()).await {
        // What is no answer is a status without a body: nobody listens there.
        if message.subject.as_str() == jetstream {
            if let Ok(Answer { server, data }) = serde_json::from_slice(&message.payload) {
                let answer = answers.entry(server.name).or_default();
                (answer.jetstream, answer.tags) = (Some(data), server.tags);
            }
        } else if let Ok(Answer { server, data }) = serde_json::from_slice(&message.payload) {
            answers.entry(server.name).or_default().settings = Some(data);
        }
        let known = peers.len();
        peers = answers.iter().filter_map(|(name, answers)| answers.peer(name)).collect();
        if peers.len() > known && enough(&peers) {
            break;
        }
    }
    Ok(peers)
}

#[derive(Default)]
struct Answers {
    jetstream: Option<JetStream>,
    tags: Vec<String>,
    settings: Option<Settings>,
}

impl Answers {
    fn peer(&self, name: &str) -> Option<Peer> {
        let JetStream { config, meta_cluster } = self.jetstream.as_ref()?;
        let config = config.as_ref()?;
        Some(Peer {
            name: name.to_owned(),
            sync_always: config.sync_always,
            unique_tag: Some(config.unique_tag.clone()).filter(|tag| !tag.is_empty()),
            tags: self.tags.clone(),
            max_payload: self.settings.as_ref()?.max_payload,
            cluster: meta_cluster.as_ref().map(Membership::from),
        })
    }
}
