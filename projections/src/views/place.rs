use peyk_domain::{ActorId, At, TenantId};
use peyk_schemas::LedgerId;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) ledger: LedgerId,
    pub(crate) position: u64,
    /// Which event of the record, from 0.
    pub(crate) item: u32,
    pub(crate) at: At,
    /// Who asked for what the record says.
    pub(crate) actor: ActorId,
    pub(crate) tenant: TenantId,
}
