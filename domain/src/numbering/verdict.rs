use super::{Inventory, Lifecycle};
use crate::{At, LeaseId, SenderId, TenantId};

/// Whether a number is leased to a tenant, as far as that tenant may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseVerdict {
    /// Leased to the tenant.
    Leased { lease: LeaseId },
    /// The tenant's own without being leased, or nobody's.
    NotLeased { stands: Lifecycle },
    /// There is no such number, another tenant has it, or it is in a pool that does not serve the tenant. Whoever asks cannot tell which, so that nobody learns what others
    /// have.
    NotRegistered,
}

impl Inventory {
    /// What may be said to `tenant` of the number at `at`.
    #[must_use]
    pub fn validate(&self, number: SenderId, tenant: TenantId, at: At) -> LeaseVerdict {
        let Some(stands) = self.entry(number).map(|entry| entry.seen_at(number, at)) else {
            return LeaseVerdict::NotRegistered;
        };
        match stands {
            // One that is free is not in the inventory, whether that is on record yet or not.
            Lifecycle::Available if matches!(number, SenderId::Alpha(_)) => LeaseVerdict::NotRegistered,
            Lifecycle::Assigned { tenant: holder, lease, .. } if holder == tenant => LeaseVerdict::Leased { lease },
            Lifecycle::Reserved { tenant: holder, .. }
            | Lifecycle::Held { tenant: holder, .. }
            | Lifecycle::Assigned { tenant: holder, .. }
            | Lifecycle::Recalled { tenant: holder, .. }
                if holder != tenant =>
            {
                LeaseVerdict::NotRegistered
            }
            _ if !stands.is_of(tenant) && !self.serves(number, tenant) => LeaseVerdict::NotRegistered,
            Lifecycle::Assigned { .. }
            | Lifecycle::Reserved { .. }
            | Lifecycle::Held { .. }
            | Lifecycle::Recalled { .. }
            | Lifecycle::Available
            | Lifecycle::Quarantined { .. }
            | Lifecycle::Retired => LeaseVerdict::NotLeased { stands },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BlockId;
    use crate::numbering::{NumberingEvent, Reason};

    const US: TenantId = TenantId::from_bytes([1; 16]);
    const THEM: TenantId = TenantId::from_bytes([2; 16]);
    const LEASE: LeaseId = LeaseId::from_bytes([3; 16]);
    const UNTIL: At = At(100);

    fn number(last: u64) -> SenderId {
        SenderId::from_digits(93_700_000_000 + last).unwrap()
    }

    fn inventory() -> Inventory {
        let reserved = |last, tenant| NumberingEvent::NumberReserved {
            number: number(last),
            lease: LEASE,
            tenant,
            since: At(0),
            until: UNTIL,
        };
        let assigned =
            |last, tenant| NumberingEvent::NumberAssigned { number: number(last), lease: LEASE, tenant, term: None };
        let (lease, since, cools_until) = (LEASE, At(50), UNTIL);
        let why = || Reason::new("the operator took its block back").unwrap();
        let recalled = |last, tenant| {
            let (number, reason) = (number(last), why());
            NumberingEvent::NumberRecalled { number, lease, tenant, since, cools_until, reason }
        };
        let mut inventory = Inventory::default();
        let numbers = (0..9).map(|last| number(last).into()).collect();
        let block = BlockId::from_bytes([4; 16]);
        for event in [
            NumberingEvent::NumbersListed { block, mno: "Roshan".to_owned(), numbers },
            reserved(1, US),
            reserved(2, THEM),
            reserved(3, US),
            assigned(3, US),
            reserved(4, THEM),
            assigned(4, THEM),
            reserved(5, US),
            assigned(5, US),
            NumberingEvent::NumberReleased { number: number(5), lease, tenant: US, since, cools_until },
            reserved(6, US),
            assigned(6, US),
            recalled(6, US),
            reserved(7, THEM),
            assigned(7, THEM),
            recalled(7, THEM),
            NumberingEvent::NumberRetired { number: number(8), justification: why() },
        ] {
            inventory.evolve(event).unwrap();
        }
        inventory
    }

    #[test]
    fn a_tenant_hears_of_its_own_and_of_what_is_nobodys() {
        let (inventory, before) = (inventory(), At(99));
        let verdict = |last| inventory.validate(number(last), US, before);
        assert_eq!(verdict(0), LeaseVerdict::NotLeased { stands: Lifecycle::Available });
        let reserved = Lifecycle::Reserved { tenant: US, lease: LEASE, until: UNTIL };
        assert_eq!(verdict(1), LeaseVerdict::NotLeased { stands: reserved });
        assert_eq!(verdict(3), LeaseVerdict::Leased { lease: LEASE });
        assert_eq!(
            verdict(5),
            LeaseVerdict::NotLeased { stands: Lifecycle::Quarantined { since: At(50), until: UNTIL } }
        );
        let LeaseVerdict::NotLeased { stands } = verdict(6) else { panic!("it was recalled") };
        assert!(matches!(stands, Lifecycle::Recalled { .. }) && stands.lease() == Some(LEASE), "{stands:?}");
        assert_eq!(verdict(8), LeaseVerdict::NotLeased { stands: Lifecycle::Retired });
    }

    #[test]
    fn what_others_have_is_answered_like_what_does_not_exist() {
        let inventory = inventory();
        for last in [2, 4, 7, 9] {
            assert_eq!(inventory.validate(number(last), US, At(99)), LeaseVerdict::NotRegistered, "{last}");
        }
        let lapsed = inventory.validate(number(2), US, UNTIL);
        assert_eq!(lapsed, LeaseVerdict::NotLeased { stands: Lifecycle::Available }, "their reservation ran out");
    }
}
