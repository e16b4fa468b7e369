//! The access ledger: commands come sealed, and the answer says what the record says came of them.
use super::endpoint::{Asked, Endpoint, misplaced};
use super::verdict::failure_at;
use crate::answer::{AccessDone, AccessOutcome};
use crate::fingerprint::fingerprint_of;
use crate::trace;
use crate::wire::{Answer, Failure, Request};
use peyk_domain::access::{Access, AccessAction, AccessEvent, Scope};
use peyk_domain::{ActorId, TenantId};
use peyk_ledger::{Clock, Committed, WriterHandle};
use std::sync::Arc;
use tokio::sync::watch;

/// What answers the commands of the access ledger.
pub(crate) struct Reception {
    pub writer: WriterHandle<Access>,
    pub clock: Clock,
}

impl Endpoint for Reception {
    fn leadership(&self) -> watch::Receiver<bool> {
        self.writer.leadership()
    }

    async fn answer(self: Arc<Self>, asked: Asked) -> Answer {
        let Asked { id, actor, tenant, deadline, request } = asked;
        let Ok(fingerprint) = fingerprint_of(&request) else { return misplaced() };
        let Request::Access(sealed) = request else { return misplaced() };
        if !within(sealed.command.scope, tenant) {
            return Answer::Failed(Failure::Malformed { reason: "the scope is another tenant's".to_owned() });
        }
        if !by_who_asks(&sealed.command.action, actor) {
            return Answer::Failed(Failure::Malformed { reason: "it is done in the name of who asks".to_owned() });
        }
        let request = peyk_ledger::Request { id, fingerprint, actor, tenant, deadline, command: sealed.command };
        match trace::submit(&self.writer, request).await {
            Ok(committed) => Answer::Access(from_record(&committed)),
            Err(error) => Answer::Failed(failure_at(&error, self.clock.now())),
        }
    }
}

/// Whether somebody of `tenant` may speak for so much: a tenant never for another. The nil tenant is the platform, which also
/// speaks for who is about to log in.
fn within(scope: Scope, tenant: TenantId) -> bool {
    tenant.is_nil() || matches!(scope, Scope::Platform) || scope == Scope::Tenant(tenant)
}

/// Whether a review or an erasure names as who did it who asks, whom the record names too.
fn by_who_asks(action: &AccessAction, actor: ActorId) -> bool {
    match action {
        AccessAction::Review { by, .. } | AccessAction::EraseTenant { by, .. } | AccessAction::EraseUser { by, .. } => {
            *by == actor
        }
        _ => true,
    }
}

/// The answer as the record has it, be it new or of an earlier command with the same id.
fn from_record(committed: &Committed<AccessEvent>) -> AccessDone {
    AccessDone {
        receipt: committed.receipt,
        repeated: committed.repeated,
        outcome: outcome(&committed.events).unwrap_or(AccessOutcome::Done),
    }
}

