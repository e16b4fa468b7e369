use crate::random::NoRandomness;
use futures::future::BoxFuture;
use peyk_domain::TenantId;
use std::fmt;
use std::io;
use zeroize::Zeroizing;

/// A tenant's own key, under which nothing but its keyring is wrapped. Destroying it destroys every keyring ever
/// wrapped under it, wherever copies may lie.
#[derive(Clone)]
pub struct WrappingKey(Zeroizing<[u8; 32]>);

impl WrappingKey {
    /// A key of 32 uniformly random bytes.
    #[must_use]
    pub const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells keys apart and nothing about them, so that a wrong key is not taken for a damaged keyring.
    pub(crate) fn fingerprint(&self) -> [u8; 8] {
        let whole = blake3::derive_key("peyk 2026-10 wrapping key fingerprint v1", self.0.as_slice());
        let mut short = [0; 8];
        short.copy_from_slice(&whole[..8]);
        short
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WrappingKey(..)")
    }
}

/// Why a wrapping key cannot be had. Names no path and no key.
#[derive(Debug, thiserror::Error)]
pub enum WrappingKeyError {
    #[error("the store of wrapping keys does not answer")]
    Unavailable(#[source] io::Error),
    /// The key file or its directory can be read by others than its owner.
    #[error("wrapping keys are readable by others: directories need mode 0700, files 0600")]
    Exposed,
    #[error("a wrapping key is not 32 bytes long")]
    Malformed,
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Where wrapping keys are kept.
pub trait WrappingKeys: fmt::Debug + Send + Sync {
    /// The tenant's key, made if there is none. All who ask at once get the same one, and only once it is durable.
    fn get_or_create(&self, tenant: TenantId) -> BoxFuture<'_, Result<WrappingKey, WrappingKeyError>>;

    /// The tenant's key if there is one.
    fn get(&self, tenant: TenantId) -> BoxFuture<'_, Result<Option<WrappingKey>, WrappingKeyError>>;

    /// The key that is to replace the tenant's, if one was made.
    fn successor(&self, tenant: TenantId) -> BoxFuture<'_, Result<Option<WrappingKey>, WrappingKeyError>>;

    /// Makes the key that is to replace the tenant's, if there is none. As durable as [`Self::get_or_create`].
    fn make_successor(&self, tenant: TenantId) -> BoxFuture<'_, Result<WrappingKey, WrappingKeyError>>;

    /// Lets `successor` take the place of the tenant's key, which is destroyed. To be called once nothing that matters is
    /// wrapped under the key any more. Nothing happens where another is the successor by now, or none.
    fn succeed(&self, tenant: TenantId, successor: WrappingKey) -> BoxFuture<'_, Result<(), WrappingKeyError>>;

    /// Destroys the tenant's key and its successor, as far as they are there.
    fn destroy(&self, tenant: TenantId) -> BoxFuture<'_, Result<(), WrappingKeyError>>;
}
