use super::note::{Checkpoint, CheckpointError};
use super::tree::Leaf;
use super::walk::{Walk, Wanted};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use ed25519_dalek::VerifyingKey;
use peyk_domain::DeploymentId;
use peyk_schemas::{Hash, RECORD_MAX, Record, RecordError};
use std::cell::RefCell;
use std::fmt;
use tlog_tiles::tlog::{
    Error as TreeError, Hash as Node, HashReader, check_record, prove_record, split_stored_hash_index,
};

/// That a record stands in a ledger at its position, as a text that needs nothing else but the deployment's public key
/// (C2SP tlog-proof; the extra data is the record as stored).
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    pub record: Bytes,
    pub index: u64,
    pub path: Vec<Node>,
    pub note: String,
}

/// What a proof proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Proven {
    pub deployment: DeploymentId,
    pub checkpoint: Checkpoint,
    pub position: u64,
    pub hash: Hash,
    pub record: Record,
}

/// Why a proof proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("it is no proof (C2SP tlog-proof), or holds no record")]
    Malformed,
    #[error("its checkpoint does not hold: {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("the record is not in the tree at that position: it, the path or the position was altered")]
    NotInTree,
    #[error("what it proves to be stored is no record: {0}")]
    NoRecord(#[from] RecordError),
    #[error("the record says it stands at position {stated}, the proof says {proven}")]
    Misplaced { stated: u64, proven: u64 },
}

const FIRST: &str = "c2sp.org/tlog-proof@v1";
/// Longer than any tree is high.
const PATH_MAX: usize = 64;

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{FIRST}\nextra {}\nindex {}", BASE64_STANDARD.encode(&self.record), self.index)?;
        self.path.iter().try_for_each(|node| writeln!(out, "{node}"))?;
        write!(out, "\n{}", self.note)
    }
}

impl Proof {
    /// Reads the text of a proof; nothing of it is believed yet.
    ///
    /// # Errors
    /// [`ProofError::Malformed`].
    pub fn read(text: &str) -> Result<Self, ProofError> {
        let (head, note) = text.split_once("\n\n").ok_or(ProofError::Malformed)?;
        let mut lines = head.lines();
        let mut line =
            |prefix: &str| lines.next().and_then(|line| line.strip_prefix(prefix)).ok_or(ProofError::Malformed);
        line(FIRST)?;
        let record = BASE64_STANDARD.decode(line("extra ")?).map_err(|_| ProofError::Malformed)?;
        let index = line("index ")?.parse().map_err(|_| ProofError::Malformed)?;
        let path = lines.map(Node::parse_hash).collect::<Result<Vec<_>, _>>().map_err(|_| ProofError::Malformed)?;
        if path.len() > PATH_MAX || record.len() > RECORD_MAX {
            return Err(ProofError::Malformed);
        }
        Ok(Self { record: record.into(), index, path, note: note.to_owned() })
    }

    /// Checks the proof with the deployment's public key and nothing else.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn check(&self, root: &VerifyingKey) -> Result<Proven, ProofError> {
        let (deployment, checkpoint) = Checkpoint::read_any(&self.note, root)?;
        let hash = Hash::of(&self.record);
        check_record(&self.path, checkpoint.size, checkpoint.root, self.index, Leaf::Record(hash).node())
            .map_err(|_| ProofError::NotInTree)?;
        let (record, position) = (Record::decode(&self.record)?, self.index + 1);
        if record.position != position {
            return Err(ProofError::Misplaced { stated: record.position, proven: position });
        }
        Ok(Proven { deployment, checkpoint, position, hash, record })
    }
}

/// Collects on a walk what a proof needs.
#[derive(Debug)]
pub struct Prover {
    index: u64,
    checkpoint: Checkpoint,
}

struct Asked(RefCell<Vec<u64>>);

impl HashReader for Asked {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Node>, TreeError> {
        self.0.borrow_mut().extend(indexes);
        // Only the question is of interest.
        Ok(vec![Node::default(); indexes.len()])
    }
}

struct Collected<'a>(&'a Wanted);

impl HashReader for Collected<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Node>, TreeError> {
        let node = |&index| self.0.get(&split_stored_hash_index(index)).copied().flatten();
        indexes.iter().map(|index| node(index).ok_or(TreeError::IndexesNotInTree)).collect()
    }
}

impl Prover {
    /// Begins a proof that the record at `position` is under `checkpoint`; `None` if the checkpoint ends before it.
    #[must_use]
    pub fn new(position: u64, checkpoint: Checkpoint) -> Option<Self> {
        let index = position.checked_sub(1).filter(|&index| index < checkpoint.size)?;
        Some(Self { index, checkpoint })
    }

    /// The walk that has to go up to the checkpoint's size, and may go further.
    #[must_use]
    pub fn walk(&self, walk: Walk) -> Walk {
        let asked = Asked(RefCell::default());
        // It only asks; what it makes of the answers is dropped.
        let _ = prove_record(self.checkpoint.size, self.index, &asked);
        walk.wanting(asked.0.into_inner().into_iter().map(|index| (split_stored_hash_index(index), None)).collect())
    }

    /// The proof, once the walk has been there; `record` is what is stored at the position.
    ///
    /// # Errors
    /// [`ProofError::NotInTree`] if the walk did not get that far.
    pub fn finish(self, walk: &Walk, record: Bytes) -> Result<Proof, ProofError> {
        let path = prove_record(self.checkpoint.size, self.index, &Collected(walk.wanted()));
        let path = path.map_err(|_| ProofError::NotInTree)?;
        Ok(Proof { record, index: self.index, path, note: self.checkpoint.note })
    }
}
