//! Whether the servers keep what a deployment declares. Every server is asked; what it does not say is not assumed.
use super::ledgers::Ledgers;
use super::peers::{Membership, Peer, survey};
use super::stream_settings::StreamFound;
use peyk_schemas::RECORD_MAX;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// What an acknowledged record is to survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// The loss of a server's power: it is on the disk of one server.
    Single,
    /// The loss of a server: it is on the disks of most of the servers that keep it, each in a place of its own.
    Replicated,
}

/// The fewest servers of which most are more than one.
pub const REPLICAS_MIN: usize = 3;

impl fmt::Display for Declared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Single => "single",
            Self::Replicated => "replicated",
        })
    }
}

/// A word that declares nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("durability is single or replicated")]
pub struct NotDeclared;

impl FromStr for Declared {
    type Err = NotDeclared;

    fn from_str(text: &str) -> Result<Self, NotDeclared> {
        [Self::Single, Self::Replicated].into_iter().find(|declared| declared.to_string() == text).ok_or(NotDeclared)
    }
}

/// How the servers fall short of what is declared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurabilityError {
    #[error(
        "no NATS server said how it stores: the account of the ledgers needs the imports of $SYS.REQ.SERVER.PING.JSZ and \
         .VARZ, and its users the permission to ask, as in ops/nats/server.conf.template"
    )]
    Unanswered,
    #[error("the NATS servers have no leader among them")]
    NoLeader,
    #[error(
        "NATS server {server} belongs to the cluster and did not say how it stores: wait until it answers, or remove it"
    )]
    Silent { server: String },
    #[error(
        "NATS server {server} acknowledges writes before they are on disk: set `sync_interval: always` in its jetstream block and restart it"
    )]
    NotSynced { server: String },
    #[error(
        "NATS server {server} takes messages of {found} bytes at most, a record may need {needed}: raise its max_payload"
    )]
    SmallPayload { server: String, found: u64, needed: u64 },
    #[error("the deployment is declared replicated over {needed} NATS servers, and there are {found}")]
    TooFewServers { found: usize, needed: usize },
    #[error(
        "NATS server {server} has no placement tag: give it a server_tags entry and its jetstream block the unique_tag that begins it"
    )]
    Untagged { server: String },
    #[error(
        "NATS servers {one} and {other} keep the same stream in one place, {tag}: give each a server_tags entry of its own"
    )]
    SamePlace { one: String, other: String, tag: String },
    #[error(
        "stream {stream} is kept by {found} servers where {needed} are declared: run `peyk migrate` in a new deployment, or have an operator change its replicas"
    )]
    Replicas { stream: String, found: usize, needed: usize },
    #[error("how the ledger is stored cannot be asked now: {reason}")]
    Unavailable { reason: String },
}

impl DurabilityError {
    /// Whether servers said something that breaks what is declared. Else they said nothing, or not enough.
    #[must_use]
    pub const fn is_breach(&self) -> bool {
        match self {
            Self::Unanswered | Self::NoLeader | Self::Silent { .. } | Self::Unavailable { .. } => false,
            Self::NotSynced { .. }
            | Self::SmallPayload { .. }
            | Self::TooFewServers { .. }
            | Self::Untagged { .. }
            | Self::SamePlace { .. }
            | Self::Replicas { .. } => true,
        }
    }
}

/// What a message must have room for beside a record: headers.
const HEADERS: u64 = 4_096;
/// How old a survey may be that answers for several ledgers of one process.
const SURVEY_AGE_MAX: Duration = Duration::from_secs(1);

type Surveyed = Arc<Mutex<Option<(Instant, Vec<Peer>)>>>;

/// What a deployment declares, held against what its servers say. Clones share what was asked.
#[derive(Debug, Clone)]
pub struct Durability {
    declared: Declared,
    replicas: usize,
    surveyed: Surveyed,
}

impl Durability {
    /// With as many servers for each stream.
    #[must_use]
    pub fn new(declared: Declared, replicas: usize) -> Self {
        Self { declared, replicas, surveyed: Surveyed::default() }
    }

    /// One server with fsync.
    #[must_use]
    pub fn single() -> Self {
        Self::new(Declared::Single, 1)
    }

    /// How many servers are to keep each stream.
    #[must_use]
    pub const fn replicas(&self) -> usize {
        self.replicas
    }

