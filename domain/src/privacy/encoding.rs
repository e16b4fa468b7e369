//! A key tree as bytes: version 2, the count of nodes (u32), then each node as first leaf (u64), depth in bits (u8, even) and seed
//! (32 bytes), in the order of leaves. Integers are big endian. One tree has exactly one encoding.
use super::key_tree::{KeyTree, NODES_MAX, Node, below, first_leaf};
use super::node::{BITS, STEP};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const VERSION: u8 = 2;
const HEADER_BYTES: usize = 1 + 4;
const NODE_BYTES: usize = 8 + 1 + 32;

/// The longest encoding there is, in bytes.
pub const KEY_TREE_BYTES_MAX: usize = HEADER_BYTES + NODES_MAX * NODE_BYTES;

/// Bytes that encode no key tree, or not in the one way there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKeyTree {
    #[error("unknown version of key tree")]
    Version,
    #[error("the length of the key tree is not what its count of nodes asks for")]
    Length,
    #[error("a node of the key tree is out of place")]
    Misplaced,
}

impl KeyTree {
    /// The secrets of the tree; to be wrapped before they are stored. Wiped when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Reserved at once: growing would leave copies of secrets in freed memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(HEADER_BYTES + self.nodes().len() * NODE_BYTES));
        bytes.push(VERSION);
        let count = u32::try_from(self.nodes().len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&count.to_be_bytes());
        for (first, node) in self.nodes() {
            bytes.extend_from_slice(&first.to_be_bytes());
            bytes.push(node.depth);
            bytes.extend_from_slice(node.seed.as_slice());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`NotAKeyTree`] for anything else, including nodes out of order and one below the other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAKeyTree> {
        let (header, body) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(NotAKeyTree::Length)?;
        let [version, count @ ..] = *header;
        if version != VERSION {
            return Err(NotAKeyTree::Version);
        }
        let count = usize::try_from(u32::from_be_bytes(count)).map_err(|_| NotAKeyTree::Length)?;
        let (nodes, rest) = body.as_chunks::<NODE_BYTES>();
        if count > NODES_MAX || nodes.len() != count || !rest.is_empty() {
            return Err(NotAKeyTree::Length);
        }
        let mut read = BTreeMap::new();
        let mut free_from = Some(0);
        for node in nodes {
            let (&first, node) = node.split_first_chunk().ok_or(NotAKeyTree::Length)?;
            let (&depth, seed) = node.split_first().ok_or(NotAKeyTree::Length)?;
            let first = u64::from_be_bytes(first);
            let in_place = depth <= BITS
                && depth.is_multiple_of(STEP)
                && first_leaf(first, depth) == first
                && free_from.is_some_and(|at| at <= first);
            if !in_place {
                return Err(NotAKeyTree::Misplaced);
            }
            free_from = (first | below(depth)).checked_add(1);
            let mut kept = Box::new(Zeroizing::new([0; 32]));
            kept.copy_from_slice(seed);
            read.insert(first, Node { depth, seed: kept });
        }
        Ok(Self::from_nodes(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Leaf;

    fn tree() -> KeyTree {
        KeyTree::new(Zeroizing::new([7; 32]))
    }

    #[test]
    fn an_unpunctured_tree_is_its_root() {
        let bytes = tree().to_bytes();
        assert_eq!(bytes[..], [&[2, 0, 0, 0, 1][..], &[0; 8], &[0], &[7; 32]].concat());
    }

    #[test]
    fn an_empty_tree_comes_back_empty() {
        let tree = KeyTree::from_bytes(&KeyTree::default().to_bytes()).unwrap();
        assert!(tree.is_erased(Leaf(0)) && tree.is_erased(Leaf(u64::MAX)));
    }

    #[test]
    fn refuses_every_other_length() {
        let mut punctured = tree();
        punctured.puncture(Leaf(99)).unwrap();
        let bytes = punctured.to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(KeyTree::from_bytes(&bytes[..length]).unwrap_err(), NotAKeyTree::Length, "{length}");
        }
        assert_eq!(KeyTree::from_bytes(&[&bytes[..], &[0]].concat()).unwrap_err(), NotAKeyTree::Length);
        let count = [&[2, 0xff, 0xff, 0xff, 0xff][..], &bytes[5..]].concat();
        assert_eq!(KeyTree::from_bytes(&count).unwrap_err(), NotAKeyTree::Length);
    }

    #[test]
    fn refuses_another_version() {
        assert_eq!(KeyTree::from_bytes(&[1, 0, 0, 0, 0]).unwrap_err(), NotAKeyTree::Version);
    }

    #[test]
    fn refuses_nodes_out_of_place() {
        let node = |first: u64, depth: u8| [&first.to_be_bytes()[..], &[depth], &[7; 32]].concat();
        let half = 1 << 63;
        for (nodes, what) in [
            (vec![node(0, 66)], "below the leaves"),
            (vec![node(0, 1)], "between two steps"),
            (vec![node(1, 0)], "not at the start of its subtree"),
            (vec![node(half, 2), node(0, 2)], "out of order"),
            (vec![node(0, 2), node(0, 2)], "twice"),
            (vec![node(0, 2), node(5, 64)], "one below the other"),
            (vec![node(0, 0), node(half, 2)], "beside the root"),
        ] {
            let count = u32::try_from(nodes.len()).unwrap();
            let bytes = [&[2][..], &count.to_be_bytes(), &nodes.concat()].concat();
            assert_eq!(KeyTree::from_bytes(&bytes).unwrap_err(), NotAKeyTree::Misplaced, "{what}");
        }
    }
}
