use super::NumberingEvent::*;
use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{AlphaId, At, LeaseId, SenderId, Span, TenantId};

const DAY: u64 = 24 * 60 * 60 * 1_000;
/// Of tables that nobody has any more.
const OLD: SkeletonVersion = SkeletonVersion(1);

fn alpha(text: &str) -> AlphaId {
    text.parse().expect("a sender")
}

fn sender(text: &str) -> SenderId {
    alpha(text).into()
}

fn take(text: &str, lease: LeaseId, tenant: TenantId) -> NumberingCommand {
    NumberingCommand::Reserve { number: sender(text), lease, tenant, ttl: MINUTE, vanity: false }
}

fn took(text: &str, lease: LeaseId, tenant: TenantId, since: u64) -> NumberingEvent {
    let (since, until) = (At(since), At(since + MINUTE.0));
    SenderReserved { alpha: alpha(text), skeleton: Skeleton::of(alpha(text)), lease, tenant, since, until }
}

fn took_long_ago(text: &str, skeleton: &str, lease: LeaseId, tenant: TenantId) -> NumberingEvent {
    let skeleton = Skeleton { version: OLD, text: skeleton.into() };
    SenderReserved { alpha: alpha(text), skeleton, lease, tenant, since: At(0), until: At(MINUTE.0) }
}

fn leases(text: &str) -> NumberingEvent {
    NumberAssigned { number: sender(text), lease: FIRST, tenant: HERAT, term: None }
}

#[test]
fn a_sender_nobody_has_is_taken_and_becomes_a_lease() {
    let ledger = given::<Numbering>([])
        .when(at(0, take("Acme", FIRST, HERAT)))
        .then([took("Acme", FIRST, HERAT, 0)])
        .when(at(5, assign_to(sender("Acme"), HERAT)))
        .then([leases("Acme")]);
    assert_eq!(ledger.state().holder(sender("Acme"), At(6)), Some(HERAT));
    assert_eq!(ledger.state().holder(sender("ACME"), At(6)), None, "another spelling is another sender");
    let entry = ledger.state().entry(sender("Acme")).expect("it is there");
    assert_eq!((entry.block, entry.number_type), (None, NumberType::Alpha));
}

#[test]
fn what_looks_like_a_taken_one_is_taken_and_nobody_learns_by_whom() {
    let past = || [took("PayPal", FIRST, HERAT, 0), leases("PayPal")];
    for text in ["PayPal", "PAYPAL", "paypaI", "PayPa1", "Pay Pal"] {
        for tenant in [HERAT, KABUL] {
            given::<Numbering>(past()).when(at(9, take(text, SECOND, tenant))).refused(NumberingError::Conflict);
        }
    }
    given::<Numbering>(past()).when(at(9, take("PayPer", SECOND, KABUL))).then([took("PayPer", SECOND, KABUL, 9)]);
    for command in [assign_to(sender("PayPal"), KABUL), release_by(sender("PayPal"), KABUL)] {
        given::<Numbering>(past()).when(at(9, command)).refused(NumberingError::NotFound);
    }
    let verdict = |text| given::<Numbering>(past()).state().validate(sender(text), KABUL, At(9));
    assert_eq!((verdict("PayPal"), verdict("Nobody's")), (LeaseVerdict::NotRegistered, LeaseVerdict::NotRegistered));
}

#[test]
fn a_sender_that_was_leased_cools_off_for_a_year_and_then_is_gone() {
    let end = 100 + 365 * DAY;
    let gave_up =
        NumberReleased { number: sender("Acme"), lease: FIRST, tenant: HERAT, since: At(100), cools_until: At(end) };
    let ledger = given::<Numbering>([took("Acme", FIRST, HERAT, 0), leases("Acme")])
        .when(at(100, release_by(sender("Acme"), HERAT)))
        .then([gave_up])
        .when(at(end - 1, take("ACME", SECOND, KABUL)))
        .refused(NumberingError::Quarantined { until: At(end) })
        .when(at(end, take("ACME", SECOND, KABUL)))
        .then([QuarantineEnded { number: sender("Acme") }, took("ACME", SECOND, KABUL, end)]);
    assert_eq!(ledger.state().entry(sender("Acme")), None);
    assert_eq!(ledger.state().counts(), Counts { reserved: 1, ..Counts::default() });
}

#[test]
fn a_reservation_that_ran_out_leaves_nothing_behind() {
    let ended = ReservationExpired { number: sender("Acme"), lease: FIRST, tenant: HERAT };
    let ledger = given::<Numbering>([took("Acme", FIRST, HERAT, 0)])
        .when(at(MINUTE.0, assign_to(sender("Acme"), HERAT)))
        .refused(NumberingError::NotRegistered)
        .when(at(MINUTE.0, NumberingCommand::Tick))
        .then([ended]);
    assert_eq!((ledger.state().len(), ledger.state().counts()), (0, Counts::default()));
    assert_eq!(ledger.state().next_due(), None);
}

