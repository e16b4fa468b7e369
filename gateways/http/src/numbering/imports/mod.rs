//! Files of numbers that operators sign, the keys they sign with, and approvals for when a signature is not to be had.
mod approvals;
mod file;
mod import;
mod keys;
mod list;
mod steps;

pub(crate) use approvals::{Approved, Approving, approve};
pub use file::{Unusable, check_number_file};
pub use import::signature_bytes;
pub(crate) use import::{Abandoned, FIELDS, ImportForm, Imported, abandon, import};
pub use keys::public_key_der;
pub(crate) use keys::{KeyRegistered, KeyRevoked, Registering, Revoking, ShownKeys, list_keys, register, revoke};
pub(crate) use list::{ShownFile, ShownFiles, WhichFiles, list, show};
pub use steps::{ImportError, ImportSteps, block_of};