    /// Asks every server and holds the answers, and who keeps `streams`, against what is declared. The servers that are gone,
    /// so that the others neither hear them nor wait for them.
    ///
    /// # Errors
    /// [`DurabilityError`], the first shortfall.
    pub async fn verify(&self, ledgers: &Ledgers, streams: &[StreamFound]) -> Result<Vec<String>, DurabilityError> {
        // Held while asking, so that many ledgers ask once.
        let mut surveyed = self.surveyed.lock().await;
        let peers = match &*surveyed {
            Some((when, peers)) if when.elapsed() < SURVEY_AGE_MAX => peers.clone(),
            _ => {
                let asked = survey(ledgers.client(), |peers| membership(peers).is_ok()).await;
                let peers = asked.map_err(|error| DurabilityError::Unavailable { reason: error.to_string() })?;
                *surveyed = Some((Instant::now(), peers.clone()));
                peers
            }
        };
        drop(surveyed);
        judge(self.declared, self.replicas, &peers, streams)
    }
}

/// Whether all are heard of who have to be; the leader's view where there is a cluster.
fn membership(peers: &[Peer]) -> Result<Option<&Membership>, DurabilityError> {
    if peers.is_empty() {
        return Err(DurabilityError::Unanswered);
    }
    if peers.iter().all(|peer| peer.cluster.is_none()) {
        return Ok(None);
    }
    let view = peers
        .iter()
        .find_map(|peer| peer.cluster.as_ref().filter(|cluster| cluster.leader.as_ref() == Some(&peer.name)));
    let view = view.ok_or(DurabilityError::NoLeader)?;
    let answered = |name: &String| peers.iter().any(|peer| peer.name == *name);
    match view.others.iter().find(|other| other.heard && !answered(&other.name)) {
        Some(silent) => Err(DurabilityError::Silent { server: silent.name.clone() }),
        None => Ok(Some(view)),
    }
}

fn judge(
    declared: Declared,
    needed: usize,
    peers: &[Peer],
    streams: &[StreamFound],
) -> Result<Vec<String>, DurabilityError> {
    // What is wrong for certain is said before what is not known.
    if let Some(peer) = peers.iter().find(|peer| !peer.sync_always) {
        return Err(DurabilityError::NotSynced { server: peer.name.clone() });
    }
    let payload = RECORD_MAX as u64 + HEADERS;
    if let Some(Peer { name, max_payload, .. }) = peers.iter().find(|peer| peer.max_payload < payload) {
        return Err(DurabilityError::SmallPayload { server: name.clone(), found: *max_payload, needed: payload });
    }
    let view = membership(peers)?;
    let size = view.map_or(1, |view| view.size);
    if size < needed {
        return Err(DurabilityError::TooFewServers { found: size, needed });
    }
    streams.iter().try_for_each(|stream| {
        let found = stream.servers.len().max(1);
        if found != needed {
            return Err(DurabilityError::Replicas { stream: stream.name.clone(), found, needed });
        }
        if declared == Declared::Replicated { apart(peers, stream) } else { Ok(()) }
    })?;
    let gone = view.into_iter().flat_map(|view| &view.others).filter(|other| !other.heard);
    Ok(gone.map(|other| other.name.clone()).collect())
}

/// Whether the servers of a stream that answered stand in different places.
fn apart(peers: &[Peer], stream: &StreamFound) -> Result<(), DurabilityError> {
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for peer in peers.iter().filter(|peer| stream.servers.contains(&peer.name)) {
        let prefix = peer.unique_tag.as_deref();
        let tag = prefix.and_then(|prefix| peer.tags.iter().find(|tag| begins(tag, prefix)));
        let Some(tag) = tag else { return Err(DurabilityError::Untagged { server: peer.name.clone() }) };
        if let Some(one) = places.insert(tag, &peer.name) {
            let (one, other, tag) = (one.to_owned(), peer.name.clone(), tag.clone());
            return Err(DurabilityError::SamePlace { one, other, tag });
        }
    }
    Ok(())
}

