//! What people and programs show to say who they are: passwords, codes, refresh tokens and access keys. How each is made,
//! what is kept of it, and how one that is shown is checked. None of them prints what it holds.
//!
//! Whether somebody may try at all, and what a right one opens, is decided in `access` (`peyk-domain`).
#![forbid(unsafe_code)]
mod access_key;
mod password;
mod refresh;
mod totp;

pub use access_key::AccessKeySecret;
pub use password::{Password, PasswordUnfit, Unhashed};
pub use refresh::{RefreshKey, RefreshToken};
pub use totp::TotpSecret;

/// The operating system gives no random bytes; nothing that has to be random can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;
