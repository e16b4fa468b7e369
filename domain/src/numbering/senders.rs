//! Alphanumeric sender ids: who may take which. One that a tenant has keeps all that look like it from everybody.
use super::skeleton::looks_like_a_number;
use super::{Inventory, Lifecycle, NumberingError, NumberingEvent, Skeleton, TICK_MAX};
use crate::{AlphaId, At, LeaseId, SenderId, Span, TenantId};

/// Alphanumeric senders of one tenant, those it gave up and that are not free yet among them.
pub const SENDERS_MAX: u32 = 1_000;

type Decided = Result<Vec<NumberingEvent>, NumberingError>;

impl Inventory {
    pub(super) fn reserve_sender(
        &self,
        at: At,
        alpha: AlphaId,
        lease: LeaseId,
        tenant: TenantId,
        ttl: Span,
    ) -> Decided {
        if looks_like_a_number(alpha) {
            return Err(NumberingError::InvalidValue("a sender must not look like a number; choose another one"));
        }
        let mut events = self.unique(at, alpha, None)?;
        if self.skeletons.of_tenant(tenant) >= SENDERS_MAX {
            return Err(NumberingError::TooManySenders);
        }
        if let Some(burst) = self.may_reserve(at, tenant)? {
            return Ok(vec![burst]);
        }
        let (since, until) = (at, at.plus(ttl));
        let skeleton = Skeleton::of(alpha);
        events.push(NumberingEvent::SenderReserved { alpha, skeleton, lease, tenant, since, until });
        Ok(events)
    }

    /// That nobody has one that looks like `alpha`, but for `own`, which the caller has. What has to go on record first, as
    /// for [`Self::up_to`]: that those which looked like it are free by now.
    ///
    /// # Errors
    /// [`NumberingError::Undecided`] while skeletons are of another version than ours, [`NumberingError::Conflict`].
    pub(super) fn unique(&self, at: At, alpha: AlphaId, own: Option<AlphaId>) -> Decided {
        if !self.skeletons.comparable() {
            return Err(NumberingError::Undecided);
        }
        let mut events = Vec::new();
        for other in self.skeletons.alike(alpha).filter(|other| Some(*other) != own) {
            let standing = self.standing(at, SenderId::Alpha(other))?;
            match standing.now {
                Lifecycle::Available => events.extend(standing.elapsed()),
                Lifecycle::Quarantined { until, .. } => return Err(NumberingError::Quarantined { until }),
                _ => return Err(NumberingError::Conflict),
            }
        }
        Ok(events)
    }

    /// What the next alphanumeric senders look like to us, of those whose skeletons others made; nothing once there are none.
    pub(super) fn renewed_skeletons(&self) -> Option<NumberingEvent> {
        let skeletons: Vec<_> =
            self.skeletons.foreign().take(TICK_MAX).map(|alpha| (alpha, Skeleton::of(alpha))).collect();
        (!skeletons.is_empty()).then_some(NumberingEvent::SkeletonsRenewed { skeletons })
    }
}
