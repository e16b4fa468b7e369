use super::NumberingCommand::{Import, Reserve, Tick};
use super::NumberingEvent::*;
use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{At, Span};

#[test]
fn a_block_joins_the_inventory_whole() {
    let ledger = given::<Numbering>([]).when(at(1, import(vec![number(1), number(2)]))).then([listed()]);
    assert_eq!(ledger.state().lifecycle(number(2)), Some(&Lifecycle::Available));
    assert_eq!(ledger.state().counts(), Counts { available: 2, ..Counts::default() });
    assert_eq!(ledger.state().mno(BLOCK), Some("Roshan"));
}

#[test]
fn a_block_comes_in_several_commands_but_of_one_operator() {
    let more = NumbersListed { block: BLOCK, mno: "Roshan".to_owned(), numbers: vec![number(3).into()] };
    given::<Numbering>([listed()]).when(at(1, import(vec![number(3)]))).then([more]);
    let refused = given::<Numbering>([listed()])
        .when(at(1, Import { block: BLOCK, mno: "Etisalat".to_owned(), numbers: vec![number(3).into()] }));
    assert_eq!(refused.code(NumberingError::code), "INVALID_VALUE");
}

#[test]
fn rows_that_repeat_or_are_known_refuse_the_whole_import_and_are_named() {
    given::<Numbering>([listed()])
        .when(at(1, import(vec![number(7), number(2), number(8), number(7)])))
        .refused(NumberingError::InvalidRows { rows: vec![1, 3], count: 2 });
}

#[test]
fn ten_bad_rows_are_named_and_the_rest_counted() {
    given::<Numbering>([listed()])
        .when(at(1, import(vec![number(1); 14])))
        .refused(NumberingError::InvalidRows { rows: (0..10).collect(), count: 14 });
}

#[test]
fn an_import_is_bounded_and_sound() {
    let many = |count: u64| (10..10 + count).map(number).collect::<Vec<_>>();
    given::<Numbering>([]).when(at(1, import(many(501)))).refused(NumberingError::TooMany);
    given::<Numbering>([]).when(at(1, import(many(500)))).committed();
    for mno in [String::new(), "a\u{7}b".to_owned(), "x".repeat(101)] {
        let refused = given::<Numbering>([]).when(at(1, Import { block: BLOCK, mno, numbers: listings(many(1)) }));
        assert_eq!(refused.code(NumberingError::code), "INVALID_VALUE");
    }
    assert_eq!(given::<Numbering>([]).when(at(1, import(vec![]))).code(NumberingError::code), "INVALID_VALUE");
}

#[test]
fn a_number_is_reserved_once() {
    given::<Numbering>([listed()])
        .when(at(0, reserve(HERAT, FIRST, MINUTE)))
        .then([reserved(60_000)])
        .when(at(59_999, reserve(KABUL, SECOND, MINUTE)))
        .refused(NumberingError::Conflict)
        .when(at(59_999, reserve(HERAT, SECOND, MINUTE)))
        .refused(NumberingError::Conflict);
}

#[test]
fn a_number_nobody_listed_is_not_registered() {
    let unknown = number(9);
    for command in [
        Reserve { number: unknown, lease: FIRST, tenant: HERAT, ttl: MINUTE, vanity: false },
        hold_for(unknown, HERAT, MINUTE),
        assign_to(unknown, HERAT),
        release_by(unknown, HERAT),
    ] {
        given::<Numbering>([listed()]).when(at(1, command)).refused(NumberingError::NotRegistered);
    }
}

#[test]
fn a_reservation_that_ran_out_holds_nothing_and_goes_on_record_first() {
    given::<Numbering>([listed(), reserved(60)]).when(at(60, reserve(KABUL, SECOND, MINUTE))).then([
        ReservationExpired { number: number(1), lease: FIRST, tenant: HERAT },
        taken(1, SECOND, KABUL, 60, 60_060),
    ]);
}

