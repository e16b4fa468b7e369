use super::*;
use crate::numbering::sample::{BLOCK, COOL_OFF_MS, HERAT, KABUL, at, listings, number, reserve};
use crate::numbering::{Inventory, LeaseVerdict, NumberType, NumberingCommand, NumberingError, NumberingEvent};
use crate::{At, BlockId, ContractId, LeaseId, PoolId, SenderId, Span};
use NumberingEvent::*;

const CONTRACT: ContractId = ContractId::from_bytes([0xc1; 16]);
const OTHER: ContractId = ContractId::from_bytes([0xc2; 16]);
const POOL: PoolId = PoolId::from_bytes([0xa1; 16]);
const OTHER_POOL: PoolId = PoolId::from_bytes([0xa2; 16]);
const NEW_BLOCK: BlockId = BlockId::from_bytes([0xb7; 16]);

fn terms(name: &str, state: ContractState) -> ContractTerms {
    let signature = (state != ContractState::Draft).then(|| SignatureRef::new("vault:mno/roshan/7").expect("one"));
    ContractTerms { name: name.to_owned(), starts: At(10), ends: Some(At(1_000)), signature, state }
}

fn contract_added(state: ContractState) -> NumberingEvent {
    added_by(CONTRACT, "Roshan", terms("R-1", state))
}

fn added_by(contract: ContractId, mno: &str, terms: ContractTerms) -> NumberingEvent {
    let ContractTerms { name, starts, ends, signature, state } = terms;
    ContractAdded { contract, mno: mno.to_owned(), name, starts, ends, state, signature }
}

fn contract_changed(state: ContractState) -> NumberingEvent {
    let ContractTerms { name, starts, ends, signature, state } = terms("R-1", state);
    ContractChanged { contract: CONTRACT, name, starts, ends, state, signature }
}

fn pool_terms(name: &str, serves: Serves) -> PoolTerms {
    PoolTerms { name: name.to_owned(), serves }
}

fn herat_only() -> Serves {
    Serves::Tenants([HERAT].into())
}

fn pool_added() -> NumberingEvent {
    PoolAdded { pool: POOL, terms: pool_terms("banks", herat_only()) }
}

fn in_pool() -> BlockTerms {
    BlockTerms { pool: Some(POOL), ..BlockTerms::default() }
}

fn under(contract: ContractId) -> BlockTerms {
    BlockTerms { contract: Some(contract), ..BlockTerms::default() }
}

fn listed(block: BlockId, numbers: Vec<SenderId>) -> NumberingEvent {
    NumbersListed { block, mno: "Roshan".to_owned(), numbers: listings(numbers) }
}

/// Two numbers, in a pool that is HERAT's alone.
fn restricted() -> Vec<NumberingEvent> {
    let changed = BlockChanged { block: BLOCK, terms: in_pool() };
    vec![listed(BLOCK, vec![number(1), number(2)]), pool_added(), changed]
}

fn state(events: Vec<NumberingEvent>) -> Inventory {
    let mut inventory = Inventory::default();
    events.into_iter().for_each(|event| inventory.evolve(event).expect("it can follow"));
    inventory
}

/// What follows at 100 ms, or the code it is refused with.
fn then(events: Vec<NumberingEvent>, command: AllocationCommand) -> Result<Vec<NumberingEvent>, &'static str> {
    decided(events, 100, NumberingCommand::Allocation(command))
}

fn decided(
    events: Vec<NumberingEvent>,
    now: u64,
    command: NumberingCommand,
) -> Result<Vec<NumberingEvent>, &'static str> {
    state(events).decide(at(now, command)).map_err(|error| error.code())
}

fn change_contract(version: u32, terms: ContractTerms) -> AllocationCommand {
    AllocationCommand::ChangeContract { contract: CONTRACT, version, terms }
}

fn change_block(block: BlockId, version: u32, terms: BlockTerms) -> AllocationCommand {
    AllocationCommand::ChangeBlock { block, version, terms }
}

fn add_block(number_type: Option<NumberType>, range: Option<(u64, u64)>, terms: BlockTerms) -> AllocationCommand {
    let range = range.map(|(first, last)| NumberRange::new(number(first), number(last)).expect("a range"));
    AllocationCommand::AddBlock { block: NEW_BLOCK, mno: "Roshan".to_owned(), number_type, range, terms }
}

fn import(block: BlockId, numbers: Vec<SenderId>) -> NumberingCommand {
    NumberingCommand::Import { block, mno: "Roshan".to_owned(), numbers: listings(numbers) }
}