fn begins(tag: &str, prefix: &str) -> bool {
    tag.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::super::peers::Other;
    use super::*;

    fn peer(name: &str, zone: &str) -> Peer {
        let others = ["a", "b", "c"].into_iter().filter(|other| *other != name);
        let others = others.map(|name| Other { name: name.to_owned(), heard: true }).collect();
        Peer {
            name: name.to_owned(),
            sync_always: true,
            unique_tag: Some("zone:".to_owned()),
            tags: vec![format!("zone:{zone}")],
            max_payload: 1_048_576,
            cluster: Some(Membership { leader: Some("b".to_owned()), size: 3, others }),
        }
    }

    fn three() -> Vec<Peer> {
        vec![peer("a", "1"), peer("b", "2"), peer("c", "3")]
    }

    fn kept_by(servers: &[&str]) -> StreamFound {
        let servers = servers.iter().map(|&server| server.to_owned()).collect();
        StreamFound { name: "s".to_owned(), segment: crate::Segment::FIRST, config: serde_json::Value::Null, servers }
    }

    fn judged(peers: &[Peer]) -> Result<Vec<String>, DurabilityError> {
        judge(Declared::Replicated, 3, peers, &[kept_by(&["a", "b", "c"])])
    }

    #[test]
    fn three_servers_in_three_places_that_sync_keep_what_is_declared() {
        assert_eq!(judged(&three()), Ok(Vec::new()));
    }

    #[test]
    fn each_shortfall_is_named() {
        let altered = |alter: fn(&mut Vec<Peer>)| {
            let mut peers = three();
            alter(&mut peers);
            judged(&peers).expect_err("it falls short")
        };
        let server = || "c".to_owned();
        assert_eq!(altered(|peers| peers[2].sync_always = false), DurabilityError::NotSynced { server: server() });
        assert_eq!(altered(|peers| peers[2].tags.clear()), DurabilityError::Untagged { server: server() });
        assert_eq!(altered(|peers| peers[2].unique_tag = None), DurabilityError::Untagged { server: server() });
        let same = altered(|peers| peers[2].tags = peers[0].tags.clone());
        assert_eq!(same, DurabilityError::SamePlace { one: "a".into(), other: server(), tag: "zone:1".into() });
        let small = altered(|peers| peers[2].max_payload = 65_536);
        assert!(matches!(small, DurabilityError::SmallPayload { found: 65_536, .. }), "{small}");
        let fewer =
            altered(|peers| peers.iter_mut().filter_map(|peer| peer.cluster.as_mut()).for_each(|seen| seen.size = 2));
        assert_eq!(fewer, DurabilityError::TooFewServers { found: 2, needed: 3 });
        let alone = altered(|peers| {
            peers.truncate(1);
            peers[0].cluster = None;
        });
        assert_eq!(alone, DurabilityError::TooFewServers { found: 1, needed: 3 });
        let fewer = judge(Declared::Replicated, 3, &three(), &[kept_by(&["a"])]);
        assert_eq!(fewer, Err(DurabilityError::Replicas { stream: "s".into(), found: 1, needed: 3 }));
    }

    #[test]
    fn a_missing_answer_is_no_good_answer() {
        assert_eq!(judged(&[]), Err(DurabilityError::Unanswered));
        let without = |name: &str| three().into_iter().filter(|peer| peer.name != name).collect::<Vec<_>>();
        assert_eq!(judged(&without("c")), Err(DurabilityError::Silent { server: "c".into() }));
        // Nobody else knows who is there.
        assert_eq!(judged(&without("b")), Err(DurabilityError::NoLeader));
        // A server its cluster does not hear acknowledges nothing.
        let mut peers = without("c");
        peers.iter_mut().filter_map(|peer| peer.cluster.as_mut()).for_each(|seen| {
            seen.others.iter_mut().filter(|other| other.name == "c").for_each(|other| other.heard = false);
        });
        assert_eq!(judged(&peers), Ok(vec!["c".to_owned()]));
    }

    #[test]
    fn one_server_that_syncs_is_enough_for_single() {
        let mut alone = peer("a", "1");
        (alone.cluster, alone.unique_tag) = (None, None);
        assert_eq!(judge(Declared::Single, 1, std::slice::from_ref(&alone), &[kept_by(&[])]), Ok(Vec::new()));
        alone.sync_always = false;
        let wrong = judge(Declared::Single, 1, &[alone], &[kept_by(&[])]);
        assert_eq!(wrong, Err(DurabilityError::NotSynced { server: "a".into() }));
        assert!(wrong.is_err_and(|error| error.is_breach()));
    }
}
