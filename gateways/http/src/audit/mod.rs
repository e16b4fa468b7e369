//! The audit trail and the ledgers themselves, for those who look into what happened; and what the API adds to the trail.
mod failed_logins;
mod gatherer;
mod mark;
mod recorder;
mod recording;
mod replay;
mod sighting;
mod trail;

pub(crate) use mark::Mark;
pub(crate) use recorder::Recorder;
pub use recording::Recording;
pub use replay::{REPLAY_RECORDS_MAX, ReplayAsked, ReplayRefused, Replays};
pub(crate) use replay::{Range, replay};
pub(crate) use sighting::Asker;
pub(crate) use trail::{ShownAuditEvents, Which, list};
