use super::client::{Caps, Client};
use super::name::{ClientName, Peer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What can be called and has an allow-list of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rpc {
    ValidateLease,
    ValidateLeases,
}

impl Rpc {
    pub const ALL: [Self; 2] = [Self::ValidateLease, Self::ValidateLeases];

    /// Its path in HTTP/2, which is its name in gRPC behind a slash.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::ValidateLease => "/peyk.numbering.v1.LeaseService/ValidateLease",
            Self::ValidateLeases => "/peyk.numbering.v1.LeaseService/ValidateLeases",
        }
    }
}

/// Who may call what, and how much. What is on no list cannot be called; there is nobody else.
#[derive(Debug)]
pub struct AllowList {
    allowed: BTreeMap<Rpc, BTreeSet<ClientName>>,
    clients: BTreeMap<ClientName, Arc<Client>>,
    /// Who calls over a connection without TLS, which only development takes: whoever can connect.
    anybody: Arc<Client>,
}

impl AllowList {
    /// Each client has `caps` of its own, whatever it calls.
    #[must_use]
    pub fn new(allowed: BTreeMap<Rpc, BTreeSet<ClientName>>, caps: Caps) -> Self {
        let names: BTreeSet<_> = allowed.values().flatten().cloned().collect();
        let clients = names.into_iter().map(|name| (name.clone(), Client::new(name.to_string(), caps))).collect();
        Self { allowed, clients, anybody: Client::new("anybody".to_owned(), caps) }
    }

    /// Who calls as far as this RPC is concerned, if that is anybody who may.
    pub(crate) fn client(&self, peer: &Peer, rpc: Rpc) -> Option<&Arc<Client>> {
        let allowed = self.allowed.get(&rpc)?;
        peer.names.iter().find(|name| allowed.contains(*name)).and_then(|name| self.clients.get(name))
    }

    pub(crate) const fn anybody(&self) -> &Arc<Client> {
        &self.anybody
    }
}
