use serde::{Deserialize, Serialize};
use std::fmt;

/// A recipient as state knows one: a keyed hash that still folds after the keys are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientToken(pub [u8; 16]);

/// A leaf of a tenant's key trees: the keyed hash of one E.164 number under the tenant's index key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leaf(pub u64);

/// How often a recipient came back after an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Generation(pub u32);

/// How long what is sealed may be kept, which decides the tree whose root is destroyed when the time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RetentionClass {
    /// Messages, by the month they were accepted in.
    Message,
    /// What the directory says of tenants, users and keys: as long as they are there, in one tree of month 0.
    Directory,
    /// Where requests came from, by the month they were made in.
    Audit,
}

/// A calendar month in UTC, `year * 12 + month - 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MonthKey(pub u32);

/// Which key opens a sealed field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SealedFor {
    pub class: RetentionClass,
    pub month: MonthKey,
    pub generation: Generation,
    pub leaf: Leaf,
}

/// An encrypted field: 24 bytes of nonce, the ciphertext, 16 bytes of tag (XChaCha20-Poly1305).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed(pub Box<[u8]>);

impl fmt::Debug for Sealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sealed({} bytes)", self.0.len())
    }
}
