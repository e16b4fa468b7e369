//! The audit trail and the ledgers themselves, for those who look into what happened.
mod replay;
mod trail;

pub use replay::{REPLAY_RECORDS_MAX, ReplayAsked, ReplayRefused, Replays};
pub(crate) use replay::{Range, replay};
pub(crate) use trail::{ShownAuditEvents, Which, list};
