//! Who calls, what they may call, and how much of it.
mod alarm;
mod allow_list;
mod client;
mod name;
mod unknowns;

pub use alarm::{Alarm, UNKNOWN_NUMBER_BURST};
pub use allow_list::{AllowList, Allowed, Rpc};
pub use client::Caps;
pub(crate) use client::{Client, OverCap, UnderWay};
pub(crate) use name::Peer;
pub use name::{ClientName, NotAClientName};
