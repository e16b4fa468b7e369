//! What the platform's people do with numbers, each time with their reason: recall, reinstate, retire, override a cool-off.
use super::{
    COOL_OFF_MAX, COOL_OFF_MIN, Expected, Inventory, Lifecycle, NumberingError, NumberingEvent, Reason, Reinstatement,
};
use crate::{At, SenderId, Span};

type Decided = Result<Vec<NumberingEvent>, NumberingError>;

impl Inventory {
    pub(super) fn recall(&self, at: At, number: SenderId, reason: Reason, expected: Expected) -> Decided {
        let reason = reason.given()?;
        let standing = self.up_to(at, number)?.is(expected)?;
        match standing.now {
            Lifecycle::Assigned { tenant, lease, .. } => {
                let (since, cools_until) = (at, at.plus(standing.number_type.cool_off()));
                let event = NumberingEvent::NumberRecalled { number, lease, tenant, since, cools_until, reason };
                Ok(standing.then(event))
            }
            Lifecycle::Recalled { .. } => Err(NumberingError::InvalidTransition("it is recalled already")),
            _ => Err(NumberingError::InvalidTransition("no lease stands; there is nothing to recall")),
        }
    }

    pub(super) fn reinstate(
        &self,
        at: At,
        number: SenderId,
        to: Reinstatement,
        justification: Reason,
        expected: Expected,
    ) -> Decided {
        let justification = justification.justifies()?;
        let standing = self.up_to(at, number)?.is(expected)?;
        let Lifecycle::Recalled { tenant, lease, term, since, cools_until } = standing.now else {
            return Err(NumberingError::InvalidTransition("it was not recalled"));
        };
        let over = term.is_some_and(|term| at >= term.expires && !term.renews);
        match to {
            Reinstatement::Tenant if over => Err(NumberingError::InvalidTransition(
                "the term of the lease has ended meanwhile; let it go to the pool",
            )),
            Reinstatement::Tenant => {
                self.is_staying(tenant)?;
                Ok(standing.then(NumberingEvent::LeaseReinstated { number, lease, tenant, justification }))
            }
            Reinstatement::Pool => {
                Ok(standing.then(NumberingEvent::NumberReturned { number, since, cools_until, justification }))
            }
        }
    }

    pub(super) fn retire(&self, at: At, number: SenderId, justification: Reason, expected: Expected) -> Decided {
        let justification = justification.justifies()?;
        let standing = self.up_to(at, number)?.is(expected)?;
        match standing.now {
            Lifecycle::Available | Lifecycle::Quarantined { .. } | Lifecycle::Recalled { .. } => {
                Ok(standing.then(NumberingEvent::NumberRetired { number, justification }))
            }
            Lifecycle::Retired => Err(NumberingError::InvalidTransition("it is retired already")),
            Lifecycle::Reserved { .. } | Lifecycle::Held { .. } | Lifecycle::Assigned { .. } => {
                Err(NumberingError::InvalidTransition("somebody has it; release or recall it first"))
            }
        }
    }

    pub(super) fn override_cool_off(
        &self,
        at: At,
        number: SenderId,
        lasts: Span,
        justification: Reason,
        expected: Expected,
    ) -> Decided {
        let justification = justification.justifies()?;
        if lasts < COOL_OFF_MIN || lasts > COOL_OFF_MAX {
            return Err(NumberingError::InvalidValue("a cool-off lasts from 1 to 1825 days"));
        }
        let standing = self.up_to(at, number)?.is(expected)?;
        let Lifecycle::Quarantined { since, .. } = standing.now else {
            return Err(NumberingError::InvalidTransition("it does not cool off"));
        };
        let until = since.plus(lasts);
        Ok(standing.then(NumberingEvent::CoolOffOverridden { number, until, justification }))
    }
}
