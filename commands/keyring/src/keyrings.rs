use crate::bucket::BLOB_BYTES_MAX;
use crate::cache::Cache;
use crate::error::KeyringError;
use crate::keyring::{Keyring, Purpose, TreeKey};
use crate::limits::{Budget, Limits};
use crate::metrics;
use crate::tenant_keys::TenantKeys;
use crate::wrap::{unwrap, wrap};
use crate::wrapping_keys::{WrappingKey, WrappingKeys};
use async_nats::jetstream::kv::{self, UpdateErrorKind};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use peyk_domain::messages::{MonthKey, SealedFor};
use peyk_domain::{ActorId, TenantId};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a caller waits for keys that are not in memory, queueing included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Attempts to store a changed keyring while others change it too.
const ATTEMPTS_MAX: u64 = 12;
/// Tenants whose keys are fetched at the same time.
const FETCHES_MAX: usize = 64;
/// Destroyed trees remembered as such.
const GONE_MAX: usize = 65_536;

/// The keyrings of all tenants, as this process needs them. Cheap to clone; all clones share what is kept.
#[derive(Clone)]
pub struct Keyrings(Arc<Shared>);

struct Shared {
    store: kv::Store,
    wrapping_keys: Box<dyn WrappingKeys>,
    limits: Limits,
    budget: Arc<Budget>,
    kept: Cache<TenantId, Arc<TenantKeys>>,
    /// Trees found missing although something is sealed under them.
    gone: Cache<(TenantId, TreeKey), ()>,
    /// One fetch at a time for each tenant, so that a cold start asks once and not once for every request.
    fetching: [tokio::sync::Mutex<()>; FETCHES_MAX],
}

/// What the store has for a tenant.
struct Stored {
    revision: u64,
    keyring: Keyring,
    /// What it is wrapped under.
    key: WrappingKey,
}

impl Keyrings {
    /// Keyrings in `store`, which is made as [`crate::bucket`] says.
    #[must_use]
    pub fn new(store: kv::Store, wrapping_keys: Box<dyn WrappingKeys>) -> Self {
        Self::with_limits(store, wrapping_keys, Limits::default())
    }

    #[must_use]
    pub fn with_limits(store: kv::Store, wrapping_keys: Box<dyn WrappingKeys>, limits: Limits) -> Self {
        Self(Arc::new(Shared {
            store,
            wrapping_keys,
            limits,
            budget: Budget::new(limits.derived_keys),
            kept: Cache::new(limits.tenants),
            gone: Cache::new(GONE_MAX),
            fetching: std::array::from_fn(|_| tokio::sync::Mutex::new(())),
        }))
    }

    /// The tenant's keys with everything it takes to seal messages in `month`. Makes the keyring and the month's roots when
    /// they are first asked for; what is returned is durable, and the same for all who ask anywhere.
    ///
    /// # Errors
    /// Any [`KeyringError`]; [`KeyringError::Destroyed`] for a tenant whose keyring was deleted.
    pub async fn for_writing(&self, tenant: TenantId, month: MonthKey) -> Result<Arc<TenantKeys>, KeyringError> {
        self.serving(tenant, Purpose::Messages(month)).await
    }

    /// The tenant's keys with everything it takes to seal what the directory says of it and its people, and where their
    /// requests of `month` came from. The nil tenant is the platform. Otherwise as [`Self::for_writing`].
    ///
    /// # Errors
    /// As [`Self::for_writing`].
    pub async fn for_access(&self, tenant: TenantId, month: MonthKey) -> Result<Arc<TenantKeys>, KeyringError> {
        self.serving(tenant, Purpose::Access(month)).await
    }

    async fn serving(&self, tenant: TenantId, purpose: Purpose) -> Result<Arc<TenantKeys>, KeyringError> {
        let is_ready = |keys: &TenantKeys| keys.serves(purpose);
        if let Some(keys) = self.kept(tenant).filter(|keys| is_ready(keys)) {
            return Ok(keys);
        }
        self.patiently(async {
            let _alone = self.fetching(tenant).lock().await;
            if let Some(keys) = self.kept(tenant).filter(|keys| is_ready(keys)) {
                return Ok(keys);
            }
            self.create(tenant, purpose).await.map(|keyring| self.keep(tenant, keyring))
        })
        .await
    }

    /// The tenant's keys as this process knows them, or `None` if it has no keyring.
    ///
    /// # Errors
    /// Any [`KeyringError`] but [`KeyringError::Destroyed`], which is `None` here.
    pub async fn for_reading(&self, tenant: TenantId) -> Result<Option<Arc<TenantKeys>>, KeyringError> {
        self.read(tenant, |_| true).await
    }