#[test]
fn the_owner_of_a_reservation_that_ran_out_has_nothing_left() {
    let (reserve_first, nothing) =
        ("no reservation stands; reserve it first", "nobody has a claim on it; there is nothing to release");
    for (command, why) in [
        (hold_for(number(1), HERAT, MINUTE), reserve_first),
        (assign_to(number(1), HERAT), reserve_first),
        (release_by(number(1), HERAT), nothing),
    ] {
        let gone = NumberingError::InvalidTransition(why);
        given::<Numbering>([listed(), reserved(60)]).when(at(60, command)).refused(gone);
    }
}

#[test]
fn times_to_live_have_bounds() {
    let ledger = || given::<Numbering>([listed()]);
    for ttl in [Span(0), Span(999), Span(RESERVE_MAX.0 + 1), Span(u64::MAX)] {
        let refusal = NumberingError::TtlOutOfRange { min: TTL_MIN, max: RESERVE_MAX };
        ledger().when(at(1, reserve(HERAT, FIRST, ttl))).refused(refusal);
    }
    ledger().when(at(0, reserve(HERAT, FIRST, Span::hours(24)))).then([reserved(86_400_000)]);
    let reserved = || given::<Numbering>([listed(), reserved(60)]);
    for ttl in [Span(0), Span(HOLD_MAX.0 + 1)] {
        let refusal = NumberingError::TtlOutOfRange { min: TTL_MIN, max: HOLD_MAX };
        reserved().when(at(1, hold_for(number(1), HERAT, ttl))).refused(refusal);
    }
    let hold = hold_for(number(1), HERAT, HOLD_MAX);
    reserved().when(at(1, hold)).then([held(1 + HOLD_MAX.0)]);
}

#[test]
fn a_hold_prolongs_a_reservation_once_and_nothing_else() {
    let hold = || hold_for(number(1), HERAT, MINUTE);
    given::<Numbering>([listed(), reserved(60)])
        .when(at(59, hold()))
        .then([held(60_059)])
        .when(at(1_000, hold()))
        .refused(NumberingError::InvalidTransition("it is held already; assign or release it"));
    // An earlier version prolonged holds: what it recorded still folds.
    given::<Numbering>([listed(), reserved(60), held(90), held(120)])
        .when(at(119, assign_to(number(1), HERAT)))
        .then([assigned()]);
    given::<Numbering>([listed(), reserved(60), assigned()])
        .when(at(59, hold()))
        .refused(NumberingError::InvalidTransition("it is assigned already"));
    assert_eq!(given::<Numbering>([listed()]).when(at(1, hold())).code(NumberingError::code), "INVALID_TRANSITION");
}

#[test]
fn a_reservation_or_a_hold_becomes_a_lease() {
    let assign = || assign_to(number(1), HERAT);
    let ledger = given::<Numbering>([listed(), reserved(60)]).when(at(59, assign())).then([assigned()]);
    assert_eq!(ledger.state().holder(number(1), At(u64::MAX)), Some(HERAT));
    given::<Numbering>([listed(), reserved(60), held(90)]).when(at(89, assign())).then([assigned()]);
    given::<Numbering>([listed(), reserved(60), assigned()])
        .when(at(61, assign()))
        .refused(NumberingError::InvalidTransition("it is assigned already"));
}

#[test]
fn a_reservation_is_no_right_to_send() {
    assert_eq!(given::<Numbering>([listed(), reserved(60)]).state().holder(number(1), At(1)), None);
    assert_eq!(given::<Numbering>([listed(), reserved(60), held(90)]).state().holder(number(1), At(1)), None);
}

#[test]
fn a_stranger_does_not_learn_who_holds_a_number() {
    for past in [vec![listed(), reserved(60)], vec![listed(), reserved(60), assigned()]] {
        for command in [hold_for(number(1), KABUL, MINUTE), assign_to(number(1), KABUL), release_by(number(1), KABUL)] {
            given::<Numbering>(past.clone()).when(at(59, command)).refused(NumberingError::NotFound);
        }
    }
}

