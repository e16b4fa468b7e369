//! Bearer tokens: JWT (RFC 7519) under HS256, verified here and nowhere else.
use crate::role::Role;
use jwt_simple::JWTError;
use jwt_simple::algorithms::{HS256Key, MACLike};
use jwt_simple::claims::Claims;
use jwt_simple::common::VerificationOptions;
use peyk_domain::{ActorId, TenantId};
use peyk_handlers::Caller;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

/// A token longer than this is refused before anything in it is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 4 * 1024;
/// The shortest key HS256 may have (RFC 7518 section 3.2), in bytes.
pub const KEY_BYTES_MIN: usize = 32;
/// How far clocks may disagree.
const LEEWAY_SECONDS: u64 = 5;
const ROLES_MAX: usize = 64;

/// Whom a verified token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub actor: ActorId,
    /// [`TenantId::NIL`] for the platform itself.
    pub tenant: TenantId,
    roles: Vec<Role>,
}

impl Identity {
    /// Only platform roles are kept for a token of the platform itself: it is no tenant and owns nothing.
    #[must_use]
    pub fn new(actor: ActorId, tenant: TenantId, roles: impl IntoIterator<Item = Role>) -> Self {
        let roles = roles.into_iter().filter(|role| role.is_platform() || !tenant.is_nil()).collect();
        Self { actor, tenant, roles }
    }

    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    #[must_use]
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    #[must_use]
    pub const fn caller(&self) -> Caller {
        Caller { actor: self.actor, tenant: self.tenant }
    }
}

/// Why a token was not accepted. Never carries any part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    #[error("the bearer token has expired")]
    Expired,
    #[error("the bearer token is not valid yet")]
    NotYetValid,
    #[error("the bearer token is not valid here")]
    Invalid,
}

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

/// The claims that are Peyk's own. Three spellings of the tenant are in use; they become one here.
#[derive(Debug, Default, Serialize, Deserialize)]
struct TenantClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<String>,
    #[serde(rename = "tenantId", skip_serializing_if = "Option::is_none")]
    tenant_id_camel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

impl TenantClaims {
    /// The tenant all spellings present agree on.
    fn tenant(&self) -> Option<TenantId> {
        let mut spellings = [&self.tenant_id, &self.tenant_id_camel, &self.customer_id].into_iter().flatten();
        let tenant: TenantId = spellings.next()?.parse().ok()?;
        spellings.all(|other| other.parse() == Ok(tenant)).then_some(tenant)
    }
}

/// Verifies the tokens of one issuer, and mints them for development.
#[derive(Clone)]
pub struct TokenAuthority {
    key: HS256Key,
    issuer: String,
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
        let options = VerificationOptions {
            allowed_issuers: Some(HashSet::from([issuer.to_owned()])),
            allowed_audiences: Some(HashSet::from([audience.to_owned()])),
            time_tolerance: Some(jwt_simple::prelude::Duration::from_secs(LEEWAY_SECONDS)),
            max_token_length: Some(TOKEN_BYTES_MAX),
            ..VerificationOptions::default()
        };
        Ok(Self { key: HS256Key::from_bytes(key), issuer: issuer.to_owned(), audience: audience.to_owned(), options })
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
        let claims =
            self.key.verify_token::<TenantClaims>(token, Some(self.options.clone())).map_err(|error| match error
                .downcast_ref::<JWTError>(
            ) {
                Some(JWTError::TokenHasExpired) => TokenRefused::Expired,
                Some(JWTError::TokenNotValidYet | JWTError::ClockDrift) => TokenRefused::NotYetValid,
                _ => TokenRefused::Invalid,
            })?;
        let never_ends = claims.expires_at.is_none();
        let actor = claims.subject.as_deref().and_then(|subject| subject.parse::<ActorId>().ok());
        let (Some(actor), Some(tenant), false) = (actor, claims.custom.tenant(), never_ends) else {
            return Err(TokenRefused::Invalid);
        };
        if actor.is_nil() || claims.custom.roles.len() > ROLES_MAX {
            return Err(TokenRefused::Invalid);
        }
        Ok(Identity::new(actor, tenant, claims.custom.roles.iter().filter_map(|role| role.parse().ok())))
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
        let custom = TenantClaims {
            tenant_id: Some(tenant.to_string()),
            roles: roles.iter().map(ToString::to_string).collect(),
            ..TenantClaims::default()
        };
        let claims = Claims::with_custom_claims(custom, validity.into())
            .with_issuer(&self.issuer)
            .with_audience(&self.audience)
            .with_subject(actor);
        self.key.authenticate(claims).map_err(|_| MintError)
    }
}
