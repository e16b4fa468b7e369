use super::{Envelope, LoginToken, Logins, Review, Role, Standing};
use crate::{At, SessionId, TenantId};
use serde::{Deserialize, Serialize};

/// A person who logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Nil for the platform's own people.
    pub tenant: TenantId,
    pub login: LoginToken,
    /// Name and login name.
    pub identity: Envelope,
    /// The password as argon2id keeps it (PHC string).
    pub verifier: Envelope,
    pub roles: Vec<Role>,
    pub standing: Standing,
    pub totp: Totp,
    pub logins: Logins,
    /// None for one that is older than this was kept.
    pub created: Option<At>,
    /// Since when it has the roles it has, as far as that is known.
    pub roles_since: Option<At>,
    pub review: Option<Review>,
    /// The sessions that stand, oldest first.
    pub sessions: Vec<SessionId>,
}

/// The second factor (TOTP, RFC 6238).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Totp {
    #[default]
    None,
    /// Not asked for until a code has shown that the secret arrived.
    Enrolled { secret: Envelope },
    /// No code of `last_step` or a time step before it counts again.
    Confirmed { secret: Envelope, last_step: u64 },
}

impl User {
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it has yet to set up the second factor that its roles ask for.
    #[must_use]
    pub fn owes_totp(&self) -> bool {
        self.roles.iter().any(|role| role.administers()) && !matches!(self.totp, Totp::Confirmed { .. })
    }

    pub(super) fn is_enabled_admin(&self) -> bool {
        self.standing == Standing::Active && self.has(Role::PlatformAdmin)
    }
}
