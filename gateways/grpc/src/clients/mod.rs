//! Who calls, what they may call, and how much of it.
mod allow_list;
mod client;
mod name;
mod unknowns;

pub use allow_list::{AllowList, Rpc};
pub use client::Caps;
pub(crate) use client::{Client, OverCap, UnderWay};
pub(crate) use name::Peer;
pub use name::{ClientName, NotAClientName};
