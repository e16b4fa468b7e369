//! What an event does to the directory.
use super::AccessError::CorruptLedger;
use super::directory::Timer;
use super::{
    AccessError, AccessEvent, AccessKey, Directory, Logins, Review, SESSIONS_MAX, Session, Standing, Tenant, Totp, User,
};
use crate::{ActorId, At, SessionId, TenantId};

type Evolved = Result<(), AccessError>;

impl Directory {
    /// Lets an event have happened.
    ///
    /// # Errors
    /// [`AccessError::CorruptLedger`] if the event cannot follow what happened before.
    pub fn evolve(&mut self, event: AccessEvent) -> Evolved {
        match event {
            AccessEvent::Requested { .. } | AccessEvent::AuditNoted { .. } | AccessEvent::AuditCounted { .. } => Ok(()),
            AccessEvent::TenantCreated { tenant, name, region, partition } => {
                let (standing, limits, allowed) = (Standing::Active, Default::default(), Vec::new());
                let created = Tenant { name, region, partition, standing, limits, allowed };
                fresh(self.tenants.insert(tenant, created), "a tenant was created twice")
            }
            AccessEvent::TenantRenamed { tenant, name } => self.of_tenant(tenant).map(|of| of.name = name),
            AccessEvent::TenantSuspended { tenant } => {
                self.of_tenant(tenant).and_then(|of| turn(&mut of.standing, Standing::Suspended))
            }
            AccessEvent::TenantResumed { tenant } => {
                self.of_tenant(tenant).and_then(|of| turn(&mut of.standing, Standing::Active))
            }
            AccessEvent::TenantErasureBegun { tenant, by, at, justification: _ } => self.leave(tenant, by, at),
            AccessEvent::TenantErased { tenant, tombstone: _, at } => self.left(tenant, at),
            AccessEvent::LimitsSet { tenant, limits } => self.of_tenant(tenant).map(|of| of.limits = limits),
            AccessEvent::AllowedSet { tenant, allowed } => self.of_tenant(tenant).map(|of| of.allowed = allowed),
            AccessEvent::UserCreated { user, tenant, login, identity, verifier, roles, at } => {
                let (standing, totp, logins) = (Standing::Active, Totp::None, Logins::default());
                let (created, roles_since, review, sessions) = (at, at, None, Vec::new());
                self.create_user(
                    user,
                    User {
                        tenant,
                        login,
                        identity,
                        verifier,
                        roles,
                        standing,
                        totp,
                        logins,
                        created,
                        roles_since,
                        review,
                        sessions,
                    },
                )
            }
            AccessEvent::RolesSet { user, roles, at } => self.change(user, |of| {
                of.roles = roles;
                of.roles_since = at;
            }),
            AccessEvent::UserReviewed { user, at, by, verdict } => {
                self.of_user(user).map(|of| of.review = Some(Review { at, by, verdict }))
            }
            AccessEvent::PasswordSet { user, verifier } => self.change(user, |of| {
                of.verifier = verifier;
                of.logins.forget_open();
            }),
            AccessEvent::UserDisabled { user } => {
                self.of_user(user).and_then(|of| turn(&mut of.standing, Standing::Suspended))?;
                self.change(user, |of| of.logins.forget_open())
            }
            AccessEvent::UserEnabled { user } => {
                self.of_user(user).and_then(|of| turn(&mut of.standing, Standing::Active))?;
                self.change(user, |_| ())
            }
            AccessEvent::UserErased { user, tenant, by, at, justification: _ } => {
                self.forget_user(user, tenant, by, at)
            }
            AccessEvent::UserKeysDestroyed { user, tenant: _, at } => self.keys_destroyed(user, at),
            AccessEvent::TotpEnrolled { user, secret } => self.of_user(user).and_then(|of| match of.totp {
                Totp::Confirmed { .. } => Err(CorruptLedger("a second factor was replaced without being removed")),
                Totp::None | Totp::Enrolled { .. } => {
                    of.totp = Totp::Enrolled { secret };
                    Ok(())
                }
            }),
            AccessEvent::TotpConfirmed { user, step } => self.of_user(user).and_then(|of| match &of.totp {
                Totp::Enrolled { secret } => {
                    of.totp = Totp::Confirmed { secret: secret.clone(), last_step: step };
                    of.logins.forget_open();
                    Ok(())
                }
                Totp::None | Totp::Confirmed { .. } => {
                    Err(CorruptLedger("a second factor was confirmed that was not there to be"))
                }
            }),
            AccessEvent::TotpRemoved { user } => self.of_user(user).map(|of| of.totp = Totp::None),
            AccessEvent::LoginAttempted { user, at } => {
                let tenant = self.of_user(user)?.tenant;
                let rate = self.limits(tenant).logins_per_minute;
                self.of_user(user).map(|of| of.logins.attempted(at, rate))
            }
            AccessEvent::LoginFailed { user, .. } => self.logins_of(user, Logins::failed),
            AccessEvent::UserLocked { user, until } => self.of_user(user).map(|of| of.logins.lock(until)),
            AccessEvent::UserUnlocked { user } => self.of_user(user).map(|of| of.logins.unlock()),
            AccessEvent::LoginSucceeded { user, session, expires, totp_step } => {
                self.begin(user, session, expires, totp_step)
            }
            AccessEvent::SessionRefreshed { session, generation } => {
                let of =
                    self.sessions.get_mut(&session).ok_or(CorruptLedger("a session was refreshed that is none"))?;
                if of.generation.checked_add(1) != Some(generation) {
                    return Err(CorruptLedger("a session was refreshed out of turn"));
                }
                of.generation = generation;
                Ok(())
            }
            AccessEvent::SessionEnded { session, .. } => self.end(session),
            AccessEvent::KeyCreated { key, tenant, hash, label, roles, expires, allowed, at } => {
                let (created, review) = (at, None);
                self.create_key(key, AccessKey { tenant, hash, label, roles, expires, allowed, created, review })
            }
            AccessEvent::KeyReviewed { key, at, by, verdict } => {
                let of = self.keys.get_mut(&key).ok_or(CorruptLedger("an access key was reviewed that is none"))?;
                of.review = Some(Review { at, by, verdict });
                Ok(())
            }
            AccessEvent::KeyRevoked { key } | AccessEvent::KeyExpired { key } => self.remove_key(key),
            AccessEvent::AddressesBlocked { range, until } => {
                let before = self.blocked.insert(range, until).flatten();
                self.time(before, until, Timer::Block(range));
                Ok(())
            }
            AccessEvent::AddressesUnblocked { range } => {
                let until = self.blocked.remove(&range).ok_or(CorruptLedger("a range was unblocked that was not"))?;
                self.time(until, None, Timer::Block(range));
                Ok(())
            }
        }
    }

