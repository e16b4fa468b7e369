use super::note::Checkpoint;
use super::tree::{Leaf, Tree};
use bytes::Bytes;
use ed25519_dalek::VerifyingKey;
use peyk_domain::DeploymentId;
use peyk_schemas::{ChainError, Hash, Head, LedgerId, Recovered, VerifiedRecord, Verifier};
use std::collections::{BTreeMap, VecDeque};
use tlog_tiles::tlog::Hash as Node;

/// Messages taken in before what they prove is let through.
const STRIDE: usize = 1_024;

/// Nodes of a tree by level and index, as far as they have come about.
pub(super) type Wanted = BTreeMap<(u8, u64), Option<Node>>;

/// Goes along a ledger's stored messages: checks the chain, grows the tree over all messages that a signature covers or a
/// quarantine names, and holds the checkpoints it comes by against it.
#[derive(Debug)]
pub struct Walk {
    verifier: Verifier,
    tree: Tree,
    /// Hashes of messages that are not in the tree yet.
    pending: VecDeque<Hash>,
    /// Positions of records that count and are not in the tree yet.
    counted: VecDeque<u64>,
    /// Nodes of the tree that somebody wants to have, by level and index.
    wanted: Wanted,
    /// In the order of their sizes; those that were passed are gone.
    checkpoints: VecDeque<Checkpoint>,
    /// Checkpoints that were signed over other messages than stand there.
    contradicted: Vec<Contradiction>,
    /// Losses that the ledger itself speaks of, with where it does: it went on behind them, and what was signed for them holds no more.
    losses: Vec<(u64, Recovered)>,
    agreed: u64,
    compared: u64,
    records: u64,
}

/// A checkpoint was signed over other messages than stand in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "ledger {ledger}: what stands at positions {from} to {to} is not what the checkpoint of size {to} was signed over: the ledger was written anew"
)]
pub struct Contradiction {
    pub ledger: LedgerId,
    /// Behind the last checkpoint that agrees.
    pub from: u64,
    pub to: u64,
}

/// Why a walk cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Contradicted(#[from] Contradiction),
    #[error("ledger {ledger} ends at position {end}, but a checkpoint was signed at {size}: records are lost")]
    Short { ledger: LedgerId, end: u64, size: u64 },
}

impl WalkError {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Chain(error) => error.flaw.code(),
            Self::Contradicted(_) => "CHECKPOINT_CONTRADICTED",
            Self::Short { .. } => "CHECKPOINT_BEYOND_END",
        }
    }

    /// The position that is at fault, or the first of those that may be.
    #[must_use]
    pub const fn position(&self) -> u64 {
        match self {
            Self::Chain(error) => error.position,
            Self::Contradicted(error) => error.from,
            Self::Short { end, .. } => *end + 1,
        }
    }
}

impl Walk {
    /// Begins before the first message.
    #[must_use]
    pub fn from_genesis(
        root: VerifyingKey,
        deployment: DeploymentId,
        ledger: LedgerId,
        mut checkpoints: Vec<Checkpoint>,
    ) -> Self {
        checkpoints.sort_by_key(|checkpoint| checkpoint.size);
        Self {
            verifier: Verifier::from_genesis(root, deployment, ledger),
            tree: Tree::default(),
            pending: VecDeque::new(),
            counted: VecDeque::new(),
            wanted: Wanted::new(),
            checkpoints: checkpoints.into(),
            contradicted: Vec::new(),
            losses: Vec::new(),
            agreed: 0,
            compared: 0,
            records: 0,
        }
    }

    /// Begins behind a head, with the tree that ends at it.
    ///
    /// # Errors
    /// [`ChainError`] if the head's certificate is not by the deployment key.
    pub fn from_head(
        root: VerifyingKey,
        deployment: DeploymentId,
        ledger: LedgerId,
        head: Head,
        tree: Tree,
    ) -> Result<Self, ChainError> {
        let walk = Self::from_genesis(root, deployment, ledger, Vec::new());
        Ok(Self { verifier: Verifier::from_head(root, deployment, ledger, head)?, tree, ..walk })
    }

