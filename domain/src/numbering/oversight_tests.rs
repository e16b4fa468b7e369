use super::NumberingCommand::{Assign, Hold, Release, Tick};
use super::NumberingEvent::*;
use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{At, Span};

#[test]
fn a_lease_for_a_period_ends_in_the_calendar() {
    let assign = |months| NumberingCommand::Assign {
        number: number(1),
        tenant: HERAT,
        period: Some(Period { months, renews: false }),
        vanity: false,
        expected: Expected::default(),
    };
    let ledger = || given::<Numbering>([listed(), reserved(JANUARY + 60)]);
    ledger().when(at(JANUARY, assign(1))).then([leased_for(Period { months: 1, renews: false })]);
    for months in [0, 37] {
        assert_eq!(ledger().when(at(JANUARY, assign(months))).code(NumberingError::code), "INVALID_VALUE");
    }
}

#[test]
fn a_term_that_is_not_renewed_ends_in_a_cool_off_counted_from_its_end() {
    let (cooled, late) = (FEBRUARY + COOL_OFF_MS, FEBRUARY + 5_000);
    let ledger = given::<Numbering>(leased(false));
    assert_eq!(ledger.state().holder(number(1), At(FEBRUARY - 1)), Some(HERAT));
    assert_eq!(ledger.state().holder(number(1), At(FEBRUARY)), None);
    ledger.when(at(FEBRUARY - 1, Tick)).then_nothing().when(at(late, Tick)).then([expired(cooled)]);
    given::<Numbering>(leased(false))
        .when(at(late, reserve(KABUL, SECOND, MINUTE)))
        .refused(NumberingError::Quarantined { until: At(cooled) });
    given::<Numbering>(leased(false)).when(at(cooled, reserve(KABUL, SECOND, MINUTE))).then([
        expired(cooled),
        QuarantineEnded { number: number(1) },
        taken(1, SECOND, KABUL, cooled, cooled + 60_000),
    ]);
}

#[test]
fn a_term_that_renews_itself_goes_on_period_by_period() {
    given::<Numbering>(leased(true)).when(at(FEBRUARY, Tick)).then([renewed(MARCH)]);
    let ledger = given::<Numbering>(leased(true)).when(at(MARCH, Tick)).committed();
    assert_eq!(ledger.state().holder(number(1), At(MARCH)), Some(HERAT));
    let two_periods = given::<Numbering>(leased(true)).when(at(MARCH, Tick));
    assert_eq!(two_periods.events().len(), 2);
}

#[test]
fn a_lease_is_renewed_at_most_one_period_ahead() {
    given::<Numbering>(leased(false))
        .when(at(JANUARY + 1, renew(HERAT)))
        .then([renewed(MARCH)])
        .when(at(JANUARY + 2, renew(HERAT)))
        .refused(NumberingError::InvalidTransition("it is renewed more than a period ahead already"))
        .when(at(FEBRUARY, Tick))
        .then_nothing();
    given::<Numbering>(leased(false)).when(at(JANUARY, renew(KABUL))).refused(NumberingError::NotFound);
    for past in [vec![listed(), reserved(60)], vec![listed(), reserved(60), assigned()], vec![listed()]] {
        assert_eq!(given::<Numbering>(past).when(at(1, renew(HERAT))).code(NumberingError::code), "INVALID_TRANSITION");
    }
}

