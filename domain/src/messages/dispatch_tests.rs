use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{At, ConnectorId};

#[test]
fn the_most_urgent_lane_goes_first_and_each_lane_in_order_of_acceptance() {
    let past = [
        accepted_as(in_lane(Lane::Bulk, 1)),
        accepted_as(in_lane(Lane::Transactional, 2)),
        accepted_as(in_lane(Lane::Otp, 3)),
        accepted_as(in_lane(Lane::Otp, 4)),
        accepted_as(in_lane(Lane::Bulk, 5)),
    ];
    let ledger = given::<Messages>(past).when(at(1, take(&[Lane::Bulk, Lane::Transactional, Lane::Otp], 4))).then([
        dispatched(3, 1),
        dispatched(4, 1),
        dispatched(2, 1),
        dispatched(1, 1),
    ]);
    assert_eq!(ledger.state().in_flight(ROSHAN), [(id(1), 1), (id(2), 1), (id(3), 1), (id(4), 1)]);
    let rest = ledger.when(at(1, take(&Lane::ALL, 4))).then([dispatched(5, 1)]);
    rest.when(at(1, take(&Lane::ALL, 4))).then_nothing();
}

#[test]
fn only_the_lanes_asked_for_and_only_the_connectors_own() {
    let elsewhere = Submission { route_fact: RouteFact::Via(ETISALAT), ..in_lane(Lane::Otp, 2) };
    given::<Messages>([accepted_as(in_lane(Lane::Bulk, 1)), accepted_as(elsewhere)])
        .when(at(1, take(&[Lane::Otp, Lane::Transactional], 9)))
        .then_nothing()
        .when(at(1, take(&[], 9)))
        .then_nothing()
        .when(at(1, take(&Lane::ALL, 0)))
        .then_nothing()
        .when(at(1, take(&[Lane::Bulk, Lane::Bulk], 9)))
        .then([dispatched(1, 1)]);
    let nobody = MessageCommand::TakeWork { connector: ConnectorId::NIL, lanes: vec![Lane::Otp], count: 1 };
    given::<Messages>([accepted(1)]).when(at(1, nobody)).then_nothing();
}

#[test]
fn commands_about_attempts_are_bounded() {
    let code = |command| given::<Messages>([]).when(at(1, command)).code(MessageError::code);
    assert_eq!(code(take(&Lane::ALL, 201)), "TOO_MANY");
    assert_eq!(code(report(&vec![(1, 1, Outcome::NotSent); 501])), "TOO_MANY");
    assert_eq!(code(receipts(&vec![("1", ReceiptState::Delivered); 501])), "TOO_MANY");
    assert_eq!(code(MessageCommand::Unreadable { messages: vec![id(1); 501] }), "TOO_MANY");
}

#[test]
fn what_expired_is_met_on_the_way_and_not_sent() {
    let soon = accepted_as(Submission { expires: At(50), ..submission(1) });
    given::<Messages>([soon, accepted(2)]).when(at(50, take(&Lane::ALL, 1))).then([expired(1), dispatched(2, 1)]);
}

#[test]
fn a_request_for_work_clears_a_bounded_number_of_expired_messages() {
    let past = (0..TICK_MAX as u128 + 10).map(accepted);
    let decided = given::<Messages>(past).when(at(EXPIRES.0, take(&Lane::ALL, 200)));
    assert_eq!(decided.events().len(), TICK_MAX);
    assert_eq!(decided.committed().state().backlog().waiting, 10);
}

#[test]
fn the_operator_takes_a_message_under_its_own_id() {
    let ledger = given::<Messages>([accepted(1), dispatched(1, 1)])
        .when(at(2, report(&[(1, 1, taken_as("A1"))])))
        .then([submitted(1, 1, "A1")]);
    let submitted = Lifecycle::Submitted { connector: ROSHAN, smsc_id: "A1".to_owned() };
    assert_eq!(ledger.state().lifecycle(id(1)), Some(submitted));
    assert_eq!(ledger.state().waiting(id(1)), None, "its content is kept no longer");
    assert_eq!(ledger.state().in_flight(ROSHAN), []);
}

#[test]
fn a_refused_message_fails_for_good() {
    let rejected = FailureReason::Rejected { status: 0x0B };
    let ledger = given::<Messages>([accepted(1), dispatched(1, 1)])
        .when(at(2, report(&[(1, 1, Outcome::Rejected { status: 0x0B })])))
        .then([failed(1, rejected)]);
    assert_eq!(ledger.state().lifecycle(id(1)), None);
}

#[test]
fn what_was_throttled_or_never_sent_goes_back_to_its_old_place() {
    let past = [accepted(1), accepted(2), accepted(3), dispatched(1, 1), dispatched(2, 1)];
    given::<Messages>(past)
        .when(at(2, report(&[(2, 1, Outcome::Throttled), (1, 1, Outcome::NotSent)])))
        .then([requeued(2, 1, RequeueReason::Throttled), requeued(1, 1, RequeueReason::NotSent)])
        .when(at(3, take(&Lane::ALL, 9)))
        .then([dispatched(1, 2), dispatched(2, 2), dispatched(3, 1)]);
}

