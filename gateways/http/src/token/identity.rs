use peyk_domain::access::Role;
use peyk_domain::{ActorId, At, SessionId, TenantId};
use peyk_handlers::Caller;
use std::sync::Arc;

/// Whom a verified token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub actor: ActorId,
    /// [`TenantId::NIL`] for the platform itself.
    pub tenant: TenantId,
    /// The issuer that vouched for it.
    pub idp: Arc<str>,
    roles: Vec<Role>,
    /// The login it goes back to; none for keys, other issuers and what was minted for development.
    pub(crate) session: Option<Session>,
    /// Whether a second factor has to be set up before anything else is done.
    pub(crate) owes_totp: bool,
}

/// The session a token is of, and when the token was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub issued: At,
}

impl Identity {
    /// Roles that cannot be held in the tenant count for nothing, whoever vouches for them: nobody of a tenant acts for the
    /// platform, and the platform itself is no tenant and owns nothing.
    #[must_use]
    pub fn new(actor: ActorId, tenant: TenantId, idp: Arc<str>, roles: impl IntoIterator<Item = Role>) -> Self {
        let roles = roles.into_iter().filter(|role| role.is_held_in(tenant)).collect();
        Self { actor, tenant, idp, roles, session: None, owes_totp: false }
    }

    /// The same, without what only the platform's own people may do.
    #[must_use]
    pub(super) fn without_platform_roles(self) -> Self {
        let roles = self.roles.iter().copied().filter(|role| !role.is_platform()).collect();
        Self { roles, ..self }
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
    pub fn roles(&self) -> &[Role] {
        &self.roles
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
