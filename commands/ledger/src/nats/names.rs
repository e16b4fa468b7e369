use crate::segments::{Segment, Segments};
use peyk_schemas::LedgerId;

/// Names of one deployment on a NATS server, and how its ledgers are cut into streams. Never a message id, a tenant or a
/// number among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    namespace: String,
    segments: Segments,
}

/// A namespace that cannot stand in a subject or a stream name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a namespace has 1 to 32 lower-case letters, digits or hyphens")]
pub struct BadNamespace;

impl Names {
    /// Names with segments of the default size.
    ///
    /// # Errors
    /// [`BadNamespace`] unless it has 1 to 32 of `a-z`, `0-9` and `-`.
    pub fn new(namespace: &str) -> Result<Self, BadNamespace> {
        let fits = (1..=32).contains(&namespace.len());
        let plain = namespace.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits && plain {
            Ok(Self { namespace: namespace.to_owned(), segments: Segments::default() })
        } else {
            Err(BadNamespace)
        }
    }

    /// The same names for ledgers that are cut otherwise.
    #[must_use]
    pub fn with_segments(self, segments: Segments) -> Self {
        Self { segments, ..self }
    }

    #[must_use]
    pub const fn segments(&self) -> Segments {
        self.segments
    }

    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The JetStream stream that holds a segment of a ledger.
    #[must_use]
    pub fn stream(&self, id: LedgerId, segment: Segment) -> String {
        format!("{}_LEDGER_{}_{}_{segment}", self.namespace, id.ledger.name().to_uppercase(), id.partition)
    }

    /// The one subject of that stream.
    #[must_use]
    pub fn subject(&self, id: LedgerId, segment: Segment) -> String {
        format!("{}.ledger.{}.{}.{segment}", self.namespace, id.ledger.name(), id.partition)
    }

    /// Where the writer of a ledger takes commands.
    #[must_use]
    pub fn commands(&self, id: LedgerId) -> String {
        format!("{}.cmd.{}.{}", self.namespace, id.ledger.name(), id.partition)
    }

    /// Where processes that serve the API say that they are there.
    #[must_use]
    pub fn api_alive(&self) -> String {
        format!("{}.api.alive", self.namespace)
    }

    /// The key-value bucket of writers' leases.
    #[must_use]
    pub fn writers_bucket(&self) -> String {
        format!("{}_WRITERS", self.namespace)
    }

    /// The object store of snapshots.
    #[must_use]
    pub fn snapshots_bucket(&self) -> String {
        format!("{}_SNAPSHOTS", self.namespace)
    }

    /// The stream behind it.
    #[must_use]
    pub fn snapshots_stream(&self) -> String {
        format!("OBJ_{}_SNAPSHOTS", self.namespace)
    }

    /// The name of a snapshot; `unique` makes it one that was never used.
    #[must_use]
    pub fn snapshot(id: LedgerId, position: u64, unique: u64) -> String {
        format!("{}.{}.{position:020}.{unique:016x}", id.ledger.name(), id.partition)
    }

    /// The position in the name of a snapshot of this ledger.
    #[must_use]
    pub fn snapshot_position(name: &str, id: LedgerId) -> Option<u64> {
        let rest = name.strip_prefix(&format!("{}.{}.", id.ledger.name(), id.partition))?;
        rest.split_once('.')?.0.parse().ok()
    }

    /// The key of a ledger's lease.
    #[must_use]
    pub fn lease_key(id: LedgerId) -> String {
        format!("{}.{}", id.ledger.name(), id.partition)
    }
}
