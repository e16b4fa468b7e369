//! Two snapshots of a ledger are kept; what is older, was refused, or was never finished goes.
use super::store::{Snapshots, StoreError, answer};
use async_nats::header::{HeaderMap, HeaderValue, NATS_MESSAGE_TTL, NATS_ROLLUP};
use async_nats::jetstream::object_store::{ObjectInfo, ObjectStore};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use futures::TryStreamExt;
use peyk_schemas::LedgerId;
use std::collections::HashSet;
use std::time::Duration;

/// How long the mark that stands for something removed stays, so that a list taken just now does not miss it.
const MARK_TTL: Duration = Duration::from_secs(60);
/// Chunks without an object, older than this beside the newest snapshot, belong to one that was never finished.
pub(super) const ORPHAN_AGE: Duration = Duration::from_secs(3_600);

impl Snapshots {
    /// Removes the snapshots of a ledger except those named, and newer ones that were not refused: another process may
    /// just have taken one.
    pub(super) async fn sweep(
        &self,
        store: &ObjectStore,
        ledger: LedgerId,
        newest: u64,
        kept: &[&str],
        refused: &[&str],
    ) -> Result<(), StoreError> {
        for (position, object) in self.list(store, ledger).await? {
            let name = object.name.as_str();
            if !kept.contains(&name) && (position <= newest || refused.contains(&name)) {
                self.remove(object).await?;
            }
        }
        Ok(())
    }

    /// An object store's own way to delete is to purge a stream, which no runtime user may. A message that takes the place
    /// of all others of its subject, and then runs out, does the same.
    async fn remove(&self, object: ObjectInfo) -> Result<(), StoreError> {
        let bucket = self.ledgers.names().snapshots_bucket();
        let (chunks, name) = (format!("$O.{bucket}.C.{}", object.nuid), URL_SAFE.encode(&object.name));
        let mark = ObjectInfo { chunks: 0, size: 0, deleted: true, ..object };
        let mark = serde_json::to_vec(&mark).map_err(super::store::unavailable)?;
        self.replace(format!("$O.{bucket}.M.{name}"), mark.into()).await?;
        self.replace(chunks, Bytes::new()).await
    }

    async fn replace(&self, subject: String, mark: Bytes) -> Result<(), StoreError> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_ROLLUP, "sub");
        headers.insert(NATS_MESSAGE_TTL, HeaderValue::from(MARK_TTL.as_secs()));
        let sent = answer(self.ledgers.context().publish_with_headers(subject, headers, mark)).await?;
        answer(sent.into_future()).await.map(drop)
    }

    /// Removes chunks that no object names and that are older than `age` beside the newest message of the bucket, so that
    /// what another process is writing now stays. How many snapshots they were of.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be asked.
    pub async fn sweep_orphans(&self, age: Duration) -> Result<usize, StoreError> {
        let store = self.store().await?;
        let bucket = self.ledgers.names().snapshots_bucket();
        let stream = answer(self.ledgers.context().get_stream(self.ledgers.names().snapshots_stream())).await?;
        let newest = stream.cached_info().state.last_timestamp;
        let prefix = format!("$O.{bucket}.C.");
        // Subjects first: an object finished in between is then found in the list.
        let subjects = async {
            let subjects = stream.info_with_subjects(format!("{prefix}>")).await?;
            subjects.try_collect::<Vec<(String, usize)>>().await
        };
        let subjects = answer(subjects).await?;
        let listed = async {
            let objects: Vec<_> = store.list().await?.try_collect().await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(objects)
        };
        let named: HashSet<String> = answer(listed).await?.into_iter().map(|object| object.nuid).collect();
        let mut removed = 0;
        for (subject, _) in subjects {
            if subject.strip_prefix(&prefix).is_some_and(|nuid| named.contains(nuid)) {
                continue;
            }
            let last = answer(stream.get_last_raw_message_by_subject(&subject)).await?;
            // A mark of something removed runs out by itself.
            if last.payload.is_empty() || last.time + age > newest {
                continue;
            }
            self.replace(subject, Bytes::new()).await?;
            removed += 1;
        }
        Ok(removed)
    }
}
