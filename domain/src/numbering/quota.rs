//! How many numbers a tenant may keep from others without leasing them, and how fast.
use super::tallies::Pace;
use super::{Inventory, NumberingError, NumberingEvent};
use crate::{At, TenantId};
use serde::{Deserialize, Serialize};

/// How many numbers a tenant may keep from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationQuota {
    /// Reservations and holds at once.
    pub at_once: u32,
    /// Reservations within any minute; at least one.
    pub per_minute: u32,
}

/// What a tenant may have unless something else is set for it.
pub const RESERVATION_QUOTA: ReservationQuota = ReservationQuota { at_once: 100, per_minute: 60 };
/// The most that can be set. The instants of the last minute are kept, 8 bytes each.
pub const RESERVATION_QUOTA_MAX: ReservationQuota = ReservationQuota { at_once: 100_000, per_minute: 100_000 };

impl Inventory {
    /// Reservations and holds of the tenant that stand at `at`.
    #[must_use]
    pub fn reservations(&self, tenant: TenantId, at: At) -> u32 {
        let recorded = self.tallies.active(tenant);
        if recorded == 0 {
            return 0;
        }
        let of_tenant = |number| self.lifecycle(number).filter(|now| now.is_reservation_of(tenant));
        let over = self.due(at).filter_map(of_tenant).count();
        recorded.saturating_sub(u32::try_from(over).unwrap_or(u32::MAX))
    }

    /// How many the tenant may have.
    #[must_use]
    pub fn reservation_quota(&self, tenant: TenantId) -> ReservationQuota {
        self.tallies.quota(tenant)
    }

    /// Whether the tenant may reserve one more number: nothing to record if so, what to record instead if it wants too
    /// many for the first time.
    ///
    /// # Errors
    /// [`NumberingError::QuotaExceeded`], [`NumberingError::RateLimited`].
    pub(super) fn may_reserve(&self, at: At, tenant: TenantId) -> Result<Option<NumberingEvent>, NumberingError> {
        let most = self.reservation_quota(tenant).at_once;
        // What ran out counts only where it would decide.
        if self.tallies.active(tenant) >= most && self.reservations(tenant, at) >= most {
            return Err(NumberingError::QuotaExceeded { most });
        }
        match self.tallies.pace(tenant, at) {
            Pace::Within => Ok(None),
            Pace::Bursts(again) => Ok(Some(NumberingEvent::ReservationBurst { tenant, at, again })),
            Pace::Over(again) => Err(NumberingError::RateLimited { again }),
        }
    }

    pub(super) fn set_quota(
        &self,
        tenant: TenantId,
        quota: ReservationQuota,
    ) -> Result<Vec<NumberingEvent>, NumberingError> {
        self.is_staying(tenant)?;
        let ReservationQuota { at_once, per_minute } = quota;
        let most = RESERVATION_QUOTA_MAX;
        if at_once > most.at_once || per_minute == 0 || per_minute > most.per_minute {
            return Err(NumberingError::InvalidValue(
                "a quota is at most 100000 reservations at once and from 1 to 100000 a minute",
            ));
        }
        if self.reservation_quota(tenant) == quota {
            return Err(NumberingError::InvalidTransition("the quota is that already"));
        }
        Ok(vec![NumberingEvent::ReservationQuotaSet { tenant, quota }])
    }
}