    /// The tenant's keys, fetched again if what is kept lacks the tree a stored field was sealed under. If it is still
    /// missing then, its root was destroyed: a field is sealed only after its tree was stored.
    ///
    /// # Errors
    /// As [`Self::for_reading`].
    pub async fn for_opening(
        &self,
        tenant: TenantId,
        sealed_for: &SealedFor,
    ) -> Result<Option<Arc<TenantKeys>>, KeyringError> {
        let tree = TreeKey::from(sealed_for);
        let is_gone = || self.0.gone.get(&(tenant, tree)).is_some();
        let keys = self.read(tenant, |keys| keys.has_tree(&tree) || is_gone()).await?;
        if keys.as_ref().is_some_and(|keys| !keys.has_tree(&tree)) {
            self.0.gone.insert((tenant, tree), ());
        }
        Ok(keys)
    }

    /// Destroys the tenant's keyring, and then the key it and every earlier one was wrapped under. There will be no second
    /// one. Done again it does nothing.
    ///
    /// # Errors
    /// [`KeyringError::Unavailable`] or [`KeyringError::WrappingKey`]; do it again.
    pub async fn destroy(&self, tenant: TenantId) -> Result<(), KeyringError> {
        self.patiently(async {
            let _alone = self.fetching(tenant).lock().await;
            // The mark of what was deleted stays, so that nobody makes another one.
            let deleted = self.0.store.delete(name(tenant)).await;
            deleted.map_err(|error| KeyringError::Unavailable(Some(Box::new(error))))?;
            self.0.wrapping_keys.destroy(tenant).await?;
            self.forget(tenant);
            tracing::info!(%tenant, "keyring destroyed");
            Ok(())
        })
        .await
    }

    /// Destroys the keys to what the directory says of `actor`, and replaces the key that earlier keyrings of the tenant were
    /// wrapped under. What is said of others stays readable. Done again it does nothing but that.
    ///
    /// # Errors
    /// [`KeyringError::Full`] or [`KeyringError::TooLarge`] if the keyring has no room for another erasure; nothing was
    /// erased then. After any other error: do it again.
    pub async fn erase_actor(&self, tenant: TenantId, actor: ActorId) -> Result<(), KeyringError> {
        self.patiently(async {
            let _alone = self.fetching(tenant).lock().await;
            for attempt in 1..=ATTEMPTS_MAX {
                // Nothing was ever sealed for a tenant without keys, or all of it is gone.
                let stored = match self.fetch(tenant).await {
                    Ok(None) | Err(KeyringError::Destroyed) => return Ok(()),
                    stored => stored?,
                };
                let Some(Stored { revision, mut keyring, key: _ }) = stored else { return Ok(()) };
                keyring.erase_actor(actor)?;
                let successor = self.0.wrapping_keys.make_successor(tenant).await?;
                if self.stored(tenant, &keyring, &successor, revision).await? {
                    self.0.wrapping_keys.succeed(tenant, successor).await?;
                    self.forget(tenant);
                    tracing::info!(%tenant, "keys of an account destroyed");
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(attempt)).await;
            }
            Err(KeyringError::Contended)
        })
        .await
    }

    /// Drops all that is kept, for when keys were destroyed elsewhere.
    pub fn forget_all(&self) {
        self.0.kept.forget(|_| true);
        self.0.gone.forget(|_| true);
    }

    /// Drops what is kept of a tenant, for when its keyring was changed elsewhere.
    pub fn forget(&self, tenant: TenantId) {
        self.0.kept.forget(|kept| *kept == tenant);
        self.0.gone.forget(|(kept, _)| *kept == tenant);
    }