#[test]
fn a_contract_is_signed_and_ends_and_is_neither_undone_nor_forgotten() {
    use ContractState::{Active, Draft, Ended};
    let add = |state| AllocationCommand::AddContract {
        contract: CONTRACT,
        mno: "Roshan".to_owned(),
        terms: terms("R-1", state),
    };
    assert_eq!(then(vec![], add(Draft)), Ok(vec![contract_added(Draft)]));
    assert_eq!(then(vec![], add(Ended)), Err("INVALID_VALUE"));
    assert_eq!(then(vec![contract_added(Draft)], add(Draft)), Err("ALREADY_EXISTS"));
    let unsigned = ContractTerms { signature: None, ..terms("R-1", Active) };
    assert_eq!(then(vec![contract_added(Draft)], change_contract(1, unsigned)), Err("INVALID_VALUE"));
    let changed = contract_changed;
    assert_eq!(then(vec![contract_added(Draft)], change_contract(1, terms("R-1", Active))), Ok(vec![changed(Active)]));
    let signed = || vec![contract_added(Draft), changed(Active)];
    assert_eq!(then(signed(), change_contract(1, terms("R-1", Ended))), Err("CONFLICT"), "an older version");
    assert_eq!(then(signed(), change_contract(2, terms("R-1", Draft))), Err("INVALID_TRANSITION"));
    let begun = ContractTerms { starts: At(11), ..terms("R-1", Active) };
    assert_eq!(then(signed(), change_contract(2, begun)), Err("INVALID_TRANSITION"));
    assert_eq!(then(signed(), change_contract(2, terms("R-1", Ended))), Ok(vec![changed(Ended)]));
    let over = || [signed(), vec![changed(Ended)]].concat();
    assert_eq!(then(over(), change_contract(3, terms("R-1", Active))), Err("INVALID_TRANSITION"));
    let remove = |version| AllocationCommand::RemoveContract { contract: CONTRACT, version };
    assert_eq!(then(over(), remove(3)), Err("INVALID_TRANSITION"));
    assert_eq!(then(vec![contract_added(Draft)], remove(1)), Ok(vec![ContractRemoved { contract: CONTRACT }]));
    assert_eq!(then(vec![], remove(1)), Err("NOT_FOUND"));
}

#[test]
fn a_contract_ends_by_itself_when_its_term_does() {
    let events = || vec![contract_added(ContractState::Active)];
    let (inventory, ended) = (state(events()), ContractEnded { contract: CONTRACT, since: At(1_000) });
    let contract = inventory.contract(CONTRACT).expect("there");
    assert_eq!((contract.in_force(At(9)), contract.in_force(At(10)), contract.in_force(At(999))), (false, true, true));
    assert_eq!(contract.state_at(At(1_000)), ContractState::Ended, "before it is on record");
    assert_eq!(decided(events(), 999, NumberingCommand::Tick), Ok(vec![]));
    assert_eq!(decided(events(), 1_000, NumberingCommand::Tick), Ok(vec![ended.clone()]));
    let after = || [events(), vec![ended.clone()]].concat();
    assert_eq!(decided(after(), 2_000, NumberingCommand::Tick), Ok(vec![]));
    let later = AllocationCommand::ChangeContract {
        contract: CONTRACT,
        version: 1,
        terms: ContractTerms { ends: None, ..terms("R-1", ContractState::Active) },
    };
    let refused = decided(events(), 1_000, NumberingCommand::Allocation(later));
    assert_eq!(refused, Err("INVALID_TRANSITION"), "what is over is over");
}

#[test]
fn names_are_taken_once_whatever_their_case() {
    let add = |mno: &str, name: &str| AllocationCommand::AddContract {
        contract: OTHER,
        mno: mno.to_owned(),
        terms: terms(name, ContractState::Draft),
    };
    let there = || vec![contract_added(ContractState::Draft)];
    assert_eq!(then(there(), add("Roshan", "r-1")), Err("ALREADY_EXISTS"));
    assert!(then(there(), add("Etisalat", "R-1")).is_ok(), "another operator's");
    assert!(then(there(), change_contract(1, terms("r-1", ContractState::Draft))).is_ok(), "its own name");
    let pool = |id, name: &str| AllocationCommand::AddPool { pool: id, terms: pool_terms(name, herat_only()) };
    assert_eq!(then(vec![pool_added()], pool(OTHER_POOL, "BANKS")), Err("ALREADY_EXISTS"));
    assert_eq!(then(vec![pool_added()], pool(POOL, "other")), Err("ALREADY_EXISTS"));
    for name in ["", " banks", "two\nlines", &"x".repeat(101)] {
        assert_eq!(then(vec![], pool(POOL, name)), Err("INVALID_VALUE"), "{name}");
    }
}

