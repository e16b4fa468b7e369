//! Bearer tokens: JSON Web Tokens (RFC 7519), verified here and nowhere else.
mod claims;
mod federated;
mod identity;
mod issuers;
mod jwks;
mod key_source;
mod own;
mod signing_keys;

pub use claims::TOKEN_BYTES_MAX;
pub use federated::{FederatedIssuer, IssuerSettings, REFRESH, REFRESH_PAUSE};
pub use identity::{Identity, Session, TokenRefused};
pub use issuers::{Issuers, RepeatedIssuer};
pub use jwks::{JWKS_BYTES_MAX, JwkSet, NotAJwkSet};
pub use key_source::{KeySource, KeySourceError};
pub use own::{KEY_BYTES_MIN, MintError, TokenAuthority, TokenSetupError};
pub use signing_keys::RETIRED_KEY_VERIFIES;