    async fn read(
        &self,
        tenant: TenantId,
        is_enough: impl Fn(&TenantKeys) -> bool,
    ) -> Result<Option<Arc<TenantKeys>>, KeyringError> {
        if let Some(keys) = self.kept(tenant).filter(|keys| is_enough(keys)) {
            return Ok(Some(keys));
        }
        self.patiently(async {
            let _alone = self.fetching(tenant).lock().await;
            if let Some(keys) = self.kept(tenant).filter(|keys| is_enough(keys)) {
                return Ok(Some(keys));
            }
            match self.fetch(tenant).await {
                Ok(Some(stored)) => Ok(Some(self.keep(tenant, stored.keyring))),
                Ok(None) | Err(KeyringError::Destroyed) => {
                    self.forget(tenant);
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Stores what `purpose` lacks by compare-and-set. A keyring is used only once its storing was acknowledged; after an
    /// unknown outcome the next attempt reads what there is.
    async fn create(&self, tenant: TenantId, purpose: Purpose) -> Result<Keyring, KeyringError> {
        for attempt in 1..=ATTEMPTS_MAX {
            let Stored { revision, mut keyring, key } = match self.fetch(tenant).await? {
                Some(stored) => stored,
                None => {
                    let key = self.0.wrapping_keys.get_or_create(tenant).await?;
                    Stored { revision: 0, keyring: Keyring::random()?, key }
                }
            };
            if !keyring.ensure(purpose)? {
                return Ok(keyring);
            }
            // Under the key it was under: what is extended while that is being replaced must not end up under the one that goes.
            if self.stored(tenant, &keyring, &key, revision).await? {
                tracing::info!(%tenant, ?purpose, created = revision == 0, "keyring extended");
                return Ok(keyring);
            }
            tokio::time::sleep(Duration::from_millis(attempt)).await;
        }
        Err(KeyringError::Contended)
    }

    /// Stores a keyring in place of that of `revision`; false if there is another by now.
    async fn stored(
        &self,
        tenant: TenantId,
        keyring: &Keyring,
        key: &WrappingKey,
        revision: u64,
    ) -> Result<bool, KeyringError> {
        let wrapped = wrap(key, tenant, &keyring.encode()?)?;
        if wrapped.len() > BLOB_BYTES_MAX {
            return Err(KeyringError::TooLarge);
        }
        match self.0.store.update(name(tenant), wrapped.into(), revision).await {
            Ok(_) => {
                metrics::stored();
                Ok(true)
            }
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(false),
            Err(error) => Err(KeyringError::Unavailable(Some(Box::new(error)))),
        }
    }

    /// What the store has now. Asks the leader: a direct get may be answered by a replica that lags behind, and a tree
    /// that seems missing would be taken for an erased one.
    async fn fetch(&self, tenant: TenantId) -> Result<Option<Stored>, KeyringError> {
        let began = Instant::now();
        let stored = self.fetched(tenant).await;
        metrics::fetched(&stored, began.elapsed());
        stored
    }

    async fn fetched(&self, tenant: TenantId) -> Result<Option<Stored>, KeyringError> {
        match self.as_stored(tenant).await {
            // The keyring and its key were read on either side of the key's replacement.
            Err(KeyringError::WrongWrappingKey) => self.as_stored(tenant).await,
            stored => stored,
        }
    }

    async fn as_stored(&self, tenant: TenantId) -> Result<Option<Stored>, KeyringError> {
        let subject = format!("{}{}", self.0.store.prefix, name(tenant));
        let message = match self.0.store.stream.get_last_raw_message_by_subject(&subject).await {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
            Err(error) => return Err(KeyringError::Unavailable(Some(Box::new(error)))),
        };
        // Deletion and purge leave an empty message behind.
        if message.payload.is_empty() {
            return Err(KeyringError::Destroyed);
        }
        let keys = &self.0.wrapping_keys;
        let key = keys.get(tenant).await?.ok_or(KeyringError::WrappingKeyGone)?;
        let (key, plain) = match unwrap(&key, tenant, &message.payload) {
            Ok(plain) => (key, plain),
            // It is being replaced, and the keyring has moved ahead.
            Err(KeyringError::WrongWrappingKey) => {
                let key = keys.successor(tenant).await?.ok_or(KeyringError::WrongWrappingKey)?;
                let plain = unwrap(&key, tenant, &message.payload)?;
                (key, plain)
            }
            Err(error) => return Err(error),
        };
        Ok(Some(Stored { revision: message.sequence, keyring: Keyring::decode(&plain)?, key }))
    }

    async fn patiently<T>(&self, work: impl Future<Output = Result<T, KeyringError>>) -> Result<T, KeyringError> {
        tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(KeyringError::Unavailable(None)))
    }

    fn kept(&self, tenant: TenantId) -> Option<Arc<TenantKeys>> {
        if self.0.budget.is_short() {
            self.0.kept.for_each(|keys| keys.age());
        }
        self.0.kept.get(&tenant)
    }

    fn keep(&self, tenant: TenantId, keyring: Keyring) -> Arc<TenantKeys> {
        let keys = Arc::new(TenantKeys::within(tenant, keyring, self.0.limits, Arc::clone(&self.0.budget)));
        self.0.kept.insert(tenant, Arc::clone(&keys));
        keys
    }

    fn fetching(&self, tenant: TenantId) -> &tokio::sync::Mutex<()> {
        // Ids are random, so any byte spreads them.
        &self.0.fetching[usize::from(tenant.to_bytes()[15]) % FETCHES_MAX]
    }
}

impl fmt::Debug for Keyrings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Keyrings").field("bucket", &self.0.store.name).finish_non_exhaustive()
    }
}

/// The key of a tenant in the bucket: its id without hyphens.
fn name(tenant: TenantId) -> String {
    format!("{:032x}", u128::from_be_bytes(tenant.to_bytes()))
}
