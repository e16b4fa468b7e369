use peyk_schemas::Hash;
use peyk_schemas::cbor::{CborError, Reader, Writer};
use tlog_tiles::tlog::{EMPTY_HASH, Hash as Node, node_hash, record_hash};

/// What a leaf of the tree says of the message at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// It is a record that counts.
    Record(Hash),
    /// A quarantine names it.
    PassedOver(Hash),
}

/// What stands before the hash of a message that is passed over, so that nobody proves it to be a record.
const PASSED_OVER: u8 = 0xff;

impl Leaf {
    /// The hash of the leaf in the tree.
    #[must_use]
    pub fn node(self) -> Node {
        match self {
            Self::Record(hash) => record_hash(&hash.0),
            Self::PassedOver(hash) => record_hash(&[&[PASSED_OVER], &hash.0[..]].concat()),
        }
    }
}

/// The Merkle tree of RFC 6962 section 2.1 over the hashes of a ledger's stored messages, as far as it takes to go on: the
/// roots of its complete subtrees, one for each bit of its size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree {
    size: u64,
    /// The largest first.
    peaks: Vec<Node>,
}

impl Tree {
    /// How many messages it covers: those at positions 1 to this.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the message at the next position. `made` hears of every complete subtree that comes about,
    /// by its level and its index in that level.
    pub fn push(&mut self, leaf: Leaf, mut made: impl FnMut(u8, u64, Node)) {
        let (mut node, mut level, mut index) = (leaf.node(), 0, self.size);
        made(level, index, node);
        while index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(left, node);
            (level, index) = (level + 1, index >> 1);
            made(level, index, node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    #[must_use]
    pub fn root(&self) -> Node {
        let joined = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        joined.unwrap_or(EMPTY_HASH)
    }

    /// Appends the tree as an array of two: its size and its peaks.
    pub fn write(&self, out: &mut Writer) {
        out.array(2).unsigned(self.size).array(self.peaks.len());
        for peak in &self.peaks {
            out.bytes(&peak.0);
        }
    }

    /// # Errors
    /// [`CborError`] if the bytes are not what [`Tree::write`] writes.
    pub fn read(input: &mut Reader<'_>) -> Result<Self, CborError> {
        input.array_of(2)?;
        let size = input.unsigned()?;
        input.array_of(size.count_ones() as usize)?;
        let peaks = (0..size.count_ones()).map(|_| input.fixed().map(Node)).collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }
}
