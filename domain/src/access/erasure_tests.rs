use super::AccessEvent::*;
use super::sample::*;
use super::*;
use crate::numbering::Reason;
use crate::testing::given;
use crate::{ActorId, At, Dated, TenantId};
use proptest::prelude::*;

const SECOND_KEY: ActorId = ActorId::from_bytes([18; 16]);
const SARA: ActorId = ActorId::from_bytes([19; 16]);

fn why() -> Reason {
    Reason::new("the contract has ended and they ask for it").expect("a reason")
}

fn erase_tenant(tenant: TenantId) -> AccessAction {
    AccessAction::EraseTenant { tenant, by: ROOT, justification: why() }
}

fn erase_user(user: ActorId, by: ActorId) -> AccessAction {
    AccessAction::EraseUser { user, by, justification: why() }
}

fn begun_of(tenant: TenantId) -> AccessEvent {
    TenantErasureBegun { tenant, by: ROOT, at: At(5), justification: why() }
}

fn gone(user: ActorId, tenant: TenantId, by: ActorId, justification: Option<Reason>) -> AccessEvent {
    UserErased { user, tenant, by, at: At(5), justification }
}

fn left(tenant: TenantId) -> AccessEvent {
    TenantErased { tenant, tombstone: tenant.tombstone(), at: At(5) }
}

/// HERAT suspended, with a user who is logged in and a key.
fn suspended() -> Vec<AccessEvent> {
    after([
        key_created(new_key(KEY, HERAT, &[Role::AccountSender])),
        LoginAttempted { user: PARWIN, at: At(0) },
        begun(PARWIN, 0),
        TenantSuspended { tenant: HERAT },
    ])
}

fn code(past: Vec<AccessEvent>, scope: Scope, action: AccessAction) -> &'static str {
    given::<Access>(past).when(at(5, scope, action)).code(AccessError::code)
}

#[test]
fn a_tenant_goes_from_suspended_to_nothing_step_by_step() {
    let ended = SessionEnded { session: session(0), reason: SessionEnd::Disabled };
    let complete = AccessAction::CompleteTenantErasure { tenant: HERAT };
    let ledger = given::<Access>(suspended())
        .when(at(5, OURS, erase_tenant(HERAT)))
        .then([begun_of(HERAT)])
        .when(at(5, OURS, complete.clone()))
        .refused(AccessError::InvalidTransition("the tenant has accounts that are still to go"))
        .when(at(5, OURS, AccessAction::Tick))
        .then([KeyRevoked { key: KEY }, ended, gone(PARWIN, HERAT, ROOT, None)])
        .when(at(5, OURS, AccessAction::Tick))
        .then_nothing()
        .when(at(5, OURS, complete.clone()))
        .then([left(HERAT)])
        .when(at(5, OURS, complete))
        .refused(AccessError::InvalidTransition("the tenant is erased already"));
    let directory = ledger.state();
    assert!(directory.tenant(HERAT).is_none() && directory.user(PARWIN).is_none() && directory.key(KEY).is_none());
    assert!(directory.signed_in(session(0), At(5)).is_none() && !directory.is_active(HERAT));
    let erased = Erased { by: ROOT, since: At(5), done: At(5), partition: 3 };
    assert_eq!(directory.tenant_erasure(HERAT), Some(TenantErasure::Done(erased)));
    assert!(directory.tenant(KABUL).is_some() && directory.user(QASIM).is_some());
    assert_eq!((directory.tenants_erased(), directory.people_erased()), (1, 0));
    assert_eq!((directory.departed(3).collect::<Vec<_>>(), directory.departed(0).count()), (vec![HERAT], 0));
}

#[test]
fn nobody_acts_for_a_tenant_from_the_moment_its_erasure_begins() {
    let past = || suspended().into_iter().chain([begun_of(HERAT)]).collect::<Vec<_>>();
    for action in [
        AccessAction::ResumeTenant { tenant: HERAT },
        AccessAction::SetLimits { tenant: HERAT, limits: Limits::default() },
        AccessAction::CreateUser(new_user(SARA, HERAT, &[Role::TenantAdmin])),
        AccessAction::CreateKey(new_key(SECOND_KEY, HERAT, &[])),
        AccessAction::EnableUser { user: PARWIN },
        AccessAction::AttemptLogin { user: PARWIN },
        AccessAction::RevokeKey { key: KEY },
    ] {
        for scope in [OURS, Scope::Tenant(HERAT)] {
            assert_eq!(code(past(), scope, action.clone()), "NOT_FOUND", "{action:?} by {scope:?}");
        }
    }
    let refresh = AccessAction::RefreshSession { session: session(0), generation: 0 };
    assert_eq!(code(past(), OURS, refresh), "SESSION_ENDED");
}

