use super::AccessEvent::*;
use super::sample::*;
use super::*;
use crate::testing::{Given, given};
use crate::{ActorId, At, Span};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

fn attempt() -> AccessAction {
    AccessAction::AttemptLogin { user: PARWIN }
}

fn conclude(outcome: LoginOutcome) -> AccessAction {
    AccessAction::ConcludeLogin { user: PARWIN, outcome }
}

const WRONG: LoginOutcome = LoginOutcome::WrongPassword;

fn passed(index: u128, totp_step: Option<u64>) -> LoginOutcome {
    LoginOutcome::Passed { session: session(index), totp_step }
}

fn attempted(at: u64) -> AccessEvent {
    LoginAttempted { user: PARWIN, at: At(at) }
}

/// One try at `now`, from its attempt to its conclusion.
fn try_once(ledger: Given<Access>, now: u64, outcome: LoginOutcome) -> Given<Access> {
    ledger.when(at(now, OURS, attempt())).committed().when(at(now, OURS, conclude(outcome))).committed()
}

fn fail(mut ledger: Given<Access>, times: u32, from: u64) -> Given<Access> {
    for nth in 0..times {
        ledger = try_once(ledger, from + u64::from(nth) * MINUTE, WRONG);
    }
    ledger
}

#[test]
fn a_login_is_an_attempt_and_its_conclusion() {
    let expires = At(2).plus(SESSION_LASTS);
    let ledger = given::<Access>(founded())
        .when(at(1, OURS, attempt()))
        .then([attempted(1)])
        .when(at(2, OURS, conclude(passed(0, None))))
        .then([LoginSucceeded { user: PARWIN, session: session(0), expires, totp_step: None }]);
    let (user, known) = ledger.state().signed_in(session(0), At(2)).unwrap();
    assert_eq!((user, known.logins.last_success()), (PARWIN, Some(At(1))));
    assert!(ledger.state().signed_in(session(0), expires).is_none(), "it ran out");
    assert_eq!(ledger.state().next_due(), Some(expires));
    let ended = SessionEnded { session: session(0), reason: SessionEnd::Expired };
    ledger.when(at(expires.0, OURS, AccessAction::Tick)).then([ended]);
}

#[test]
fn nothing_is_concluded_that_was_not_attempted() {
    let none = AccessError::InvalidTransition("no login is under way; begin again");
    given::<Access>(founded()).when(at(1, OURS, conclude(passed(0, None)))).refused(none.clone());
    let lapses = ATTEMPT_LASTS.0;
    given::<Access>(after([attempted(0)])).when(at(lapses - 1, OURS, conclude(passed(0, None)))).committed();
    given::<Access>(after([attempted(0)])).when(at(lapses, OURS, conclude(passed(0, None)))).refused(none.clone());
    // One that lapsed cannot be concluded in the stead of a later one, which then counts twice.
    given::<Access>(after([attempted(0), attempted(lapses - 1)]))
        .when(at(lapses, OURS, conclude(WRONG)))
        .committed()
        .when(at(lapses, OURS, conclude(WRONG)))
        .refused(none);
}

#[test]
fn what_changed_since_the_attempt_undoes_it() {
    let none = AccessError::InvalidTransition("no login is under way; begin again");
    let secret = envelope(5);
    for changes in [
        vec![PasswordSet { user: PARWIN, verifier: envelope(9) }],
        vec![TotpEnrolled { user: PARWIN, secret }, TotpConfirmed { user: PARWIN, step: 0 }],
        vec![UserDisabled { user: PARWIN }, UserEnabled { user: PARWIN }],
    ] {
        let past = after([attempted(0)].into_iter().chain(changes));
        given::<Access>(past).when(at(1, OURS, conclude(passed(0, None)))).refused(none.clone());
    }
    given::<Access>(after([attempted(0), UserDisabled { user: PARWIN }]))
        .when(at(1, OURS, conclude(passed(0, None))))
        .refused(AccessError::InvalidTransition("the user is disabled"));
}

