//! Who may do what: tenants, their users and access keys, sessions, limits, and what was noted of all that.
mod address;
mod audit;
mod command;
mod error;
mod event;
mod limits;
mod region;
mod role;
mod scope;
mod sealed;

pub use address::{AddressRange, NotARange};
pub use audit::{AUDIT_COUNTS_MAX, AUDIT_ENTRIES_MAX, AuditCount, AuditEntry, AuditKind};
pub use command::{AccessAction, AccessCommand, LoginOutcome, NewKey, NewUser, Origin};
pub use error::AccessError;
pub use event::{AccessEvent, LoginFailure, SessionEnd};
pub use limits::{Limits, PER_MINUTE_MAX};
pub use region::{NotARegion, Region};
pub use role::{NoSuchRole, Role};
pub use scope::Scope;
pub use sealed::{Envelope, KeyHash, LoginToken};
