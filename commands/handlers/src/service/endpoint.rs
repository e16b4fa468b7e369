use crate::wire::{Answer, Failure, Request};
use peyk_domain::{ActorId, CommandId, TenantId};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// A command as it came in.
#[derive(Debug)]
pub(crate) struct Asked {
    pub id: CommandId,
    pub actor: ActorId,
    pub tenant: TenantId,
    pub deadline: Instant,
    pub request: Request,
}

/// What answers the commands of one ledger.
pub(crate) trait Endpoint: Send + Sync + 'static {
    /// Whether this process holds the writer.
    fn leadership(&self) -> watch::Receiver<bool>;

    /// Resolves when it makes sense to take commands at all; asked once, before the first.
    fn ready(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    fn answer(self: Arc<Self>, asked: Asked) -> impl Future<Output = Answer> + Send;
}

/// A command that came to a ledger it is not for.
pub(crate) fn misplaced() -> Answer {
    Answer::Failed(Failure::Malformed { reason: "not a command of this ledger".to_owned() })
}
