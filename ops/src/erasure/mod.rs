//! Erasure carried out: what `access` has on record is done in the other ledgers and to the keys.
mod forgetting;
mod job;

pub use forgetting::forget_keys;
pub use job::ErasureJob;
