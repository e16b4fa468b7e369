//! Tokens of our own login: JWT (RFC 7519) under HS256.
use super::claims::{self, Subjects, TenantClaims};
use super::identity::{Identity, TokenRefused};
use jwt_simple::algorithms::{HS256Key, MACLike};
use jwt_simple::claims::Claims;
use jwt_simple::common::VerificationOptions;
use peyk_domain::access::Role;
use peyk_domain::{ActorId, TenantId};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The shortest key HS256 may have (RFC 7518 section 3.2), in bytes.
pub const KEY_BYTES_MIN: usize = 32;

/// A signing key that must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenSetupError {
    #[error("the token key has {0} bytes; HS256 needs at least {KEY_BYTES_MIN}")]
    WeakKey(usize),
    #[error("the token issuer and audience must not be empty")]
    Unnamed,
}

/// A token could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct MintError;

/// Verifies the tokens of one issuer, and mints them for development.
#[derive(Clone)]
pub struct TokenAuthority {
    key: HS256Key,
    issuer: Arc<str>,
    audience: String,
    options: VerificationOptions,
}

impl fmt::Debug for TokenAuthority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenAuthority").field("issuer", &self.issuer).field("audience", &self.audience).finish()
    }
}

impl TokenAuthority {
    /// # Errors
    /// [`TokenSetupError`] if `key` is shorter than [`KEY_BYTES_MIN`], or issuer or audience is empty.
    pub fn new(key: &[u8], issuer: &str, audience: &str) -> Result<Self, TokenSetupError> {
        if key.len() < KEY_BYTES_MIN {
            return Err(TokenSetupError::WeakKey(key.len()));
        }
        if issuer.is_empty() || audience.is_empty() {
            return Err(TokenSetupError::Unnamed);
        }
        let options = claims::options(issuer, audience);
        Ok(Self { key: HS256Key::from_bytes(key), issuer: issuer.into(), audience: audience.to_owned(), options })
    }

    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom the token speaks for. The algorithm is HS256 whatever the token's header says; `exp`, `iss`, `aud`, `sub`
    /// and a tenant must be there. Roles that are not in the catalogue count for nothing.
    ///
    /// # Errors
    /// [`TokenRefused`].
    pub fn verify(&self, token: &str) -> Result<Identity, TokenRefused> {
        let verified = self.key.verify_token::<TenantClaims>(token, Some(self.options.clone()));
        let verified = verified.map_err(|error| claims::refused(&error))?;
        claims::identity(&verified, &self.issuer, Subjects::OurIds)
    }

    /// A token for development and tests, valid from now for `validity`.
    ///
    /// # Errors
    /// [`MintError`] if it could not be encoded.
    pub fn mint(
        &self,
        actor: ActorId,
        tenant: TenantId,
        roles: &[Role],
        validity: Duration,
    ) -> Result<String, MintError> {
        let custom = TenantClaims::new(tenant, roles);
        let claims = Claims::with_custom_claims(custom, validity.into())
            .with_issuer(&*self.issuer)
            .with_audience(&self.audience)
            .with_subject(actor);
        self.key.authenticate(claims).map_err(|_| MintError)
    }
}
