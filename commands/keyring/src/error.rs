use crate::random::NoRandomness;
use crate::wrapping_keys::WrappingKeyError;
use peyk_domain::privacy::TreeFull;
use std::error::Error;

/// Why a tenant's keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The log did not answer in time, or refused. Whether a first keyring was stored is unknown; asking again tells.
    #[error("the keyring store does not answer")]
    Unavailable(#[source] Option<Box<dyn Error + Send + Sync>>),
    #[error("the wrapping key cannot be had")]
    WrappingKey(#[from] WrappingKeyError),
    /// There is a keyring but no wrapping key: it was destroyed, or this process looks in the wrong place.
    #[error("the keyring's wrapping key is gone")]
    WrappingKeyGone,
    #[error("the keyring is wrapped under another key")]
    WrongWrappingKey,
    /// The stored blob is not what was once wrapped for this tenant.
    #[error("the stored keyring is corrupt")]
    Corrupt,
    /// The keyring was deleted with all it could open; there will be no second one.
    #[error("the keyring was destroyed")]
    Destroyed,
    /// Others changed the keyring at every attempt.
    #[error("the keyring is being changed by others")]
    Contended,
    /// The keyring has outgrown what one value of the store may hold.
    #[error("the keyring is too large to be stored")]
    TooLarge,
    /// Too many were erased of one tenant.
    #[error("the keyring has no room for another erasure")]
    Full(#[from] TreeFull),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl KeyringError {
    /// The stable code for logs and clients.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "KEYS_UNAVAILABLE",
            Self::WrappingKey(_) => "WRAPPING_KEY_UNAVAILABLE",
            Self::WrappingKeyGone => "WRAPPING_KEY_GONE",
            Self::WrongWrappingKey => "WRONG_WRAPPING_KEY",
            Self::Corrupt => "CORRUPT_KEYRING",
            Self::Destroyed => "KEYRING_DESTROYED",
            Self::Contended => "KEYRING_CONTENDED",
            Self::TooLarge => "KEYRING_TOO_LARGE",
            Self::Full(_) => "KEYRING_FULL",
            Self::NoRandomness(_) => "NO_RANDOMNESS",
        }
    }

    /// Whether the same request may well succeed a little later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::WrappingKey(_) | Self::Contended)
    }
}

/// Why something cannot be sealed, or a recipient not be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The recipient was erased in that generation, or the month's root was destroyed or never made.
    #[error("there is no key to seal under")]
    NoKey,
    #[error("the field is too long to be sealed")]
    TooLong,
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Why something sealed does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its key is gone: the recipient was erased, or retention has ended.
    #[error("the keys to this field were erased")]
    Erased,
    /// It was sealed as another field, for another message or tenant, or altered.
    #[error("the sealed field is broken")]
    Broken,
}
