//! Creates what a deployment needs on a NATS server. Only `peyk migrate` and tests call this: no runtime user may.
use super::ledgers::stated;
use super::names::Names;
use crate::segments::Segment;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{AccountErrorKind, GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use async_nats::jetstream::{self, kv};
use peyk_schemas::{LedgerId, RECORD_MAX};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Why a stream or bucket could not be created.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error("the NATS servers do not agree who leads them: {reason}")]
    Leaderless { reason: String },
    #[error("stream {stream} could not be created or read: {reason}")]
    Stream { stream: String, reason: String },
    #[error("stream {stream} exists with other settings ({difference}); Peyk changes no stream that holds records")]
    Differs { stream: String, difference: &'static str },
    #[error(
        "stream {stream} was created for segments of {} positions, and this configuration says {configured}; it was fixed when the deployment was created",
        stated(.found)
    )]
    OtherSegments { stream: String, found: Option<u64>, configured: u64 },
    #[error("bucket {bucket} could not be created: {reason}")]
    Bucket { bucket: String, reason: String },
}

/// The entry of a stream's metadata that says how many positions a segment has.
const SEGMENT_POSITIONS: &str = "peyk.segment-positions";

/// The settings the stream of a segment must have. It takes the positions of its segment and no more: NATS numbers its
/// messages from the first of them on, and refuses what would stand behind the last.
#[must_use]
pub fn stream_config(names: &Names, id: LedgerId, segment: Segment, replicas: usize) -> Config {
    let segments = names.segments();
    Config {
        name: names.stream(id, segment),
        subjects: vec![names.subject(id, segment)],
        storage: StorageType::File,
        num_replicas: replicas,
        discard: DiscardPolicy::New,
        first_sequence: Some(segments.first(segment)),
        max_messages: i64::try_from(segments.positions()).unwrap_or(i64::MAX),
        max_message_size: RECORD_MAX as i32 + 4_096,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_atomic_publish: true,
        metadata: HashMap::from([(SEGMENT_POSITIONS.to_owned(), segments.positions().to_string())]),
        ..Config::default()
    }
}

/// Positions in a segment as the stream was created with.
pub(super) fn stated_positions(config: &Config) -> Option<u64> {
    config.metadata.get(SEGMENT_POSITIONS)?.parse().ok()
}

/// Creates the bucket of leases, the store of snapshots, and of each ledger the segments up to the one written and [`Segments::ahead`] behind it;
/// what exists with the right settings is left alone. The streams that were created. To be run again and again, so that
/// there is always a segment ahead.
///
/// [`Segments::ahead`]: crate::Segments::ahead
///
/// # Errors
/// [`ProvisionError`] naming what could not be created, or exists with other settings.
pub async fn provision(
    context: &jetstream::Context,
    names: &Names,
    ledgers: &[LedgerId],
    replicas: usize,
) -> Result<Vec<String>, ProvisionError> {
    led(context).await?;
    let mut created = Vec::new();
    for &id in ledgers {
        provision_segments(context, names, id, replicas, &mut created).await?;
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
    provision_bucket(context, leases).await?;
    provision_snapshots(context, names, replicas).await?;
    Ok(created)
}

/// How long servers that were just started may take to agree who leads.
const ELECTION: Duration = Duration::from_secs(30);
const ELECTION_PAUSE: Duration = Duration::from_millis(250);

/// Waits until the servers have a leader among them; a server that stands alone has.
async fn led(context: &jetstream::Context) -> Result<(), ProvisionError> {
    let until = Instant::now() + ELECTION;
    loop {
        let Err(error) = context.query_account().await else { return Ok(()) };
        let passing = match error.kind() {
            AccountErrorKind::TimedOut => true,
            AccountErrorKind::JetStream(why) => why.error_code() == ErrorCode::CLUSTER_NOT_AVAILABLE,
            _ => false,
        };
        if !passing || Instant::now() > until {
            return Err(ProvisionError::Leaderless { reason: error.to_string() });
        }
        sleep(ELECTION_PAUSE).await;
    }
}

/// Creates the object store of snapshots unless it exists. A mark in the place of what was removed runs out by itself.
async fn provision_snapshots(
    context: &jetstream::Context,
    names: &Names,
    replicas: usize,
) -> Result<(), ProvisionError> {
    let bucket = names.snapshots_bucket();
    let config = Config {
        name: names.snapshots_stream(),
        description: Some("snapshots of ledgers".to_owned()),
        subjects: vec![format!("$O.{bucket}.C.>"), format!("$O.{bucket}.M.>")],
        storage: StorageType::File,
        num_replicas: replicas,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        allow_direct: true,
        allow_message_ttl: true,
        ..Config::default()
    };
    let created = context.get_or_create_stream(config).await;
    created.map(drop).map_err(|error| ProvisionError::Bucket { bucket, reason: error.to_string() })
}

/// Looks at every segment that exists, and creates what is missing.
async fn provision_segments(
    context: &jetstream::Context,
    names: &Names,
    id: LedgerId,
    replicas: usize,
    created: &mut Vec<String>,
) -> Result<(), ProvisionError> {
    let segments = names.segments();
    // The one the next record goes to, as long as all before it are full.
    let mut written = Segment::FIRST;
    let mut segment = Segment::FIRST;
    loop {
        let wanted = stream_config(names, id, segment, replicas);
        let fail = |reason: String| ProvisionError::Stream { stream: wanted.name.clone(), reason };
        let found = match context.get_stream(&wanted.name).await {
            Ok(found) => Some(found.cached_info().clone()),
            Err(error) if is_missing(&error) => None,
            Err(error) => return Err(fail(error.to_string())),
        };
        match found {
            Some(found) => {
                compare(&found.config, &wanted)?;
                if segment == written && found.state.last_sequence >= segments.last(segment) {
                    written = segment.next();
                }
            }
            None if segment.number() <= written.number() + segments.ahead() => {
                context.create_stream(wanted.clone()).await.map_err(|error| fail(error.to_string()))?;
                created.push(wanted.name);
            }
            None => return Ok(()),
        }
        segment = segment.next();
    }
}

pub(super) fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(ref why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn compare(have: &Config, wanted: &Config) -> Result<(), ProvisionError> {
    let stream = wanted.name.clone();
    if stated_positions(have) != stated_positions(wanted) {
        let (found, configured) = (stated_positions(have), stated_positions(wanted).unwrap_or_default());
        return Err(ProvisionError::OtherSegments { stream, found, configured });
    }
    for (same, difference) in [
        (have.subjects == wanted.subjects, "subjects"),
        (have.storage == wanted.storage, "storage"),
        (have.deny_delete && have.deny_purge, "deny_delete, deny_purge"),
        (have.allow_atomic_publish, "allow_atomic"),
        (have.discard == wanted.discard, "discard"),
        (have.first_sequence == wanted.first_sequence, "first_seq"),
        (have.max_messages == wanted.max_messages, "max_msgs"),
        (have.max_age.is_zero(), "max_age"),
        (have.sources.as_ref().is_none_or(Vec::is_empty) && have.republish.is_none(), "sources, republish"),
    ] {
        if !same {
            return Err(ProvisionError::Differs { stream, difference });
        }
    }
    Ok(())
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
