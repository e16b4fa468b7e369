//! PDUs over TCP: cut out by length, then read by the codec.
mod frame;
mod stream;

pub(crate) use frame::{Inbound, Raw};
pub(crate) use stream::{Wire, WireError};
