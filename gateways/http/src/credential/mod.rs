//! Checking what is shown at login, with bounds: on the work, and on guesses at names that nobody has.
mod passwords;
mod strangers;

pub(crate) use passwords::{Passwords, Unchecked};
pub(crate) use strangers::Strangers;