#[test]
fn ten_logins_a_minute_and_a_sixtieth_of_them_a_second() {
    let mut ledger = given::<Access>(founded());
    for _ in 0..10 {
        ledger = ledger.when(at(0, OURS, attempt())).committed();
    }
    // A tenth of a minute fills one.
    let again = AccessError::RateLimited { again: At(6 * SECOND) };
    ledger
        .when(at(0, OURS, attempt()))
        .refused(again.clone())
        .when(at(6 * SECOND - 1, OURS, attempt()))
        .refused(again)
        .when(at(6 * SECOND, OURS, attempt()))
        .then([attempted(6 * SECOND)])
        .when(at(6 * SECOND, OURS, attempt()))
        .refused(AccessError::RateLimited { again: At(12 * SECOND) });
}

#[test]
fn logins_are_not_saved_up() {
    let mut ledger = given::<Access>(after([attempted(0)]));
    let now = 60 * MINUTE;
    for _ in 0..10 {
        ledger = ledger.when(at(now, OURS, attempt())).committed();
    }
    ledger.when(at(now, OURS, attempt())).refused(AccessError::RateLimited { again: At(now + 6 * SECOND) });
}

#[test]
fn the_limit_of_logins_is_the_tenants() {
    let limits = Limits { logins_per_minute: 1, ..Limits::default() };
    let ledger = given::<Access>(after([LimitsSet { tenant: HERAT, limits }])).when(at(0, OURS, attempt())).committed();
    let ledger = ledger.when(at(1, OURS, attempt())).refused(AccessError::RateLimited { again: At(MINUTE) });
    ledger.when(at(1, OURS, AccessAction::AttemptLogin { user: QASIM })).committed();
}

#[test]
fn attempts_under_way_are_bounded_whatever_the_limit() {
    let limits = Limits { logins_per_minute: 1_000, ..Limits::default() };
    let attempts = (0..ATTEMPTS_MAX).map(|_| attempted(5));
    let ledger = given::<Access>(after([LimitsSet { tenant: HERAT, limits }].into_iter().chain(attempts)));
    let again = At(5).plus(ATTEMPT_LASTS);
    ledger
        .when(at(6, OURS, attempt()))
        .refused(AccessError::RateLimited { again })
        .when(at(6, OURS, conclude(WRONG)))
        .committed()
        .when(at(6, OURS, attempt()))
        .committed()
        .when(at(again.0, OURS, attempt()))
        .committed();
}

#[test]
fn ten_failures_in_a_row_lock_the_account() {
    let ledger = fail(given::<Access>(founded()), 9, 0);
    let now = 9 * MINUTE;
    let until = At(now).plus(LOCK_FIRST);
    let reason = LoginFailure::Password;
    let ledger = ledger
        .when(at(now, OURS, attempt()))
        .committed()
        .when(at(now, OURS, conclude(WRONG)))
        .then([LoginFailed { user: PARWIN, reason }, UserLocked { user: PARWIN, until }]);
    assert_eq!(ledger.state().user(PARWIN).unwrap().logins.locked(At(now)), Some(until));
    ledger
        .when(at(until.0 - 1, OURS, attempt()))
        .refused(AccessError::Locked { until })
        .when(at(until.0, OURS, attempt()))
        .committed();
}

#[test]
fn those_under_way_when_the_account_is_locked_learn_nothing() {
    let mut ledger = fail(given::<Access>(founded()), 8, 0);
    let now = 9 * MINUTE;
    for _ in 0..4 {
        ledger = ledger.when(at(now, OURS, attempt())).committed();
    }
    for _ in 0..2 {
        ledger = ledger.when(at(now, OURS, conclude(WRONG))).committed();
    }
    let until = At(now).plus(LOCK_FIRST);
    ledger
        .when(at(now, OURS, conclude(passed(0, None))))
        .refused(AccessError::Locked { until })
        .when(at(now, OURS, conclude(WRONG)))
        .refused(AccessError::Locked { until })
        .when(at(now, OURS, AccessAction::UnlockUser { user: PARWIN }))
        .committed()
        .when(at(now, OURS, conclude(passed(0, None))))
        .refused(AccessError::InvalidTransition("no login is under way; begin again"));
}

