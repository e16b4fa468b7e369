use super::NumberingCommand::{EraseTenant, Tick};
use super::NumberingEvent::*;
use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{AlphaId, At, LeaseId, SenderId, Span, TenantId};
use proptest::prelude::*;

fn begun() -> NumberingEvent {
    TenantErasureBegun { tenant: HERAT, at: At(0) }
}

fn erased(at: u64) -> NumberingEvent {
    TenantErased { tenant: HERAT, tombstone: HERAT.tombstone(), at: At(at) }
}

fn why() -> Reason {
    Reason::new("the tenant it was leased to is erased").expect("a reason")
}

fn recalled(at: u64) -> NumberingEvent {
    let (since, cools_until) = (At(at), At(at + COOL_OFF_MS));
    NumberRecalled { number: number(1), lease: FIRST, tenant: HERAT, since, cools_until, reason: why() }
}

fn returned(since: u64) -> NumberingEvent {
    let (since, cools_until) = (At(since), At(since + COOL_OFF_MS));
    NumberReturned { number: number(1), since, cools_until, justification: why() }
}

#[test]
fn a_lease_is_recalled_and_cools_off_before_the_tenant_is_gone() {
    let ledger = given::<Numbering>([listed(), reserved(60_000), assigned()])
        .when(at(5, EraseTenant { tenant: HERAT }))
        .then([TenantErasureBegun { tenant: HERAT, at: At(5) }])
        .when(at(9, Tick))
        .then([recalled(9), returned(9)])
        .when(at(10, Tick))
        .then([erased(10)])
        .when(at(11, Tick))
        .then_nothing()
        .when(at(11, EraseTenant { tenant: HERAT }))
        .refused(NumberingError::InvalidTransition("the tenant is erased"));
    assert!(ledger.state().is_erased(HERAT) && !ledger.state().is_leaving(HERAT));
    assert_eq!((ledger.state().holdings(HERAT), ledger.state().holder(number(1), At(11))), (0, None));
    // Cooled off it is leased anew; before it is not, whoever asks.
    let cooled = 9 + COOL_OFF_MS;
    let ledger =
        ledger.when(at(12, reserve(KABUL, SECOND, MINUTE))).refused(NumberingError::Quarantined { until: At(cooled) });
    ledger
        .when(at(cooled, reserve(KABUL, SECOND, MINUTE)))
        .then([QuarantineEnded { number: number(1) }, taken(1, SECOND, KABUL, cooled, cooled + 60_000)]);
}

#[test]
fn what_was_never_in_use_is_free_at_once_and_what_was_recalled_cools_off_from_its_recall() {
    given::<Numbering>([listed(), reserved(60_000), begun()]).when(at(9, Tick)).then([released(9, 9)]);
    given::<Numbering>([listed(), reserved(60_000), held(90_000), begun()]).when(at(9, Tick)).then([released(9, 9)]);
    let past = [listed(), reserved(60_000), assigned(), recalled(3), begun()];
    given::<Numbering>(past).when(at(9, Tick)).then([returned(3)]);
}

#[test]
fn nothing_is_taken_kept_or_given_back_to_a_tenant_on_its_way_out_or_gone() {
    let leased = || vec![listed(), reserved(60_000), assigned(), begun()];
    let gone = || vec![listed(), begun(), erased(0)];
    let alpha: AlphaId = "Acme".parse().expect("a sender");
    let lease = LeaseId::from_bytes([9; 16]);
    let reserve_alpha =
        NumberingCommand::Reserve { number: alpha.into(), lease, tenant: HERAT, ttl: MINUTE, vanity: false };
    for past in [leased(), gone()] {
        for command in [
            NumberingCommand::Reserve { number: number(2), lease, tenant: HERAT, ttl: MINUTE, vanity: false },
            reserve_alpha.clone(),
            hold_for(number(1), HERAT, MINUTE),
            assign_to(number(1), HERAT),
            release_by(number(1), HERAT),
            NumberingCommand::Renew { number: number(1), tenant: HERAT, expected: Expected::default() },
            NumberingCommand::SetReservationQuota {
                tenant: HERAT,
                quota: ReservationQuota { at_once: 7, per_minute: 7 },
            },
            EraseTenant { tenant: HERAT },
        ] {
            let decided = given::<Numbering>(past.clone()).when(at(1, command.clone()));
            assert_eq!(decided.code(NumberingError::code), "INVALID_TRANSITION", "{command:?}");
        }
    }
    let back = NumberingCommand::Reinstate {
        number: number(1),
        to: Reinstatement::Tenant,
        justification: why(),
        expected: Expected::default(),
    };
    let past = [listed(), reserved(60_000), assigned(), recalled(3), begun()];
    assert_eq!(given::<Numbering>(past).when(at(4, back)).code(NumberingError::code), "INVALID_TRANSITION");
    for nobody in [TenantId::NIL, HERAT.tombstone()] {
        let decided = given::<Numbering>([]).when(at(1, EraseTenant { tenant: nobody }));
        assert_eq!(decided.code(NumberingError::code), "INVALID_VALUE");
    }
}

