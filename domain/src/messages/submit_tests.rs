use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{At, TenantId};

fn refused(index: u128, reason: RefusalReason) -> MessageEvent {
    MessageEvent::MessageRefused { message: id(index), tenant: HERAT, reason, decided_on: DECIDED_ON }
}

#[test]
fn a_message_with_a_sender_and_a_route_is_accepted() {
    let ledger = given::<Messages>([]).when(at(1, submit(vec![submission(1)]))).then([accepted(1)]);
    assert_eq!(ledger.state().lifecycle(id(1)), Some(Lifecycle::Waiting));
    assert_eq!(ledger.state().waiting_in(ROSHAN, Lane::Transactional), 1);
    let waiting = ledger.state().waiting(id(1)).expect("it waits");
    assert_eq!((waiting.tenant, waiting.attempt, &waiting.body), (HERAT, 0, &submission(1).body));
}

#[test]
fn each_message_is_accepted_or_refused_on_its_own_and_in_order() {
    let stranger = TenantId::from_bytes([8; 16]);
    let with = |index, sender_fact, route_fact| Submission { sender_fact, route_fact, ..submission(index) };
    let via = RouteFact::Via(ROSHAN);
    let leased = SenderFact::LeasedTo(HERAT);
    let all = vec![
        with(1, SenderFact::LeasedTo(stranger), via),
        with(2, SenderFact::NotLeased, via),
        with(3, SenderFact::Unknown, via),
        with(4, leased, RouteFact::NoRoute),
        with(5, leased, RouteFact::Unknown),
        with(6, leased, via),
        with(7, SenderFact::NotLeased, RouteFact::NoRoute),
    ];
    let ledger = given::<Messages>([]).when(at(1, submit(all))).then([
        refused(1, RefusalReason::SenderUnauthorized),
        refused(2, RefusalReason::SenderUnauthorized),
        refused(3, RefusalReason::SenderUnauthorized),
        refused(4, RefusalReason::NoRoute),
        refused(5, RefusalReason::RouteUnknown),
        accepted(6),
        refused(7, RefusalReason::SenderUnauthorized),
    ]);
    assert_eq!(ledger.state().backlog(), Backlog { waiting: 1, ..Backlog::default() });
}

#[test]
fn a_known_id_refuses_the_whole_command() {
    given::<Messages>([accepted(1)])
        .when(at(1, submit(vec![submission(2), submission(1)])))
        .refused(MessageError::Conflict(id(1)));
    given::<Messages>([])
        .when(at(1, submit(vec![submission(2), submission(2)])))
        .refused(MessageError::Conflict(id(2)));
}

#[test]
fn the_validity_ends_after_now_and_not_too_late() {
    let until = |expires| submit(vec![Submission { expires: At(expires), ..submission(1) }]);
    let code = |command| given::<Messages>([]).when(at(500, command)).code(MessageError::code);
    assert_eq!(code(until(499)), "INVALID_VALUE");
    assert_eq!(code(until(500)), "INVALID_VALUE");
    assert_eq!(code(until(501 + VALIDITY_MAX.0)), "INVALID_VALUE");
    given::<Messages>([]).when(at(500, until(501))).committed();
    given::<Messages>([]).when(at(500, until(500 + VALIDITY_MAX.0))).committed();
}

#[test]
fn a_message_has_from_one_to_ten_segments() {
    for segments in [0, MAX_SEGMENTS + 1] {
        let decided = given::<Messages>([]).when(at(1, submit(vec![Submission { segments, ..submission(1) }])));
        assert_eq!(decided.code(MessageError::code), "INVALID_VALUE");
    }
}

#[test]
fn a_command_is_bounded_in_messages_and_octets() {
    let many = |count| submit((0..count).map(submission).collect());
    given::<Messages>([]).when(at(1, many(500))).committed();
    assert_eq!(given::<Messages>([]).when(at(1, many(501))).code(MessageError::code), "TOO_MANY");
    let heavy = |index| Submission { body: Sealed(vec![0; SUBMIT_BYTES_MAX / 2].into()), ..submission(index) };
    let decided = given::<Messages>([]).when(at(1, submit(vec![heavy(1), heavy(2)])));
    assert_eq!(decided.code(MessageError::code), "TOO_MANY");
    given::<Messages>([]).when(at(1, submit(vec![]))).then_nothing();
}

#[test]
fn debug_shows_no_content() {
    let ledger = given::<Messages>([accepted(1)]);
    let shown = format!("{:?} {:?} {:?}", ledger.state(), ledger.state().waiting(id(1)), submission(1));
    assert!(shown.contains("waiting: 1") && shown.contains("Sealed(90 bytes)"), "{shown}");
    assert!(!shown.contains("93700") && !shown.contains("2, 2, 2"), "{shown}");
}

#[test]
fn nothing_more_is_taken_of_a_tenant_that_is_erased() {
    let erase = |instant| at(instant, MessageCommand::EraseTenant { tenant: HERAT });
    let erased = MessageEvent::TenantErased { tenant: HERAT, at: At(5) };
    let ledger = given::<Messages>([accepted(1)]).when(erase(5)).then([erased]).when(erase(6)).then_nothing();
    assert!(ledger.state().has_erased(HERAT) && ledger.state().waiting(id(1)).is_some());
    let decided = ledger.when(at(7, submit(vec![submission(2)])));
    assert_eq!(decided.code(MessageError::code), "INVALID_VALUE");
}
