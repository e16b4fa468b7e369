use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use std::fmt;
use std::sync::LazyLock;
use zeroize::{Zeroize, Zeroizing};

/// Bits that name a leaf.
pub(super) const BITS: u8 = 64;
/// Bits a step down decides: a node has four children.
pub(super) const STEP: u8 = 2;
pub(super) const CHILDREN: u8 = 1 << STEP;

/// Context of BLAKE3's `derive_key` mode. Part of the format: what was sealed opens only under this.
pub(super) const CONTEXT: &str = "peyk 2026-11 key tree v2";

static CONTEXT_KEY: LazyLock<ContextKey> = LazyLock::new(|| hash_derive_key_context(CONTEXT));

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

/// Which child of the node at `depth` leads to `leaf`; `depth` is even and less than [`BITS`].
pub(super) const fn towards(leaf: u64, depth: u8) -> u8 {
    (leaf >> (BITS - STEP - depth)) as u8 % CHILDREN
}

/// Steps from nodes to their children. Holds its hasher so that a walk prepares and wipes it once.
pub(super) struct Descent(Hasher);

impl Descent {
    pub(super) fn new() -> Self {
        Self(Hasher::new_from_context_key(&CONTEXT_KEY))
    }

    /// The seed of a child: `derive_key(context, parent and the child's number)`, one compression.
    pub(super) fn child(&mut self, parent: &Seed, child: u8) -> Seed {
        let hasher = self.0.reset().update(parent.as_slice()).update(&[child]);
        Zeroizing::new(hasher.finalize().into())
    }
}

impl Drop for Descent {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
