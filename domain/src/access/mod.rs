//! Who may do what: tenants, their users and access keys, sessions, limits, and what was noted of all that.
mod access_key;
mod address;
mod aggregate;
mod audit;
mod blocked;
mod command;
mod directory;
mod erasure;
mod error;
mod event;
mod evolve;
mod guard;
mod keys;
mod limits;
mod login;
mod people;
mod person;
mod region;
mod review;
mod role;
mod scope;
mod sealed;
mod session;
mod signing_in;
mod source;
mod tenant;
mod user;

#[cfg(test)]
mod aggregate_tests;
#[cfg(test)]
mod erasure_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod login_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod review_tests;
#[cfg(test)]
mod sample;

pub use access_key::AccessKey;
pub use address::{AddressRange, NotARange};
pub use aggregate::{ACCESS_TICK_MAX, Access, BLOCKED_MAX, TENANTS_MAX};
pub use audit::{AUDIT_COUNTS_MAX, AUDIT_ENTRIES_MAX, AuditCount, AuditEntry, AuditKind};
pub use command::{AccessAction, AccessCommand, LoginOutcome, NewKey, NewUser, Origin};
pub use directory::Directory;
pub use erasure::{Erased, ErasedPerson, Leaving, TenantErasure};
pub use error::AccessError;
pub use event::{AccessEvent, LoginFailure, SessionEnd};
pub use guard::{ALLOWED_MAX, ROLES_MAX, SEALED_BYTES_MAX};
pub use keys::KEYS_MAX;
pub use limits::{Limits, PER_MINUTE_MAX};
pub use login::{ATTEMPT_LASTS, ATTEMPTS_MAX, FAILURES_MAX, LOCK_FIRST, LOCK_MAX, Logins};
pub use people::USERS_MAX;
pub use person::{LoginName, NAME_CHARS_MAX, NotALoginName, Person};
pub use region::{NotARegion, Region};
pub use review::{Account, REVIEW_LASTS, REVIEWED_MAX, Review, ReviewState, ReviewVerdict};
pub use role::{NoSuchRole, Role};
pub use scope::Scope;
pub use sealed::{Envelope, KeyHash, LoginToken};
pub use session::{SESSION_LASTS, SESSIONS_MAX, Session};
pub use source::{Source, USER_AGENT_CHARS_MAX};
pub use tenant::{Standing, Tenant};
pub use user::{Totp, User};