#[test]
fn doubt_fails_the_message_or_sends_it_again_as_its_tenant_declared() {
    let in_doubt = |index| MessageEvent::MessageInDoubt { message: id(index), attempt: 1 };
    let ledger = given::<Messages>([accepted(1), accepted_to_resend(2), dispatched(1, 1), dispatched(2, 1)])
        .when(at(2, report(&[(1, 1, Outcome::InDoubt), (2, 1, Outcome::InDoubt)])))
        .then([in_doubt(1), failed(1, FailureReason::InDoubt), in_doubt(2), requeued(2, 1, RequeueReason::InDoubt)]);
    assert_eq!(ledger.state().lifecycle(id(1)), None);
    ledger.when(at(3, take(&Lane::ALL, 9))).then([dispatched(2, 2)]);
}

#[test]
fn a_report_of_an_attempt_that_is_not_in_flight_changes_nothing() {
    let taken = || taken_as("A1");
    let past =
        || [accepted(1), dispatched(1, 1), requeued(1, 1, RequeueReason::NotSent), dispatched(1, 2), accepted(2)];
    let ledger = || given::<Messages>(past());
    ledger().when(at(2, report(&[(1, 1, taken()), (1, 3, taken()), (2, 1, taken()), (7, 1, taken())]))).then_nothing();
    let reports = vec![AttemptReport { message: id(1), attempt: 2, outcome: taken() }];
    ledger().when(at(2, MessageCommand::Report { connector: ETISALAT, reports })).then_nothing();
    ledger().when(at(2, report(&[(1, 2, taken()), (1, 2, Outcome::InDoubt)]))).then([submitted(1, 2, "A1")]);
}

#[test]
fn a_message_that_comes_back_after_its_validity_expires() {
    given::<Messages>([accepted(1), dispatched(1, 1)])
        .when(at(EXPIRES.0, MessageCommand::Tick))
        .then_nothing()
        .when(at(EXPIRES.0, report(&[(1, 1, Outcome::Throttled)])))
        .then([requeued(1, 1, RequeueReason::Throttled), expired(1)]);
}

#[test]
fn a_message_in_flight_past_its_validity_may_still_be_taken() {
    given::<Messages>([accepted(1), dispatched(1, 1)])
        .when(at(EXPIRES.0 + 1, report(&[(1, 1, taken_as("A1"))])))
        .then([submitted(1, 1, "A1")]);
}

#[test]
fn an_unreadable_message_fails_once_and_only_before_it_was_sent() {
    let unreadable = MessageCommand::Unreadable { messages: vec![id(1), id(2), id(1), id(3), id(9)] };
    given::<Messages>([
        accepted(1),
        dispatched(1, 1),
        accepted(2),
        accepted(3),
        dispatched(3, 1),
        submitted(3, 1, "A1"),
    ])
    .when(at(2, unreadable))
    .then([failed(1, FailureReason::Unreadable), failed(2, FailureReason::Unreadable)]);
}

#[test]
fn waiting_messages_expire_by_time() {
    let ledger = given::<Messages>([accepted(1)])
        .when(at(EXPIRES.0 - 1, MessageCommand::Tick))
        .then_nothing()
        .when(at(EXPIRES.0, MessageCommand::Tick))
        .then([expired(1)]);
    assert_eq!(ledger.state().backlog(), Backlog::default());
    assert_eq!(ledger.state().next_due(), None);
}

#[test]
fn a_tick_fires_a_bounded_number_of_timers() {
    let decided = given::<Messages>((0..700).map(accepted)).when(at(EXPIRES.0, MessageCommand::Tick));
    assert_eq!(decided.events().len(), TICK_MAX);
    assert_eq!(decided.committed().state().backlog().waiting, 200);
}

#[test]
fn a_ledger_that_contradicts_itself_is_not_applied() {
    let elsewhere = MessageEvent::MessageDispatched { message: id(1), attempt: 1, connector: ETISALAT };
    let in_doubt = MessageEvent::MessageInDoubt { message: id(1), attempt: 1 };
    let refused = MessageEvent::MessageRefused {
        message: id(1),
        tenant: HERAT,
        reason: RefusalReason::NoRoute,
        decided_on: DECIDED_ON,
    };
    let sent = || vec![accepted(1), dispatched(1, 1), submitted(1, 1, "A1")];
    for (past, event) in [
        (vec![accepted(1)], accepted(1)),
        (vec![accepted(1)], refused),
        (vec![], dispatched(1, 1)),
        (vec![accepted(1)], dispatched(1, 2)),
        (vec![accepted(1)], elsewhere),
        (vec![accepted(1), dispatched(1, 1)], dispatched(1, 2)),
        (vec![accepted(1)], submitted(1, 1, "A1")),
        (vec![accepted(1), dispatched(1, 1)], submitted(1, 2, "A1")),
        (vec![accepted(1)], requeued(1, 1, RequeueReason::NotSent)),
        (vec![accepted(1)], in_doubt),
        (vec![accepted(1)], failed(1, FailureReason::InDoubt)),
        (sent(), failed(1, FailureReason::Unreadable)),
        (vec![accepted(1), dispatched(1, 1)], receipt(1, ReceiptState::Delivered)),
        (vec![accepted(1), dispatched(1, 1)], expired(1)),
        (vec![], expired(1)),
    ] {
        let mut exchange = given::<Messages>(past).state().clone();
        let error = exchange.evolve(event.clone()).expect_err("a contradiction");
        assert_eq!(error.code(), "CORRUPT_LEDGER", "{event:?}");
    }
}
