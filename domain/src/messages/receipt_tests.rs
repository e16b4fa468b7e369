use super::ReceiptState::{Accepted, Delivered, Enroute, Undeliverable, Unknown};
use super::sample::*;
use super::*;
use crate::testing::{Given, given};

fn sent(smsc_id: &str) -> Given<Messages> {
    given([accepted(1), dispatched(1, 1), submitted(1, 1, smsc_id)])
}

#[test]
fn a_final_receipt_ends_the_message_and_a_passing_one_does_not() {
    let ledger = sent("A1")
        .when(at(2, receipts(&[("A1", Enroute), ("A1", Accepted), ("A1", Unknown)])))
        .then([receipt(1, Enroute), receipt(1, Accepted), receipt(1, Unknown)])
        .when(at(3, receipts(&[("A1", Delivered)])))
        .then([receipt(1, Delivered)]);
    assert_eq!(ledger.state().lifecycle(id(1)), None);
    assert_eq!(ledger.state().next_due(), None);
}

#[test]
fn the_operators_error_is_kept() {
    let error = Some("027".to_owned());
    let receipts = vec![ReceiptReport { smsc_id: "A1".to_owned(), state: Undeliverable, error: error.clone() }];
    sent("A1")
        .when(at(2, MessageCommand::Receipts { connector: ROSHAN, receipts }))
        .then([MessageEvent::ReceiptReceived { message: id(1), state: Undeliverable, error }]);
}

#[test]
fn a_receipt_that_comes_twice_says_nothing_new() {
    sent("A1")
        .when(at(2, receipts(&[("A1", Delivered), ("a1", Delivered)])))
        .then([receipt(1, Delivered)])
        .when(at(3, receipts(&[("A1", Delivered)])))
        .then_nothing();
}

#[test]
fn spellings_of_an_id_are_one() {
    for (named, spelled) in [("1A2B", "00001a2b"), ("00077", " 77 "), ("ABC-1", "abc-1")] {
        sent(named).when(at(2, receipts(&[(spelled, Delivered)]))).then([receipt(1, Delivered)]);
    }
}

#[test]
fn decimal_and_hexadecimal_spellings_are_one_where_only_one_message_fits() {
    for (named, spelled) in [("1A2B3C4D", "439041101"), ("439041101", "1a2b3c4d"), ("0001A2B3", "107187")] {
        sent(named).when(at(2, receipts(&[(spelled, Delivered)]))).then([receipt(1, Delivered)]);
    }
    // 107187 is 1a2b3 in hexadecimal, and read as hexadecimal it is 1077639.
    let past = [accepted(1), accepted(2), dispatched(1, 1), dispatched(2, 1)];
    let named = [submitted(1, 1, "1a2b3"), submitted(2, 1, "1077639")];
    given::<Messages>(past.into_iter().chain(named))
        .when(at(2, receipts(&[("107187", Delivered)])))
        .then([unmatched("107187", Delivered)]);
}

#[test]
fn the_exact_id_goes_before_its_other_spelling() {
    let past = [accepted(1), accepted(2), dispatched(1, 1), dispatched(2, 1)];
    let named = [submitted(1, 1, "1a2b3"), submitted(2, 1, "107187")];
    given::<Messages>(past.into_iter().chain(named))
        .when(at(2, receipts(&[("107187", Delivered)])))
        .then([receipt(2, Delivered)]);
}

#[test]
fn a_counters_first_ids_are_not_taken_for_each_others_spelling() {
    given::<Messages>([accepted(1), dispatched(1, 1), submitted(1, 1, "16"), accepted(2), dispatched(2, 1)])
        .when(at(2, receipts(&[("10", Delivered)])))
        .then([unmatched("10", Delivered)]);
}

#[test]
fn a_receipt_may_come_on_a_sibling_connector_if_the_id_is_long_and_unique() {
    let on_sibling = |smsc_id| receipts_on(ETISALAT, &[(smsc_id, Delivered)]);
    sent("8F00C2A901").when(at(2, on_sibling("8F00C2A901"))).then([receipt(1, Delivered)]);
    let unmatched = |smsc_id: &str| MessageEvent::ReceiptUnmatched {
        connector: ETISALAT,
        smsc_id: smsc_id.to_owned(),
        state: Delivered,
        error: None,
    };
    sent("1234").when(at(2, on_sibling("1234"))).then([unmatched("1234")]);
    let past = [accepted(1), accepted(2), dispatched(1, 1), dispatched(2, 1)];
    let named = [submitted(1, 1, "8F00C2A901"), submitted(2, 1, "8F00C2A901")];
    given::<Messages>(past.into_iter().chain(named))
        .when(at(2, on_sibling("8F00C2A901")))
        .then([unmatched("8F00C2A901")]);
}

