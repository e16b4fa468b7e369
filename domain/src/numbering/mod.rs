//! Who may use which number, since when, and until when.
mod aggregate;
mod allocation;
mod claims;
mod command;
mod erasure;
mod error;
mod event;
mod exports;
mod imports;
mod inventory;
mod lifecycle;
mod number_type;
mod oversight;
mod quota;
mod reason;
mod recalls;
mod senders;
mod skeleton;
mod tallies;
mod term;
mod verdict;

#[cfg(test)]
mod aggregate_tests;
#[cfg(test)]
mod erasure_tests;
#[cfg(test)]
mod exports_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod oversight_tests;
#[cfg(test)]
mod quota_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod senders_tests;

use aggregate::mno_name;
pub use aggregate::{COOL_OFF_MAX, COOL_OFF_MIN, HOLD_MAX, Numbering, RESERVE_MAX, TICK_MAX, TTL_MIN};
pub use allocation::{
    AllocationCommand, BLOCKS_MAX, Block, BlockTerms, BlockUse, CONTRACTS_MAX, Contract, ContractState, ContractTerms,
    NoNumberRegion, NumberRange, NumberRegion, POOL_TENANTS_MAX, POOLS_MAX, Pool, PoolTerms, SIGNATURE_REF_MAX, Serves,
    SignatureRef,
};
pub use command::{Expected, IMPORT_MAX, NumberingCommand, Reinstatement};
pub use error::{INVALID_ROWS_NAMED, NumberingError};
pub use event::NumberingEvent;
pub use exports::{AuditVerdict, EXPORT_SIGNATURE_MAX, EXPORTS_KEPT, Export, ExportProof, ExportState};
pub use imports::{
    APPROVAL_LASTS_MAX, APPROVAL_LASTS_MIN, APPROVALS_MAX, AbandonReason, Approval, BATCH_LASTS, BATCH_ROWS_MAX,
    BATCHES_MAX, BatchOpening, FAULTS_NAMED, Fault, Faults, FileChanged, FileCheck, FileDigest, FileForm, FileHash,
    FileRows, ImportCommand, ImportKey, KEY_LASTS, KEY_LASTS_MAX, KEY_LASTS_MIN, KEYS_MAX, LineEnd, NoFileHash,
    NoSuchScheme, NumberColumns, NumberFile, PUBLIC_KEY_BYTES_MAX, REMOVED_PER_EVENT, REMOVED_PER_TICK,
    SIGNATURE_BYTES_MAX, STAGED_MAX, SignatureScheme, Voucher,
};
pub use inventory::{Counts, Entry, Inventory};
pub use lifecycle::Lifecycle;
pub use number_type::{Listing, NoNumberType, NumberType};
pub use quota::{RESERVATION_QUOTA, RESERVATION_QUOTA_MAX, ReservationQuota};
pub use reason::{JUSTIFICATION_MIN_CHARS, REASON_MAX_CHARS, Reason};
pub use recalls::{RECALLS_SUSPICIOUS, RECALLS_WITHIN};
pub use senders::SENDERS_MAX;
pub use skeleton::{Skeleton, SkeletonVersion};
pub use term::{PERIOD_MONTHS_MAX, Period, Term};
pub use verdict::LeaseVerdict;
