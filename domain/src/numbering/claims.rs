//! What tenants do with numbers: reserve, hold, assign, renew, release.
use super::aggregate::Standing;
use super::{
    Expected, HOLD_MAX, Inventory, Lifecycle, NumberType, NumberingError, NumberingEvent, Period, RESERVE_MAX, TTL_MIN,
    Term,
};
use crate::{At, LeaseId, SenderId, Span, TenantId};

const UNRESERVED: &str = "no reservation stands; reserve it first";
const UNCLAIMED: &str = "nobody has a claim on it; there is nothing to release";
const UNLEASED: &str = "no lease stands; there is nothing to renew";

type Decided = Result<Vec<NumberingEvent>, NumberingError>;

impl Inventory {
    pub(super) fn reserve(
        &self,
        at: At,
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        ttl: Span,
        vanity: bool,
    ) -> Decided {
        within(ttl, RESERVE_MAX)?;
        self.is_staying(tenant)?;
        if let SenderId::Alpha(alpha) = number {
            return self.reserve_sender(at, alpha, lease, tenant, ttl);
        }
        let standing = self.seen_by(at, number, tenant)?;
        may_lease(standing.number_type, vanity)?;
        match standing.now {
            Lifecycle::Available => {
                if let Some(burst) = self.may_reserve(at, tenant)? {
                    return Ok(vec![burst]);
                }
                let (since, until) = (at, at.plus(ttl));
                Ok(standing.then(NumberingEvent::NumberReserved { number, lease, tenant, since, until }))
            }
            Lifecycle::Quarantined { until, .. } => Err(NumberingError::Quarantined { until }),
            Lifecycle::Reserved { .. } | Lifecycle::Held { .. } | Lifecycle::Assigned { .. } => {
                Err(NumberingError::Conflict)
            }
            Lifecycle::Recalled { .. } => {
                Err(NumberingError::InvalidTransition("it was recalled; choose another number"))
            }
            Lifecycle::Retired => Err(NumberingError::InvalidTransition("it is retired; choose another number")),
        }
    }

    pub(super) fn hold(&self, at: At, number: SenderId, tenant: TenantId, ttl: Span, expected: Expected) -> Decided {
        within(ttl, HOLD_MAX)?;
        let standing = self.own(at, number, tenant, UNRESERVED, expected)?;
        match standing.now {
            Lifecycle::Reserved { lease, .. } => {
                let until = at.plus(ttl);
                Ok(standing.then(NumberingEvent::NumberHeld { number, lease, tenant, until }))
            }
            Lifecycle::Held { .. } => {
                Err(NumberingError::InvalidTransition("it is held already; assign or release it"))
            }
            _ => Err(NumberingError::InvalidTransition("it is assigned already")),
        }
    }

    pub(super) fn assign(
        &self,
        at: At,
        number: SenderId,
        tenant: TenantId,
        period: Option<Period>,
        vanity: bool,
        expected: Expected,
    ) -> Decided {
        if period.is_some_and(|period| !period.is_sound()) {
            return Err(NumberingError::InvalidValue("a billing period has 1 to 36 months"));
        }
        let standing = self.own(at, number, tenant, UNRESERVED, expected)?;
        may_lease(standing.number_type, vanity)?;
        match standing.now {
            Lifecycle::Reserved { lease, .. } | Lifecycle::Held { lease, .. } => {
                let mut events = match number {
                    SenderId::Alpha(alpha) => self.unique(at, alpha, Some(alpha))?,
                    SenderId::Msisdn(_) | SenderId::ShortCode(_) => Vec::new(),
                };
                let term = period.map(|period| Term::begin(at, period));
                events.extend(standing.then(NumberingEvent::NumberAssigned { number, lease, tenant, term }));
                if let Some(recalls) = self.recalls.suspicious(number, at) {
                    events.push(NumberingEvent::RecalledNumberLeasedAgain { number, lease, tenant, recalls });
                }
                Ok(events)
            }
            _ => Err(NumberingError::InvalidTransition("it is assigned already")),
        }
    }

    pub(super) fn renew(&self, at: At, number: SenderId, tenant: TenantId, expected: Expected) -> Decided {
        let standing = self.own(at, number, tenant, UNLEASED, expected)?;
        match standing.now {
            Lifecycle::Assigned { lease, term: Some(term), .. } => {
                let longest = at.months_later(term.months.into(), term.day);
                if term.expires > longest {
                    return Err(NumberingError::InvalidTransition("it is renewed more than a period ahead already"));
                }
                let expires = term.renewed().expires;
                Ok(standing.then(NumberingEvent::LeaseRenewed { number, lease, tenant, expires }))
            }
            Lifecycle::Assigned { .. } => Err(NumberingError::InvalidTransition("the lease has no end to put off")),
            _ => Err(NumberingError::InvalidTransition("it is not assigned yet")),
        }
    }

    pub(super) fn release(&self, at: At, number: SenderId, tenant: TenantId, expected: Expected) -> Decided {
        let standing = self.own(at, number, tenant, UNCLAIMED, expected)?;
        let (lease, cools_until) = match standing.now {
            Lifecycle::Assigned { lease, .. } => (lease, at.plus(standing.number_type.cool_off())),
            // Never in use, so there is nothing to cool off from: the quarantine is over the instant it begins.
            Lifecycle::Reserved { lease, .. } | Lifecycle::Held { lease, .. } => (lease, at),
            Lifecycle::Available | Lifecycle::Quarantined { .. } | Lifecycle::Recalled { .. } | Lifecycle::Retired => {
                return Err(NumberingError::NotFound);
            }
        };
        Ok(standing.then(NumberingEvent::NumberReleased { number, lease, tenant, since: at, cools_until }))
    }

    /// Where the number stands, for a tenant that has it or may take numbers of its pool. To anybody else it is one that
    /// does not exist.
    fn seen_by(&self, at: At, number: SenderId, tenant: TenantId) -> Result<Standing, NumberingError> {
        let standing = self.up_to(at, number)?;
        if standing.now.is_of(tenant) || self.serves(number, tenant) {
            Ok(standing)
        } else {
            Err(NumberingError::NotRegistered)
        }
    }

    /// The tenant's own standing claim on the number, or why there is none, without a word on who else has one.
    /// `nothing` says what to do where nobody has one.
    fn own(
        &self,
        at: At,
        number: SenderId,
        tenant: TenantId,
        nothing: &'static str,
        expected: Expected,
    ) -> Result<Standing, NumberingError> {
        self.is_staying(tenant)?;
        let standing = self.seen_by(at, number, tenant)?;
        match (standing.now, standing.now.claim()) {
            (_, Some((holder, _))) if holder == tenant => standing.is(expected),
            (Lifecycle::Recalled { tenant: last, .. }, _) if last == tenant => {
                Err(NumberingError::InvalidTransition("the platform has recalled it"))
            }
            (_, Some(_)) | (Lifecycle::Recalled { .. }, None) => Err(NumberingError::NotFound),
            (_, None) => Err(NumberingError::InvalidTransition(nothing)),
        }
    }
}

/// Vanity numbers are for those who may lease such.
fn may_lease(number_type: NumberType, vanity: bool) -> Result<(), NumberingError> {
    if number_type == NumberType::Vanity && !vanity { Err(NumberingError::InsufficientScope) } else { Ok(()) }
}

fn within(ttl: Span, max: Span) -> Result<(), NumberingError> {
    if ttl < TTL_MIN || ttl > max { Err(NumberingError::TtlOutOfRange { min: TTL_MIN, max }) } else { Ok(()) }
}
