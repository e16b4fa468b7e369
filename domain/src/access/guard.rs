//! What is asked of every command before anything else: does it reach, and is it sound.
use super::{AccessError, AddressRange, Directory, Envelope, Role, Scope, Standing, User};
use crate::{ActorId, TenantId};

/// Roles a user or a key may have.
pub const ROLES_MAX: usize = 16;
/// Ranges a list of addresses may have.
pub const ALLOWED_MAX: usize = 100;
/// The longest sealed field, in bytes.
pub const SEALED_BYTES_MAX: usize = 1_024;

impl Directory {
    /// That the scope covers the tenant, that there is such a tenant, and that it may act for itself.
    pub(super) fn reach(&self, scope: Scope, tenant: TenantId) -> Result<(), AccessError> {
        if !scope.covers(tenant) || !tenant.is_nil() && self.tenant(tenant).is_none() {
            return Err(AccessError::NotFound("tenant"));
        }
        if scope != Scope::Platform && !self.is_active(tenant) {
            return Err(AccessError::Forbidden("the tenant is suspended"));
        }
        Ok(())
    }

    /// The same for what only the platform does to a tenant.
    pub(super) fn reach_as_platform(&self, scope: Scope, tenant: TenantId) -> Result<(), AccessError> {
        self.reach(scope, tenant)?;
        if tenant.is_nil() {
            return Err(AccessError::NotFound("tenant"));
        }
        platform_only(scope)
    }

    /// The user, if the scope covers whose it is.
    pub(super) fn reach_user(&self, scope: Scope, user: ActorId) -> Result<&User, AccessError> {
        let found = self.user(user).ok_or(AccessError::NotFound("user"))?;
        match self.reach(scope, found.tenant) {
            Ok(()) => Ok(found),
            Err(AccessError::NotFound(_)) => Err(AccessError::NotFound("user")),
            Err(other) => Err(other),
        }
    }

    /// That the user and its tenant may act.
    pub(super) fn may_act(&self, user: &User) -> Result<(), AccessError> {
        if user.standing != Standing::Active {
            return Err(AccessError::InvalidTransition("the user is disabled"));
        }
        if !self.is_active(user.tenant) {
            return Err(AccessError::InvalidTransition("the tenant is suspended"));
        }
        Ok(())
    }

    /// That nobody bears the id yet. Users and keys share the ids of actors.
    pub(super) fn is_free(&self, actor: ActorId, what: &'static str) -> Result<(), AccessError> {
        if actor.is_nil() {
            return Err(AccessError::InvalidValue("the nil id is nobody's"));
        }
        if self.user(actor).is_some() || self.key(actor).is_some() || self.erasures.was_person(actor) {
            return Err(AccessError::AlreadyExists(what));
        }
        Ok(())
    }
}

pub(super) fn platform_only(scope: Scope) -> Result<(), AccessError> {
    match scope {
        Scope::Platform => Ok(()),
        Scope::Tenant(_) => Err(AccessError::Forbidden("only the platform does this")),
    }
}

/// That the roles can be held where they are to be: the platform's by its own people, a tenant's within it.
pub(super) fn grantable(tenant: TenantId, roles: &[Role]) -> Result<(), AccessError> {
    if roles.len() > ROLES_MAX {
        return Err(AccessError::TooMany { max: ROLES_MAX, of: "roles" });
    }
    if (1..roles.len()).any(|nth| roles[..nth].contains(&roles[nth])) {
        return Err(AccessError::InvalidValue("a role is named twice"));
    }
    if !roles.iter().all(|role| role.is_held_in(tenant)) {
        return Err(AccessError::Forbidden(match tenant.is_nil() {
            true => "the platform's own people hold roles of the platform only",
            false => "within a tenant there are roles of tenants only",
        }));
    }
    Ok(())
}

pub(super) fn allowable(ranges: &[AddressRange]) -> Result<(), AccessError> {
    if ranges.len() > ALLOWED_MAX {
        return Err(AccessError::TooMany { max: ALLOWED_MAX, of: "ranges of addresses" });
    }
    Ok(())
}

pub(super) fn sealed(envelopes: &[&Envelope]) -> Result<(), AccessError> {
    if envelopes.iter().any(|envelope| envelope.sealed.0.len() > SEALED_BYTES_MAX) {
        return Err(AccessError::InvalidValue("a sealed field has at most 1,024 bytes"));
    }
    Ok(())
}
