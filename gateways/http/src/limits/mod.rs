//! How much comes in: requests of a tenant and from an address, attempts to log in, and who may not come in at all.
mod buckets;
mod data;
mod limiter;
mod of_directory;
mod rate;
mod source;
mod told;

pub use data::{FixedLimits, Limits};
pub use limiter::Limiter;
pub use of_directory::DirectoryLimits;
pub use rate::Rate;
pub(crate) use source::counted;
pub use source::{ForwardedBy, TrustedProxies};
pub(crate) use told::{Policy, Told};