#[test]
fn nothing_is_removed_that_something_stands_on() {
    let with = |terms| vec![contract_added(ContractState::Draft), pool_added(), block_added(terms)];
    let remove_contract = || AllocationCommand::RemoveContract { contract: CONTRACT, version: 1 };
    let remove_pool = || AllocationCommand::RemovePool { pool: POOL, version: 1 };
    let remove_block = |block| AllocationCommand::RemoveBlock { block, version: 1 };
    assert_eq!(then(with(under(CONTRACT)), remove_contract()), Err("IN_USE"));
    assert_eq!(then(with(in_pool()), remove_pool()), Err("IN_USE"));
    assert!(then(with(in_pool()), remove_contract()).is_ok());
    assert!(then(with(under(CONTRACT)), remove_pool()).is_ok());
    assert!(then(with(in_pool()), remove_block(NEW_BLOCK)).is_ok());
    let mut filled = with(BlockTerms::default());
    filled.push(listed(NEW_BLOCK, vec![number(7)]));
    let refused = state(filled).decide(at(100, NumberingCommand::Allocation(remove_block(NEW_BLOCK))));
    assert_eq!(refused, Err(NumberingError::InUse { by: "numbers are in it", count: 1 }));
}

fn block_added(terms: BlockTerms) -> NumberingEvent {
    BlockAdded { block: NEW_BLOCK, mno: "Roshan".to_owned(), number_type: None, range: None, terms }
}

#[test]
fn a_block_is_under_a_contract_of_its_operator_that_is_not_over() {
    let contract = |mno: &str, state| added_by(OTHER, mno, terms("x", state));
    let add = || add_block(None, None, under(OTHER));
    assert!(then(vec![contract("Roshan", ContractState::Draft)], add()).is_ok());
    assert_eq!(then(vec![], add()), Err("NOT_FOUND"));
    assert_eq!(then(vec![contract("Etisalat", ContractState::Draft)], add()), Err("INVALID_VALUE"));
    assert_eq!(then(vec![contract("Roshan", ContractState::Ended)], add()), Err("INVALID_TRANSITION"));
    assert_eq!(then(vec![], add_block(None, None, in_pool())), Err("NOT_FOUND"));
    assert_eq!(then(vec![], add_block(Some(NumberType::Alpha), None, BlockTerms::default())), Err("INVALID_VALUE"));
    let codes = add_block(Some(NumberType::ShortCode), Some((1, 2)), BlockTerms::default());
    assert_eq!(then(vec![], codes), Err("INVALID_VALUE"));
    // Its contract is over, and it may still be moved to another pool.
    let past = vec![contract_added(ContractState::Active), pool_added(), block_added(under(CONTRACT))];
    let moved = BlockTerms { pool: Some(POOL), ..under(CONTRACT) };
    let change = NumberingCommand::Allocation(change_block(NEW_BLOCK, 1, moved.clone()));
    assert_eq!(decided(past, 5_000, change), Ok(vec![BlockChanged { block: NEW_BLOCK, terms: moved }]));
}

#[test]
fn numbers_join_a_block_that_was_added_as_it_says() {
    let added = |terms, number_type| BlockAdded {
        block: NEW_BLOCK,
        mno: "Roshan".to_owned(),
        number_type,
        range: Some(NumberRange::new(number(10), number(19)).expect("a range")),
        terms,
    };
    let plain = || vec![added(BlockTerms::default(), Some(NumberType::Msisdn))];
    assert!(decided(plain(), 100, import(NEW_BLOCK, vec![number(10), number(19)])).is_ok());
    for outside in [number(9), number(20), "7070".parse().expect("a code")] {
        assert_eq!(decided(plain(), 100, import(NEW_BLOCK, vec![number(10), outside])), Err("INVALID_ROWS"));
    }
    let vanity = vec![added(BlockTerms::default(), Some(NumberType::Vanity))];
    assert_eq!(decided(vanity, 100, import(NEW_BLOCK, vec![number(10)])), Err("INVALID_ROWS"));
    let of_another =
        NumberingCommand::Import { block: NEW_BLOCK, mno: "Etisalat".to_owned(), numbers: listings(vec![number(10)]) };
    assert_eq!(decided(plain(), 100, of_another), Err("INVALID_VALUE"));
    for (state, now, joins) in [
        (ContractState::Draft, 100, false),
        (ContractState::Active, 9, false),
        (ContractState::Active, 100, true),
        (ContractState::Active, 1_000, false),
        (ContractState::Ended, 100, false),
    ] {
        let past = vec![contract_added(state), added(under(CONTRACT), None)];
        let joined = decided(past, now, import(NEW_BLOCK, vec![number(10)]));
        assert_eq!(joined.is_ok(), joins, "{state:?} at {now}");
    }
}

