//! The one place where claims become an identity.
use super::identity::{Identity, Session, TokenRefused};
use jwt_simple::JWTError;
use jwt_simple::claims::JWTClaims;
use jwt_simple::common::VerificationOptions;
use peyk_domain::access::Role;
use peyk_domain::{ActorId, At, SessionId, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// A token longer than this is refused before anything in it is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 4 * 1024;
/// How far clocks may disagree.
const LEEWAY_SECONDS: u64 = 5;
const ROLES_MAX: usize = 64;
const SUBJECT_CONTEXT: &str = "peyk 2026-11 federated subject v1";

/// The claims that are Peyk's own. Three spellings of the tenant are in use; they become one here.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct TenantClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<String>,
    #[serde(rename = "tenantId", skip_serializing_if = "Option::is_none")]
    tenant_id_camel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    /// The session the token is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

impl TenantClaims {
    pub(super) fn new(tenant: TenantId, roles: &[Role]) -> Self {
        let roles = roles.iter().map(ToString::to_string).collect();
        Self { tenant_id: Some(tenant.to_string()), roles, ..Self::default() }
    }

    pub(super) fn of_session(self, session: SessionId) -> Self {
        Self { sid: Some(session.to_string()), ..self }
    }

    /// The tenant all spellings present agree on.
    fn tenant(&self) -> Option<TenantId> {
        let mut spellings = [&self.tenant_id, &self.tenant_id_camel, &self.customer_id].into_iter().flatten();
        let tenant: TenantId = spellings.next()?.parse().ok()?;
        spellings.all(|other| other.parse() == Ok(tenant)).then_some(tenant)
    }
}

/// What an issuer's subject stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Ids of this deployment.
    OurIds,
    /// Names of the issuer's own choosing: the actor's id is derived from issuer and subject together, so that no issuer
    /// can name an actor of another.
    Foreign,
}

/// What every token of an issuer must hold up to.
pub(super) fn options(issuer: &str, audience: &str) -> VerificationOptions {
    VerificationOptions {
        allowed_issuers: Some(HashSet::from([issuer.to_owned()])),
        allowed_audiences: Some(HashSet::from([audience.to_owned()])),
        time_tolerance: Some(jwt_simple::prelude::Duration::from_secs(LEEWAY_SECONDS)),
        max_token_length: Some(TOKEN_BYTES_MAX),
        ..VerificationOptions::default()
    }
}

/// The identity in verified claims: `exp`, `sub` and a tenant must be there, roles that are not in the catalogue count for
/// nothing.
pub(super) fn identity(
    claims: &JWTClaims<TenantClaims>,
    issuer: &Arc<str>,
    subjects: Subjects,
) -> Result<Identity, TokenRefused> {
    let never_ends = claims.expires_at.is_none();
    let actor = claims.subject.as_deref().and_then(|subject| actor(issuer, subject, subjects));
    let (Some(actor), Some(tenant), false) = (actor, claims.custom.tenant(), never_ends) else {
        return Err(TokenRefused::Invalid);
    };
    if claims.custom.roles.len() > ROLES_MAX {
        return Err(TokenRefused::Invalid);
    }
    let roles = claims.custom.roles.iter().filter_map(|role| role.parse().ok());
    let mut identity = Identity::new(actor, tenant, issuer.clone(), roles);
    match (subjects, &claims.custom.sid) {
        // What another issuer calls a session is none of ours.
        (Subjects::Foreign, _) | (Subjects::OurIds, None) => Ok(identity),
        (Subjects::OurIds, Some(sid)) => {
            let id: SessionId = sid.parse().map_err(|_| TokenRefused::Invalid)?;
            let issued = At(claims.issued_at.map_or(0, |issued| issued.as_millis()));
            identity.session = Some(Session { id, issued });
            Ok(identity)
        }
    }
}

fn actor(issuer: &str, subject: &str, subjects: Subjects) -> Option<ActorId> {
    match subjects {
        Subjects::OurIds => subject.parse().ok().filter(|actor: &ActorId| !actor.is_nil()),
        Subjects::Foreign if subject.is_empty() => None,
        Subjects::Foreign => {
            let mut hasher = blake3::Hasher::new_derive_key(SUBJECT_CONTEXT);
            // The length keeps issuer and subject apart.
            hasher.update(&(issuer.len() as u64).to_be_bytes()).update(issuer.as_bytes()).update(subject.as_bytes());
            let mut id = [0; 16];
            hasher.finalize_xof().fill(&mut id);
            Some(ActorId::from_bytes(id))
        }
    }
}

/// What the library said, as far as a client may know it.
pub(super) fn refused(error: &jwt_simple::Error) -> TokenRefused {
    match error.downcast_ref::<JWTError>() {
        Some(JWTError::TokenHasExpired) => TokenRefused::Expired,
        Some(JWTError::TokenNotValidYet | JWTError::ClockDrift) => TokenRefused::NotYetValid,
        _ => TokenRefused::Invalid,
    }
}
