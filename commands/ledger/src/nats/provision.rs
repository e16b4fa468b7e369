//! Creates what a deployment needs on a NATS server. Only `peyk migrate` and tests call this: no runtime user may.
use super::names::Names;
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use async_nats::jetstream::{self, kv};
use peyk_schemas::{LedgerId, RECORD_MAX};
use std::time::Duration;

/// Why a stream or bucket could not be created.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error("stream {stream} could not be created or read: {reason}")]
    Stream { stream: String, reason: String },
    #[error("stream {stream} exists with other settings ({difference}); Peyk changes no stream that holds records")]
    Differs { stream: String, difference: &'static str },
    #[error("bucket {bucket} could not be created: {reason}")]
    Bucket { bucket: String, reason: String },
}

/// The settings a ledger's stream must have.
#[must_use]
pub fn stream_config(names: &Names, id: LedgerId, replicas: usize) -> Config {
    Config {
        name: names.stream(id),
        subjects: vec![names.subject(id)],
        storage: StorageType::File,
        num_replicas: replicas,
        discard: DiscardPolicy::New,
        max_message_size: RECORD_MAX as i32 + 4_096,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_atomic_publish: true,
        ..Config::default()
    }
}

/// Creates the streams of `ledgers` and the bucket of leases; what exists with the right settings is left alone.
///
/// # Errors
/// [`ProvisionError`] naming what could not be created, or exists with other settings.
pub async fn provision(
    context: &jetstream::Context,
    names: &Names,
    ledgers: &[LedgerId],
    replicas: usize,
) -> Result<(), ProvisionError> {
    for &id in ledgers {
        let wanted = stream_config(names, id, replicas);
        let stream = wanted.name.clone();
        let found = context
            .get_or_create_stream(wanted.clone())
            .await
            .map_err(|error| ProvisionError::Stream { stream: stream.clone(), reason: error.to_string() })?;
        let have = &found.cached_info().config;
        for (same, difference) in [
            (have.subjects == wanted.subjects, "subjects"),
            (have.storage == wanted.storage, "storage"),
            (have.deny_delete && have.deny_purge, "deny_delete, deny_purge"),
            (have.allow_atomic_publish, "allow_atomic"),
            (have.discard == wanted.discard, "discard"),
            (have.max_age.is_zero() && have.max_messages <= 0, "limits"),
            (have.sources.as_ref().is_none_or(Vec::is_empty) && have.republish.is_none(), "sources, republish"),
        ] {
            if !same {
                return Err(ProvisionError::Differs { stream, difference });
            }
        }
    }
    let bucket = names.writers_bucket();
    let leases = kv::Config {
        bucket: bucket.clone(),
        description: "leases of the writers of ledgers".to_owned(),
        history: 1,
        num_replicas: replicas,
        storage: StorageType::File,
        // Lets a lease run out by itself.
        limit_markers: Some(Duration::from_secs(60)),
        ..kv::Config::default()
    };
    provision_bucket(context, leases).await
}

/// Creates a bucket unless it exists.
///
/// # Errors
/// [`ProvisionError::Bucket`].
pub async fn provision_bucket(context: &jetstream::Context, config: kv::Config) -> Result<(), ProvisionError> {
    let bucket = config.bucket.clone();
    if context.get_key_value(&bucket).await.is_ok() {
        return Ok(());
    }
    let created = context.create_key_value(config).await;
    created.map(drop).map_err(|error| ProvisionError::Bucket { bucket, reason: error.to_string() })
}
