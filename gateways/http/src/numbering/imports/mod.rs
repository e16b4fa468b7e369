//! Files of numbers that operators sign, the keys they sign with, and approvals for when a signature is not to be had.
mod approvals;
mod file;
mod import;
mod keys;
mod list;

#[cfg(test)]
mod file_tests;

pub(crate) use approvals::{Approved, Approving, approve};
pub(crate) use import::{Abandoned, FIELDS, ImportForm, Imported, abandon, import};
pub(crate) use keys::{KeyRegistered, KeyRevoked, Registering, Revoking, ShownKeys, list_keys, register, revoke};
pub(crate) use list::{ShownFile, ShownFiles, WhichFiles, list, show};
