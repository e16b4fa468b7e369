use super::content;
use super::refusal::Refusal;
use super::seal::{CHUNK_BYTES, SealKey};
use super::stream::{CHUNKS_MAX, Inflow, Outflow};
use crate::metrics;
use crate::nats::{Ledgers, Names};
use crate::writer::{Idempotency, Machine};
use async_nats::jetstream::object_store::{ObjectInfo, ObjectMetadata, ObjectStore};
use bytes::BytesMut;
use ed25519_dalek::SigningKey;
use futures::StreamExt;
use peyk_schemas::{Hash, Head, LedgerId, Verifier};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_util::io::StreamReader;

/// How long the store may take for one answer, or be silent in the middle of a snapshot: the reader of an object that was
/// deleted meanwhile hears nothing more.
const SILENCE: Duration = Duration::from_secs(10);
/// How long writing a snapshot may take.
const WRITING_MAX: Duration = Duration::from_secs(600);
/// Snapshots looked at, newest first, before the ledger is folded from its first record.
const TRIED_MAX: usize = 8;

/// The state of a ledger right behind its head.
pub struct Snapshot<A: Machine> {
    pub head: Head,
    pub state: A::State,
    pub idempotency: Idempotency,
}

impl<A: Machine> std::fmt::Debug for Snapshot<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Snapshot").field("position", &self.head.position).finish_non_exhaustive()
    }
}

/// A snapshot that may be used, and the name it lies under.
#[derive(Debug)]
pub struct Found<A: Machine> {
    pub name: String,
    pub snapshot: Snapshot<A>,
}

/// What a look through the snapshots of a ledger brought.
#[derive(Debug)]
pub struct Search<A: Machine> {
    /// The newest that may be used.
    pub found: Option<Found<A>>,
    /// Newer ones that may not, by name.
    pub refused: Vec<(String, Refusal)>,
}

/// Why the store of snapshots is of no use now.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("bucket {0} does not exist on this server; run `peyk migrate`")]
    Missing(String),
    #[error("the bucket of snapshots cannot be reached: {0}")]
    Unavailable(String),
    #[error("a snapshot cannot be written: {0}")]
    Unwritten(String),
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Waits for one answer of the store.
pub(super) async fn answer<T, E: std::fmt::Display>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(SILENCE, asked).await {
        Ok(answer) => answer.map_err(unavailable),
        Err(_) => Err(unavailable("no answer in time")),
    }
}

/// The snapshots of one deployment's ledgers: where they lie, and the key they are sealed under.
#[derive(Debug, Clone)]
pub struct Snapshots {
    pub(super) ledgers: Ledgers,
    key: SealKey,
}

impl Snapshots {
    /// `root` is the deployment's secret key.
    #[must_use]
    pub fn new(ledgers: Ledgers, root: &SigningKey) -> Self {
        Self { ledgers, key: SealKey::of(root) }
    }

