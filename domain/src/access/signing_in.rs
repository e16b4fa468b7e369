//! Logins and sessions: what is decided of them.
use super::aggregate::Decided;
use super::people::step_is_of;
use super::{
    AccessError, AccessEvent, Directory, LoginFailure, LoginOutcome, SESSION_LASTS, SESSIONS_MAX, Scope, SessionEnd,
    Totp, User,
};
use crate::{ActorId, At, SessionId};

impl Directory {
    /// Whether one more login of the user is taken up at `at`, as far as limits and locks go. Whoever holds a copy of the
    /// directory refuses by it what the writer would refuse too, and spares the writer the question.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`] or [`AccessError::Locked`].
    pub fn admits_login(&self, user: &User, at: At) -> Result<(), AccessError> {
        user.logins.admits(at, self.limits(user.tenant).logins_per_minute)
    }

    pub(super) fn attempt_login(&self, at: At, scope: Scope, user: ActorId) -> Decided {
        let of = self.reach_user(scope, user)?;
        self.may_act(of)?;
        self.admits_login(of, at)?;
        Ok(vec![AccessEvent::LoginAttempted { user, at }])
    }

    pub(super) fn conclude_login(&self, at: At, scope: Scope, user: ActorId, outcome: LoginOutcome) -> Decided {
        let of = self.reach_user(scope, user)?;
        self.may_act(of)?;
        // Those under way when the account was locked are not told whether they were right.
        if let Some(until) = of.logins.locked(at) {
            return Err(AccessError::Locked { until });
        }
        if !of.logins.has_open(at) {
            return Err(AccessError::InvalidTransition("no login is under way; begin again"));
        }
        match outcome {
            LoginOutcome::WrongPassword => Ok(failed(at, user, of, LoginFailure::Password)),
            LoginOutcome::WrongCode => Ok(failed(at, user, of, LoginFailure::Code)),
            LoginOutcome::Passed { session, totp_step } => self.passed(at, user, of, session, totp_step),
        }
    }

    fn passed(&self, at: At, user: ActorId, of: &User, session: SessionId, totp_step: Option<u64>) -> Decided {
        if session.is_nil() || self.session(session).is_some() {
            return Err(AccessError::AlreadyExists("session"));
        }
        match (&of.totp, totp_step) {
            (Totp::Confirmed { last_step, .. }, Some(step)) => {
                step_is_of(at, step)?;
                if step <= *last_step {
                    return Ok(failed(at, user, of, LoginFailure::CodeUsedAgain));
                }
            }
            (Totp::Confirmed { .. }, None) => return Err(AccessError::InvalidValue("a code is needed")),
            (Totp::None | Totp::Enrolled { .. }, Some(_)) => {
                return Err(AccessError::InvalidValue("there is no second factor to have a code of"));
            }
            (Totp::None | Totp::Enrolled { .. }, None) => {}
        }
        let displaced = (of.sessions.len() + 1).saturating_sub(SESSIONS_MAX);
        let reason = SessionEnd::Displaced;
        let displaced = of.sessions.iter().take(displaced).map(|it| AccessEvent::SessionEnded { session: *it, reason });
        let expires = at.plus(SESSION_LASTS);
        Ok(displaced.chain([AccessEvent::LoginSucceeded { user, session, expires, totp_step }]).collect())
    }

    pub(super) fn refresh(&self, at: At, scope: Scope, session: SessionId, generation: u32) -> Decided {
        let of = self.reach_session(scope, session)?;
        self.signed_in(session, at).ok_or(AccessError::SessionEnded)?;
        match generation.cmp(&of.generation) {
            std::cmp::Ordering::Less => Ok(vec![AccessEvent::SessionEnded { session, reason: SessionEnd::Reused }]),
            std::cmp::Ordering::Equal => {
                let generation = generation.checked_add(1).ok_or(AccessError::SessionEnded)?;
                Ok(vec![AccessEvent::SessionRefreshed { session, generation }])
            }
            std::cmp::Ordering::Greater => Err(AccessError::SessionEnded),
        }
    }

    pub(super) fn log_out(&self, scope: Scope, session: SessionId) -> Decided {
        self.reach_session(scope, session)?;
        Ok(vec![AccessEvent::SessionEnded { session, reason: SessionEnd::LoggedOut }])
    }

    /// A session that is none any more and one of somebody else are not told apart.
    fn reach_session(&self, scope: Scope, session: SessionId) -> Result<&super::Session, AccessError> {
        let found = self.session(session).ok_or(AccessError::SessionEnded)?;
        self.reach_user(scope, found.user).map_err(|_| AccessError::SessionEnded)?;
        Ok(found)
    }
}

fn failed(at: At, user: ActorId, of: &User, reason: LoginFailure) -> Vec<AccessEvent> {
    let locked = of.logins.lock_after_failure(at).map(|until| AccessEvent::UserLocked { user, until });
    [AccessEvent::LoginFailed { user, reason }].into_iter().chain(locked).collect()
}