#[test]
fn a_recalled_number_is_of_use_to_nobody() {
    let past = [listed(), reserved(60), assigned()];
    let ledger =
        given::<Numbering>(past).when(at(100, recall("The operator asked for it back."))).then([recalled(100)]);
    assert_eq!(ledger.state().holder(number(1), At(101)), None);
    let past = || [listed(), reserved(60), assigned(), recalled(100)];
    for (command, code) in [
        (reserve(KABUL, SECOND, MINUTE), "INVALID_TRANSITION"),
        (release_by(number(1), HERAT), "INVALID_TRANSITION"),
        (release_by(number(1), KABUL), "NOT_FOUND"),
        (renew(HERAT), "INVALID_TRANSITION"),
        (recall("Again, please."), "INVALID_TRANSITION"),
    ] {
        assert_eq!(given::<Numbering>(past()).when(at(u64::from(u32::MAX), command)).code(NumberingError::code), code);
    }
    for past in [vec![listed()], vec![listed(), reserved(60)]] {
        let refused = given::<Numbering>(past).when(at(1, recall("Because.")));
        assert_eq!(refused.code(NumberingError::code), "INVALID_TRANSITION");
    }
    let silent = given::<Numbering>([listed(), reserved(60), assigned()]).when(at(100, recall("  ")));
    assert_eq!(silent.code(NumberingError::code), "INVALID_VALUE");
}

#[test]
fn a_recall_is_undone_for_the_tenant_or_for_the_pool() {
    let past = || [listed(), reserved(60), assigned(), recalled(100)];
    let again = LeaseReinstated { number: number(1), lease: FIRST, tenant: HERAT, justification: why() };
    let ledger = given::<Numbering>(past()).when(at(200, reinstate(Reinstatement::Tenant))).then([again]);
    assert_eq!(ledger.state().holder(number(1), At(u64::MAX)), Some(HERAT));

    // The pool still waits out the cool-off, which began with the recall.
    let cools_until = At(100 + COOL_OFF_MS);
    let returned = NumberReturned { number: number(1), since: At(100), cools_until, justification: why() };
    given::<Numbering>(past())
        .when(at(200, reinstate(Reinstatement::Pool)))
        .then([returned.clone()])
        .when(at(201, reserve(KABUL, SECOND, MINUTE)))
        .refused(NumberingError::Quarantined { until: cools_until });
    given::<Numbering>(past())
        .when(at(cools_until.0 + 7, reinstate(Reinstatement::Pool)))
        .then([returned])
        .when(at(cools_until.0 + 7, reserve(KABUL, SECOND, MINUTE)))
        .committed();
    let never = given::<Numbering>([listed()]).when(at(1, reinstate(Reinstatement::Pool)));
    assert_eq!(never.code(NumberingError::code), "INVALID_TRANSITION");
}

#[test]
fn a_term_that_ended_during_a_recall_does_not_come_back() {
    let past = |renews| leased(renews).into_iter().chain([recalled(JANUARY + 1)]);
    given::<Numbering>(past(false)).when(at(FEBRUARY - 1, reinstate(Reinstatement::Tenant))).committed();
    let late = given::<Numbering>(past(false)).when(at(FEBRUARY, reinstate(Reinstatement::Tenant)));
    assert_eq!(late.code(NumberingError::code), "INVALID_TRANSITION");
    given::<Numbering>(past(true))
        .when(at(FEBRUARY, reinstate(Reinstatement::Tenant)))
        .committed()
        .when(at(FEBRUARY, Tick))
        .then([renewed(MARCH)]);
}

#[test]
fn a_retired_number_is_out_of_use_for_ever() {
    let retired = NumberRetired { number: number(1), justification: why() };
    for past in [vec![listed()], vec![listed(), reserved(60), assigned(), recalled(70)]] {
        let ledger = given::<Numbering>(past).when(at(80, retire())).then([retired.clone()]);
        for command in
            [reserve(HERAT, FIRST, MINUTE), retire(), reinstate(Reinstatement::Pool), release_by(number(1), HERAT)]
        {
            let refused = given::<Numbering>([listed(), retired.clone()]).when(at(u64::from(u32::MAX), command));
            assert_eq!(refused.code(NumberingError::code), "INVALID_TRANSITION");
        }
        assert_eq!(ledger.when(at(81, import(vec![number(1)]))).code(NumberingError::code), "INVALID_ROWS");
    }
    for past in [vec![listed(), reserved(60)], vec![listed(), reserved(60), assigned()]] {
        let refused = given::<Numbering>(past).when(at(1, retire()));
        assert_eq!(refused.code(NumberingError::code), "INVALID_TRANSITION");
    }
}