    pub(super) async fn store(&self) -> Result<ObjectStore, StoreError> {
        use async_nats::jetstream::ErrorCode;
        use async_nats::jetstream::context::GetStreamErrorKind;
        let bucket = self.ledgers.names().snapshots_bucket();
        let stream = self.ledgers.context().get_stream(self.ledgers.names().snapshots_stream()).await;
        match stream.map_err(|error| error.kind()) {
            Ok(_) => answer(self.ledgers.context().get_object_store(&bucket)).await,
            Err(GetStreamErrorKind::JetStream(why)) if why.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Err(StoreError::Missing(bucket))
            }
            Err(kind) => Err(unavailable(kind)),
        }
    }

    /// The snapshots of a ledger by position, newest first, whatever they are worth.
    pub(super) async fn list(
        &self,
        store: &ObjectStore,
        ledger: LedgerId,
    ) -> Result<Vec<(u64, ObjectInfo)>, StoreError> {
        let listed = async {
            // What is no description of an object is nobody's snapshot.
            let objects = store.list().await?.filter_map(|object| async { object.ok() });
            Ok::<Vec<ObjectInfo>, async_nats::jetstream::object_store::ListError>(objects.collect().await)
        };
        let objects = answer(listed).await?.into_iter();
        let mut own: Vec<_> =
            objects.filter_map(|object| Some((Names::snapshot_position(&object.name, ledger)?, object))).collect();
        own.sort_by_key(|(position, _)| std::cmp::Reverse(*position));
        Ok(own)
    }

    /// The newest snapshot that may be used. A refusal is logged and counted; none at all is no error.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be asked.
    pub async fn search<A: Machine>(&self, ledger: LedgerId) -> Result<Search<A>, StoreError> {
        let store = self.store().await?;
        let mut refused = Vec::new();
        for (_, object) in self.list(&store, ledger).await?.into_iter().take(TRIED_MAX) {
            let name = object.name;
            match self.open::<A>(&store, ledger, &name).await {
                Ok(snapshot) => return Ok(Search { found: Some(Found { name, snapshot }), refused }),
                Err(why) => {
                    refuse(ledger, &name, &why);
                    refused.push((name, why));
                }
            }
        }
        Ok(Search { found: None, refused })
    }

    /// The newest snapshot to begin from, if any; whatever stands against one is logged and counted.
    pub(crate) async fn newest<A: Machine>(&self, ledger: LedgerId) -> Option<Found<A>> {
        match self.search(ledger).await {
            Ok(search) => search.found,
            Err(StoreError::Missing(bucket)) => {
                tracing::debug!(%ledger, bucket, "no bucket of snapshots");
                None
            }
            Err(error) => {
                tracing::warn!(%ledger, %error, "no snapshot can be read; the ledger is folded from its first record");
                None
            }
        }
    }

    async fn open<A: Machine>(
        &self,
        store: &ObjectStore,
        ledger: LedgerId,
        name: &str,
    ) -> Result<Snapshot<A>, Refusal> {
        let mut object = answer(store.get(name)).await.map_err(|error| Refusal::Unreadable(error.to_string()))?;
        let (chunks, sent) = mpsc::channel(CHUNKS_MAX);
        let (key, deployment) = (self.key.clone(), self.ledgers.deployment());
        let reading =
            tokio::task::spawn_blocking(move || content::read::<A>(&key, deployment, ledger, Inflow::new(sent)));
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
            let read = tokio::time::timeout(SILENCE, object.read_buf(&mut chunk)).await;
            let chunk = match read.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
                Ok(0) => break,
                Ok(_) => Ok(chunk.freeze()),
                Err(error) => Err(error),
            };
            // A reader that knows enough is gone.
            if chunks.send(chunk).await.is_err() {
                break;
            }
        }
        drop(chunks);
        let snapshot = reading.await.map_err(|error| Refusal::Unreadable(error.to_string()))??;
        self.believe(ledger, &snapshot.head).await?;
        Ok(snapshot)
    }

    /// Holds a head against the ledger: the record it names stands there, in an epoch the deployment key certified.
    async fn believe(&self, ledger: LedgerId, head: &Head) -> Result<(), Refusal> {
        let position = head.position;
        let stored = self.ledgers.message(ledger, position).await;
        let stored = stored.map_err(|error| Refusal::Unreadable(error.to_string()))?;
        if stored.is_none_or(|bytes| Hash::of(&bytes) != head.hash) {
            return Err(Refusal::Diverged(position));
        }
        let verifier = Verifier::from_head(*self.ledgers.root(), self.ledgers.deployment(), ledger, head.clone());
        verifier.map(drop).map_err(|_| Refusal::Certificate)
    }

    /// Writes a snapshot under a name that was never used; the name.
    pub(super) async fn write<A: Machine>(
        &self,
        store: &ObjectStore,
        ledger: LedgerId,
        snapshot: Snapshot<A>,
    ) -> Result<ObjectInfo, StoreError> {
        let unwritten = |error: &dyn std::fmt::Display| StoreError::Unwritten(error.to_string());
        let mut unique = [0; 8];
        getrandom::fill(&mut unique).map_err(|error| unwritten(&error))?;
        let name = Names::snapshot(ledger, snapshot.head.position, u64::from_be_bytes(unique));
        let (chunks, mut sent) = mpsc::channel(CHUNKS_MAX);
        let (key, deployment) = (self.key.clone(), self.ledgers.deployment());
        let writing = tokio::task::spawn_blocking(move || {
            let written = content::write(&key, deployment, ledger, &snapshot, Outflow(chunks.clone()));
            if let Err(error) = written {
                // The store then ends with this error; if it ended already, it has one of its own.
                let _ = chunks.blocking_send(Err(error));
            }
        });
        let mut bytes = StreamReader::new(futures::stream::poll_fn(move |context| sent.poll_recv(context)));
        let meta = ObjectMetadata { name, chunk_size: Some(CHUNK_BYTES), ..ObjectMetadata::default() };
        let put = tokio::time::timeout(WRITING_MAX, store.put(meta, &mut bytes)).await;
        drop(bytes);
        writing.await.map_err(|error| unwritten(&error))?;
        match put {
            Ok(put) => put.map_err(|error| unwritten(&error)),
            Err(_) => Err(unwritten(&"it took too long")),
        }
    }
}

/// Makes it known that a snapshot is not used, and why.
pub(crate) fn refuse(ledger: LedgerId, name: &str, why: &Refusal) {
    metrics::snapshot_refused(ledger, why.reason());
    tracing::warn!(%ledger, snapshot = name, reason = why.reason(), %why, "a snapshot is not used");
}
