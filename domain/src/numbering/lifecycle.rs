use super::{Listing, NumberingEvent, Term};
use crate::{At, LeaseId, TenantId};
use serde::{Deserialize, Serialize};

/// Where one number stands. A number is in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifecycle {
    /// Nobody's; may be reserved.
    Available,
    /// Taken for a short while, to decide.
    Reserved { tenant: TenantId, lease: LeaseId, until: At },
    /// Taken for longer, while paperwork is pending.
    Held { tenant: TenantId, lease: LeaseId, until: At },
    /// Leased: for a term, or without end.
    Assigned { tenant: TenantId, lease: LeaseId, term: Option<Term> },
    /// Nobody's, and cooling off since the lease ended.
    Quarantined { since: At, until: At },
    /// Taken back by the platform: whoever held it may not use it, and nobody else may have it.
    Recalled { tenant: TenantId, lease: LeaseId, term: Option<Term>, since: At, cools_until: At },
    /// Out of use for ever.
    Retired,
}

impl Lifecycle {
    /// When time moves it on by itself, if it does.
    #[must_use]
    pub const fn until(&self) -> Option<At> {
        match self {
            Self::Reserved { until, .. } | Self::Held { until, .. } | Self::Quarantined { until, .. } => Some(*until),
            Self::Assigned { term: Some(term), .. } => Some(term.expires),
            Self::Available | Self::Assigned { term: None, .. } | Self::Recalled { .. } | Self::Retired => None,
        }
    }

    /// The next step time alone takes with the number up to `at`, with the event that puts it on record: a claim or a
    /// cool-off runs out, a lease expires or goes on.
    #[must_use]
    pub fn elapsed(&self, of: Listing, at: At) -> Option<(NumberingEvent, Self)> {
        if self.until().is_none_or(|until| at < until) {
            return None;
        }
        let number = of.number();
        match *self {
            Self::Reserved { tenant, lease, .. } | Self::Held { tenant, lease, .. } => {
                Some((NumberingEvent::ReservationExpired { number, lease, tenant }, Self::Available))
            }
            Self::Assigned { tenant, lease, term: Some(term) } if term.renews => {
                let term = term.renewed();
                let event = NumberingEvent::LeaseRenewed { number, lease, tenant, expires: term.expires };
                Some((event, Self::Assigned { tenant, lease, term: Some(term) }))
            }
            Self::Assigned { tenant, lease, term: Some(term) } => {
                let (since, until) = (term.expires, term.expires.plus(of.number_type().cool_off()));
                let event = NumberingEvent::LeaseExpired { number, lease, tenant, since, cools_until: until };
                Some((event, Self::Quarantined { since, until }))
            }
            Self::Quarantined { .. } => Some((NumberingEvent::QuarantineEnded { number }, Self::Available)),
            Self::Available | Self::Assigned { term: None, .. } | Self::Recalled { .. } | Self::Retired => None,
        }
    }

    /// What holds true at `at`, even if no tick has recorded it yet.
    #[must_use]
    pub fn seen_at(self, of: Listing, at: At) -> Self {
        let mut now = self;
        while let Some((_, next)) = now.elapsed(of, at) {
            now = next;
        }
        now
    }

    /// Whose claim stands: reservation, hold or lease.
    #[must_use]
    pub const fn claim(&self) -> Option<(TenantId, LeaseId)> {
        match self {
            Self::Reserved { tenant, lease, .. }
            | Self::Held { tenant, lease, .. }
            | Self::Assigned { tenant, lease, .. } => Some((*tenant, *lease)),
            Self::Available | Self::Quarantined { .. } | Self::Recalled { .. } | Self::Retired => None,
        }
    }

    /// Whose claim stands, or from whom it was recalled.
    pub(super) const fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Recalled { tenant, .. } => Some(*tenant),
            _ => match self.claim() {
                Some((tenant, _)) => Some(tenant),
                None => None,
            },
        }
    }

    /// Whether the tenant keeps it from others without leasing it.
    pub(super) fn is_reservation_of(&self, tenant: TenantId) -> bool {
        matches!(self, Self::Reserved { tenant: of, .. } | Self::Held { tenant: of, .. } if *of == tenant)
    }

    /// Whether the tenant has it, or had it until the platform took it back.
    pub(super) fn is_of(&self, tenant: TenantId) -> bool {
        match self {
            Self::Recalled { tenant: of, .. } => *of == tenant,
            _ => self.claim().is_some_and(|(of, _)| of == tenant),
        }
    }

    /// The lease that stands or was recalled.
    #[must_use]
    pub const fn lease(&self) -> Option<LeaseId> {
        match self {
            Self::Recalled { lease, .. } => Some(*lease),
            _ => match self.claim() {
                Some((_, lease)) => Some(lease),
                None => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbering::{NumberType, Period};
    use crate::{SenderId, Span};

    const ANY: (TenantId, LeaseId) = (TenantId::NIL, LeaseId::NIL);

    fn number() -> SenderId {
        "+93700000001".parse().expect("a number")
    }

    fn seen(now: Lifecycle, at: u64) -> Lifecycle {
        now.seen_at(number().into(), At(at))
    }

    fn assigned(term: Option<Term>) -> Lifecycle {
        Lifecycle::Assigned { tenant: ANY.0, lease: ANY.1, term }
    }

    #[test]
    fn a_claim_stands_until_its_instant_and_not_at_it() {
        let reserved = Lifecycle::Reserved { tenant: ANY.0, lease: ANY.1, until: At(10) };
        assert_eq!(seen(reserved, 9), reserved);
        assert_eq!(seen(reserved, 10), Lifecycle::Available);
    }

    #[test]
    fn a_lease_without_a_term_never_runs_out() {
        assert_eq!(seen(assigned(None), u64::MAX), assigned(None));
    }

    #[test]
    fn a_term_ends_in_a_cool_off_or_in_the_next_term() {
        let once = Term::begin(At(0), Period { months: 1, renews: false });
        let (end, cooled) = (once.expires.0, once.expires.plus(Span::days(90)));
        assert_eq!(seen(assigned(Some(once)), end - 1), assigned(Some(once)));
        let cooling = Lifecycle::Quarantined { since: At(end), until: cooled };
        assert_eq!(seen(assigned(Some(once)), end), cooling);
        assert_eq!(seen(assigned(Some(once)), cooled.0), Lifecycle::Available);
        let renewing = Term { renews: true, ..once };
        assert_eq!(seen(assigned(Some(renewing)), end), assigned(Some(renewing.renewed())));
        let much_later = renewing.renewed().renewed();
        assert_eq!(seen(assigned(Some(renewing)), much_later.expires.0 - 1), assigned(Some(much_later)));
    }

    #[test]
    fn each_type_cools_off_for_its_own_time() {
        let term = Term::begin(At(0), Period { months: 1, renews: false });
        for (number_type, days) in [(NumberType::Msisdn, 90), (NumberType::Vanity, 365)] {
            let of = Listing::new(number(), number_type).expect("a listing");
            let until = term.expires.plus(Span::days(days));
            let now = assigned(Some(term)).seen_at(of, term.expires);
            assert_eq!(now, Lifecycle::Quarantined { since: term.expires, until });
        }
        let code = Listing::from("7070".parse::<SenderId>().expect("a short code"));
        let now = assigned(Some(term)).seen_at(code, term.expires);
        assert_eq!(now.until(), Some(term.expires.plus(Span::days(30))));
    }
}