    fn of_tenant(&mut self, tenant: TenantId) -> Result<&mut Tenant, AccessError> {
        self.tenants.get_mut(&tenant).ok_or(CorruptLedger("something happened to a tenant that was never created"))
    }

    fn of_user(&mut self, user: ActorId) -> Result<&mut User, AccessError> {
        self.users.get_mut(&user).ok_or(CorruptLedger("something happened to a user that was never created"))
    }

    /// Changes a user, and whether it counts as an admin with it.
    fn change(&mut self, user: ActorId, change: impl FnOnce(&mut User)) -> Evolved {
        let of = self.of_user(user)?;
        change(of);
        match of.is_enabled_admin() {
            true => self.admins.insert(user),
            false => self.admins.remove(&user),
        };
        Ok(())
    }

    fn logins_of(&mut self, user: ActorId, conclude: impl FnOnce(&mut Logins) -> Option<()>) -> Evolved {
        conclude(&mut self.of_user(user)?.logins).ok_or(CorruptLedger("a login was concluded that nobody attempted"))
    }

    /// Moves a timer from one due time to another.
    fn time(&mut self, before: Option<At>, now: Option<At>, timer: Timer) {
        if let Some(before) = before {
            self.timers.remove(&(before, timer));
        }
        if let Some(now) = now {
            self.timers.insert((now, timer));
        }
    }

    fn create_user(&mut self, user: ActorId, created: User) -> Evolved {
        let (tenant, login) = (created.tenant, created.login);
        fresh(self.users.insert(user, created), "a user was created twice")?;
        fresh(self.logins.insert(login, user), "a login name was given twice")?;
        self.users_of.entry(tenant).or_default().insert(user);
        self.change(user, |_| ())
    }

    fn begin(&mut self, user: ActorId, session: SessionId, expires: At, totp_step: Option<u64>) -> Evolved {
        self.logins_of(user, Logins::succeeded)?;
        let of = self.of_user(user)?;
        match (&mut of.totp, totp_step) {
            (Totp::Confirmed { last_step, .. }, Some(step)) if step > *last_step => *last_step = step,
            (Totp::None | Totp::Enrolled { .. }, None) => {}
            _ => return Err(CorruptLedger("a login succeeded without the second factor it needed")),
        }
        if of.sessions.len() >= SESSIONS_MAX {
            return Err(CorruptLedger("a user has more sessions than there may be"));
        }
        of.sessions.push(session);
        self.time(None, Some(expires), Timer::Session(session));
        let begun = Session { user, generation: 0, expires };
        fresh(self.sessions.insert(session, begun), "a session began twice")
    }

    fn end(&mut self, session: SessionId) -> Evolved {
        let ended = self.sessions.remove(&session).ok_or(CorruptLedger("a session ended that is none"))?;
        self.time(Some(ended.expires), None, Timer::Session(session));
        self.of_user(ended.user).map(|of| of.sessions.retain(|of| *of != session))
    }

    fn create_key(&mut self, key: ActorId, created: AccessKey) -> Evolved {
        self.time(None, created.expires, Timer::Key(key));
        self.keys_of.entry(created.tenant).or_default().insert(key);
        fresh(self.hashes.insert(created.hash, key), "two access keys have one hash")?;
        fresh(self.keys.insert(key, created), "an access key was created twice")
    }

    fn remove_key(&mut self, key: ActorId) -> Evolved {
        let gone = self.keys.remove(&key).ok_or(CorruptLedger("an access key ended that is none"))?;
        self.time(gone.expires, None, Timer::Key(key));
        self.hashes.remove(&gone.hash);
        if let Some(keys) = self.keys_of.get_mut(&gone.tenant) {
            keys.remove(&key);
        }
        Ok(())
    }
}

fn fresh<T>(before: Option<T>, otherwise: &'static str) -> Evolved {
    before.map_or(Ok(()), |_| Err(CorruptLedger(otherwise)))
}

fn turn(standing: &mut Standing, to: Standing) -> Evolved {
    if *standing == to {
        return Err(CorruptLedger("somebody was suspended or resumed twice"));
    }
    *standing = to;
    Ok(())
}
