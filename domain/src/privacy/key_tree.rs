use super::node::{BITS, CHILDREN, Descent, LeafKey, STEP, Seed, towards};
use crate::messages::Leaf;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// Nodes a tree may retain, which bounds its memory and its encoding; some 680 erasures at the very least.
pub const NODES_MAX: usize = 65_536;

/// The leaf was erased: nothing retained leads to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the leaf was erased")]
pub struct Erased;

/// Erasing one more leaf could retain more than [`NODES_MAX`] nodes. Nothing was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key tree has no room for another erasure")]
pub struct TreeFull;

/// A retained node. Boxed, so that rebalancing the map moves a pointer and leaves no copy of a secret behind.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) depth: u8,
    pub(super) seed: Box<Seed>,
}

/// A puncturable pseudo-random function (Goldreich, Goldwasser, Micali 1986; punctured as in Green and Miers 2015) over
/// BLAKE3 `derive_key`: 2^64 leaf keys out of one root of 32 bytes. A node has four children, which halves the descent
/// against two and makes an erasure retain half as much again.
///
/// What it retains is a set of disjoint subtrees, at first the one of the root. All of it is wiped when dropped.
#[derive(Clone, Default)]
pub struct KeyTree {
    /// By the first leaf below the node.
    nodes: BTreeMap<u64, Node>,
}

impl KeyTree {
    /// The whole tree under `root`, which must be uniformly random and used for nothing else.
    #[must_use]
    pub fn new(root: Zeroizing<[u8; 32]>) -> Self {
        Self { nodes: BTreeMap::from([(0, Node { depth: 0, seed: Box::new(root) })]) }
    }

    /// The key of `leaf`, always the same one. Costs at most 32 BLAKE3 compressions; caching is up to the caller.
    ///
    /// # Errors
    /// [`Erased`] once the leaf was punctured.
    pub fn derive(&self, leaf: Leaf) -> Result<LeafKey, Erased> {
        let (_, node) = self.covering(leaf).ok_or(Erased)?;
        let mut descent = Descent::new();
        let mut seed = Zeroizing::new(**node.seed);
        for depth in (node.depth..BITS).step_by(usize::from(STEP)) {
            seed = descent.child(&seed, towards(leaf.0, depth));
        }
        Ok(LeafKey::new(seed))
    }

    /// Whether `leaf` was punctured, told without deriving anything.
    #[must_use]
    pub fn is_erased(&self, leaf: Leaf) -> bool {
        self.covering(leaf).is_none()
    }

    /// Erases `leaf`: the node above it gives way to its co-path, and no other leaf's key changes. Says whether there
    /// was anything to erase.
    ///
    /// # Errors
    /// [`TreeFull`] if the tree has no room for the co-path.
    pub fn puncture(&mut self, leaf: Leaf) -> Result<bool, TreeFull> {
        let Some((start, node)) = self.covering(leaf) else { return Ok(false) };
        if self.nodes.len() - 1 + usize::from((BITS - node.depth) / STEP * (CHILDREN - 1)) > NODES_MAX {
            return Err(TreeFull);
        }
        let Some(Node { depth: top, mut seed }) = self.nodes.remove(&start) else { return Ok(false) };
        let mut descent = Descent::new();
        for depth in (top..BITS).step_by(usize::from(STEP)) {
            let own = towards(leaf.0, depth);
            for sibling in (0..CHILDREN).filter(|&child| child != own) {
                // The leaf's own path up to here with the last step turned.
                let first = leaf.0 ^ (u64::from(own ^ sibling) << (BITS - STEP - depth));
                let seed = Box::new(descent.child(&seed, sibling));
                self.nodes.insert(first_leaf(first, depth + STEP), Node { depth: depth + STEP, seed });
            }
            *seed = descent.child(&seed, own);
        }
        Ok(true)
    }

    /// The retained node at or above `leaf`, with its first leaf. There is at most one.
    fn covering(&self, leaf: Leaf) -> Option<(u64, &Node)> {
        let (&start, node) = self.nodes.range(..=leaf.0).next_back()?;
        (first_leaf(leaf.0, node.depth) == start).then_some((start, node))
    }

    pub(super) const fn nodes(&self) -> &BTreeMap<u64, Node> {
        &self.nodes
    }

    /// Disjoint nodes by their first leaf, as [`super::encoding`] has checked them.
    pub(super) const fn from_nodes(nodes: BTreeMap<u64, Node>) -> Self {
        Self { nodes }
    }
}

impl fmt::Debug for KeyTree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyTree({} nodes)", self.nodes.len())
    }
}

/// The first leaf below the node at `depth` on the path to `leaf`.
pub(super) const fn first_leaf(leaf: u64, depth: u8) -> u64 {
    leaf & !below(depth)
}

/// The bits that tell the leaves below a node at `depth` apart.
pub(super) const fn below(depth: u8) -> u64 {
    if depth >= BITS { 0 } else { u64::MAX >> depth }
}

#[cfg(test)]
#[path = "key_tree_tests.rs"]
mod tests;
