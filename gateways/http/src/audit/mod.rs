//! The audit trail, for those who look into what happened.
mod trail;

pub(crate) use trail::{ShownAuditEvents, Which, list};