#[test]
fn a_receipt_before_the_answer_is_kept_and_matched_when_the_id_is_known() {
    let ledger = given::<Messages>([accepted(1), dispatched(1, 1)])
        .when(at(2, receipts(&[("00A1", Enroute), ("00A1", Delivered), ("b2", Delivered)])))
        .then([unmatched("00A1", Enroute), unmatched("00A1", Delivered), unmatched("b2", Delivered)])
        .when(at(3, report(&[(1, 1, taken_as("a1"))])))
        .then([submitted(1, 1, "a1"), receipt(1, Enroute), receipt(1, Delivered)]);
    assert_eq!(ledger.state().lifecycle(id(1)), None);
    assert_eq!(ledger.state().unmatched(), 1, "only the other one is still kept");
}

#[test]
fn a_kept_receipt_in_the_other_base_is_found_too() {
    given::<Messages>([accepted(1), dispatched(1, 1), unmatched("439041101", Delivered)])
        .when(at(3, report(&[(1, 1, taken_as("1A2B3C4D"))])))
        .then([submitted(1, 1, "1A2B3C4D"), receipt(1, Delivered)]);
}

#[test]
fn a_kept_receipt_serves_one_message_of_one_connector() {
    let past = [accepted(1), accepted(2), dispatched(1, 1), dispatched(2, 1), unmatched("a1", Enroute)];
    let ledger = given::<Messages>(past).when(at(3, report(&[(1, 1, taken_as("a1")), (2, 1, taken_as("a1"))]))).then([
        submitted(1, 1, "a1"),
        receipt(1, Enroute),
        submitted(2, 1, "a1"),
    ]);
    assert_eq!(ledger.state().unmatched(), 0);
    let elsewhere = Submission { route_fact: RouteFact::Via(ETISALAT), ..submission(3) };
    let flown = MessageEvent::MessageDispatched { message: id(3), attempt: 1, connector: ETISALAT };
    let reports = vec![AttemptReport { message: id(3), attempt: 1, outcome: taken_as("a1") }];
    let named =
        MessageEvent::MessageSubmitted { message: id(3), attempt: 1, connector: ETISALAT, smsc_id: "a1".into() };
    given::<Messages>([accepted_as(elsewhere), flown, unmatched("a1", Delivered)])
        .when(at(3, MessageCommand::Report { connector: ETISALAT, reports }))
        .then([named]);
}

#[test]
fn what_is_kept_after_the_final_receipt_is_forgotten_with_it() {
    let ledger =
        given::<Messages>([accepted(1), dispatched(1, 1), unmatched("a1", Delivered), unmatched("a1", Enroute)])
            .when(at(3, report(&[(1, 1, taken_as("a1"))])))
            .then([submitted(1, 1, "a1"), receipt(1, Delivered)]);
    assert_eq!(ledger.state().unmatched(), 0);
}

#[test]
fn an_operator_that_counts_round_again_means_the_newest_message() {
    let past =
        [accepted(1), accepted(2), dispatched(1, 1), submitted(1, 1, "7"), dispatched(2, 1), submitted(2, 1, "7")];
    given::<Messages>(past).when(at(3, receipts(&[("7", Delivered)]))).then([receipt(2, Delivered)]);
}

#[test]
fn an_ended_id_that_comes_round_again_while_an_attempt_is_out_is_kept_for_it() {
    let past =
        [accepted(1), accepted(2), dispatched(1, 1), submitted(1, 1, "7"), receipt(1, Delivered), dispatched(2, 1)];
    given::<Messages>(past)
        .when(at(3, receipts(&[("7", Delivered)])))
        .then([unmatched("7", Delivered)])
        .when(at(4, report(&[(2, 1, taken_as("7"))])))
        .then([submitted(2, 1, "7"), receipt(2, Delivered)]);
}

#[test]
fn a_receipt_without_an_id_matches_nothing() {
    given::<Messages>([accepted(1), dispatched(1, 1), submitted(1, 1, "")])
        .when(at(2, receipts(&[(" ", Delivered)])))
        .then([unmatched(" ", Delivered)]);
}

#[test]
fn a_message_without_a_receipt_is_given_up_three_days_after_its_validity() {
    let gives_up = EXPIRES.plus(RECEIPT_WAIT).0;
    assert_eq!(gives_up, EXPIRES.0 + 72 * 3_600_000);
    let ledger = sent("A1")
        .when(at(gives_up - 1, MessageCommand::Tick))
        .then_nothing()
        .when(at(gives_up, MessageCommand::Tick))
        .then([expired(1)]);
    assert_eq!(ledger.state().backlog(), Backlog::default());
}

#[test]
fn what_an_operator_sends_is_cut_to_what_the_standard_allows() {
    let long = "9".repeat(200);
    let decided = given::<Messages>([]).when(at(1, receipts(&[(long.as_str(), Delivered)])));
    let [MessageEvent::ReceiptUnmatched { smsc_id, .. }] = decided.events() else { panic!("one receipt") };
    assert_eq!(smsc_id.len(), 64);
}