#[test]
fn locks_double_up_to_a_day_until_a_login_succeeds() {
    let (mut ledger, mut now) = (given::<Access>(founded()), 0);
    for minutes in [15, 30, 60, 120, 240, 480, 960, 1_440, 1_440] {
        ledger = fail(ledger, 10, now);
        let locked = now + 9 * MINUTE;
        let until = ledger.state().user(PARWIN).unwrap().logins.locked(At(locked)).unwrap();
        assert_eq!(until, At(locked).plus(Span::minutes(minutes)));
        now = until.0;
    }
    ledger = fail(try_once(ledger, now, passed(0, None)), 10, now + MINUTE);
    let locked = ledger.state().user(PARWIN).unwrap().logins.locked(At(now + 10 * MINUTE));
    assert_eq!(locked, Some(At(now + 10 * MINUTE).plus(LOCK_FIRST)));
}

#[test]
fn a_success_between_starts_the_count_anew() {
    let ledger = fail(given::<Access>(founded()), 9, 0);
    let ledger = fail(try_once(ledger, 9 * MINUTE, passed(0, None)), 9, 10 * MINUTE);
    let logins = &ledger.state().user(PARWIN).unwrap().logins;
    assert_eq!((logins.failures(), logins.locked(At(19 * MINUTE))), (9, None));
}

#[test]
fn an_admin_unlocks() {
    let unlock = || AccessAction::UnlockUser { user: PARWIN };
    let clean = AccessError::InvalidTransition("the user is not locked and no login failed");
    given::<Access>(founded()).when(at(0, OURS, unlock())).refused(clean.clone());
    let ledger = fail(given::<Access>(founded()), 10, 0);
    ledger
        .when(at(10 * MINUTE, Scope::Tenant(HERAT), unlock()))
        .then([UserUnlocked { user: PARWIN }])
        .when(at(10 * MINUTE, OURS, attempt()))
        .committed()
        .when(at(10 * MINUTE, OURS, unlock()))
        .refused(clean);
}

/// A time step of about `now`.
fn step(now: u64) -> u64 {
    now / (30 * SECOND)
}

fn enrolled() -> Vec<AccessEvent> {
    vec![TotpEnrolled { user: PARWIN, secret: envelope(5) }]
}

#[test]
fn a_second_factor_counts_once_it_is_confirmed() {
    let now = 10 * MINUTE;
    let confirm = |step| AccessAction::ConfirmTotp { user: PARWIN, step };
    let enrol = |byte| AccessAction::EnrolTotp { user: PARWIN, secret: envelope(byte) };
    let remove = || AccessAction::RemoveTotp { user: PARWIN };
    let ledger = given::<Access>(founded());
    assert!(ledger.state().user(PARWIN).unwrap().owes_totp());
    let ledger = ledger
        .when(at(now, OURS, confirm(step(now))))
        .refused(AccessError::InvalidTransition("no second factor is enrolled"))
        .when(at(now, OURS, remove()))
        .refused(AccessError::InvalidTransition("no second factor is enrolled"))
        .when(at(now, OURS, enrol(5)))
        .then(enrolled())
        .when(at(now, OURS, attempt()))
        .committed()
        .when(at(now, OURS, conclude(passed(0, None))))
        .committed()
        .when(at(now, OURS, confirm(step(now) + 5)))
        .refused(AccessError::InvalidValue("the code is of another time"))
        .when(at(now, OURS, confirm(step(now))))
        .then([TotpConfirmed { user: PARWIN, step: step(now) }]);
    assert!(!ledger.state().user(PARWIN).unwrap().owes_totp());
    ledger
        .when(at(now, OURS, enrol(6)))
        .refused(AccessError::InvalidTransition("a second factor is set up; remove it first"))
        .when(at(now, OURS, confirm(step(now) + 1)))
        .refused(AccessError::InvalidTransition("the second factor is confirmed already"))
        .when(at(now, OURS, remove()))
        .then([TotpRemoved { user: PARWIN }]);
}

