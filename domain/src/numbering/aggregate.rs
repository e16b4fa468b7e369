use super::{IMPORT_MAX, INVALID_ROWS_NAMED, Inventory, Lifecycle, NumberingCommand, NumberingError, NumberingEvent};
use crate::{At, BlockId, Dated, Fold, LeaseId, Msisdn, Span, TenantId};
use eventually::aggregate::Aggregate;
use futures::future::{BoxFuture, FutureExt, ready};
use std::collections::HashSet;

/// The shortest reservation or hold.
pub const TTL_MIN: Span = Span::seconds(1);
/// The longest reservation.
pub const RESERVE_MAX: Span = Span::hours(24);
/// The longest hold, counted from the command that asked for it. A hold is not prolonged: with reservation and hold
/// nobody keeps a number from others longer than these two.
pub const HOLD_MAX: Span = Span::days(30);
/// How long an assigned number is nobody's after its release.
pub const COOL_OFF: Span = Span::days(90);
/// Timers one tick fires; what is left over waits for the next tick.
pub const TICK_MAX: usize = 500;

const UNRESERVED: &str = "no reservation stands; reserve it first";
const UNCLAIMED: &str = "nobody has a claim on it; there is nothing to release";
const MNO_MAX_CHARS: usize = 100;

/// The registry of numbers as one aggregate: its writer is alone, so a check here is a guarantee.
#[derive(Debug, Default, Clone, Copy)]
pub struct Numbering;

impl Inventory {
    /// What follows from a command at its instant. Nothing changes until the events are applied.
    ///
    /// # Errors
    /// Why the command is refused; then nothing follows from it.
    pub fn decide(&self, command: Dated<NumberingCommand>) -> Result<Vec<NumberingEvent>, NumberingError> {
        let Dated { at, command } = command;
        match command {
            NumberingCommand::Import { block, mno, numbers } => self.import(block, mno, numbers),
            NumberingCommand::Reserve { number, lease, tenant, ttl } => self.reserve(at, number, lease, tenant, ttl),
            NumberingCommand::Hold { number, tenant, ttl } => self.hold(at, number, tenant, ttl),
            NumberingCommand::Assign { number, tenant } => self.assign(at, number, tenant),
            NumberingCommand::Release { number, tenant } => self.release(at, number, tenant),
            NumberingCommand::Tick => Ok(self.tick(at)),
        }
    }

    fn import(&self, block: BlockId, mno: String, numbers: Vec<Msisdn>) -> Result<Vec<NumberingEvent>, NumberingError> {
        if numbers.len() > IMPORT_MAX {
            return Err(NumberingError::TooMany);
        }
        if numbers.is_empty() {
            return Err(NumberingError::InvalidValue("an import lists at least one number"));
        }
        if mno.is_empty() || mno.chars().count() > MNO_MAX_CHARS || mno.chars().any(char::is_control) {
            return Err(NumberingError::InvalidValue(
                "the operator's name has 1 to 100 characters, none of them a control character",
            ));
        }
        if self.mno(block).is_some_and(|owner| owner != mno) {
            return Err(NumberingError::InvalidValue("the block belongs to another operator; use a new block id"));
        }
        let mut seen = HashSet::with_capacity(numbers.len());
        let (mut rows, mut count) = (Vec::new(), 0);
        for (row, number) in numbers.iter().enumerate() {
            if !seen.insert(*number) || self.entry(*number).is_some() {
                count += 1;
                if rows.len() < INVALID_ROWS_NAMED {
                    rows.push(row);
                }
            }
        }
        if count > 0 {
            return Err(NumberingError::InvalidRows { rows, count });
        }
        Ok(vec![NumberingEvent::NumbersListed { block, mno, numbers }])
    }

    fn reserve(
        &self,
        at: At,
        number: Msisdn,
        lease: LeaseId,
        tenant: TenantId,
        ttl: Span,
    ) -> Result<Vec<NumberingEvent>, NumberingError> {
        within(ttl, RESERVE_MAX)?;
        let now = self.lifecycle(number).ok_or(NumberingError::NotRegistered)?;
        let reserved = NumberingEvent::NumberReserved { number, lease, tenant, until: at.plus(ttl) };
        match now.seen_at(at) {
            // What ran out is put on record first, so that no reader ever sees two claims on one number.
            Lifecycle::Available => Ok(ending(number, now).into_iter().chain([reserved]).collect()),
            Lifecycle::Quarantined { until } => Err(NumberingError::Quarantined { until }),
            Lifecycle::Reserved { .. } | Lifecycle::Held { .. } | Lifecycle::Assigned { .. } => {
                Err(NumberingError::Conflict)
            }
        }
    }