#[test]
fn a_tenant_is_erased_once_by_the_platform_with_a_reason_and_only_while_suspended() {
    let begun = || suspended().into_iter().chain([begun_of(HERAT)]).collect::<Vec<_>>();
    assert_eq!(code(founded(), OURS, erase_tenant(HERAT)), "INVALID_TRANSITION", "it is active");
    assert_eq!(code(begun(), OURS, erase_tenant(HERAT)), "INVALID_TRANSITION", "twice");
    assert_eq!(code(suspended(), Scope::Tenant(HERAT), erase_tenant(HERAT)), "INSUFFICIENT_SCOPE");
    assert_eq!(code(suspended(), Scope::Tenant(KABUL), erase_tenant(HERAT)), "INSUFFICIENT_SCOPE");
    assert_eq!(code(suspended(), OURS, erase_tenant(TenantId::NIL)), "NOT_FOUND");
    assert_eq!(code(suspended(), OURS, erase_tenant(TenantId::from_bytes([9; 16]))), "NOT_FOUND");
    let short = Reason::new("because").expect("a reason");
    let unjustified = AccessAction::EraseTenant { tenant: HERAT, by: ROOT, justification: short };
    assert_eq!(code(suspended(), OURS, unjustified), "JUSTIFICATION_TOO_SHORT");
    let complete = AccessAction::CompleteTenantErasure { tenant: KABUL };
    assert_eq!(code(begun(), OURS, complete.clone()), "NOT_FOUND");
    assert_eq!(code(begun(), Scope::Tenant(KABUL), complete), "INSUFFICIENT_SCOPE");
}

#[test]
fn an_id_that_was_erased_is_nobodys_again_and_a_tombstone_is_no_tenant() {
    let create = |tenant| AccessAction::CreateTenant { tenant, name: envelope(1), region: region(), partition: 0 };
    let begun = suspended().into_iter().chain([begun_of(HERAT)]).collect::<Vec<_>>();
    assert_eq!(code(begun, OURS, create(HERAT)), "ALREADY_EXISTS");
    let done =
        after([TenantSuspended { tenant: HERAT }, begun_of(HERAT), gone(PARWIN, HERAT, ROOT, None), left(HERAT)]);
    assert_eq!(code(done.clone(), OURS, create(HERAT)), "ALREADY_EXISTS");
    assert_eq!(code(done.clone(), OURS, create(HERAT.tombstone())), "INVALID_VALUE");
    // The login name is free, and so is the id of somebody whose tenant is gone.
    let again = AccessAction::CreateUser(new_user(PARWIN, KABUL, &[Role::TenantAdmin]));
    given::<Access>(done).when(at(0, OURS, again)).then([user_created(PARWIN, KABUL, &[Role::TenantAdmin])]);
}

#[test]
fn a_person_goes_at_once_and_is_done_when_the_keys_are() {
    let past = after([LoginAttempted { user: PARWIN, at: At(0) }, begun(PARWIN, 0)]);
    let ended = SessionEnded { session: session(0), reason: SessionEnd::Disabled };
    let complete = AccessAction::CompleteUserErasure { user: PARWIN };
    let ledger = given::<Access>(past)
        .when(at(5, Scope::Tenant(HERAT), erase_user(PARWIN, QASIM)))
        .then([ended, gone(PARWIN, HERAT, QASIM, Some(why()))]);
    assert_eq!(ledger.state().keyed_people().collect::<Vec<_>>(), [(PARWIN, HERAT)]);
    assert_eq!(ledger.state().people_erased(), 0);
    let ledger = ledger
        .when(at(5, OURS, complete.clone()))
        .then([UserKeysDestroyed { user: PARWIN, tenant: HERAT, at: At(5) }])
        .when(at(5, OURS, complete))
        .refused(AccessError::InvalidTransition("the keys are destroyed already"));
    assert_eq!((ledger.state().keyed_people().count(), ledger.state().people_erased()), (0, 1));
    let erased = ErasedPerson { tenant: HERAT, by: QASIM, since: At(5), done: Some(At(5)) };
    assert_eq!(ledger.state().erased_person(PARWIN), Some(&erased));
}

#[test]
fn a_person_is_erased_once_by_somebody_else_whose_word_reaches() {
    let past = || after([gone(PARWIN, HERAT, ROOT, Some(why()))]);
    assert_eq!(code(past(), OURS, erase_user(PARWIN, ROOT)), "INVALID_TRANSITION");
    assert_eq!(code(past(), Scope::Tenant(KABUL), erase_user(PARWIN, QASIM)), "NOT_FOUND");
    assert_eq!(code(founded(), Scope::Tenant(KABUL), erase_user(PARWIN, QASIM)), "NOT_FOUND");
    assert_eq!(code(founded(), Scope::Tenant(HERAT), erase_user(PARWIN, PARWIN)), "INSUFFICIENT_SCOPE");
    assert_eq!(code(founded(), OURS, erase_user(ROOT, ActorId::NIL)), "INVALID_TRANSITION", "the last admin");
    let short = Reason::new("because").expect("a reason");
    let unjustified = AccessAction::EraseUser { user: PARWIN, by: ROOT, justification: short };
    assert_eq!(code(founded(), OURS, unjustified), "JUSTIFICATION_TOO_SHORT");
    let again = AccessAction::CreateUser(new_user(PARWIN, HERAT, &[]));
    assert_eq!(code(past(), OURS, again), "ALREADY_EXISTS", "the id stays theirs");
    let mut namesake = new_user(SARA, HERAT, &[]);
    namesake.login = new_user(PARWIN, HERAT, &[]).login;
    let created = given::<Access>(past()).when(at(0, OURS, AccessAction::CreateUser(namesake)));
    assert_eq!(created.events().len(), 1, "the login name is free");
    let complete = AccessAction::CompleteUserErasure { user: QASIM };
    assert_eq!(code(past(), OURS, complete), "NOT_FOUND");
}

