//! The pure core of Peyk: what a command means, and what follows from it.
//!
//! Nothing here reads a clock, draws a random number or touches a socket; whoever calls brings the time and the ids.
//! Each context is one ledger's state machine behind [`eventually::aggregate::Aggregate`]: `apply` evolves, `handle`
//! decides and resolves at once.
pub mod access;
mod alpha_id;
mod dated;
mod fold;
mod identity;
mod instant;
#[cfg(test)]
mod kept;
pub mod messages;
mod msisdn;
pub mod numbering;
pub mod privacy;
pub mod routing;
mod sender_id;
mod short_code;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tombstone;

pub use alpha_id::{ALPHA_CHARS_MAX, AlphaId, NoAlphaId};
pub use dated::Dated;
pub use fold::Fold;
pub use identity::{
    ActorId, ApprovalId, BlockId, CommandId, ConnectorId, ContractId, DeploymentId, ExportId, ImportKeyId, LeaseId,
    MessageId, NotAnId, OperatorId, PoolId, RequestId, RouteId, SessionId, TenantId,
};
pub use instant::{At, Span};
pub use msisdn::{Decimal, Msisdn, NotE164};
pub use sender_id::{NoSender, SenderId};
pub use short_code::{NoShortCode, ShortCode};
