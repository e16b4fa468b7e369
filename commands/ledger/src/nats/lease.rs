use super::ledgers::Ledgers;
use super::names::Names;
use async_nats::header::{HeaderMap, HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::kv;
use peyk_schemas::LedgerId;
use std::time::Duration;

/// Who tries to write a ledger. It decides nothing: the log alone refuses the writer that was replaced.
#[derive(Debug)]
pub struct Lease {
    store: kv::Store,
    ledgers: Ledgers,
    key: String,
    revision: u64,
}

/// How long a lease outlives its last renewal.
pub const LEASE_TTL: Duration = Duration::from_secs(10);
/// How often a lease is renewed.
pub const LEASE_RENEWAL: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    #[error("another process holds the lease")]
    Held,
    #[error("the bucket of leases cannot be reached: {0}")]
    Unavailable(String),
}

fn unavailable(error: impl std::fmt::Display) -> LeaseError {
    LeaseError::Unavailable(error.to_string())
}

impl Lease {
    /// Takes the lease of a ledger if nobody holds it.
    ///
    /// # Errors
    /// [`LeaseError::Held`] if somebody does, [`LeaseError::Unavailable`] if the bucket cannot be reached.
    pub async fn acquire(ledgers: &Ledgers, ledger: LedgerId) -> Result<Self, LeaseError> {
        let bucket = ledgers.names().writers_bucket();
        let store = ledgers.context().get_key_value(&bucket).await.map_err(unavailable)?;
        let key = Names::lease_key(ledger);
        let entry = store.entry(&key).await.map_err(unavailable)?;
        let revision = match &entry {
            Some(entry) if entry.operation == kv::Operation::Put => return Err(LeaseError::Held),
            Some(entry) => entry.revision,
            None => 0,
        };
        let mut lease = Self { store, ledgers: ledgers.clone(), key, revision };
        lease.put().await?;
        Ok(lease)
    }

    /// Keeps the lease for another [`LEASE_TTL`]. The client's own update call drops the time to live, so this publishes.
    ///
    /// # Errors
    /// [`LeaseError::Held`] if another process took it meanwhile, [`LeaseError::Unavailable`] if it did not work; the log, not the lease, says who leads.
    pub async fn renew(&mut self) -> Result<(), LeaseError> {
        self.put().await
    }

    async fn put(&mut self) -> Result<(), LeaseError> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(self.revision));
        headers.insert(NATS_MESSAGE_TTL, HeaderValue::from(LEASE_TTL.as_secs()));
        let subject = format!("$KV.{}.{}", self.ledgers.names().writers_bucket(), self.key);
        let sent = self.ledgers.context().publish_with_headers(subject, headers, "held".into()).await;
        let ack = sent.map_err(unavailable)?.await.map_err(|error| match error.kind() {
            // Somebody was quicker.
            PublishErrorKind::WrongLastSequence => LeaseError::Held,
            _ => unavailable(error),
        })?;
        self.revision = ack.sequence;
        Ok(())
    }

    /// Gives the lease back, so that the next one need not wait.
    ///
    /// # Errors
    /// [`LeaseError::Unavailable`]; it then runs out by itself.
    pub async fn release(self) -> Result<(), LeaseError> {
        self.store.delete_expect_revision(&self.key, Some(self.revision)).await.map_err(unavailable)
    }
}