#[test]
fn people_who_were_erased_before_go_with_their_tenant() {
    let past = after([gone(PARWIN, HERAT, ROOT, Some(why())), TenantSuspended { tenant: HERAT }, begun_of(HERAT)]);
    let ledger = given::<Access>(past);
    assert_eq!((ledger.state().keyed_people().count(), ledger.state().erased_person(PARWIN)), (0, None));
    assert_eq!(ledger.state().tenants_erased(), 0);
}

/// A tenant of many goes a bounded number at a time, and others lose nothing.
#[test]
fn a_large_tenant_goes_in_bounded_steps() {
    let id = |index: u128| ActorId::from_bytes((index + (1 << 100)).to_be_bytes());
    let user = |index: u128| {
        let mut new = new_user(id(index), HERAT, &[]);
        new.login.0[..16].copy_from_slice(&id(index).to_bytes());
        let NewUser { user, tenant, login, identity, verifier, roles } = new;
        UserCreated { user, tenant, login, identity, verifier, roles, at: None }
    };
    let mut directory = Directory::default();
    let people = (0..1_300).map(user);
    for event in after(people.chain([TenantSuspended { tenant: HERAT }, begun_of(HERAT)])) {
        directory.evolve(event).expect("it applies");
    }
    let mut steps = Vec::new();
    loop {
        let tick = Dated { at: At(9), command: at(9, OURS, AccessAction::Tick).command };
        let events = directory.decide(tick).expect("a tick");
        if events.is_empty() {
            break;
        }
        steps.push(events.len());
        events.into_iter().for_each(|event| directory.evolve(event).expect("it applies"));
    }
    assert_eq!(steps, [ACCESS_TICK_MAX, ACCESS_TICK_MAX, 301]);
    assert_eq!((directory.accounts(HERAT), directory.accounts(KABUL)), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was asked in whatever order: what is decided applies, an erased tenant or person never comes back, and a
    /// tenant that is on its way out is gone once time has acted.
    #[test]
    fn what_is_erased_stays_erased(asked in prop::collection::vec((0..9_u8, any::<bool>(), any::<bool>()), 1..60)) {
        let (tenant_of, user_of) = (|first| if first { HERAT } else { KABUL }, |first| if first { PARWIN } else { QASIM });
        let mut directory = Directory::default();
        founded().into_iter().for_each(|event| directory.evolve(event).expect("it applies"));
        let (mut tenants, mut people) = (Vec::new(), Vec::new());
        for (nth, (what, first, ours)) in asked.into_iter().enumerate() {
            let (tenant, user) = (tenant_of(first), user_of(first));
            let key = ActorId::from_bytes([100 + nth as u8; 16]);
            let action = match what {
                0 => AccessAction::SuspendTenant { tenant },
                1 => AccessAction::ResumeTenant { tenant },
                2 => erase_tenant(tenant),
                3 => AccessAction::CompleteTenantErasure { tenant },
                4 => erase_user(user, ROOT),
                5 => AccessAction::CompleteUserErasure { user },
                6 => AccessAction::CreateUser(new_user(user, tenant, &[])),
                7 => AccessAction::CreateKey(new_key(key, tenant, &[])),
                _ => AccessAction::Tick,
            };
            let scope = if ours { OURS } else { Scope::Tenant(tenant) };
            for event in directory.decide(at(nth as u64, scope, action)).unwrap_or_default() {
                match event {
                    TenantErasureBegun { tenant, .. } => tenants.push(tenant),
                    UserErased { user, justification: Some(_), .. } => people.push(user),
                    _ => {}
                }
                directory.evolve(event).expect("what was decided applies");
            }
            prop_assert!(tenants.iter().all(|tenant| directory.tenant(*tenant).is_none()));
            let known = |user: &ActorId| directory.erased_person(*user).is_none() || directory.user(*user).is_none();
            prop_assert!(people.iter().all(known));
        }
        while let events @ [_, ..] = &directory.decide(at(100, OURS, AccessAction::Tick)).expect("a tick")[..] {
            events.iter().cloned().for_each(|event| directory.evolve(event).expect("it applies"));
        }
        prop_assert!(tenants.iter().all(|tenant| directory.accounts(*tenant) == 0));
    }
}
