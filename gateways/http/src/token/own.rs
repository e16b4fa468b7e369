//! Tokens of our own login: JWT (RFC 7519) under HS256.
use super::claims::{self, Subjects, TenantClaims};
use super::identity::{Identity, TokenRefused};
use super::signing_keys::SigningKeys;
use jwt_simple::algorithms::MACLike;
use jwt_simple::claims::Claims;
use jwt_simple::common::VerificationOptions;
use peyk_credentials::RefreshKey;
use peyk_domain::access::Role;
use peyk_domain::{ActorId, SessionId, TenantId};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// Verifies the tokens of one issuer, and mints them for development. Clones hold the same keys.
#[derive(Clone)]
pub struct TokenAuthority {
    keys: SigningKeys,
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
        strong(key)?;
        if issuer.is_empty() || audience.is_empty() {
            return Err(TokenSetupError::Unnamed);
        }
        let options = claims::options(issuer, audience);
        Ok(Self { keys: SigningKeys::new(key), issuer: issuer.into(), audience: audience.to_owned(), options })
    }

    /// Takes a new key. It verifies at once and signs 15 s later; those before it verify for an hour more.
    ///
    /// # Errors
    /// [`TokenSetupError::WeakKey`]; everything stays as it was then.
    pub fn rotate(&self, key: &[u8]) -> Result<(), TokenSetupError> {
        strong(key)?;
        self.keys.rotate(key, Instant::now());
        Ok(())
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
        for key in self.keys.verifying(Instant::now()) {
            match key.verify_token::<TenantClaims>(token, Some(self.options.clone())) {
                Ok(verified) => return claims::identity(&verified, &self.issuer, Subjects::OurIds),
                // Another key may have signed it.
                Err(error) => match claims::refused(&error) {
                    TokenRefused::Invalid => {}
                    refused => return Err(refused),
                },
            }
        }
        Err(TokenRefused::Invalid)
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
        self.sign(actor, TenantClaims::new(tenant, roles), validity)
    }

    /// A token of a session, valid from now for `validity`. The roles in it are for whoever reads it; what counts is the
    /// directory.
    ///
    /// # Errors
    /// As [`Self::mint`].
    pub fn mint_for_session(
        &self,
        actor: ActorId,
        tenant: TenantId,
        roles: &[Role],
        session: SessionId,
        validity: Duration,
    ) -> Result<String, MintError> {
        self.sign(actor, TenantClaims::new(tenant, roles).of_session(session), validity)
    }

    /// The key refresh tokens are signed with now.
    pub(crate) fn refresh_key(&self) -> Option<RefreshKey> {
        self.keys.signing(Instant::now()).map(|key| RefreshKey::derive(&key.to_bytes()))
    }

    /// The keys refresh tokens are believed under: those of tokens that count.
    pub(crate) fn refresh_keys(&self) -> impl Iterator<Item = RefreshKey> {
        self.keys.verifying(Instant::now()).map(|key| RefreshKey::derive(&key.to_bytes()))
    }

    fn sign(&self, actor: ActorId, custom: TenantClaims, validity: Duration) -> Result<String, MintError> {
        let claims = Claims::with_custom_claims(custom, validity.into())
            .with_issuer(&*self.issuer)
            .with_audience(&self.audience)
            .with_subject(actor);
        self.keys.signing(Instant::now()).ok_or(MintError)?.authenticate(claims).map_err(|_| MintError)
    }
}

const fn strong(key: &[u8]) -> Result<(), TokenSetupError> {
    if key.len() < KEY_BYTES_MIN { Err(TokenSetupError::WeakKey(key.len())) } else { Ok(()) }
}
