use crate::metrics::{CHANGED, UNREAD};
use crate::store::{SecretError, SecretStore};
use crate::{REDACTED, Secret};
use peyk_telemetry::KeyValue;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often a secret that is used without being asked for, a signing key for instance, is looked at.
pub const ROTATION: Duration = Duration::from_secs(5);

/// A secret that is used again and again, and where it is kept.
///
/// Clones are the same credential. What its store holds now is what [`Self::current`] gives; while the store cannot be
/// read, the secret read last stands.
#[derive(Clone, Deserialize)]
#[serde(from = "Secret")]
pub struct Credential(Arc<Inner>);

struct Inner {
    /// The setting it belongs to, for the log.
    key: String,
    kept: Option<(Arc<dyn SecretStore>, String)>,
    last: RwLock<Secret>,
}

impl Credential {
    /// One that is kept nowhere and stays what it is.
    #[must_use]
    pub fn fixed(secret: Secret) -> Self {
        Self(Arc::new(Inner { key: String::new(), kept: None, last: RwLock::new(secret) }))
    }

    /// One that a store keeps under `name`; `key` is the setting it belongs to.
    ///
    /// # Errors
    /// [`SecretError`] if it is not there now.
    pub async fn open(key: &str, store: Arc<dyn SecretStore>, name: &str) -> Result<Self, SecretError> {
        let last = RwLock::new(store.fetch(name).await?);
        Ok(Self(Arc::new(Inner { key: key.to_owned(), kept: Some((store, name.to_owned())), last })))
    }

    /// The secret read last.
    #[must_use]
    pub fn last(&self) -> Secret {
        // Nothing panics while it is locked.
        self.0.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secret as its store holds it now. If that cannot be read, which is logged and counted, the one read last.
    pub async fn current(&self) -> Secret {
        let Inner { key, kept: Some((store, name)), last } = &*self.0 else { return self.last() };
        match store.fetch(name).await {
            Ok(secret) => {
                let mut last = last.write().unwrap_or_else(PoisonError::into_inner);
                if *last != secret {
                    tracing::info!(key, "a secret was changed, and the new one is taken");
                    CHANGED.add(1, &[KeyValue::new("peyk.setting", key.clone())]);
                    last.clone_from(&secret);
                }
                secret
            }
            Err(error) => {
                tracing::error!(key, %error, "a secret cannot be read again; the one read before is used");
                UNREAD.add(1, &[KeyValue::new("peyk.setting", key.clone())]);
                self.last()
            }
        }
    }

    /// Looks every [`ROTATION`] and hands each secret that is not the one `adopted` before to `adopt`. Never ends; drop it
    /// to stop. For one that is kept nowhere there is nothing to look at.
    pub async fn follow(&self, mut adopted: Secret, mut adopt: impl FnMut(&Secret)) {
        if self.0.kept.is_none() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(ROTATION).await;
            let secret = self.current().await;
            if secret != adopted {
                adopt(&secret);
                adopted = secret;
            }
        }
    }
}

impl Default for Credential {
    fn default() -> Self {
        Self::fixed(Secret::default())
    }
}

impl From<Secret> for Credential {
    fn from(secret: Secret) -> Self {
        Self::fixed(secret)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(REDACTED)
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;
    use std::sync::atomic::{AtomicUsize, Ordering};

    async fn of(file: &tempfile::NamedTempFile) -> Credential {
        let reference: Reference = format!("file:{}", file.path().display()).parse().expect("a reference");
        reference.open("nats.core.password").await.expect("a secret")
    }

    fn write(file: &tempfile::NamedTempFile, text: &str) {
        std::fs::write(file.path(), text).expect("written");
    }

    #[tokio::test]
    async fn what_was_changed_is_taken_and_what_cannot_be_read_leaves_the_last_one() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        write(&file, "one");
        let credential = of(&file).await;
        assert_eq!(format!("{credential:?}"), REDACTED);
        write(&file, "two\n");
        assert_eq!(credential.last().reveal(), "one");
        assert_eq!(credential.current().await.reveal(), "two");
        write(&file, "");
        assert_eq!(credential.current().await.reveal(), "two");
        let clone = credential.clone();
        write(&file, "three");
        assert_eq!((clone.current().await.reveal(), credential.last().reveal()), ("three", "three"));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_follows_hears_each_change_once() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        write(&file, "one");
        let credential = of(&file).await;
        let heard = AtomicUsize::new(0);
        let following = credential.follow(credential.last(), |secret| {
            assert_eq!(secret.reveal(), "two");
            heard.fetch_add(1, Ordering::Relaxed);
        });
        let telling = async {
            tokio::time::sleep(ROTATION * 3).await;
            assert_eq!(heard.load(Ordering::Relaxed), 0);
            write(&file, "two");
            // Somebody else who asks meanwhile does not take the news away.
            credential.current().await;
            while heard.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(ROTATION).await;
            }
            tokio::time::sleep(ROTATION * 3).await;
        };
        tokio::select! {
            () = following => unreachable!("it never ends"),
            () = telling => {}
        }
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }
}
