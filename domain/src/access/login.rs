//! Logins of one user: how many may be tried, and what follows from those that fail.
use super::{AccessError, Limits};
use crate::{At, Span};
use serde::{Deserialize, Serialize};

/// How long an attempt may take to be concluded; then it never was one, but for the limit.
pub const ATTEMPT_LASTS: Span = Span::seconds(60);
/// Attempts of one user that may be under way at once, whatever the limit.
pub const ATTEMPTS_MAX: usize = 100;
/// Failures in a row that lock the account.
pub const FAILURES_MAX: u32 = 10;
/// How long the first lock lasts; every further one without a success between lasts twice as long as the one before.
pub const LOCK_FIRST: Span = Span::minutes(15);
/// The longest lock.
pub const LOCK_MAX: Span = Span::hours(24);

/// What one login takes from the bucket. With a minute's milliseconds, whole numbers do: `rate` flow in each millisecond.
const PARTS: u64 = 60_000;

/// A token bucket that holds a minute's logins and fills by a sixtieth of them a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    parts: u64,
    at: At,
}

impl Bucket {
    fn parts_at(self, at: At, rate: u32) -> u64 {
        let flowed = at.since(self.at).0.saturating_mul(rate.into());
        self.parts.saturating_add(flowed).min(u64::from(rate) * PARTS)
    }
}

/// What a user's logins have come to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Logins {
    /// None while it was never drawn from: full.
    bucket: Option<Bucket>,
    /// When the attempts under way began, oldest first.
    open: Vec<At>,
    failures: u32,
    /// Locks without a success between.
    locks: u32,
    locked: Option<At>,
    last_success: Option<At>,
}

impl Logins {
    /// Until when the account is locked, if it is at `at`.
    #[must_use]
    pub fn locked(&self, at: At) -> Option<At> {
        self.locked.filter(|until| *until > at)
    }

    /// Failures in a row since the last success or lock.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// When the last login that succeeded began.
    #[must_use]
    pub const fn last_success(&self) -> Option<At> {
        self.last_success
    }

    /// A login under a name nobody has: answered as one that fails under a name somebody has, so that neither limit nor lock
    /// tells which names there are.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`] or [`AccessError::Locked`], as [`super::AccessAction::AttemptLogin`].
    pub fn fail_as_nobody(&mut self, at: At) -> Result<(), AccessError> {
        let rate = Limits::default().logins_per_minute;
        self.admits(at, rate)?;
        self.attempted(at, rate);
        let lock = self.lock_after_failure(at);
        self.failed();
        if let Some(until) = lock {
            self.lock(until);
        }
        Ok(())
    }

    /// Whether nothing is held against the user.
    pub(super) const fn is_clean(&self) -> bool {
        self.failures == 0 && self.locks == 0 && self.locked.is_none()
    }

    /// Whether one more may be tried at `at`, with `rate` logins a minute.
    pub(super) fn admits(&self, at: At, rate: u32) -> Result<(), AccessError> {
        if let Some(until) = self.locked(at) {
            return Err(AccessError::Locked { until });
        }
        let parts = self.bucket.map_or(u64::MAX, |bucket| bucket.parts_at(at, rate));
        if parts < PARTS {
            let wait = (PARTS - parts).div_ceil(rate.max(1).into());
            return Err(AccessError::RateLimited { again: at.plus(Span(wait)) });
        }
        let mut open = self.open.iter().filter(|began| began.plus(ATTEMPT_LASTS) > at);
        match open.next() {
            Some(oldest) if open.count() + 1 >= ATTEMPTS_MAX => {
                Err(AccessError::RateLimited { again: oldest.plus(ATTEMPT_LASTS) })
            }
            _ => Ok(()),
        }
    }

    /// Whether an attempt is under way that can be concluded at `at`.
    pub(super) fn has_open(&self, at: At) -> bool {
        self.open.last().is_some_and(|began| began.plus(ATTEMPT_LASTS) > at)
    }

    /// When the lock ends that one more failure at `at` leads to, if it does.
    pub(super) fn lock_after_failure(&self, at: At) -> Option<At> {
        let doubled = 1_u64.checked_shl(self.locks).map_or(u64::MAX, |times| LOCK_FIRST.0.saturating_mul(times));
        (self.failures + 1 >= FAILURES_MAX).then(|| at.plus(Span(doubled.min(LOCK_MAX.0))))
    }

    pub(super) fn attempted(&mut self, at: At, rate: u32) {
        let parts = self.bucket.map_or(u64::from(rate) * PARTS, |bucket| bucket.parts_at(at, rate));
        self.bucket = Some(Bucket { parts: parts.saturating_sub(PARTS), at });
        self.open.retain(|began| began.plus(ATTEMPT_LASTS) > at);
        self.open.push(at);
    }

    /// Concludes the attempt that began last: were an older one taken, one that lapsed could stand in for one that did not.
    pub(super) fn failed(&mut self) -> Option<()> {
        self.open.pop()?;
        self.failures += 1;
        Some(())
    }

    pub(super) fn succeeded(&mut self) -> Option<()> {
        let began = self.open.pop()?;
        self.unlock();
        self.last_success = Some(began);
        Some(())
    }

    pub(super) fn lock(&mut self, until: At) {
        (self.locked, self.failures) = (Some(until), 0);
        self.locks += 1;
        self.forget_open();
    }

    pub(super) const fn unlock(&mut self) {
        (self.locked, self.failures, self.locks) = (None, 0, 0);
    }

    /// What was looked at for them is not what it was.
    pub(super) fn forget_open(&mut self) {
        self.open.clear();
    }
}
