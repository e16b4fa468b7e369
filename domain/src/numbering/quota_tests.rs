//! What tenants may keep from others, against a naive model that remembers every reservation there ever was.
use super::NumberingEvent::*;
use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{At, Dated, LeaseId, Span, TenantId};
use proptest::prelude::*;

const NUMBERS: u64 = 150;

fn quota(tenant: TenantId, at_once: u32, per_minute: u32) -> NumberingCommand {
    NumberingCommand::SetReservationQuota { tenant, quota: ReservationQuota { at_once, per_minute } }
}

fn all() -> NumberingEvent {
    NumbersListed { block: BLOCK, mno: "Roshan".to_owned(), numbers: listings((1..=NUMBERS).map(number).collect()) }
}

fn reserve_one(last: u64, tenant: TenantId) -> NumberingCommand {
    NumberingCommand::Reserve { number: number(last), lease: FIRST, tenant, ttl: RESERVE_MAX, vanity: false }
}

/// HERAT reserves one number a second, from the first on.
fn reservations(count: u64) -> impl Iterator<Item = NumberingEvent> {
    std::iter::once(all())
        .chain((1..=count).map(|last| taken(last, FIRST, HERAT, last * 1_000, last * 1_000 + RESERVE_MAX.0)))
}

#[test]
fn a_hundred_reservations_are_all_a_tenant_may_have() {
    let at_once = u64::from(RESERVATION_QUOTA.at_once);
    let full = || given::<Numbering>(reservations(at_once));
    let later = at_once * 1_000 + 60_000;
    full().when(at(later, reserve_one(101, HERAT))).refused(NumberingError::QuotaExceeded { most: 100 });
    full().when(at(later, reserve_one(101, KABUL))).committed();
    full()
        .when(at(later, assign_to(number(1), HERAT)))
        .committed()
        .when(at(later, reserve_one(101, HERAT)))
        .committed()
        .when(at(later, reserve_one(102, HERAT)))
        .refused(NumberingError::QuotaExceeded { most: 100 });
    // A hold counts as the reservation it was, and what ran out counts no longer, be that on record or not.
    let held = full().when(at(later, hold_for(number(1), HERAT, HOLD_MAX))).committed();
    held.when(at(later, reserve_one(101, HERAT))).refused(NumberingError::QuotaExceeded { most: 100 });
    let ran_out = 2_000 + RESERVE_MAX.0;
    full().when(at(ran_out, reserve_one(101, HERAT))).committed();
}

#[test]
fn the_quota_of_a_tenant_is_data() {
    let set = ReservationQuotaSet { tenant: HERAT, quota: ReservationQuota { at_once: 1, per_minute: 60 } };
    given::<Numbering>(reservations(1))
        .when(at(9_000, quota(HERAT, 1, 60)))
        .then([set.clone()])
        .when(at(9_001, reserve_one(2, HERAT)))
        .refused(NumberingError::QuotaExceeded { most: 1 })
        .when(at(9_002, quota(HERAT, 1, 60)))
        .refused(NumberingError::InvalidTransition("the quota is that already"))
        .when(at(9_003, quota(HERAT, 100, 2)))
        .committed()
        .when(at(9_004, reserve_one(2, HERAT)))
        .committed()
        .when(at(9_005, reserve_one(3, HERAT)))
        .then([ReservationBurst { tenant: HERAT, at: At(9_005), again: At(61_000) }]);
    for (at_once, per_minute) in [(100_001, 60), (100, 0), (100, 100_001)] {
        let refused = given::<Numbering>([]).when(at(1, quota(HERAT, at_once, per_minute)));
        assert_eq!(refused.code(NumberingError::code), "INVALID_VALUE");
    }
}

#[test]
fn sixty_reservations_a_minute_and_the_first_beyond_is_on_record() {
    let burst = ReservationBurst { tenant: HERAT, at: At(60_500), again: At(61_000) };
    let ledger = given::<Numbering>(reservations(60)).when(at(60_500, reserve_one(61, HERAT))).then([burst]);
    assert_eq!(ledger.state().lifecycle(number(61)), Some(&Lifecycle::Available));
    ledger
        .when(at(60_501, reserve_one(61, HERAT)))
        .refused(NumberingError::RateLimited { again: At(61_000) })
        .when(at(61_000, reserve_one(61, HERAT)))
        .then([taken(61, FIRST, HERAT, 61_000, 61_000 + RESERVE_MAX.0)])
        // A minute after the first is on record, the next may be.
        .when(at(61_001, reserve_one(62, HERAT)))
        .refused(NumberingError::RateLimited { again: At(62_000) });
}

#[test]
fn a_number_recalled_twice_that_is_leased_again_is_a_sign_of_fraud() {
    let cycle = |since: u64, tenant| {
        [
            taken(1, FIRST, tenant, since, since + 60_000),
            NumberAssigned { number: number(1), lease: FIRST, tenant, term: None },
            NumberRecalled {
                number: number(1),
                lease: FIRST,
                tenant,
                since: At(since + 9),
                cools_until: At(since + COOL_OFF_MS),
                reason: why(),
            },
            NumberReturned {
                number: number(1),
                since: At(since + 9),
                cools_until: At(since + 10),
                justification: why(),
            },
            QuarantineEnded { number: number(1) },
        ]
    };
    let leased = NumberAssigned { number: number(1), lease: FIRST, tenant: HERAT, term: None };
    let sign = RecalledNumberLeasedAgain { number: number(1), lease: FIRST, tenant: HERAT, recalls: 2 };
    let again = |since: u64| taken(1, FIRST, HERAT, since, since + 60_000);
    let once = [listed()].into_iter().chain(cycle(0, HERAT)).chain([again(100)]);
    given::<Numbering>(once).when(at(101, assign_to(number(1), HERAT))).then([leased.clone()]);
    let twice =
        |last: u64| [listed()].into_iter().chain(cycle(0, KABUL)).chain(cycle(1_000, HERAT)).chain([again(last)]);
    given::<Numbering>(twice(2_000)).when(at(2_001, assign_to(number(1), HERAT))).then([leased.clone(), sign]);
    let long_ago = RECALLS_WITHIN.0 + 2_000;
    given::<Numbering>(twice(long_ago)).when(at(long_ago, assign_to(number(1), HERAT))).then([leased]);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Reserve(u64, u8),
    Release(u64, u8),
    Quota(u8, u32, u32),
}

fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let (number, tenant) = (1..=NUMBERS, 1..3_u8);
    let step = prop_oneof![
        20 => (number.clone(), tenant.clone()).prop_map(|(number, tenant)| Step::Reserve(number, tenant)),
        6 => (number, tenant.clone()).prop_map(|(number, tenant)| Step::Release(number, tenant)),
        1 => (tenant, prop_oneof![0..90_u32, Just(100)], prop_oneof![1..70_u32, Just(60)])
            .prop_map(|(tenant, at_once, per_minute)| Step::Quota(tenant, at_once, per_minute)),
    ];
    let pause = prop_oneof![20 => 0..400_u64, 1 => 0..70_000_u64];
    prop::collection::vec((pause, step), 1..400)
}

/// Everything that was ever reserved, by whom and when, and when that ended.
#[derive(Default)]
struct Model {
    reserved: Vec<(u64, TenantId, u64, u64)>,
    quotas: std::collections::HashMap<TenantId, (u32, u32)>,
    bursts: Vec<(TenantId, u64)>,
}

impl Model {
    fn reserve(&mut self, at: u64, last: u64, tenant: TenantId) -> Option<&'static str> {
        let stand = |(_, _, from, to): &&(u64, TenantId, u64, u64)| *from <= at && at < *to;
        if self.reserved.iter().filter(stand).any(|(number, ..)| *number == last) {
            return Some("CONFLICT");
        }
        let own = self.reserved.iter().filter(|(_, of, ..)| *of == tenant);
        let (most, per_minute) = self.quotas.get(&tenant).copied().unwrap_or((100, 60));
        if own.clone().filter(stand).count() >= most as usize {
            return Some("QUOTA_EXCEEDED");
        }
        if own.filter(|(_, _, from, _)| at - from < 60_000).count() >= per_minute as usize {
            if self.bursts.iter().any(|(of, when)| *of == tenant && at - when < 60_000) {
                return Some("RATE_LIMIT_EXCEEDED");
            }
            self.bursts.push((tenant, at));
            return Some("burst");
        }
        self.reserved.push((last, tenant, at, at + 30_000));
        None
    }

    fn release(&mut self, at: u64, last: u64, tenant: TenantId) -> Option<&'static str> {
        let standing =
            self.reserved.iter_mut().find(|(number, _, from, to)| *number == last && *from <= at && at < *to);
        match standing {
            None => Some("INVALID_TRANSITION"),
            Some((_, of, ..)) if *of != tenant => Some("NOT_FOUND"),
            Some((.., to)) => {
                *to = at;
                None
            }
        }
    }
}

fn history(steps: Vec<(u64, Step)>) -> usize {
    let mut inventory = Inventory::default();
    inventory.evolve(all()).expect("a block");
    let (mut model, mut now, mut bursts) = (Model::default(), 1_000_000, 0);
    for (count, (pause, step)) in steps.into_iter().enumerate() {
        now += pause;
        let tenant = |index: u8| TenantId::from_bytes([index; 16]);
        let (command, expected) = match step {
            Step::Reserve(last, by) => {
                let lease = LeaseId::from_bytes((count as u128).to_be_bytes());
                let (tenant, ttl) = (tenant(by), Span::seconds(30));
                let command = NumberingCommand::Reserve { number: number(last), lease, tenant, ttl, vanity: false };
                (command, model.reserve(now, last, tenant))
            }
            Step::Release(last, by) => (release_by(number(last), tenant(by)), model.release(now, last, tenant(by))),
            Step::Quota(of, at_once, per_minute) => {
                let before = model.quotas.insert(tenant(of), (at_once, per_minute)).unwrap_or((100, 60));
                let same = (before == (at_once, per_minute)).then_some("INVALID_TRANSITION");
                (quota(tenant(of), at_once, per_minute), same)
            }
        };
        let answer = match inventory.decide(Dated { at: At(now), command }) {
            Err(error) => Some(error.code()),
            Ok(events) => {
                let burst = matches!(events[..], [ReservationBurst { .. }]);
                bursts += usize::from(burst);
                for event in events {
                    inventory.evolve(event).expect("what was decided applies");
                }
                burst.then_some("burst")
            }
        };
        assert_eq!(answer, expected, "{step:?} at {now}");
        for tenant in [1, 2].map(tenant) {
            let standing = model.reserved.iter().filter(|(_, of, from, to)| *of == tenant && *from <= now && now < *to);
            assert_eq!(inventory.reservations(tenant, At(now)) as usize, standing.count());
        }
    }
    bursts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quotas_and_rates_are_exact(steps in steps()) {
        history(steps);
    }
}

#[test]
fn the_histories_reach_the_rate() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let bursts: usize = (0..40).map(|_| history(steps().new_tree(&mut runner).expect("a history").current())).sum();
    assert!(bursts > 0);
}