#[test]
fn an_assigned_number_cools_off_for_ninety_days() {
    let end = 100 + Span::days(90).0;
    given::<Numbering>([listed(), reserved(60), assigned()])
        .when(at(100, release_by(number(1), HERAT)))
        .then([released(100, end)])
        .when(at(end - 1, reserve(HERAT, SECOND, MINUTE)))
        .refused(NumberingError::Quarantined { until: At(end) })
        .when(at(end, reserve(KABUL, SECOND, MINUTE)))
        .then([QuarantineEnded { number: number(1) }, taken(1, SECOND, KABUL, end, end + 60_000)]);
}

#[test]
fn a_number_never_assigned_is_free_the_instant_it_is_released() {
    let ledger =
        given::<Numbering>([listed(), reserved(60)]).when(at(7, release_by(number(1), HERAT))).then([released(7, 7)]);
    ledger
        .when(at(7, reserve(KABUL, SECOND, MINUTE)))
        .then([QuarantineEnded { number: number(1) }, taken(1, SECOND, KABUL, 7, 60_007)]);
    given::<Numbering>([listed(), reserved(60), held(90)])
        .when(at(8, release_by(number(1), HERAT)))
        .then([released(8, 8)]);
}

#[test]
fn time_puts_on_record_what_ran_out() {
    given::<Numbering>([listed(), reserved(60)])
        .when(at(59, Tick))
        .then_nothing()
        .when(at(60, Tick))
        .then([ReservationExpired { number: number(1), lease: FIRST, tenant: HERAT }])
        .when(at(61, Tick))
        .then_nothing();
    given::<Numbering>([listed(), reserved(60), assigned(), released(70, 90)])
        .when(at(90, Tick))
        .then([QuarantineEnded { number: number(1) }]);
}

#[test]
fn a_tick_fires_a_bounded_number_of_timers_earliest_first() {
    let numbers = listings((1_000..2_200).map(number).collect());
    let listed = NumbersListed { block: BLOCK, mno: "Roshan".to_owned(), numbers };
    let reservations = (1_000..2_200).rev().zip(1..).map(|(last, until)| taken(last, FIRST, HERAT, 0, until));
    let first = given::<Numbering>([listed].into_iter().chain(reservations)).when(at(9_999, Tick));
    assert_eq!(first.events().len(), TICK_MAX);
    assert_eq!(first.events()[0], ReservationExpired { number: number(2_199), lease: FIRST, tenant: HERAT });
    let second = first.committed().when(at(9_999, Tick));
    assert_eq!(second.events().len(), TICK_MAX);
    let third = second.committed().when(at(9_999, Tick));
    assert_eq!(third.events().len(), 200);
    assert_eq!(third.committed().state().next_due(), None);
}

#[test]
fn a_ledger_that_contradicts_itself_is_not_applied() {
    let elsewhere = taken(9, FIRST, HERAT, 0, 9);
    let foreign = NumberAssigned { number: number(1), lease: SECOND, tenant: HERAT, term: None };
    for (past, event) in [
        (vec![], elsewhere),
        (vec![listed()], listed()),
        (vec![listed(), reserved(60)], reserved(90)),
        (vec![listed()], held(60)),
        (vec![listed()], assigned()),
        (vec![listed(), reserved(60)], foreign),
        (vec![listed(), reserved(60), assigned()], reserved(60)),
        (vec![listed()], released(60, 60)),
        (
            vec![listed(), reserved(60), assigned()],
            ReservationExpired { number: number(1), lease: FIRST, tenant: HERAT },
        ),
        (vec![listed(), reserved(60)], QuarantineEnded { number: number(1) }),
    ] {
        let mut inventory = given::<Numbering>(past).state().clone();
        let error = inventory.evolve(event.clone()).expect_err("a contradiction");
        assert_eq!(error.code(), "CORRUPT_LEDGER", "{event:?}");
    }
}

#[test]
fn debug_shows_counts_and_no_number() {
    let ledger = given::<Numbering>([listed(), reserved(60)]);
    let shown = format!("{:?} {:?}", ledger.state(), ledger.state().entry(number(1)));
    assert!(shown.contains("reserved: 1") && !shown.contains("93700"), "{shown}");
}
