use super::{
    Expected, IMPORT_MAX, INVALID_ROWS_NAMED, Inventory, Lifecycle, Listing, NumberType, NumberingCommand,
    NumberingError, NumberingEvent,
};
use crate::{At, BlockId, Dated, Fold, SenderId, Span};
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
/// The shortest cool-off anybody can make of it, counted from the end of the lease.
pub const COOL_OFF_MIN: Span = Span::hours(24);
/// The longest cool-off anybody can make of it, counted from the end of the lease.
pub const COOL_OFF_MAX: Span = Span::days(5 * 365);
/// Timers one tick fires; what is left over waits for the next tick.
pub const TICK_MAX: usize = 500;

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
            NumberingCommand::Import { block, mno, numbers } => self.import(at, block, mno, numbers),
            NumberingCommand::RequestExport { export, profile, period } => {
                self.request_export(at, export, profile, period)
            }
            NumberingCommand::ReportExportProduced { export, proof } => self.report_produced(export, proof),
            NumberingCommand::ReportExportStored { export, place } => self.report_stored(export, place),
            NumberingCommand::ReportExportFailed { export, code } => self.report_failed(export, code),
            NumberingCommand::RecordNumberAudit { position, sound } => Ok(vec![if sound {
                NumberingEvent::NumberAuditVerified { position, at }
            } else {
                NumberingEvent::NumberAuditBroken { position, at }
            }]),
            NumberingCommand::Reserve { number, lease, tenant, ttl, vanity } => {
                self.reserve(at, number, lease, tenant, ttl, vanity)
            }
            NumberingCommand::Hold { number, tenant, ttl, expected } => self.hold(at, number, tenant, ttl, expected),
            NumberingCommand::Assign { number, tenant, period, vanity, expected } => {
                self.assign(at, number, tenant, period, vanity, expected)
            }
            NumberingCommand::Renew { number, tenant, expected } => self.renew(at, number, tenant, expected),
            NumberingCommand::Release { number, tenant, expected } => self.release(at, number, tenant, expected),
            NumberingCommand::Recall { number, reason, expected } => self.recall(at, number, reason, expected),
            NumberingCommand::Reinstate { number, to, justification, expected } => {
                self.reinstate(at, number, to, justification, expected)
            }
            NumberingCommand::Retire { number, justification, expected } => {
                self.retire(at, number, justification, expected)
            }
            NumberingCommand::OverrideCoolOff { number, lasts, justification, expected } => {
                self.override_cool_off(at, number, lasts, justification, expected)
            }
            NumberingCommand::SetReservationQuota { tenant, quota } => self.set_quota(tenant, quota),
            NumberingCommand::EraseTenant { tenant } => self.erase_tenant(at, tenant),
            NumberingCommand::Imports(command) => self.decide_import(at, command),
            NumberingCommand::Allocation(command) => self.decide_allocation(at, command),
            NumberingCommand::Tick => Ok(self.tick(at)),
        }
    }

    fn import(
        &self,
        at: At,
        block: BlockId,
        mno: String,
        numbers: Vec<Listing>,
    ) -> Result<Vec<NumberingEvent>, NumberingError> {
        if numbers.len() > IMPORT_MAX {
            return Err(NumberingError::TooMany);
        }
        if numbers.is_empty() {
            return Err(NumberingError::InvalidValue("an import lists at least one number"));
        }
        mno_name(&mno)?;
        let known = self.joined(at, block, &mno)?;
        if self.desk.hides(Some(block)) {
            return Err(NumberingError::InvalidValue("a file is being imported into the block; use a new block id"));
        }
        let mut seen = HashSet::with_capacity(numbers.len());
        let (mut rows, mut count) = (Vec::new(), 0);
        for (row, listing) in numbers.iter().enumerate() {
            let number = listing.number();
            let admitted = known.is_none_or(|block| block.admits(*listing));
            if !seen.insert(number) || !self.may_be_listed(number) || !admitted {
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

    fn tick(&self, at: At) -> Vec<NumberingEvent> {
        let mut events = Vec::new();
        for number in self.due(at) {
            let Some(entry) = self.entry(number) else { continue };
            let (of, mut now) = (entry.listing(number), entry.lifecycle);
            while events.len() < TICK_MAX
                && let Some((event, next)) = now.elapsed(of, at)
            {
                events.push(event);
                now = next;
            }
            if events.len() >= TICK_MAX {
                break;
            }
        }
        if events.is_empty() {
            events.extend(self.returned(at));
        }
        events.extend(self.renewed_skeletons());
        events.extend(self.tick_imports(at));
        events.extend(self.tick_contracts(at));
        events
    }

    /// Where the number stands at `at`, and what has to go on record first: what ran out is recorded before anything
    /// that follows from it, so that no reader ever sees two claims on one number.
    pub(super) fn up_to(&self, at: At, number: SenderId) -> Result<Standing, NumberingError> {
        let standing = self.standing(at, number)?;
        let free = matches!((number, standing.now), (SenderId::Alpha(_), Lifecycle::Available));
        if free { Err(NumberingError::NotRegistered) } else { Ok(standing) }
    }

    /// The same, of an alphanumeric sender also if it is free by now.
    pub(super) fn standing(&self, at: At, number: SenderId) -> Result<Standing, NumberingError> {
        let entry = self.entry(number).ok_or(NumberingError::NotRegistered)?;
        let (of, mut now) = (entry.listing(number), entry.lifecycle);
        let mut elapsed = Vec::new();
        while let Some((event, next)) = now.elapsed(of, at) {
            elapsed.push(event);
            now = next;
        }
        Ok(Standing { now, number_type: of.number_type(), elapsed })
    }
}

/// # Errors
/// [`NumberingError::InvalidValue`] if an operator cannot be called that.
pub(super) fn mno_name(mno: &str) -> Result<(), NumberingError> {
    if mno.is_empty() || mno.chars().count() > MNO_MAX_CHARS || mno.chars().any(char::is_control) {
        return Err(NumberingError::InvalidValue(
            "the operator's name has 1 to 100 characters, none of them a control character",
        ));
    }
    Ok(())
}

/// One number at the instant of a command.
pub(super) struct Standing {
    pub now: Lifecycle,
    pub number_type: NumberType,
    elapsed: Vec<NumberingEvent>,
}

impl Standing {
    /// Compare and set: the number is still what the caller believes.
    pub fn is(self, expected: Expected) -> Result<Self, NumberingError> {
        let Expected { lease, until } = expected;
        let same = lease.is_none_or(|lease| self.now.lease() == Some(lease))
            && until.is_none_or(|until| self.now.until() == Some(until));
        if same { Ok(self) } else { Err(NumberingError::Changed) }
    }

    /// What ran out.
    pub fn elapsed(self) -> Vec<NumberingEvent> {
        self.elapsed
    }

    /// What goes on record: what ran out, then the event.
    pub fn then(mut self, event: NumberingEvent) -> Vec<NumberingEvent> {
        self.elapsed.push(event);
        self.elapsed
    }
}

impl Fold for Numbering {
    const VERSION: u32 = 9;
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
