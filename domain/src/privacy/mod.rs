//! Erasure of personal data from a log that forgets nothing: what is sealed stays, its key goes.
//!
//! [`KeyTree`] gives one key per leaf out of one root. Erasing a leaf destroys every secret it could be derived from
//! and leaves each other leaf with the key it always had.
mod encoding;
mod key_tree;
mod node;

pub use encoding::{KEY_TREE_BYTES_MAX, NotAKeyTree};
pub use key_tree::{Erased, KeyTree, NODES_MAX, TreeFull};
pub use node::LeafKey;
