//! Files of numbers that operators hand over: who vouches for one, and how all of it joins the inventory or none of it.
mod approval;
mod batch;
mod check;
mod command;
mod desk;
mod evolve;
mod file;
mod key;
mod keys;
mod vouching;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use approval::{APPROVAL_LASTS_MAX, APPROVAL_LASTS_MIN, APPROVALS_MAX, Approval};
pub use batch::{
    AbandonReason, BATCH_LASTS, BATCH_ROWS_MAX, BATCHES_MAX, REMOVED_PER_EVENT, REMOVED_PER_TICK, STAGED_MAX,
};
pub use check::{FAULTS_NAMED, Fault, Faults, FileChanged, FileCheck, FileRows, NumberFile};
pub use command::{BatchOpening, ImportCommand};
pub(super) use desk::Desk;
pub use file::{FileDigest, FileForm, FileHash, LineEnd, NoFileHash, NumberColumns};
pub use key::{
    ImportKey, KEY_LASTS, KEY_LASTS_MAX, KEY_LASTS_MIN, KEYS_MAX, NoSuchScheme, PUBLIC_KEY_BYTES_MAX,
    SIGNATURE_BYTES_MAX, SignatureScheme,
};
pub use vouching::Voucher;