/// The signs of fraud go with the number and not with who had it.
#[test]
fn an_erasure_counts_as_a_recall_of_the_number() {
    let again = |last: u64| At(last);
    let past = [
        listed(),
        reserved(60_000),
        assigned(),
        recalled(1),
        returned(1),
        QuarantineEnded { number: number(1) },
        taken(1, SECOND, HERAT, 2, 60_000),
        NumberAssigned { number: number(1), lease: SECOND, tenant: HERAT, term: None },
        begun(),
        NumberRecalled {
            number: number(1),
            lease: SECOND,
            tenant: HERAT,
            since: again(3),
            cools_until: again(4),
            reason: why(),
        },
        NumberReturned { number: number(1), since: again(3), cools_until: again(4), justification: why() },
        erased(3),
        QuarantineEnded { number: number(1) },
        taken(1, FIRST, KABUL, 5, 60_005),
    ];
    let decided = given::<Numbering>(past).when(at(6, assign_to(number(1), KABUL)));
    assert_eq!(
        decided.events().last(),
        Some(&RecalledNumberLeasedAgain { number: number(1), lease: FIRST, tenant: KABUL, recalls: 2 })
    );
}

const NUMBERS: u64 = 1_200;

fn many(tenant_of: impl Fn(u64) -> TenantId) -> Inventory {
    let lease = |last: u64| LeaseId::from_bytes(u128::from(last + 1_000).to_be_bytes());
    let all: Vec<SenderId> = (0..NUMBERS).map(number).collect();
    let mut inventory = Inventory::default();
    let mut happens = |event| inventory.evolve(event).expect("it applies");
    happens(NumbersListed { block: BLOCK, mno: "Roshan".to_owned(), numbers: listings(all) });
    for last in 0..NUMBERS {
        happens(taken(last, lease(last), tenant_of(last), 0, 60_000_000));
        happens(NumberAssigned { number: number(last), lease: lease(last), tenant: tenant_of(last), term: None });
    }
    inventory
}

#[test]
fn a_large_tenant_goes_in_bounded_steps_and_others_keep_what_they_have() {
    let mut inventory = many(|last| if last % 3 == 0 { KABUL } else { HERAT });
    inventory.evolve(begun()).expect("it applies");
    let mut steps = Vec::new();
    loop {
        let events = inventory.decide(at(7, Tick)).expect("a tick");
        if events.is_empty() {
            break;
        }
        steps.push(events.len());
        events.into_iter().for_each(|event| inventory.evolve(event).expect("it applies"));
    }
    assert_eq!(steps, [TICK_MAX, TICK_MAX, TICK_MAX, 100, 1]);
    assert_eq!((inventory.holdings(HERAT), inventory.holdings(KABUL)), (0, 400));
    assert!((0..NUMBERS).all(|last| inventory.holder(number(last), At(8)) == (last % 3 == 0).then_some(KABUL)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever two tenants and time do with numbers and a name: what each holds is what its numbers say, nothing is ever
    /// again a tenant's that is on its way out or gone, and time alone ends the erasure.
    #[test]
    fn nothing_is_left_of_a_tenant_that_is_erased(
        asked in prop::collection::vec((0..9_u8, 0..4_u64, any::<bool>(), 0..40_000_u64), 1..120),
    ) {
        let mut inventory = Inventory::default();
        inventory.evolve(listed()).expect("it applies");
        let mut now = 0;
        let alpha: AlphaId = "Acme".parse().expect("a sender");
        for (nth, (what, which, first, pause)) in asked.into_iter().enumerate() {
            now += pause;
            let tenant = if first { HERAT } else { KABUL };
            let number = if which == 3 { alpha.into() } else { number(which) };
            let lease = LeaseId::from_bytes(u128::try_from(nth + 1).expect("a number").to_be_bytes());
            let expected = Expected::default();
            let period = Some(Period { months: 1, renews: which == 1 });
            let command = match what {
                0 | 1 => NumberingCommand::Reserve { number, lease, tenant, ttl: MINUTE, vanity: false },
                2 => hold_for(number, tenant, Span::hours(1)),
                3 => NumberingCommand::Assign { number, tenant, period, vanity: false, expected },
                4 => release_by(number, tenant),
                5 => NumberingCommand::Recall { number, reason: why(), expected },
                6 => NumberingCommand::Reinstate { number, to: Reinstatement::Tenant, justification: why(), expected },
                7 if which == 0 => EraseTenant { tenant },
                _ => Tick,
            };
            for event in inventory.decide(at(now, command)).unwrap_or_default() {
                inventory.evolve(event).expect("what was decided applies");
            }
            for tenant in [HERAT, KABUL] {
                let has = inventory.iter().filter(|(_, entry)| entry.lifecycle.tenant() == Some(tenant)).count();
                prop_assert_eq!(inventory.holdings(tenant), has);
                prop_assert!(!inventory.is_erased(tenant) || has == 0);
            }
        }
        let leaving: Vec<_> = [HERAT, KABUL].into_iter().filter(|tenant| inventory.is_leaving(*tenant)).collect();
        while let events @ [_, ..] = &inventory.decide(at(now, Tick)).expect("a tick")[..] {
            events.iter().cloned().for_each(|event| inventory.evolve(event).expect("it applies"));
        }
        prop_assert!(leaving.iter().all(|tenant| inventory.is_erased(*tenant)));
    }
}