/// As ledgers from before there were pools have them.
#[test]
fn a_block_that_nobody_added_is_added_by_its_numbers_and_everybodys() {
    let inventory = state(vec![listed(BLOCK, vec![number(1), number(2)])]);
    let block = inventory.block(BLOCK).expect("there");
    assert_eq!((block.numbers, block.version, &block.terms), (2, 1, &BlockTerms::default()));
    assert!(inventory.serves(number(1), HERAT) && inventory.serves(number(1), KABUL));
}

#[test]
fn a_tenant_that_a_pool_does_not_serve_finds_nothing_of_it() {
    let by = |tenant| reserve(tenant, LeaseId::from_bytes([9; 16]), Span::minutes(1));
    assert_eq!(decided(restricted(), 100, by(KABUL)), Err("NOT_REGISTERED"));
    assert!(decided(restricted(), 100, by(HERAT)).is_ok());
    let inventory = state(restricted());
    assert_eq!(inventory.validate(number(1), KABUL, At(100)), LeaseVerdict::NotRegistered);
    assert_ne!(inventory.validate(number(1), HERAT, At(100)), LeaseVerdict::NotRegistered);
    let intermediate = BlockTerms { purpose: BlockUse::Intermediate, ..BlockTerms::default() };
    let passed_on = [restricted(), vec![BlockChanged { block: BLOCK, terms: intermediate }]].concat();
    assert_eq!(decided(passed_on, 100, by(HERAT)), Err("NOT_REGISTERED"));
}

#[test]
fn what_a_tenant_has_stays_its_own_when_the_pool_no_longer_serves_it() {
    let (lease, tenant) = (LeaseId::from_bytes([9; 16]), KABUL);
    let reserved = NumberReserved { number: number(1), lease, tenant, since: At(0), until: At(1_000) };
    let mut past = vec![listed(BLOCK, vec![number(1)]), reserved];
    past.extend(restricted().into_iter().skip(1));
    let assign = crate::numbering::sample::assign_to(number(1), KABUL);
    let assigned = NumberAssigned { number: number(1), lease, tenant, term: None };
    assert_eq!(decided(past.clone(), 100, assign), Ok(vec![assigned.clone()]));
    past.push(assigned);
    assert_eq!(state(past.clone()).validate(number(1), KABUL, At(100)), LeaseVerdict::Leased { lease });
    let (since, cools_until) = (At(100), At(100 + COOL_OFF_MS));
    past.push(NumberReleased { number: number(1), lease, tenant, since, cools_until });
    assert_eq!(state(past).validate(number(1), KABUL, At(200)), LeaseVerdict::NotRegistered, "given back, and gone");
}

#[test]
fn a_pool_is_changed_by_whoever_knows_what_it_is() {
    let change =
        |version, serves| AllocationCommand::ChangePool { pool: POOL, version, terms: pool_terms("banks", serves) };
    let changed = |serves| PoolChanged { pool: POOL, terms: pool_terms("banks", serves) };
    assert_eq!(then(vec![pool_added()], change(1, Serves::EveryTenant)), Ok(vec![changed(Serves::EveryTenant)]));
    let twice = vec![pool_added(), changed(Serves::EveryTenant)];
    assert_eq!(then(twice, change(1, herat_only())), Err("CONFLICT"));
    let many = (1..=1_001_u128).map(|id| crate::TenantId::from_bytes(id.to_be_bytes())).collect();
    assert_eq!(then(vec![pool_added()], change(1, Serves::Tenants(many))), Err("INVALID_VALUE"));
    assert_eq!(then(vec![], change(1, herat_only())), Err("NOT_FOUND"));
}

#[test]
fn a_pointer_is_short_visible_and_shown_by_nothing() {
    let pointer = SignatureRef::new("vault:mno/roshan/7#v2").expect("a pointer");
    assert_eq!((pointer.as_str(), format!("{pointer:?}").as_str()), ("vault:mno/roshan/7#v2", "SignatureRef(..)"));
    for text in ["", "two words", "line\n", "قرارداد", &"x".repeat(201)] {
        assert!(SignatureRef::new(text).is_err(), "{text}");
    }
}