#[test]
fn a_code_is_asked_for_and_counts_once() {
    let now = 10 * MINUTE;
    let confirmed = [TotpConfirmed { user: PARWIN, step: step(now) }];
    let ledger = given::<Access>(after(enrolled().into_iter().chain(confirmed)));
    let ledger = ledger.when(at(now, OURS, attempt())).committed();
    let reason = LoginFailure::CodeUsedAgain;
    let later = now + 30 * SECOND;
    ledger
        .when(at(now, OURS, conclude(passed(0, None))))
        .refused(AccessError::InvalidValue("a code is needed"))
        .when(at(now, OURS, conclude(passed(0, Some(u64::MAX)))))
        .refused(AccessError::InvalidValue("the code is of another time"))
        .when(at(now, OURS, conclude(passed(0, Some(step(now))))))
        .then([LoginFailed { user: PARWIN, reason }])
        .when(at(later, OURS, attempt()))
        .committed()
        .when(at(later, OURS, conclude(passed(0, Some(step(later))))))
        .committed()
        .when(at(later, OURS, attempt()))
        .committed()
        .when(at(later, OURS, conclude(passed(1, Some(step(later))))))
        .then([LoginFailed { user: PARWIN, reason }]);
    given::<Access>(after([attempted(now)]))
        .when(at(now, OURS, conclude(passed(0, Some(step(now))))))
        .refused(AccessError::InvalidValue("there is no second factor to have a code of"));
}

#[test]
fn a_refresh_token_is_used_once() {
    let refresh = |generation| AccessAction::RefreshSession { session: session(0), generation };
    let past = || after([attempted(0), begun(PARWIN, 0)]);
    let ledger = given::<Access>(past())
        .when(at(1, OURS, refresh(1)))
        .refused(AccessError::SessionEnded)
        .when(at(1, OURS, refresh(0)))
        .then([SessionRefreshed { session: session(0), generation: 1 }])
        .when(at(2, OURS, refresh(1)))
        .then([SessionRefreshed { session: session(0), generation: 2 }])
        .when(at(3, OURS, refresh(1)))
        .then([SessionEnded { session: session(0), reason: SessionEnd::Reused }]);
    ledger.when(at(4, OURS, refresh(2))).refused(AccessError::SessionEnded);
    given::<Access>(past()).when(at(SESSION_LASTS.0, OURS, refresh(0))).refused(AccessError::SessionEnded);
    given::<Access>(past())
        .when(at(1, OURS, AccessAction::EndSession { session: session(0) }))
        .then([SessionEnded { session: session(0), reason: SessionEnd::LoggedOut }])
        .when(at(1, OURS, AccessAction::EndSession { session: session(0) }))
        .refused(AccessError::SessionEnded);
}

#[test]
fn one_session_too_many_ends_the_oldest() {
    let logins = (0..SESSIONS_MAX as u128).flat_map(|index| [attempted(0), begun(PARWIN, index)]);
    let now = 10 * MINUTE;
    let ledger = given::<Access>(after(logins)).when(at(now, OURS, attempt())).committed();
    let next = SESSIONS_MAX as u128;
    let expires = At(now).plus(SESSION_LASTS);
    let ledger = ledger.when(at(now, OURS, conclude(passed(next, None)))).then([
        SessionEnded { session: session(0), reason: SessionEnd::Displaced },
        LoginSucceeded { user: PARWIN, session: session(next), expires, totp_step: None },
    ]);
    assert_eq!(ledger.state().user(PARWIN).unwrap().sessions.len(), SESSIONS_MAX);
}

#[test]
fn nobody_begins_a_session_that_is_there() {
    let past = after([attempted(0), begun(PARWIN, 0), attempted(0)]);
    given::<Access>(past).when(at(1, OURS, conclude(passed(0, None)))).refused(AccessError::AlreadyExists("session"));
    let unknown = AccessAction::AttemptLogin { user: ActorId::NIL };
    given::<Access>(founded()).when(at(1, OURS, unknown)).refused(AccessError::NotFound("user"));
}

#[test]
fn a_name_nobody_has_is_answered_as_one_that_somebody_has() {
    let (mut nobody, mut ledger) = (Logins::default(), given::<Access>(founded()));
    let mut answers = Vec::new();
    for nth in 0..60 {
        let now = nth * 4 * SECOND;
        let decided = ledger.when(at(now, OURS, attempt()));
        let (known, unknown);
        (ledger, known, unknown) = match nobody.fail_as_nobody(At(now)) {
            Ok(()) => (decided.committed().when(at(now, OURS, conclude(WRONG))).committed(), "FAILED", "FAILED"),
            Err(error) => {
                let code = decided.code(AccessError::code);
                (decided.refused(error.clone()), code, error.code())
            }
        };
        assert_eq!(known, unknown);
        answers.push(known);
    }
    assert!(answers.contains(&"ACCOUNT_LOCKED") && answers.contains(&"FAILED"), "{answers:?}");
}
