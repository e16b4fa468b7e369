//! Signed checkpoints of a Merkle tree over a ledger's messages (C2SP tlog-checkpoint), kept outside NATS: whoever makes a
//! stream anew, even with every key of the ledger, stands against what was signed before. docs/LEDGER.md section 10.
mod history;
mod keeper;
mod key;
mod note;
mod proof;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

pub use history::{CheckpointHistory, History, HistoryError};
pub use keeper::{CHECKPOINTING, Keeper, KeeperError};
pub use key::CheckpointKey;
pub use note::{Checkpoint, CheckpointError};
pub use proof::{Proof, ProofError, Proven, Prover};
pub use tree::{Leaf, Tree};
pub use walk::{Contradiction, Walk, WalkError};