    fn hold(&self, at: At, number: Msisdn, tenant: TenantId, ttl: Span) -> Result<Vec<NumberingEvent>, NumberingError> {
        within(ttl, HOLD_MAX)?;
        match self.own(at, number, tenant, UNRESERVED)? {
            Lifecycle::Reserved { lease, .. } => {
                Ok(vec![NumberingEvent::NumberHeld { number, lease, tenant, until: at.plus(ttl) }])
            }
            Lifecycle::Held { .. } => {
                Err(NumberingError::InvalidTransition("it is held already; assign or release it"))
            }
            _ => Err(NumberingError::InvalidTransition("it is assigned already")),
        }
    }

    fn assign(&self, at: At, number: Msisdn, tenant: TenantId) -> Result<Vec<NumberingEvent>, NumberingError> {
        match self.own(at, number, tenant, UNRESERVED)? {
            Lifecycle::Reserved { lease, .. } | Lifecycle::Held { lease, .. } => {
                Ok(vec![NumberingEvent::NumberAssigned { number, lease, tenant }])
            }
            _ => Err(NumberingError::InvalidTransition("it is assigned already")),
        }
    }

    fn release(&self, at: At, number: Msisdn, tenant: TenantId) -> Result<Vec<NumberingEvent>, NumberingError> {
        let (lease, cools_until) = match self.own(at, number, tenant, UNCLAIMED)? {
            Lifecycle::Assigned { lease, .. } => (lease, at.plus(COOL_OFF)),
            // Never in use, so there is nothing to cool off from: the quarantine is over the instant it begins.
            Lifecycle::Reserved { lease, .. } | Lifecycle::Held { lease, .. } => (lease, at),
            Lifecycle::Available | Lifecycle::Quarantined { .. } => return Err(NumberingError::NotFound),
        };
        Ok(vec![NumberingEvent::NumberReleased { number, lease, tenant, cools_until }])
    }

    fn tick(&self, at: At) -> Vec<NumberingEvent> {
        self.due(at).take(TICK_MAX).filter_map(|number| ending(number, self.lifecycle(number)?)).collect()
    }

    /// The tenant's own standing claim on the number, or why there is none, without a word on who else has one.
    /// `nothing` says what to do where nobody has one.
    fn own(
        &self,
        at: At,
        number: Msisdn,
        tenant: TenantId,
        nothing: &'static str,
    ) -> Result<Lifecycle, NumberingError> {
        let now = self.lifecycle(number).ok_or(NumberingError::NotRegistered)?.seen_at(at);
        match now.claim() {
            Some((holder, _)) if holder == tenant => Ok(now),
            Some(_) => Err(NumberingError::NotFound),
            None => Err(NumberingError::InvalidTransition(nothing)),
        }
    }
}

/// The event that puts on record that `lifecycle` ran out.
const fn ending(number: Msisdn, lifecycle: &Lifecycle) -> Option<NumberingEvent> {
    match *lifecycle {
        Lifecycle::Reserved { tenant, lease, .. } | Lifecycle::Held { tenant, lease, .. } => {
            Some(NumberingEvent::ReservationExpired { number, lease, tenant })
        }
        Lifecycle::Quarantined { .. } => Some(NumberingEvent::QuarantineEnded { number }),
        Lifecycle::Available | Lifecycle::Assigned { .. } => None,
    }
}

fn within(ttl: Span, max: Span) -> Result<(), NumberingError> {
    if ttl < TTL_MIN || ttl > max { Err(NumberingError::TtlOutOfRange { min: TTL_MIN, max }) } else { Ok(()) }
}

impl Fold for Numbering {
    const VERSION: u32 = 1;
}

impl Aggregate for Numbering {
    type Id = &'static str;
    type State = Inventory;
    type Event = NumberingEvent;
    type Command = Dated<NumberingCommand>;
    type Error = NumberingError;

    fn apply(mut inventory: Inventory, event: NumberingEvent) -> Result<Inventory, NumberingError> {
        inventory.evolve(event)?;
        Ok(inventory)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _ledger: &'s Self::Id,
        inventory: &'s Inventory,
        command: Dated<NumberingCommand>,
    ) -> BoxFuture<'a, Result<Option<Vec<NumberingEvent>>, NumberingError>> {
        ready(inventory.decide(command).map(Some)).boxed()
    }
}
