use async_nats::jetstream::{kv, stream::StorageType};

/// The largest wrapped keyring, in bytes: the default `max_payload` of NATS less room for headers.
pub(crate) const BLOB_BYTES_MAX: usize = (1 << 20) - 4_096;

/// The bucket of a deployment's keyrings.
#[must_use]
pub fn bucket_name(namespace: &str) -> String {
    format!("{namespace}_KEYS")
}

/// How that bucket is to be created: on disk, with `replicas` copies, and no history, so that NATS itself lets go of an
/// old keyring as soon as it can.
#[must_use]
pub fn bucket(namespace: &str, replicas: usize) -> kv::Config {
    kv::Config {
        bucket: bucket_name(namespace),
        description: "wrapped keyrings of tenants".to_owned(),
        history: 1,
        max_value_size: BLOB_BYTES_MAX as i32,
        storage: StorageType::File,
        num_replicas: replicas,
        ..kv::Config::default()
    }
}
