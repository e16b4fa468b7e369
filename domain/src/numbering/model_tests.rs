//! Random histories against a naive model that keeps intervals of time instead of lifecycles, timers and events.
use super::*;
use crate::kept::kept;
use crate::{At, BlockId, Dated, LeaseId, Msisdn, Span, TenantId};
use proptest::prelude::*;
use std::collections::HashMap;

const NUMBERS: u64 = 4;

fn number(index: u64) -> Msisdn {
    Msisdn::from_digits(93_700_000_000 + index).expect("a number")
}

fn tenant(index: u8) -> TenantId {
    TenantId::from_bytes([index + 1; 16])
}

/// Somebody's claim on a number: it stands before `end`, and the number then cools off until `cooled`.
#[derive(Debug, Clone, Copy)]
struct Claim {
    number: Msisdn,
    tenant: TenantId,
    lease: LeaseId,
    end: u64,
    cooled: u64,
    held: bool,
}

#[derive(Debug, Default)]
struct Model {
    known: Vec<Msisdn>,
    claims: Vec<Claim>,
}

const FOREVER: u64 = u64::MAX;

impl Model {
    fn standing(&mut self, number: Msisdn, at: u64) -> Option<&mut Claim> {
        self.claims.iter_mut().find(|claim| claim.number == number && at < claim.end)
    }

    fn cooling(&self, number: Msisdn, at: u64) -> Option<u64> {
        self.claims.iter().filter(|it| it.number == number && at >= it.end && at < it.cooled).map(|it| it.cooled).max()
    }

    /// The code of the refusal, or nothing.
    fn answer(&mut self, at: u64, command: &NumberingCommand) -> Option<&'static str> {
        match command {
            NumberingCommand::Import { numbers, .. } => {
                let fresh = numbers
                    .iter()
                    .enumerate()
                    .all(|(row, it)| !self.known.contains(it) && !numbers[..row].contains(it));
                if !fresh {
                    return Some("INVALID_ROWS");
                }
                self.known.extend(numbers);
                None
            }
            NumberingCommand::Reserve { number, lease, tenant, ttl } => {
                if !(1_000..=86_400_000).contains(&ttl.0) {
                    return Some("TTL_OUT_OF_RANGE");
                }
                if !self.known.contains(number) {
                    return Some("NOT_REGISTERED");
                }
                if self.standing(*number, at).is_some() {
                    return Some("CONFLICT");
                }
                if self.cooling(*number, at).is_some() {
                    return Some("QUARANTINED");
                }
                let end = at + ttl.0;
                self.claims.push(Claim {
                    number: *number,
                    tenant: *tenant,
                    lease: *lease,
                    end,
                    cooled: 0,
                    held: false,
                });
                None
            }
            NumberingCommand::Hold { number, tenant, ttl } => {
                if self.standing(*number, at).is_some_and(|claim| claim.tenant == *tenant && claim.held) {
                    return Some("INVALID_TRANSITION");
                }
                self.own(at, *number, *tenant, |claim| {
                    claim.end = at + ttl.0;
                    claim.held = true;
                })
            }
            NumberingCommand::Assign { number, tenant } => self.own(at, *number, *tenant, |claim| claim.end = FOREVER),
            NumberingCommand::Release { number, tenant } => {
                if !self.known.contains(number) {
                    return Some("NOT_REGISTERED");
                }
                match self.standing(*number, at) {
                    None => Some("INVALID_TRANSITION"),
                    Some(claim) if claim.tenant != *tenant => Some("NOT_FOUND"),
                    Some(claim) => {
                        claim.cooled = if claim.end == FOREVER { at + Span::days(90).0 } else { 0 };
                        claim.end = at;
                        None
                    }
                }
            }
            NumberingCommand::Tick => None,
        }
    }

    fn own(
        &mut self,
        at: u64,
        number: Msisdn,
        tenant: TenantId,
        change: impl FnOnce(&mut Claim),
    ) -> Option<&'static str> {
        if !self.known.contains(&number) {
            return Some("NOT_REGISTERED");
        }
        match self.standing(number, at) {
            None => Some("INVALID_TRANSITION"),
            Some(claim) if claim.tenant != tenant => Some("NOT_FOUND"),
            Some(claim) if claim.end == FOREVER => Some("INVALID_TRANSITION"),
            Some(claim) => {
                change(claim);
                None
            }
        }
    }
}

/// Reads events alone, as an auditor would, and objects to a second holder.
#[derive(Debug, Default)]
struct Auditor {
    holders: HashMap<Msisdn, (TenantId, LeaseId)>,
}

