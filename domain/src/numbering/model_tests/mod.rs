//! Random histories against a naive model that keeps intervals of time instead of lifecycles, timers and events.
mod auditor;
mod calendar;
mod commands;
mod model;
mod pools;

use self::auditor::Auditor;
use self::commands::{commands, filled_in};
use self::model::Model;
use super::*;
use crate::kept::kept;
use crate::{At, BlockId, Dated, LeaseId, PoolId, SenderId, Span, TenantId};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const NUMBERS: u64 = 4;
const DAY: u64 = 86_400_000;
const FOREVER: u64 = u64::MAX;

/// Alphanumeric senders, with a word for each that tells what it looks like.
const ALPHAS: [(&str, &str); 4] = [("Acme", "acme"), ("ACME", "acme"), ("Zeta", "zeta"), ("7O7O", "a number")];
/// Numbers that may be listed, one that never is, and the senders.
const ALL: u64 = NUMBERS + 1 + ALPHAS.len() as u64;

/// Every other one is a short code.
fn number(index: u64) -> SenderId {
    if index > NUMBERS {
        let (text, _) = ALPHAS[usize::try_from(index - NUMBERS - 1).expect("an index")];
        return text.parse().expect("a sender");
    }
    let first = if index.is_multiple_of(2) { 93_700_000_000 } else { 7_070 };
    SenderId::from_digits(first + index).expect("a number")
}

/// Those of the second half are vanity numbers.
fn listing(index: u64) -> Listing {
    let plain = Listing::from(number(index));
    if index < NUMBERS / 2 { plain } else { Listing::new(plain.number(), NumberType::Vanity).expect("a listing") }
}

/// Every other number is in the one, the rest in the other.
const BLOCKS: [BlockId; 2] = [BlockId::from_bytes([0xb0; 16]), BlockId::from_bytes([0xb1; 16])];

fn block_of(number: SenderId) -> Option<BlockId> {
    let index = (0..NUMBERS).find(|index| self::number(*index) == number)?;
    Some(BLOCKS[usize::from(index % 2 == 1)])
}

fn pool(index: u8) -> PoolId {
    PoolId::from_bytes([index + 1; 16])
}

/// Stands for the version there is.
const AS_IT_IS: u32 = u32::MAX;

fn tenant(index: u8) -> TenantId {
    TenantId::from_bytes([index + 1; 16])
}

/// What a sender looks like.
fn look(number: SenderId) -> Option<&'static str> {
    ALPHAS.into_iter().find(|(text, _)| *text == number.text()).map(|(_, look)| look)
}

fn history(commands: Vec<(u64, NumberingCommand)>) -> HashSet<&'static str> {
    let (mut inventory, mut model, mut auditor) = (Inventory::default(), Model::default(), Auditor::default());
    let first = BLOCKS.map(|block| {
        let numbers = (0..NUMBERS).map(listing).filter(|listing| block_of(listing.number()) == Some(block)).collect();
        NumberingCommand::Import { block, mno: "Roshan".to_owned(), numbers }
    });
    // The last days of January 2027, so that months clamp.
    let mut at = 20_846 * DAY;
    let mut happened = HashSet::new();
    for (step, (pause, mut command)) in first.map(|import| (0, import)).into_iter().chain(commands).enumerate() {
        at += pause;
        filled_in(step, at, &inventory, &mut command);
        let expected = model.answer(at, &command);
        let is_tick = command == NumberingCommand::Tick;
        match inventory.decide(Dated { at: At(at), command: command.clone() }) {
            Ok(events) => {
                assert_eq!(expected, None, "{command:?} at {at} was accepted");
                for event in events {
                    happened.insert(word(&event));
                    auditor.read(&event);
                    inventory.evolve(event).expect("what was decided applies");
                }
            }
            Err(error) => assert_eq!(Some(error.code()), expected, "{command:?} at {at}"),
        }
        compare(&inventory, &mut model, at);
        // One who goes on from a snapshot goes on from the same state.
        if step % 5 == 4 {
            let again = kept(&inventory);
            assert!(again == inventory, "a kept inventory is the same");
            inventory = again;
        }
        if is_tick {
            assert!(inventory.next_due().is_none_or(|due| due > At(at)), "a tick leaves nothing due");
        }
    }
    happened
}

