use crate::problem::Problem;
use std::net::{IpAddr, Ipv4Addr};

/// What the connection knows of a request: an extension of it.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub(crate) peer: IpAddr,
    pub(crate) head: Result<(), Problem>,
}

impl Arrival {
    /// A request with a sound head from this TCP peer.
    #[must_use]
    pub const fn from_peer(peer: IpAddr) -> Self {
        Self { peer, head: Ok(()) }
    }

    /// One that came over no connection of ours: all of those count as from one address.
    pub(crate) const fn from_nowhere() -> Self {
        Self::from_peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}
