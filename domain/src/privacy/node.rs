use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use std::fmt;
use std::sync::LazyLock;
use zeroize::{Zeroize, Zeroizing};

/// Levels below the root: a leaf is named by 64 bits.
pub(super) const LEVELS: u8 = 64;

/// Contexts of BLAKE3's `derive_key` mode. Part of the format: what was sealed opens only under these.
pub(super) const LEFT_CONTEXT: &str = "peyk 2026-10 key tree v1 left child";
pub(super) const RIGHT_CONTEXT: &str = "peyk 2026-10 key tree v1 right child";

static CONTEXTS: LazyLock<[ContextKey; 2]> =
    LazyLock::new(|| [hash_derive_key_context(LEFT_CONTEXT), hash_derive_key_context(RIGHT_CONTEXT)]);

/// The secret of an inner node, from which every leaf below it follows.
pub(super) type Seed = Zeroizing<[u8; 32]>;

/// The key of one leaf. Derive keys for single purposes from it rather than using it as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct LeafKey(Zeroizing<[u8; 32]>);

impl LeafKey {
    pub(super) const fn new(key: Seed) -> Self {
        Self(key)
    }

    /// The 32 bytes, which must reach neither a log nor a store.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for LeafKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LeafKey(..)")
    }
}

/// A child: the left one where the bit is 0, the right one where it is 1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    /// Which way from `depth` towards `leaf`; `depth` is less than [`LEVELS`].
    pub(super) const fn towards(leaf: u64, depth: u8) -> Self {
        if leaf >> (LEVELS - 1 - depth) & 1 == 0 { Self::Left } else { Self::Right }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Steps from nodes to their children. Holds its two hashers so that a walk prepares and wipes them once.
pub(super) struct Descent([Hasher; 2]);

impl Descent {
    pub(super) fn new() -> Self {
        Self([Hasher::new_from_context_key(&CONTEXTS[0]), Hasher::new_from_context_key(&CONTEXTS[1])])
    }

    /// The seed of a child: `derive_key(context of the side, parent)`.
    pub(super) fn child(&mut self, parent: &Seed, side: Side) -> Seed {
        let hasher = &mut self.0[side as usize];
        hasher.reset().update(parent.as_slice());
        Zeroizing::new(hasher.finalize().into())
    }
}

impl Drop for Descent {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