fn outcome(events: &[AccessEvent]) -> Option<AccessOutcome> {
    let find = |one: fn(&AccessEvent) -> Option<AccessOutcome>| events.iter().find_map(one);
    // A login that displaces another session, and a failure that locks, say two things; this one is the answer.
    find(|event| match *event {
        AccessEvent::LoginSucceeded { session, expires, .. } => Some(AccessOutcome::LoggedIn { session, expires }),
        AccessEvent::UserLocked { until, .. } => Some(AccessOutcome::Locked { until }),
        AccessEvent::SessionRefreshed { session, generation } => Some(AccessOutcome::Refreshed { session, generation }),
        _ => None,
    })
    .or(find(|event| match *event {
        AccessEvent::LoginFailed { reason, .. } => Some(AccessOutcome::LoginFailed { reason }),
        _ => None,
    }))
    .or(match *events {
        // What ends sessions by the way, as a change of roles, begins with that change.
        [AccessEvent::SessionEnded { session, reason }]
        | [AccessEvent::Requested { .. }, AccessEvent::SessionEnded { session, reason }] => {
            Some(AccessOutcome::SessionEnded { session, reason })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::access::{Envelope, LoginFailure, SessionEnd};
    use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass, Sealed, SealedFor};
    use peyk_domain::numbering::Reason;
    use peyk_domain::{At, RequestId, SessionId};

    const USER: ActorId = ActorId::from_bytes([1; 16]);
    const SESSION: SessionId = SessionId::from_bytes([2; 16]);
    const OLDEST: SessionId = SessionId::from_bytes([3; 16]);

    fn requested() -> AccessEvent {
        let (class, month) = (RetentionClass::Audit, MonthKey(24_322));
        let sealed_for = SealedFor { class, month, generation: Generation(0), leaf: Leaf(1) };
        let source = Envelope { sealed_for, sealed: Sealed(Box::from([0; 44])) };
        AccessEvent::Requested { request: RequestId::from_bytes([4; 16]), source }
    }

    #[test]
    fn nobody_speaks_for_more_than_its_own_tenant() {
        let (own, other) = (TenantId::from_bytes([7; 16]), TenantId::from_bytes([8; 16]));
        assert!(within(Scope::Tenant(own), own));
        assert!(!within(Scope::Tenant(other), own));
        // A login is the platform's word about somebody of a tenant.
        assert!(within(Scope::Platform, own));
        assert!(within(Scope::Platform, TenantId::NIL) && within(Scope::Tenant(other), TenantId::NIL));
    }

    #[test]
    fn nobody_reviews_in_the_name_of_another() {
        let review = |by| AccessAction::Review { tenant: TenantId::NIL, by, accounts: Vec::new() };
        assert!(by_who_asks(&review(USER), USER) && by_who_asks(&AccessAction::Tick, USER));
        assert!(!by_who_asks(&review(ActorId::NIL), USER) && !by_who_asks(&review(USER), ActorId::NIL));
        let justification = || Reason::new("the contract has ended and they ask for it").unwrap();
        let tenant = |by| AccessAction::EraseTenant { tenant: TenantId::NIL, by, justification: justification() };
        let user = |by| AccessAction::EraseUser { user: USER, by, justification: justification() };
        assert!(by_who_asks(&tenant(USER), USER) && by_who_asks(&user(USER), USER));
        assert!(!by_who_asks(&tenant(ActorId::NIL), USER) && !by_who_asks(&user(ActorId::NIL), USER));
    }

    /// Each answer from each record that can lead to it, with the request before it and without.
    #[test]
    fn an_answer_is_what_the_record_says() {
        let expires = At(9);
        let succeeded = AccessEvent::LoginSucceeded { user: USER, session: SESSION, expires, totp_step: None };
        let failed = AccessEvent::LoginFailed { user: USER, reason: LoginFailure::Code };
        let ended = |session, reason| AccessEvent::SessionEnded { session, reason };
        let logged_in = AccessOutcome::LoggedIn { session: SESSION, expires };
        for (events, expected) in [
            (vec![], AccessOutcome::Done),
            (vec![AccessEvent::UserDisabled { user: USER }], AccessOutcome::Done),
            (vec![AccessEvent::UserDisabled { user: USER }, ended(SESSION, SessionEnd::Disabled)], AccessOutcome::Done),
            (vec![succeeded.clone()], logged_in),
            (vec![ended(OLDEST, SessionEnd::Displaced), succeeded.clone()], logged_in),
            (vec![succeeded, ended(OLDEST, SessionEnd::Displaced)], logged_in),
            (vec![failed.clone()], AccessOutcome::LoginFailed { reason: LoginFailure::Code }),
            (
                vec![failed, AccessEvent::UserLocked { user: USER, until: At(7) }],
                AccessOutcome::Locked { until: At(7) },
            ),
            (
                vec![AccessEvent::SessionRefreshed { session: SESSION, generation: 3 }],
                AccessOutcome::Refreshed { session: SESSION, generation: 3 },
            ),
            (
                vec![ended(SESSION, SessionEnd::Reused)],
                AccessOutcome::SessionEnded { session: SESSION, reason: SessionEnd::Reused },
            ),
        ] {
            assert_eq!(outcome(&events).unwrap_or(AccessOutcome::Done), expected, "{events:?}");
            let events: Vec<_> = std::iter::once(requested()).chain(events).collect();
            assert_eq!(outcome(&events).unwrap_or(AccessOutcome::Done), expected, "{events:?}");
        }
    }
}
