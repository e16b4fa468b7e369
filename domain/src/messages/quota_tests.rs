//! Tenants that send more than they may.
use super::quota::Quotas;
use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{At, TenantId};
use proptest::prelude::*;

/// So few that a bucket holds four messages and one comes back every 30 s.
const LIMIT: u32 = 2;

fn limited(submissions: Vec<Submission>) -> MessageCommand {
    MessageCommand::Submit { tenant: HERAT, limit: Some(LIMIT), submissions }
}

fn later(range: std::ops::RangeInclusive<u128>) -> Vec<Submission> {
    range.map(|index| Submission { expires: At(200_000), ..submission(index) }).collect()
}

fn accepted_later(index: u128) -> MessageEvent {
    accepted_as(Submission { expires: At(200_000), ..submission(index) })
}

fn drawn(at: u64, missing: u64) -> MessageEvent {
    MessageEvent::QuotaDrawn { tenant: HERAT, at: At(at), limit: LIMIT, missing }
}

fn over(index: u128) -> MessageEvent {
    let reason = RefusalReason::RateLimited;
    MessageEvent::MessageRefused { message: id(index), tenant: HERAT, reason, decided_on: DECIDED_ON }
}

#[test]
fn what_is_over_the_limit_is_refused_and_the_rest_goes() {
    given::<Messages>([]).when(at(1, limited(later(1..=6)))).then([
        drawn(1, 240_000),
        accepted_later(1),
        accepted_later(2),
        accepted_later(3),
        accepted_later(4),
        over(5),
        over(6),
    ]);
}

/// Nothing would be accepted, so nothing is recorded: a flood costs the log nothing.
#[test]
fn where_nothing_is_left_the_command_is_refused_until_one_message_fits() {
    let empty = [drawn(1_000, 240_000)];
    for (when, again) in [(1_000, 31_000), (30_999, 31_000)] {
        given::<Messages>(empty.clone())
            .when(at(when, limited(later(1..=2))))
            .refused(MessageError::RateLimited { again: At(again) });
    }
    given::<Messages>(empty).when(at(31_000, limited(later(1..=2)))).then([
        drawn(31_000, 240_000),
        accepted_later(1),
        over(2),
    ]);
}

#[test]
fn what_may_not_be_sent_anyway_takes_nothing_of_the_limit() {
    let mut submissions = later(1..=2);
    submissions[0].route_fact = RouteFact::NoRoute;
    let reason = RefusalReason::NoRoute;
    let refused = MessageEvent::MessageRefused { message: id(1), tenant: HERAT, reason, decided_on: DECIDED_ON };
    given::<Messages>([]).when(at(1, limited(submissions.clone()))).then([
        drawn(1, 60_000),
        refused.clone(),
        accepted_later(2),
    ]);
    submissions.truncate(1);
    given::<Messages>([drawn(1, 240_000)]).when(at(1, limited(submissions))).then([refused]);
}

#[test]
fn without_a_limit_nothing_is_counted() {
    let submit = MessageCommand::Submit { tenant: HERAT, limit: None, submissions: later(1..=6) };
    given::<Messages>([drawn(1, 240_000)]).when(at(1, submit)).then((1..=6).map(accepted_later));
}

#[test]
fn another_tenant_has_a_bucket_of_its_own() {
    let stranger = TenantId::from_bytes([8; 16]);
    let other = MessageEvent::QuotaDrawn { tenant: stranger, at: At(1), limit: LIMIT, missing: 240_000 };
    given::<Messages>([other]).when(at(1, limited(later(1..=1)))).then([drawn(1, 60_000), accepted_later(1)]);
}

#[test]
fn a_limit_that_changes_counts_at_once() {
    // 240,000 units are missing; a bucket of a limit of 1 holds 120,000, so one message comes back after a minute.
    let one = MessageCommand::Submit { tenant: HERAT, limit: Some(1), submissions: later(1..=1) };
    given::<Messages>([drawn(0, 240_000)]).when(at(0, one)).refused(MessageError::RateLimited { again: At(60_000) });
    let ten = MessageCommand::Submit { tenant: HERAT, limit: Some(10), submissions: later(1..=1) };
    let event = MessageEvent::QuotaDrawn { tenant: HERAT, at: At(0), limit: 10, missing: 300_000 };
    given::<Messages>([drawn(0, 240_000)]).when(at(0, ten)).then([event, accepted_later(1)]);
}

#[test]
fn a_draw_that_no_bucket_allows_is_a_corrupt_ledger() {
    for event in [drawn(1, 240_001), MessageEvent::QuotaDrawn { tenant: HERAT, at: At(1), limit: 0, missing: 0 }] {
        let error = Exchange::default().evolve(event).expect_err("no bucket holds that");
        assert_eq!(error.code(), "CORRUPT_LEDGER");
    }
}

#[test]
fn buckets_that_are_full_again_are_dropped() {
    let mut quotas = Quotas::default();
    for number in 0..1_000_u64 {
        let tenant = TenantId::from_bytes(u128::from(number).to_be_bytes());
        // Each is full again 30 s after its draw, and there is one a second.
        quotas.draw(tenant, At(number * 1_000), LIMIT, 60_000).expect("a bucket");
        assert!(quotas.len() <= 30, "{}", quotas.len());
    }
}

proptest! {
    /// Against the definition of a bucket, in exact fractions of a message: never more than it holds and what came back since
    /// the beginning, and never refused what there was room for.
    #[test]
    fn a_bucket_gives_what_it_holds_and_what_comes_back(
        limit in 1_u32..500,
        steps in proptest::collection::vec((0_u64..90_000, 1_u64..200), 1..60),
    ) {
        let tenant = TenantId::from_bytes([1; 16]);
        let (mut quotas, mut at, mut level) = (Quotas::default(), 0_u64, u128::from(limit) * 120_000);
        let (mut sent, full) = (0_u128, level);
        for (pause, wanted) in steps {
            at += pause;
            level = full.min(level + u128::from(limit) * u128::from(pause));
            let room = quotas.room(tenant, limit, At(at));
            prop_assert_eq!(u128::from(room), level / 60_000);
            let count = room.min(wanted);
            if count > 0 {
                let missing = quotas.missing_after(tenant, limit, At(at), count);
                prop_assert_eq!(quotas.draw(tenant, At(at), limit, missing), Ok(()));
                level -= u128::from(count) * 60_000;
                sent += u128::from(count);
            }
            let again = quotas.again(tenant, limit, At(at));
            prop_assert!(quotas.room(tenant, limit, again) >= 1);
            prop_assert!(again.0 == at || quotas.room(tenant, limit, At(again.0 - 1)) == 0);
        }
        prop_assert!(sent * 60_000 <= full + u128::from(limit) * u128::from(at));
    }
}
