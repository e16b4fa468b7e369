use super::names::Names;
use crate::segments::Segment;
use async_nats::jetstream;
use bytes::Bytes;
use ed25519_dalek::VerifyingKey;
use peyk_domain::DeploymentId;
use peyk_schemas::{ChainError, ControlEvent, EventSchema, LedgerId, Record};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The ledgers of one deployment as anyone may read them: a connection, the names, and whom to trust.
#[derive(Debug, Clone)]
pub struct Ledgers {
    client: async_nats::Client,
    context: jetstream::Context,
    names: Names,
    deployment: DeploymentId,
    root: VerifyingKey,
    /// The segment a ledger ended in when last looked, from which the next look goes on.
    ends: Arc<Mutex<HashMap<LedgerId, Segment>>>,
}

/// Why a ledger could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The log or the stream cannot be reached; try again later.
    #[error("ledger {ledger} cannot be read now: {reason}")]
    Unavailable { ledger: LedgerId, reason: String },
    /// The ledger has no stream; `peyk migrate` creates it.
    #[error("ledger {0} does not exist on this server; run `peyk migrate`")]
    Missing(LedgerId),
    /// The ledger is cut into other segments than this configuration says, so positions would be looked for in the wrong
    /// streams.
    #[error(
        "ledger {ledger} has segments of {} positions, and this configuration says {configured}; it was fixed when the deployment was created",
        stated(.found)
    )]
    OtherSegments { ledger: LedgerId, found: Option<u64>, configured: u64 },
    /// What stands there is not what was written.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The ledger was opened by another deployment, or under another deployment key.
    #[error(
        "ledger {ledger} belongs to deployment {found} and its key; this configuration names another, or holds another key"
    )]
    AnotherDeployment { ledger: LedgerId, found: DeploymentId },
    /// A checkpoint names a record that was lost.
    #[error(
        "ledger {ledger} lost the record at position {position} that the checkpoint names, as its recovery at {recovered_at} says: run `peyk projections rebuild`"
    )]
    Lost { ledger: LedgerId, position: u64, recovered_at: u64 },
    /// A checkpoint names a record that is not in the ledger.
    #[error(
        "ledger {ledger} has another record at position {position} than the checkpoint says: it was restored from a backup or is another ledger"
    )]
    Diverged { ledger: LedgerId, position: u64 },
}

impl Ledgers {
    #[must_use]
    pub fn new(client: async_nats::Client, names: Names, deployment: DeploymentId, root: VerifyingKey) -> Self {
        let mut context = jetstream::new(client.clone());
        context.set_timeout(std::time::Duration::from_secs(3));
        Self { client, context, names, deployment, root, ends: Arc::default() }
    }

    #[must_use]
    pub const fn client(&self) -> &async_nats::Client {
        &self.client
    }

    #[must_use]
    pub const fn context(&self) -> &jetstream::Context {
        &self.context
    }

    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    #[must_use]
    pub const fn deployment(&self) -> DeploymentId {
        self.deployment
    }

    /// The deployment key, root of all trust in these ledgers.
    #[must_use]
    pub const fn root(&self) -> &VerifyingKey {
        &self.root
    }

    pub(super) const fn ends(&self) -> &Arc<Mutex<HashMap<LedgerId, Segment>>> {
        &self.ends
    }

    /// Refuses a ledger whose first message is the genesis of another deployment or under another key: to take it over would
    /// be to disown all that stands in it.
    ///
    /// # Errors
    /// [`ReadError::AnotherDeployment`], else [`ReadError::Unavailable`] or [`ReadError::Missing`].
    pub async fn check_deployment(&self, ledger: LedgerId) -> Result<(), ReadError> {
        if self.tail(ledger).await? == 0 {
            return Ok(());
        }
        let first = self.message(ledger, 1).await?;
        let record = first.and_then(|bytes| Record::decode(&bytes).ok());
        let events = record.iter().flat_map(|record| &record.events).filter(|event| event.is_control());
        for event in events {
            if let Ok(ControlEvent::Genesis { deployment, deployment_key, .. }) = ControlEvent::from_raw(event)
                && (deployment != self.deployment || deployment_key != self.root.to_bytes())
            {
                return Err(ReadError::AnotherDeployment { ledger, found: deployment });
            }
        }
        Ok(())
    }

    /// The message stored at a position, from the stream's leader; `None` if there is none, which proves nothing.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Missing`] or [`ReadError::OtherSegments`].
    pub async fn message(&self, ledger: LedgerId, position: u64) -> Result<Option<Bytes>, ReadError> {
        use async_nats::jetstream::stream::RawMessageErrorKind;
        let Some(stream) = self.segment(ledger, self.names.segments().of(position)).await? else { return Ok(None) };
        match stream.get_raw_message(position).await {
            Ok(message) => Ok(Some(message.payload)),
            Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => Ok(None),
            Err(error) => Err(unavailable(ledger, &error)),
        }
    }
}

pub(crate) fn unavailable(ledger: LedgerId, error: &dyn std::fmt::Display) -> ReadError {
    ReadError::Unavailable { ledger, reason: error.to_string() }
}

pub(super) fn stated(positions: &Option<u64>) -> String {
    positions.map_or_else(|| "an unstated number of".to_owned(), |positions| positions.to_string())
}
