//! The keys of tenants: what personal data is sealed under before it reaches a ledger, and what is destroyed to erase it.
//!
//! A tenant's [`Keyring`] (index key, salt and the roots of its key trees) is one blob, wrapped under a key of the
//! tenant's own ([`WrappingKeys`]) and kept in the NATS bucket `<ns>_KEYS`. [`Keyrings`] fetches, creates and caches
//! them; [`TenantKeys`] seals and opens with one. Only processes of CORE hold any of this.
#[cfg(test)]
mod access_tests;
mod bucket;
mod cache;
mod erasure;
mod error;
mod field;
mod key_files;
mod keyring;
mod keyrings;
mod limits;
mod metrics;
mod random;
mod seal;
mod tenant_keys;
mod wrap;
mod wrapping_keys;

pub use bucket::{bucket, bucket_name};
pub use erasure::EraseError;
pub use error::{KeyringError, OpenError, SealError};
pub use field::{AccessField, Field, Subject};
pub use key_files::KeyFiles;
pub use keyring::{Keyring, Purpose, TreeKey};
pub use keyrings::Keyrings;
pub use limits::Limits;
pub use metrics::METRICS;
pub use random::NoRandomness;
pub use seal::PLAINTEXT_BYTES_MAX;
pub use tenant_keys::TenantKeys;
pub use wrapping_keys::{WrappingKey, WrappingKeyError, WrappingKeys};
