//! Numbers over HTTP: blocks, leases, and looking them up.
mod allocation;
mod browse;
mod exports;
mod history;
mod imports;
mod lease;
mod oversight;
mod quota;
mod signals;
mod validate;

pub(crate) use allocation::{
    Allocated, ChangingBlock, ChangingContract, ChangingPool, NewBlock, NewContract, NewPool, ShownBlock, ShownBlocks,
    ShownContract, ShownContracts, ShownPool, ShownPools, WhichAllocations, WhichVersion, add_block, add_contract,
    add_pool, blocks, change_block, change_contract, change_pool, contracts, pools, remove_block, remove_contract,
    remove_pool, show_block, show_contract, show_pool,
};
pub(crate) use browse::{One, ShownNumber, ShownNumbers, Which, list, show};
pub(crate) use exports::{RequestedExport, ShownExports, WantedExport, list_exports, request_export};
pub(crate) use history::{ShownHistory, WhichHistory, history};
pub(crate) use imports::{
    Abandoned, Approved, Approving, FIELDS as IMPORT_FIELDS, ImportForm, Imported, KeyRegistered, KeyRevoked,
    Registering, Revoking, ShownFile, ShownFiles, ShownKeys, WhichFiles, abandon, approve as approve_import, import,
    list as list_files, list_keys, register as register_key, revoke as revoke_key, show as show_file,
};
pub use imports::{ImportError, ImportSteps, Unusable, block_of, check_number_file, public_key_der, signature_bytes};
pub(crate) use lease::{
    Assigning, ForAWhile, ForGood, Holding, Leased, Reserved, assign, hold, release, renew, reserve,
};
pub(crate) use oversight::{CoolOff, Recall, Reinstate, Retire, recall, reinstate, retire, set_cool_off};
pub(crate) use quota::{AsOf, Quota, QuotaSet, ShownAllowance, quota, set_quota};
pub(crate) use signals::{ShownSignals, WhichSignals, signals};
pub(crate) use validate::{Asked, ShownLease, validate};
