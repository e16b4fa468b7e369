//! Numbers over HTTP: blocks, leases, and looking them up.
mod block_file;
mod browse;
mod import;
mod lease;

pub(crate) use browse::{list, show};
pub(crate) use import::import;
pub(crate) use lease::{assign, hold, release, reserve};
