//! Users: what is decided of them, but for their logins.
use super::aggregate::Decided;
use super::guard::{grantable, platform_only, sealed};
use super::{AccessError, AccessEvent, Directory, Envelope, NewUser, Role, Scope, SessionEnd, Standing, Totp, User};
use crate::{ActorId, At};
use std::collections::BTreeSet;

/// Users of a tenant, and of the platform, those that were erased among them.
pub const USERS_MAX: usize = 10_000;
/// How many time steps the step of a code may be away from the record's instant: two minutes, for clocks and for
/// commands that waited. The edge, which checks the code, is stricter.
const STEPS_MAX: u64 = 4;
/// A time step of TOTP (RFC 6238), in milliseconds.
const STEP_MS: u64 = 30_000;

impl Directory {
    pub(super) fn bootstrap(&self, at: At, scope: Scope, admin: NewUser) -> Decided {
        platform_only(scope)?;
        if self.bootstrapped() {
            return Err(AccessError::AlreadyBootstrapped);
        }
        if !admin.tenant.is_nil() || !admin.roles.contains(&Role::PlatformAdmin) {
            return Err(AccessError::InvalidValue(
                "the first admin is of the platform and has the role platform.admin",
            ));
        }
        self.created(at, admin)
    }

    pub(super) fn create_user_for(&self, at: At, scope: Scope, user: NewUser) -> Decided {
        self.reach(scope, user.tenant)?;
        if !self.bootstrapped() {
            return Err(AccessError::InvalidTransition("the first user is the admin that bootstrapping makes"));
        }
        let users = self.users_of.get(&user.tenant).map_or(0, BTreeSet::len);
        if users + self.erasures.people_count(user.tenant) >= USERS_MAX {
            return Err(AccessError::TooMany { max: USERS_MAX, of: "users of a tenant" });
        }
        self.created(at, user)
    }

    fn created(&self, at: At, new: NewUser) -> Decided {
        let NewUser { user, tenant, login, identity, verifier, roles } = new;
        self.is_free(user, "user")?;
        grantable(tenant, &roles)?;
        sealed(&[&identity, &verifier])?;
        // Login names are of the whole deployment, so this says of a name that it is taken and not by whom.
        if self.user_by_login(&login).is_some() {
            return Err(AccessError::AlreadyExists("login name"));
        }
        let at = Some(at);
        Ok(vec![AccessEvent::UserCreated { user, tenant, login, identity, verifier, roles, at }])
    }

    pub(super) fn set_roles(&self, at: At, scope: Scope, user: ActorId, roles: Vec<Role>) -> Decided {
        let of = self.reach_user(scope, user)?;
        grantable(of.tenant, &roles)?;
        if !roles.contains(&Role::PlatformAdmin) {
            self.is_not_the_last_admin(user)?;
        }
        let ended = ended(of, SessionEnd::RolesChanged);
        Ok([AccessEvent::RolesSet { user, roles, at: Some(at) }].into_iter().chain(ended).collect())
    }

    pub(super) fn set_password(&self, scope: Scope, user: ActorId, verifier: Envelope) -> Decided {
        let of = self.reach_user(scope, user)?;
        sealed(&[&verifier])?;
        let ended = ended(of, SessionEnd::PasswordChanged);
        Ok([AccessEvent::PasswordSet { user, verifier }].into_iter().chain(ended).collect())
    }

    pub(super) fn disable(&self, scope: Scope, user: ActorId) -> Decided {
        let of = self.reach_user(scope, user)?;
        if of.standing == Standing::Suspended {
            return Err(AccessError::InvalidTransition("the user is disabled already"));
        }
        self.is_not_the_last_admin(user)?;
        Ok([AccessEvent::UserDisabled { user }].into_iter().chain(ended(of, SessionEnd::Disabled)).collect())
    }

    pub(super) fn enable(&self, scope: Scope, user: ActorId) -> Decided {
        match self.reach_user(scope, user)?.standing {
            Standing::Suspended => Ok(vec![AccessEvent::UserEnabled { user }]),
            Standing::Active => Err(AccessError::InvalidTransition("the user is not disabled")),
        }
    }

    pub(super) fn unlock(&self, scope: Scope, user: ActorId) -> Decided {
        match self.reach_user(scope, user)?.logins.is_clean() {
            true => Err(AccessError::InvalidTransition("the user is not locked and no login failed")),
            false => Ok(vec![AccessEvent::UserUnlocked { user }]),
        }
    }

    pub(super) fn enrol_totp(&self, scope: Scope, user: ActorId, secret: Envelope) -> Decided {
        sealed(&[&secret])?;
        match self.reach_user(scope, user)?.totp {
            Totp::None | Totp::Enrolled { .. } => Ok(vec![AccessEvent::TotpEnrolled { user, secret }]),
            Totp::Confirmed { .. } => Err(AccessError::InvalidTransition("a second factor is set up; remove it first")),
        }
    }

    pub(super) fn confirm_totp(&self, at: At, scope: Scope, user: ActorId, step: u64) -> Decided {
        step_is_of(at, step)?;
        match self.reach_user(scope, user)?.totp {
            Totp::Enrolled { .. } => Ok(vec![AccessEvent::TotpConfirmed { user, step }]),
            Totp::None => Err(AccessError::InvalidTransition("no second factor is enrolled")),
            Totp::Confirmed { .. } => Err(AccessError::InvalidTransition("the second factor is confirmed already")),
        }
    }

    pub(super) fn remove_totp(&self, scope: Scope, user: ActorId) -> Decided {
        match self.reach_user(scope, user)?.totp {
            Totp::None => Err(AccessError::InvalidTransition("no second factor is enrolled")),
            Totp::Enrolled { .. } | Totp::Confirmed { .. } => Ok(vec![AccessEvent::TotpRemoved { user }]),
        }
    }

    /// Without an enabled admin nobody could ever make another.
    pub(super) fn is_not_the_last_admin(&self, user: ActorId) -> Result<(), AccessError> {
        if self.admins.len() == 1 && self.admins.contains(&user) {
            return Err(AccessError::InvalidTransition("the platform keeps at least one enabled admin"));
        }
        Ok(())
    }
}

/// That a time step is one of about now; a later one would keep every code in between from counting.
pub(super) fn step_is_of(at: At, step: u64) -> Result<(), AccessError> {
    if step.abs_diff(at.0 / STEP_MS) > STEPS_MAX {
        return Err(AccessError::InvalidValue("the code is of another time"));
    }
    Ok(())
}

pub(super) fn ended(of: &User, reason: SessionEnd) -> impl Iterator<Item = AccessEvent> {
    of.sessions.iter().map(move |session| AccessEvent::SessionEnded { session: *session, reason })
}