impl Auditor {
    fn read(&mut self, event: &NumberingEvent) {
        match event {
            NumberingEvent::NumberReserved { number, lease, tenant, .. } => {
                assert_eq!(self.holders.insert(*number, (*tenant, *lease)), None, "a second holder");
            }
            NumberingEvent::NumberHeld { number, lease, tenant, .. }
            | NumberingEvent::NumberAssigned { number, lease, tenant } => {
                assert_eq!(self.holders.get(number), Some(&(*tenant, *lease)), "prolonged by somebody else");
            }
            NumberingEvent::NumberReleased { number, lease, tenant, .. }
            | NumberingEvent::ReservationExpired { number, lease, tenant } => {
                assert_eq!(self.holders.remove(number), Some((*tenant, *lease)), "ended by somebody else");
            }
            NumberingEvent::NumbersListed { .. } | NumberingEvent::QuarantineEnded { .. } => {}
        }
    }
}

fn commands() -> impl Strategy<Value = Vec<(u64, NumberingCommand)>> {
    let who = (0..3_u8).prop_map(tenant);
    let which = (0..NUMBERS + 1).prop_map(number);
    let ttl = prop_oneof![4 => 1_000..20_000_u64, 1 => Just(999), 1 => Just(90_000_000)].prop_map(Span);
    let hold = (1_000..40_000_u64).prop_map(Span);
    let numbers = prop::collection::vec((0..NUMBERS).prop_map(number), 1..3);
    let command = prop_oneof![
        1 => numbers.prop_map(|numbers| NumberingCommand::Import {
            block: BlockId::NIL,
            mno: "Roshan".to_owned(),
            numbers,
        }),
        6 => (which.clone(), who.clone(), ttl)
            .prop_map(|(number, tenant, ttl)| NumberingCommand::Reserve { number, lease: LeaseId::NIL, tenant, ttl }),
        3 => (which.clone(), who.clone(), hold)
            .prop_map(|(number, tenant, ttl)| NumberingCommand::Hold { number, tenant, ttl }),
        4 => (which.clone(), who.clone()).prop_map(|(number, tenant)| NumberingCommand::Assign { number, tenant }),
        4 => (which, who).prop_map(|(number, tenant)| NumberingCommand::Release { number, tenant }),
        2 => Just(NumberingCommand::Tick),
    ];
    let pause = prop_oneof![8 => 0..3_000_u64, 2 => 3_000..30_000_u64, 1 => Just(Span::days(90).0)];
    prop::collection::vec((pause, command), 1..120)
}

fn history(commands: Vec<(u64, NumberingCommand)>) {
    let (mut inventory, mut model, mut auditor) = (Inventory::default(), Model::default(), Auditor::default());
    let all = (0..NUMBERS).map(number).collect();
    let first = NumberingCommand::Import { block: BlockId::NIL, mno: "Roshan".to_owned(), numbers: all };
    let mut at = 0;
    for (step, (pause, mut command)) in [(0, first)].into_iter().chain(commands).enumerate() {
        at += pause;
        if let NumberingCommand::Reserve { lease, .. } = &mut command {
            *lease = LeaseId::from_bytes((step as u128).to_be_bytes());
        }
        let expected = model.answer(at, &command);
        let is_tick = command == NumberingCommand::Tick;
        match inventory.decide(Dated { at: At(at), command: command.clone() }) {
            Ok(events) => {
                assert_eq!(expected, None, "{command:?} at {at} was accepted");
                for event in events {
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
}

fn compare(inventory: &Inventory, model: &mut Model, at: u64) {
    for number in (0..=NUMBERS).map(number) {
        let now = inventory.lifecycle(number).map(|lifecycle| lifecycle.seen_at(At(at)));
        let known = model.known.contains(&number);
        let cooling = model.cooling(number, at);
        let claim = model.standing(number, at).map(|claim| *claim);
        match (now, claim) {
            (None, _) => assert!(!known),
            (Some(Lifecycle::Available), claim) => assert!(known && claim.is_none() && cooling.is_none()),
            (Some(Lifecycle::Quarantined { until }), None) => assert_eq!(cooling, Some(until.0)),
            (Some(Lifecycle::Assigned { tenant, lease }), Some(claim)) => {
                assert_eq!((tenant, lease, FOREVER), (claim.tenant, claim.lease, claim.end));
                assert_eq!(inventory.holder(number, At(at)), Some(tenant));
            }
            (
                Some(Lifecycle::Reserved { tenant, lease, until } | Lifecycle::Held { tenant, lease, until }),
                Some(claim),
            ) => {
                assert_eq!((tenant, lease, until.0), (claim.tenant, claim.lease, claim.end));
                assert_eq!(inventory.holder(number, At(at)), None);
            }
            (now, claim) => panic!("the inventory says {now:?}, the model {claim:?}"),
        }
    }
    let counts = inventory.counts();
    let sum = counts.available + counts.reserved + counts.held + counts.assigned + counts.quarantined;
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