const fn word(event: &NumberingEvent) -> &'static str {
    match event {
        NumberingEvent::NumbersListed { .. } => "listed",
        NumberingEvent::NumberReserved { .. } => "reserved",
        NumberingEvent::SenderReserved { .. } => "sender reserved",
        NumberingEvent::SkeletonsRenewed { .. } => "skeletons renewed",
        NumberingEvent::NumberHeld { .. } => "held",
        NumberingEvent::NumberAssigned { .. } => "assigned",
        NumberingEvent::LeaseRenewed { .. } => "renewed",
        NumberingEvent::NumberReleased { .. } => "released",
        NumberingEvent::ReservationExpired { .. } => "reservation expired",
        NumberingEvent::LeaseExpired { .. } => "lease expired",
        NumberingEvent::NumberRecalled { .. } => "recalled",
        NumberingEvent::LeaseReinstated { .. } => "reinstated",
        NumberingEvent::NumberReturned { .. } => "returned",
        NumberingEvent::CoolOffOverridden { .. } => "overridden",
        NumberingEvent::QuarantineEnded { .. } => "cooled off",
        NumberingEvent::NumberRetired { .. } => "retired",
        NumberingEvent::ExportRequested { .. }
        | NumberingEvent::ExportProduced { .. }
        | NumberingEvent::ExportStored { .. }
        | NumberingEvent::ExportFailed { .. }
        | NumberingEvent::NumberAuditVerified { .. }
        | NumberingEvent::NumberAuditBroken { .. } => "export",
        NumberingEvent::ReservationQuotaSet { .. } => "quota set",
        NumberingEvent::TenantErasureBegun { .. } | NumberingEvent::TenantErased { .. } => "erasure",
        NumberingEvent::ReservationBurst { .. } => "burst",
        NumberingEvent::RecalledNumberLeasedAgain { .. } => "leased again",
        NumberingEvent::ImportKeyRegistered { .. }
        | NumberingEvent::ImportKeyRevoked { .. }
        | NumberingEvent::ImportApproved { .. }
        | NumberingEvent::BatchOpened { .. }
        | NumberingEvent::RowsStaged { .. }
        | NumberingEvent::BatchClosed { .. }
        | NumberingEvent::BatchAbandoned { .. }
        | NumberingEvent::RowsRemoved { .. } => "of an import",
        NumberingEvent::ContractAdded { .. }
        | NumberingEvent::ContractChanged { .. }
        | NumberingEvent::ContractEnded { .. }
        | NumberingEvent::ContractRemoved { .. } => "of a contract",
        NumberingEvent::BlockAdded { .. } | NumberingEvent::BlockRemoved { .. } => "of a block",
        NumberingEvent::BlockChanged { .. } => "block changed",
        NumberingEvent::PoolAdded { .. } => "pool added",
        NumberingEvent::PoolChanged { .. } => "pool changed",
        NumberingEvent::PoolRemoved { .. } => "pool removed",
    }
}

fn compare(inventory: &Inventory, model: &mut Model, at: u64) {
    model.pass(at);
    for number in (0..ALL).map(number) {
        let now = inventory.entry(number).map(|entry| entry.seen_at(number, At(at)));
        // A sender that is free by now may still be there until that is on record.
        let now = now.filter(|now| look(number).is_none() || *now != Lifecycle::Available);
        let known = model.is_there(number, at);
        let cooling = model.cooling(number, at);
        let recalled = model.recalled(number).map(|claim| *claim);
        let retired = model.retired.contains(&number);
        let claim = model.standing(number, at).map(|claim| *claim);
        assert_eq!(
            inventory.holder(number, At(at)),
            claim.filter(|claim| claim.leased).map(|claim| claim.tenant),
            "only a lease that stands gives a right to send"
        );
        for tenant in (0..3).map(tenant) {
            let verdict = inventory.validate(number, tenant, At(at));
            let own = claim.or(recalled).filter(|claim| claim.tenant == tenant);
            let seen = own.is_some() || claim.is_none() && recalled.is_none() && model.may_take(number, tenant);
            assert_eq!(verdict != LeaseVerdict::NotRegistered, known && seen, "{verdict:?}");
            let leased = claim.is_some_and(|claim| claim.leased && claim.tenant == tenant);
            assert_eq!(matches!(verdict, LeaseVerdict::Leased { .. }), leased);
        }
        match (now, claim) {
            (None, _) => assert!(!known),
            (Some(Lifecycle::Available), None) => {
                assert!(known && cooling.is_none() && recalled.is_none() && !retired);
            }
            (Some(Lifecycle::Quarantined { since, until }), None) => {
                assert!(!retired);
                assert_eq!(cooling, Some((since.0, until.0)));
            }
            (Some(Lifecycle::Recalled { tenant, lease, since, cools_until, .. }), None) => {
                let claim = recalled.expect("the model knows of the recall");
                assert_eq!((tenant, lease, since.0), (claim.tenant, claim.lease, claim.recalled.unwrap_or((0, 0)).0));
                assert_eq!(cools_until.0, since.0 + model.cool_off(number));
            }
            (Some(Lifecycle::Retired), None) => assert!(retired),
            (Some(now @ Lifecycle::Assigned { tenant, lease, term }), Some(claim)) => {
                assert_eq!((tenant, lease, true), (claim.tenant, claim.lease, claim.leased));
                assert_eq!(now.until().map_or(FOREVER, |until| until.0), claim.end);
                assert_eq!(term.map(|term| (term.months, u64::from(term.day), term.renews)), claim.period);
            }
            (
                Some(Lifecycle::Reserved { tenant, lease, until } | Lifecycle::Held { tenant, lease, until }),
                Some(claim),
            ) => {
                assert_eq!((tenant, lease, until.0, false), (claim.tenant, claim.lease, claim.end, claim.leased));
            }
            (now, claim) => panic!("the inventory says {now:?}, the model {claim:?}"),
        }
    }
    let Counts { available, reserved, held, assigned, quarantined, recalled, retired } = inventory.counts();
    let sum = available + reserved + held + assigned + quarantined + recalled + retired;
    assert_eq!(sum, inventory.iter().count() as u64);
    let due = inventory.iter().filter_map(|(_, entry)| entry.lifecycle.until()).min();
    assert_eq!(inventory.next_due(), due);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_leads_the_inventory_away_from_the_model_or_to_two_holders(commands in commands()) {
        history(commands);
    }
}

/// A strategy that never gets to a transition proves nothing of it.
#[test]
fn the_histories_take_every_transition() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut happened = HashSet::new();
    for _ in 0..1_000 {
        happened.extend(history(commands().new_tree(&mut runner).expect("a history").current()));
    }
    // Signs of fraud take longer histories; `quota_tests` leads there.
    let transitions = happened.iter().filter(|word| !["burst", "leased again"].contains(word)).count();
    assert_eq!(transitions, 20, "{happened:?}");
}
