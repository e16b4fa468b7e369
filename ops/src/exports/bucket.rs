use super::transport::Transport;
use crate::config::S3Config;
use anyhow::{Context, Result};
use futures::TryStreamExt;
use hyper::{HeaderMap, Method, Request};
use jiff::Timestamp;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::buffered::BufWriter;
use object_store::client::{HttpRequestBody, HttpService};
use object_store::path::Path as Key;
use object_store::signer::Signer;
use object_store::{ObjectStoreExt, RetryConfig};
use peyk_domain::{At, Span};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Read, sent and compared in pieces of this size.
const PIECE: usize = 64 * 1024;
/// A larger file goes in parts.
const WHOLE_MAX: usize = 16 * 1024 * 1024;
/// How long one request is tried again.
const RETRY: Duration = Duration::from_secs(30);
/// How long a question about a lock may be asked with one signature.
const SIGNED_FOR: Duration = Duration::from_secs(60);
/// Retention in years counts 365 days each (S3 API, `DefaultRetention`).
const DAYS_A_YEAR: u64 = 365;
/// What the clocks of a bucket and of this machine may differ by.
const CLOCKS_DIFFER: Span = Span::days(1);

/// Why an export is not kept in a bucket.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error("{0} in the bucket is not what was signed; another writes there under the same credentials")]
    Altered(Key),
    #[error(
        "{0} is not locked in compliance mode for {1} years; give the bucket object lock with that default retention \
         and ask for the export again"
    )]
    NotLocked(Key, u32),
    /// It may go better the next time.
    #[error("the bucket cannot be used now: {0:#}")]
    Unavailable(anyhow::Error),
}

impl From<anyhow::Error> for NotKept {
    fn from(error: anyhow::Error) -> Self {
        Self::Unavailable(error)
    }
}

/// A bucket with object lock (S3 API), in which exports are put once. Nothing is believed of it: what is put there is read
/// again, and its lock is asked for.
#[derive(Debug)]
pub struct Bucket {
    settings: S3Config,
    transport: Transport,
}

impl Bucket {
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn new(settings: S3Config) -> Result<Self> {
        Ok(Self { settings, transport: Transport::new()? })
    }

    /// Puts every file of a directory under a prefix, unless it is there; where they are, as a URL, once all of them are
    /// there as they were signed, and locked for as long as is wanted from `asked` on.
    pub async fn keep(&self, directory: &Path, prefix: &str, asked: At) -> Result<String, NotKept> {
        let store = self.store().await?;
        for (name, path) in files(directory)? {
            let key = Key::from(format!("{prefix}/{name}"));
            match store.head(&key).await {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => put(&store, &path, &key).await?,
                Err(error) => return Err(unavailable(&key, error)),
            }
            if digest(&path)? != self.digest(&store, &key).await? {
                return Err(NotKept::Altered(key));
            }
            let years = self.settings.retain_years;
            let needed = asked.plus(Span::days(u64::from(years) * DAYS_A_YEAR));
            if self.locked_until(&store, &key).await?.is_none_or(|until| until.plus(CLOCKS_DIFFER) < needed) {
                return Err(NotKept::NotLocked(key, years));
            }
        }
        Ok(format!("s3://{}/{prefix}", self.settings.bucket))
    }

    /// With the credentials as they are now.
    async fn store(&self) -> Result<AmazonS3> {
        let S3Config { bucket, region, endpoint, access_key_id, secret_access_key, .. } = &self.settings;
        let mut builder = AmazonS3Builder::new()
            .with_http_connector(self.transport.clone())
            .with_bucket_name(bucket)
            .with_region(region)
            .with_access_key_id(access_key_id.current().await.reveal())
            .with_secret_access_key(secret_access_key.current().await.reveal())
            .with_retry(RetryConfig { retry_timeout: RETRY, ..RetryConfig::default() });
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        builder.build().context("the bucket's settings")
    }

    async fn digest(&self, store: &AmazonS3, key: &Key) -> Result<[u8; 32], NotKept> {
        let found = store.get(key).await.map_err(|error| unavailable(key, error))?;
        let (mut pieces, mut hash) = (found.into_stream(), Sha256::new());
        while let Some(piece) = pieces.try_next().await.map_err(|error| unavailable(key, error))? {
            hash.update(&piece);
        }
        Ok(hash.finalize().into())
    }

    /// Until when nobody can change or delete an object, its owner included; nothing if somebody can.
    async fn locked_until(&self, store: &AmazonS3, key: &Key) -> Result<Option<At>, NotKept> {
        let url = store.signed_url(Method::HEAD, key, SIGNED_FOR).await.map_err(|error| unavailable(key, error))?;
        let request = Request::head(url.as_str()).body(HttpRequestBody::empty()).context("a question about a lock")?;
        let answer = self.transport.call(request).await.context("asking for a lock")?;
        if !answer.status().is_success() {
            return Err(anyhow::anyhow!("asked for the lock of {key}, it answers {}", answer.status()).into());
        }
        Ok(compliance_until(answer.headers()))
    }
}

/// What S3 says of an object in compliance mode.
fn compliance_until(headers: &HeaderMap) -> Option<At> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if said("x-amz-object-lock-mode") != Some("COMPLIANCE") {
        return None;
    }
    let until: Timestamp = said("x-amz-object-lock-retain-until-date")?.parse().ok()?;
    u64::try_from(until.as_millisecond()).ok().map(At)
}

fn unavailable(key: &Key, error: object_store::Error) -> NotKept {
    NotKept::Unavailable(anyhow::Error::new(error).context(format!("{key} in the bucket")))
}

/// The files of an export, by name, in order.
fn files(directory: &Path) -> Result<Vec<(String, PathBuf)>> {
    let failed = || format!("reading {}", directory.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        files.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    files.sort();
    Ok(files)
}

async fn put(store: &AmazonS3, path: &Path, key: &Key) -> Result<(), NotKept> {
    let failed = || format!("putting {} into the bucket", path.display());
    let mut from = std::fs::File::open(path).with_context(failed)?;
    let mut to = BufWriter::with_capacity(Arc::new(store.clone()), key.clone(), WHOLE_MAX);
    let mut piece = vec![0; PIECE];
    loop {
        let count = from.read(&mut piece).with_context(failed)?;
        if count == 0 {
            break;
        }
        to.write_all(&piece[..count]).await.with_context(failed)?;
    }
    Ok(to.shutdown().await.with_context(failed)?)
}

fn digest(path: &Path) -> Result<[u8; 32]> {
    let failed = || format!("reading {}", path.display());
    let (mut from, mut hash) = (std::fs::File::open(path).with_context(failed)?, Sha256::new());
    let mut piece = vec![0; PIECE];
    loop {
        let count = from.read(&mut piece).with_context(failed)?;
        if count == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&piece[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(mode: &str, until: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-object-lock-mode", mode.parse().expect("a value"));
        headers.insert("x-amz-object-lock-retain-until-date", until.parse().expect("a value"));
        headers
    }

    #[test]
    fn only_compliance_with_an_end_is_a_lock() {
        let until = "1970-01-01T00:00:02.000Z";
        assert_eq!(compliance_until(&headers("COMPLIANCE", until)), Some(At(2_000)));
        assert_eq!(compliance_until(&headers("GOVERNANCE", until)), None, "an administrator can lift it");
        assert_eq!(compliance_until(&headers("COMPLIANCE", "soon")), None);
        assert_eq!(compliance_until(&HeaderMap::new()), None);
    }
}
