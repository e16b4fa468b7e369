use super::super::node::CONTEXT;
use super::*;
use proptest::prelude::*;

const ROOT: [u8; 32] = *b"a root for known answers, 32 b!!";

fn tree() -> KeyTree {
    KeyTree::new(Zeroizing::new(ROOT))
}

/// The function as its definition reads, one call of `derive_key` for two bits.
fn slowly(leaf: u64) -> [u8; 32] {
    let digits = format!("{leaf:064b}").into_bytes();
    digits.as_chunks::<2>().0.iter().fold(ROOT, |node, digit| {
        let child = 2 * (digit[0] - b'0') + digit[1] - b'0';
        blake3::derive_key(CONTEXT, &[&node[..], &[child]].concat())
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a node retained in `tree` is `leaf` or above it, found without the tree's own search.
fn is_underivable(tree: &KeyTree, leaf: u64) -> bool {
    tree.nodes().iter().all(|(&first, node)| {
        let depth = usize::from(node.depth);
        format!("{first:064b}")[..depth] != format!("{leaf:064b}")[..depth]
    })
}

#[test]
fn known_answers() {
    // Pinned: what was sealed under these keys must open for ever.
    for (leaf, key) in [
        (0, "135413f032281f7e539c9c24eb3e963481dfad996b4df2b597012b0988133228"),
        (1, "ca29d5cd6424b081ca745bb40bd20db76453fbb179b928d8fa5d57d3f99b2f84"),
        (0x8000_0000_0000_0000, "c4a048c74c128bd7e559113f0ce3ce7e5fab6a8f3556c19427453dff9ba1f8d7"),
        (0x0123_4567_89ab_cdef, "e2754bafc588ec8e863303890014eefb72b157f0ae2502a211c908b1b2d1d7af"),
        (u64::MAX, "bf8909db3168867ddbc39d5bec8fa15d2eed089f0773c32c679e0f44a0233519"),
    ] {
        assert_eq!(hex(&slowly(leaf)), key, "the definition at {leaf:#x}");
        assert_eq!(hex(tree().derive(Leaf(leaf)).unwrap().expose()), key, "the tree at {leaf:#x}");
    }
}

#[test]
fn known_encoding_after_an_erasure() {
    let mut tree = tree();
    assert_eq!(tree.puncture(Leaf(0x0123_4567_89ab_cdef)), Ok(true));
    assert_eq!(
        hex(blake3::hash(&tree.to_bytes()).as_bytes()),
        "29220ea41cbe1b72d495b946a3ac71243cdc25129b9c2e257030fc40080db2d6"
    );
}

#[test]
fn erasing_one_leaf_costs_its_co_path() {
    let mut tree = tree();
    assert_eq!(tree.puncture(Leaf(5)), Ok(true));
    assert_eq!(tree.nodes().len(), 32 * 3);
    assert_eq!(tree.puncture(Leaf(5)), Ok(false), "a second time there is nothing to erase");
    assert_eq!(tree.derive(Leaf(5)), Err(Erased));
    // Its sibling is retained as it is: erasing that adds nothing.
    assert_eq!(tree.puncture(Leaf(4)), Ok(true));
    assert_eq!(tree.nodes().len(), 32 * 3 - 1);
}

#[test]
fn a_full_tree_refuses_and_stays_as_it_was() {
    let mut tree = tree();
    // Leaves that part from each other at the top cost most.
    let full = (0..u64::MAX).find(|turn| tree.puncture(Leaf(turn.reverse_bits() | 1)) == Err(TreeFull)).unwrap();
    let refused = Leaf(full.reverse_bits() | 1);
    assert!(tree.nodes().len() <= NODES_MAX && full > 680);
    assert_eq!(*tree.derive(refused).unwrap().expose(), slowly(refused.0));
}

#[test]
fn nothing_secret_is_shown() {
    let tree = tree();
    assert_eq!(format!("{tree:?} {:?}", tree.derive(Leaf(1)).unwrap()), "KeyTree(1 nodes) LeafKey(..)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_erased_leaf_is_gone_and_every_other_unchanged(
        erased in proptest::collection::vec(any::<u64>(), 1..12),
        others in proptest::collection::vec(any::<u64>(), 0..12),
        near in any::<[u8; 12]>(),
    ) {
        let mut tree = tree();
        for &leaf in &erased {
            tree.puncture(Leaf(leaf)).unwrap();
        }
        for &leaf in &erased {
            prop_assert_eq!(tree.derive(Leaf(leaf)), Err(Erased));
            prop_assert!(is_underivable(&tree, leaf));
        }
        // Neighbours at every distance, whose keys come from the co-path, and leaves anywhere.
        let neighbours = erased.iter().zip(near).map(|(leaf, bit)| leaf ^ (1 << (bit % 64)));
        for leaf in neighbours.chain(others).filter(|leaf| !erased.contains(leaf)) {
            prop_assert!(!tree.is_erased(Leaf(leaf)));
            prop_assert_eq!(*tree.derive(Leaf(leaf)).unwrap().expose(), slowly(leaf));
        }
        let bytes = tree.to_bytes();
        let read = KeyTree::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read.to_bytes()[..], &bytes[..]);
        for &leaf in &erased {
            prop_assert_eq!(read.derive(Leaf(leaf)), Err(Erased));
        }
    }

    #[test]
    fn the_order_of_erasures_leaves_no_trace(mut leaves in proptest::collection::vec(any::<u64>(), 1..8)) {
        let erase = |leaves: &[u64]| {
            let mut tree = tree();
            for &leaf in leaves {
                tree.puncture(Leaf(leaf)).unwrap();
            }
            tree.to_bytes()
        };
        let forwards = erase(&leaves);
        leaves.reverse();
        prop_assert_eq!(&forwards[..], &erase(&leaves)[..]);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_only_the_one_encoding_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(tree) = KeyTree::from_bytes(&bytes) {
            prop_assert_eq!(&tree.to_bytes()[..], &bytes[..]);
        }
    }
}