#[test]
fn a_retired_sender_keeps_what_looks_like_it_from_everybody() {
    let retired = NumberRetired { number: sender("PayPal"), justification: why() };
    let (since, cools_until) = (At(1), At(2));
    let gave_up = NumberReleased { number: sender("PayPal"), lease: FIRST, tenant: HERAT, since, cools_until };
    given::<Numbering>([took("PayPal", FIRST, HERAT, 0), leases("PayPal"), gave_up, retired])
        .when(at(9, take("PayPaI", SECOND, KABUL)))
        .refused(NumberingError::Conflict);
}

#[test]
fn a_sender_that_looks_like_a_number_is_nobodys_and_none_is_imported() {
    let refused = given::<Numbering>([]).when(at(0, take("7O7O", FIRST, HERAT)));
    assert_eq!(refused.code(NumberingError::code), "INVALID_VALUE");
    given::<Numbering>([])
        .when(at(0, import(vec![number(1), sender("Acme")])))
        .refused(NumberingError::InvalidRows { rows: vec![1], count: 1 });
}

#[test]
fn nothing_is_decided_on_skeletons_of_other_tables() {
    let past = || [took_long_ago("Acme", "acrne", FIRST, HERAT)];
    let renewed = SkeletonsRenewed { skeletons: vec![(alpha("Acme"), Skeleton::of(alpha("Acme")))] };
    given::<Numbering>(past())
        .when(at(1, take("Zeta", SECOND, KABUL)))
        .refused(NumberingError::Undecided)
        .when(at(1, assign_to(sender("Acme"), HERAT)))
        .refused(NumberingError::Undecided)
        .when(at(2, NumberingCommand::Tick))
        .then([renewed])
        .when(at(3, NumberingCommand::Tick))
        .then_nothing()
        .when(at(3, take("Zeta", SECOND, KABUL)))
        .then([took("Zeta", SECOND, KABUL, 3)])
        .when(at(4, assign_to(sender("Acme"), HERAT)))
        .then([leases("Acme")]);
    assert_eq!(NumberingError::Undecided.code(), "FAILED_PRECONDITION");
}

/// Tables may come to say that two that were taken look alike: neither loses what it has, and neither gets more.
#[test]
fn two_that_turn_out_to_look_alike_become_no_two_leases() {
    let past = [took_long_ago("Acme", "one", FIRST, HERAT), took_long_ago("ACME", "other", SECOND, KABUL)];
    given::<Numbering>(past)
        .when(at(1, NumberingCommand::Tick))
        .committed()
        .when(at(2, assign_to(sender("Acme"), HERAT)))
        .refused(NumberingError::Conflict)
        .when(at(3, release_by(sender("ACME"), KABUL)))
        .committed()
        .when(at(4, assign_to(sender("Acme"), HERAT)))
        .then([QuarantineEnded { number: sender("ACME") }, leases("Acme")]);
}

#[test]
fn skeletons_are_made_anew_a_bounded_number_at_a_time() {
    let name = |index: usize| format!("x{index:04}");
    let past = (0..TICK_MAX + 7).map(|index| {
        let tenant = TenantId::from_bytes([u8::try_from(index % 5).expect("small"); 16]);
        took_long_ago(&name(index), &format!("old {index}"), FIRST, tenant)
    });
    let first = given::<Numbering>(past).when(at(1, NumberingCommand::Tick));
    let renewed = |events: &[NumberingEvent]| match events {
        [SkeletonsRenewed { skeletons }] => skeletons.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(renewed(first.events()), TICK_MAX);
    let second = first.committed().when(at(1, NumberingCommand::Tick));
    assert_eq!(renewed(second.events()), 7);
    second.committed().when(at(1, NumberingCommand::Tick)).then_nothing();
}

#[test]
fn a_tenant_has_a_bounded_number_of_senders_and_those_that_cool_off_count() {
    let name = |index: u32| format!("x{index:04}");
    let cooling = |index| {
        let (number, lease, tenant, since) = (sender(&name(index)), FIRST, HERAT, At(1));
        NumberReleased { number, lease, tenant, since, cools_until: At(365 * DAY) }
    };
    let past = (0..SENDERS_MAX).flat_map(|index| [took(&name(index), FIRST, HERAT, 0), cooling(index)]);
    let later = Span::minutes(2).0;
    given::<Numbering>(past)
        .when(at(later, take("Acme", SECOND, HERAT)))
        .refused(NumberingError::TooManySenders)
        .when(at(later, take("Acme", SECOND, KABUL)))
        .then([took("Acme", SECOND, KABUL, later)]);
}

#[test]
fn a_ledger_that_contradicts_itself_about_senders_is_not_applied() {
    let renewed = SkeletonsRenewed { skeletons: vec![(alpha("Zeta"), Skeleton::of(alpha("Zeta")))] };
    for event in [took("Acme", SECOND, KABUL, 1), renewed] {
        let mut inventory = given::<Numbering>([took("Acme", FIRST, HERAT, 0)]).state().clone();
        assert_eq!(inventory.evolve(event).expect_err("a contradiction").code(), "CORRUPT_LEDGER");
    }
}