#[test]
fn a_cool_off_is_overridden_within_bounds_nobody_moves() {
    let past = || [listed(), reserved(60), assigned(), released(100, 100 + COOL_OFF_MS)];
    for lasts in [Span(COOL_OFF_MIN.0 - 1), Span(COOL_OFF_MAX.0 + 1)] {
        let refused = given::<Numbering>(past()).when(at(200, cool_off(lasts)));
        assert_eq!(refused.code(NumberingError::code), "INVALID_VALUE");
    }
    for lasts in [COOL_OFF_MIN, COOL_OFF_MAX] {
        let until = At(100).plus(lasts);
        let overridden = CoolOffOverridden { number: number(1), until, justification: why() };
        given::<Numbering>(past())
            .when(at(200, cool_off(lasts)))
            .then([overridden])
            .when(at(until.0 - 1, reserve(KABUL, SECOND, MINUTE)))
            .refused(NumberingError::Quarantined { until })
            .when(at(until.0, reserve(KABUL, SECOND, MINUTE)))
            .committed();
    }
    let standing = given::<Numbering>([listed(), reserved(60), assigned()]).when(at(1, cool_off(COOL_OFF_MIN)));
    assert_eq!(standing.code(NumberingError::code), "INVALID_TRANSITION");
}

#[test]
fn what_overrides_a_rule_is_justified_in_twenty_characters() {
    let short = || Reason::new("  nineteen characters  ").expect("a reason");
    let expected = Expected::default();
    for command in [
        NumberingCommand::Reinstate { number: number(1), to: Reinstatement::Pool, justification: short(), expected },
        NumberingCommand::Retire { number: number(1), justification: short(), expected },
        NumberingCommand::OverrideCoolOff { number: number(1), lasts: COOL_OFF_MIN, justification: short(), expected },
    ] {
        given::<Numbering>([listed()]).when(at(1, command)).refused(NumberingError::JustificationTooShort);
    }
}

#[test]
fn a_number_that_changed_meanwhile_is_left_alone() {
    let other_lease = Expected { lease: Some(SECOND), until: None };
    let other_end = Expected { lease: Some(FIRST), until: Some(At(61)) };
    for expected in [other_lease, other_end] {
        for command in [
            Hold { number: number(1), tenant: HERAT, ttl: MINUTE, expected },
            Assign { number: number(1), tenant: HERAT, period: None, vanity: false, expected },
            Release { number: number(1), tenant: HERAT, expected },
        ] {
            given::<Numbering>([listed(), reserved(60)]).when(at(1, command)).refused(NumberingError::Changed);
        }
        // Whoever has no claim learns nothing from it.
        let guess = Release { number: number(1), tenant: KABUL, expected };
        given::<Numbering>([listed(), reserved(60)]).when(at(1, guess)).refused(NumberingError::NotFound);
        let recall = NumberingCommand::Recall { number: number(1), reason: why(), expected };
        given::<Numbering>(leased(true)).when(at(JANUARY, recall)).refused(NumberingError::Changed);
    }
    let expected = Expected { lease: Some(FIRST), until: Some(At(60)) };
    given::<Numbering>([listed(), reserved(60)])
        .when(at(1, Release { number: number(1), tenant: HERAT, expected }))
        .then([released(1, 1)]);
    // Twice the same renewal, and the second finds another end.
    let expected = Expected { lease: Some(FIRST), until: Some(At(FEBRUARY)) };
    let renew = || NumberingCommand::Renew { number: number(1), tenant: HERAT, expected };
    given::<Numbering>(leased(false))
        .when(at(JANUARY, renew()))
        .then([renewed(MARCH)])
        .when(at(JANUARY, renew()))
        .refused(NumberingError::Changed);
}
