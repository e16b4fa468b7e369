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
    /// Leased without end.
    Assigned { tenant: TenantId, lease: LeaseId },
    /// Nobody's, and cooling off.
    Quarantined { until: At },
}

impl Lifecycle {
    /// When it runs out by itself, if it does.
    #[must_use]
    pub const fn until(&self) -> Option<At> {
        match self {
            Self::Reserved { until, .. } | Self::Held { until, .. } | Self::Quarantined { until } => Some(*until),
            Self::Available | Self::Assigned { .. } => None,
        }
    }

    /// Whether it has run out at `at`, even if no tick has recorded it yet.
    #[must_use]
    pub fn ran_out(&self, at: At) -> bool {
        self.until().is_some_and(|until| at >= until)
    }

    /// What holds true at `at`: what ran out is available again.
    #[must_use]
    pub fn seen_at(self, at: At) -> Self {
        if self.ran_out(at) { Self::Available } else { self }
    }

    /// Whose claim stands: reservation, hold or lease.
    #[must_use]
    pub const fn claim(&self) -> Option<(TenantId, LeaseId)> {
        match self {
            Self::Reserved { tenant, lease, .. }
            | Self::Held { tenant, lease, .. }
            | Self::Assigned { tenant, lease } => Some((*tenant, *lease)),
            Self::Available | Self::Quarantined { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_stands_until_its_instant_and_not_at_it() {
        let reserved = Lifecycle::Reserved { tenant: TenantId::NIL, lease: LeaseId::NIL, until: At(10) };
        assert_eq!(reserved.seen_at(At(9)), reserved);
        assert_eq!(reserved.seen_at(At(10)), Lifecycle::Available);
    }

    #[test]
    fn a_lease_never_runs_out() {
        let assigned = Lifecycle::Assigned { tenant: TenantId::NIL, lease: LeaseId::NIL };
        assert_eq!(assigned.seen_at(At(u64::MAX)), assigned);
    }
}
