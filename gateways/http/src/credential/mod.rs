//! What people and programs show to say who they are: passwords, codes, refresh tokens and access keys.
mod access_key;
mod password;
mod refresh;
mod strangers;
mod totp;

pub(crate) use access_key::AccessKeySecret;
pub use password::{Password, PasswordUnfit};
pub(crate) use password::{Passwords, Unchecked};
pub(crate) use refresh::{RefreshKey, RefreshToken};
pub(crate) use strangers::Strangers;
pub(crate) use totp::TotpSecret;
