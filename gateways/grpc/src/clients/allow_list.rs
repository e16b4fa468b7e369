use super::alarm::Alarm;
use super::client::{Caps, Client};
use super::name::{ClientName, Peer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

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

/// Who may call which RPC.
pub type Allowed = BTreeMap<Rpc, BTreeSet<ClientName>>;

/// Who may call what, and how much. What is on no list cannot be called; there is nobody else. Clones share it.
#[derive(Clone)]
pub struct AllowList(Arc<Shared>);

struct Shared {
    caps: Caps,
    alarm: Arc<dyn Alarm>,
    lists: RwLock<Lists>,
    /// Who calls over a connection without TLS, which only development takes: whoever can connect.
    anybody: Arc<Client>,
}

#[derive(Default)]
struct Lists {
    allowed: Allowed,
    clients: BTreeMap<ClientName, Arc<Client>>,
}

impl fmt::Debug for AllowList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AllowList").field("caps", &self.0.caps).finish_non_exhaustive()
    }
}

impl AllowList {
    /// Each client has `caps` of its own, whatever it calls.
    #[must_use]
    pub fn new(allowed: Allowed, caps: Caps, alarm: Arc<dyn Alarm>) -> Self {
        let anybody = Client::new("anybody".to_owned(), caps, Arc::clone(&alarm));
        let list = Self(Arc::new(Shared { caps, alarm, lists: RwLock::default(), anybody }));
        list.replace(allowed);
        list
    }

    /// From now on these may call, over connections that are open as well. Who stays has left what it had.
    pub fn replace(&self, allowed: Allowed) {
        let Shared { caps, alarm, lists, .. } = &*self.0;
        // Nothing panics while it is locked.
        let mut lists = lists.write().unwrap_or_else(PoisonError::into_inner);
        let names: BTreeSet<_> = allowed.values().flatten().cloned().collect();
        let known = |name: &ClientName| lists.clients.get(name).map(Arc::clone);
        let client =
            |name: &ClientName| known(name).unwrap_or_else(|| Client::new(name.to_string(), *caps, Arc::clone(alarm)));
        let clients = names.into_iter().map(|name| (name.clone(), client(&name))).collect();
        *lists = Lists { allowed, clients };
    }

    /// Who calls as far as this RPC is concerned, if that is anybody who may.
    pub(crate) fn client(&self, peer: &Peer, rpc: Rpc) -> Option<Arc<Client>> {
        let lists = self.0.lists.read().unwrap_or_else(PoisonError::into_inner);
        let allowed = lists.allowed.get(&rpc)?;
        let name = peer.names.iter().find(|name| allowed.contains(*name))?;
        lists.clients.get(name).map(Arc::clone)
    }

    pub(crate) fn anybody(&self) -> Arc<Client> {
        Arc::clone(&self.0.anybody)
    }
}
