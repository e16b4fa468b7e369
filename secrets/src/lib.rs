//! Passwords, keys and addresses with a login in them: one type that shows nothing of them, where they are kept, and
//! how a process takes a new one while it runs.
//!
//! A [`Secret`] is the text itself. A [`SecretStore`] is where secrets are kept: files and the environment. A
//! [`Credential`] is one secret that is used again and again, at each connection or bind, and is asked for again each
//! time, so that what was changed in its store takes effect without a restart. [`Followed`] is the same for what is made of
//! several files that belong together, as a certificate and its key.
#![forbid(unsafe_code)]
mod credential;
mod followed;
mod metrics;
mod reference;
mod secret;
mod store;

pub use credential::{Credential, ROTATION};
pub use followed::{Contents, FileUnread, Followed};
pub use metrics::METRICS;
pub use reference::{NotAReference, Reference, Scheme};
pub use secret::{REDACTED, Secret};
pub use store::{Environment, Files, SECRET_BYTES_MAX, SecretError, SecretStore};
