//! Numbers over HTTP: blocks, leases, and looking them up.
mod block_file;
mod browse;
mod import;
mod lease;

pub(crate) use browse::{One, ShownNumber, ShownNumbers, Which, list, show};
pub(crate) use import::{Block, Imported, import};
pub(crate) use lease::{ForAWhile, ForGood, Leased, Reserved, assign, hold, release, reserve};
