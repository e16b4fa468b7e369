//! What the tests of numbering tell their stories with.
use super::NumberingCommand::{Assign, Hold, Import, Release, Reserve};
use super::NumberingEvent::*;
use super::*;
use crate::{At, BlockId, Dated, LeaseId, SenderId, Span, TenantId};

pub(super) const HERAT: TenantId = TenantId::from_bytes([1; 16]);
pub(super) const KABUL: TenantId = TenantId::from_bytes([2; 16]);
pub(super) const BLOCK: BlockId = BlockId::from_bytes([3; 16]);
pub(super) const FIRST: LeaseId = LeaseId::from_bytes([4; 16]);
pub(super) const SECOND: LeaseId = LeaseId::from_bytes([5; 16]);
pub(super) const MINUTE: Span = Span::minutes(1);
/// How long a telephone number cools off.
pub(super) const COOL_OFF_MS: u64 = 90 * 24 * 60 * 60 * 1_000;

pub(super) fn number(last: u64) -> SenderId {
    SenderId::from_digits(93_700_000_000 + last).expect("a number")
}

pub(super) fn at(at: u64, command: NumberingCommand) -> Dated<NumberingCommand> {
    Dated { at: At(at), command }
}

pub(super) fn listed() -> NumberingEvent {
    NumbersListed { block: BLOCK, mno: "Roshan".to_owned(), numbers: listings(vec![number(1), number(2)]) }
}

/// By HERAT at the beginning of time.
pub(super) fn reserved(until: u64) -> NumberingEvent {
    taken(1, FIRST, HERAT, 0, until)
}

pub(super) fn taken(last: u64, lease: LeaseId, tenant: TenantId, since: u64, until: u64) -> NumberingEvent {
    NumberReserved { number: number(last), lease, tenant, since: At(since), until: At(until) }
}

pub(super) fn held(until: u64) -> NumberingEvent {
    NumberHeld { number: number(1), lease: FIRST, tenant: HERAT, until: At(until) }
}

pub(super) fn assigned() -> NumberingEvent {
    NumberAssigned { number: number(1), lease: FIRST, tenant: HERAT, term: None }
}

pub(super) fn released(since: u64, cools_until: u64) -> NumberingEvent {
    let (since, cools_until) = (At(since), At(cools_until));
    NumberReleased { number: number(1), lease: FIRST, tenant: HERAT, since, cools_until }
}

pub(super) fn hold_for(number: SenderId, tenant: TenantId, ttl: Span) -> NumberingCommand {
    Hold { number, tenant, ttl, expected: Expected::default() }
}

pub(super) fn assign_to(number: SenderId, tenant: TenantId) -> NumberingCommand {
    Assign { number, tenant, period: None, vanity: false, expected: Expected::default() }
}

pub(super) fn release_by(number: SenderId, tenant: TenantId) -> NumberingCommand {
    Release { number, tenant, expected: Expected::default() }
}

pub(super) fn reserve(tenant: TenantId, lease: LeaseId, ttl: Span) -> NumberingCommand {
    Reserve { number: number(1), lease, tenant, ttl, vanity: false }
}

pub(super) fn import(numbers: Vec<SenderId>) -> NumberingCommand {
    Import { block: BLOCK, mno: "Roshan".to_owned(), numbers: listings(numbers) }
}

pub(super) fn listings(numbers: Vec<SenderId>) -> Vec<Listing> {
    numbers.into_iter().map(Listing::from).collect()
}

/// 31 January 2026, 09:30.
pub(super) const JANUARY: u64 = 1_769_851_800_000;
/// 28 February and 31 March 2026, 09:30.
pub(super) const FEBRUARY: u64 = 1_772_271_000_000;
pub(super) const MARCH: u64 = 1_774_949_400_000;

pub(super) fn why() -> Reason {
    Reason::new("The operator asked for it back.").expect("a reason")
}

pub(super) fn leased_for(period: Period) -> NumberingEvent {
    let term = Some(Term { expires: At(FEBRUARY), months: period.months, day: 31, renews: period.renews });
    NumberAssigned { number: number(1), lease: FIRST, tenant: HERAT, term }
}

pub(super) fn leased(renews: bool) -> Vec<NumberingEvent> {
    vec![listed(), reserved(JANUARY + 60), leased_for(Period { months: 1, renews })]
}

pub(super) fn expired(cools_until: u64) -> NumberingEvent {
    let (since, cools_until) = (At(FEBRUARY), At(cools_until));
    LeaseExpired { number: number(1), lease: FIRST, tenant: HERAT, since, cools_until }
}

pub(super) fn renewed(expires: u64) -> NumberingEvent {
    LeaseRenewed { number: number(1), lease: FIRST, tenant: HERAT, expires: At(expires) }
}

pub(super) fn renew(tenant: TenantId) -> NumberingCommand {
    NumberingCommand::Renew { number: number(1), tenant, expected: Expected::default() }
}

pub(super) fn recall(reason: &str) -> NumberingCommand {
    let reason = Reason::new(reason).expect("a reason");
    NumberingCommand::Recall { number: number(1), reason, expected: Expected::default() }
}

pub(super) fn recalled(since: u64) -> NumberingEvent {
    let (since, cools_until) = (At(since), At(since + COOL_OFF_MS));
    NumberRecalled { number: number(1), lease: FIRST, tenant: HERAT, since, cools_until, reason: why() }
}

pub(super) fn reinstate(to: Reinstatement) -> NumberingCommand {
    NumberingCommand::Reinstate { number: number(1), to, justification: why(), expected: Expected::default() }
}

pub(super) fn retire() -> NumberingCommand {
    NumberingCommand::Retire { number: number(1), justification: why(), expected: Expected::default() }
}

pub(super) fn cool_off(lasts: Span) -> NumberingCommand {
    NumberingCommand::OverrideCoolOff { number: number(1), lasts, justification: why(), expected: Expected::default() }
}