    /// Keeps the nodes that are asked for as the tree comes by them.
    #[must_use]
    pub(super) fn wanting(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    pub(super) const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Records that count so far.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Checkpoints that agreed so far.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.compared
    }

    /// Losses that the ledger speaks of, each with the position of the record that does.
    #[must_use]
    pub fn losses(&self) -> &[(u64, Recovered)] {
        &self.losses
    }

    /// Takes in the message stored at `position`.
    ///
    /// # Errors
    /// [`WalkError`].
    pub fn push(&mut self, position: u64, bytes: Bytes) -> Result<(), WalkError> {
        let (hash, mut passed) = (Hash::of(&bytes), Vec::new());
        self.verifier.push(position, bytes, &mut passed)?;
        self.pending.push_back(hash);
        self.count(passed);
        if self.verifier.pending() >= STRIDE && self.verifier.pending().is_multiple_of(STRIDE) {
            self.settle();
        }
        Ok(())
    }

    fn count(&mut self, passed: Vec<VerifiedRecord>) {
        self.records += passed.len() as u64;
        self.counted.extend(passed.iter().map(|record| record.position));
        self.losses.extend(passed.iter().filter_map(|record| Some((record.position, record.recovered()?))));
    }

    /// Lets through all that a signature covers.
    pub fn settle(&mut self) {
        let mut passed = Vec::new();
        self.verifier.settle(&mut passed);
        self.count(passed);
        while self.tree.size() < self.verifier.position() {
            let Some(hash) = self.pending.pop_front() else { break };
            let counts = self.counted.front() == Some(&(self.tree.size() + 1));
            let leaf = if counts { Leaf::Record(hash) } else { Leaf::PassedOver(hash) };
            if counts {
                self.counted.pop_front();
            }
            let wanted = &mut self.wanted;
            self.tree.push(leaf, |level, index, node| {
                if let Some(want) = wanted.get_mut(&(level, index)) {
                    *want = Some(node);
                }
            });
            self.compare();
        }
    }

    fn compare(&mut self) {
        let size = self.tree.size();
        while let Some(checkpoint) = self.checkpoints.pop_front_if(|checkpoint| checkpoint.size <= size) {
            if checkpoint.root == self.tree.root() {
                (self.agreed, self.compared) = (size, self.compared + 1);
            } else {
                let contradiction = Contradiction { ledger: checkpoint.ledger, from: self.agreed + 1, to: size };
                self.contradicted.push(contradiction);
            }
        }
    }

    /// Whether a checkpoint may be over records that the ledger says are lost.
    fn is_lost(&self, size: u64) -> bool {
        self.losses.iter().any(|(_, loss)| loss.may_have_lost(size))
    }

    /// Checkpoints that do not agree because they were signed over records that the ledger says are lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let beyond = self.checkpoints.iter().filter(|checkpoint| self.is_lost(checkpoint.size)).count();
        let within = self.contradicted.iter().filter(|contradiction| self.is_lost(contradiction.to)).count();
        (beyond + within) as u64
    }

    /// Holds the checkpoints against the ledger, once all of it was taken in.
    ///
    /// # Errors
    /// [`WalkError::Contradicted`] at the first checkpoint that does not agree, [`WalkError::Short`] if one covers more; not
    /// those that a recorded loss explains.
    pub fn judge(&self) -> Result<(), WalkError> {
        if let Some(contradiction) = self.contradicted.iter().find(|contradiction| !self.is_lost(contradiction.to)) {
            return Err(contradiction.clone().into());
        }
        match self.checkpoints.iter().find(|checkpoint| !self.is_lost(checkpoint.size)) {
            None => Ok(()),
            Some(beyond) => Err(WalkError::Short { ledger: beyond.ledger, end: self.tree.size(), size: beyond.size }),
        }
    }

    /// Ends the walk: nothing more comes.
    ///
    /// # Errors
    /// [`WalkError::Chain`] with the first message that was not let through, else as [`Walk::judge`].
    pub fn finish(&mut self) -> Result<(), WalkError> {
        self.settle();
        self.verifier.finish()?;
        self.judge()
    }
}
