use super::{Misfit, Opened, Place, View};
use crate::projection::Projection;
use crate::rows::{NumberState, NumberTransition, TransitionId, TransitionReason};
use crate::store::{Changes, How, StoreError, Which, write};
use peyk_domain::numbering::NumberingEvent;
use peyk_domain::{ActorId, LeaseId, SenderId, TenantId};
use sqlx::PgConnection;

/// Each transition of each number, only ever added to. What Postgres chains them with, nothing here knows.
#[derive(Debug, Default)]
pub(crate) struct NumberAudit {
    transitions: Changes<NumberTransition>,
}

type Lease = Option<(TenantId, LeaseId)>;

/// What an event says of numbers, in the order of the table.
pub(crate) fn transitions(event: &NumberingEvent, place: &Place) -> Vec<NumberTransition> {
    use NumberState::{Assigned, Available, Held, Quarantined, Recalled, Reserved, Retired};
    let row = |within: u32, number: SenderId, to: NumberState, reason: TransitionReason, lease: Lease| {
        let (tenant, lease) = lease.unzip();
        NumberTransition {
            id: TransitionId::new(place.position, place.item, within),
            number,
            to,
            reason,
            tenant,
            lease,
            actor: (place.actor != ActorId::NIL).then_some(place.actor),
            actor_tenant: place.tenant,
            at: place.at,
            position: place.position,
            item: place.item,
        }
    };
    let of_lease = |number, to, reason, tenant, lease| vec![row(0, number, to, reason, Some((tenant, lease)))];
    let of_nobody = |number, to, reason| vec![row(0, number, to, reason, None)];
    match *event {
        NumberingEvent::NumbersListed { ref numbers, .. } => {
            let listed = (0..).zip(numbers);
            listed
                .map(|(within, listing)| row(within, listing.number(), Available, TransitionReason::Listed, None))
                .collect()
        }
        NumberingEvent::RowsStaged { ref numbers, .. } => {
            let staged = (0..).zip(numbers);
            staged
                .map(|(within, listing)| row(within, listing.number(), Available, TransitionReason::Staged, None))
                .collect()
        }
        NumberingEvent::RowsRemoved { ref numbers, .. } => {
            let gone = (0..).zip(numbers);
            gone.map(|(within, listing)| row(within, listing.number(), Available, TransitionReason::Unstaged, None))
                .collect()
        }
        NumberingEvent::NumberReserved { number, lease, tenant, .. } => {
            of_lease(number, Reserved, TransitionReason::Reserved, tenant, lease)
        }
        NumberingEvent::SenderReserved { alpha, lease, tenant, .. } => {
            of_lease(alpha.into(), Reserved, TransitionReason::Reserved, tenant, lease)
        }
        NumberingEvent::NumberHeld { number, lease, tenant, .. } => {
            of_lease(number, Held, TransitionReason::Held, tenant, lease)
        }
        NumberingEvent::NumberAssigned { number, lease, tenant, .. } => {
            of_lease(number, Assigned, TransitionReason::Assigned, tenant, lease)
        }
        NumberingEvent::LeaseRenewed { number, lease, tenant, .. } => {
            of_lease(number, Assigned, TransitionReason::Renewed, tenant, lease)
        }
        NumberingEvent::NumberReleased { number, lease, tenant, .. } => {
            of_lease(number, Quarantined, TransitionReason::Released, tenant, lease)
        }
        NumberingEvent::ReservationExpired { number, lease, tenant } => {
            of_lease(number, Available, TransitionReason::ReservationExpired, tenant, lease)
        }
        NumberingEvent::LeaseExpired { number, lease, tenant, .. } => {
            of_lease(number, Quarantined, TransitionReason::LeaseExpired, tenant, lease)
        }
        NumberingEvent::NumberRecalled { number, lease, tenant, .. } => {
            of_lease(number, Recalled, TransitionReason::Recalled, tenant, lease)
        }
        NumberingEvent::LeaseReinstated { number, lease, tenant, .. } => {
            of_lease(number, Assigned, TransitionReason::Reinstated, tenant, lease)
        }
        NumberingEvent::NumberReturned { number, .. } => of_nobody(number, Quarantined, TransitionReason::Returned),
        NumberingEvent::CoolOffOverridden { number, .. } => {
            of_nobody(number, Quarantined, TransitionReason::CoolOffChanged)
        }
        NumberingEvent::QuarantineEnded { number } => of_nobody(number, Available, TransitionReason::CoolOffEnded),
        NumberingEvent::NumberRetired { number, .. } => of_nobody(number, Retired, TransitionReason::Retired),
        NumberingEvent::SkeletonsRenewed { .. }
        | NumberingEvent::TenantErasureBegun { .. }
        | NumberingEvent::TenantErased { .. }
        | NumberingEvent::ReservationQuotaSet { .. }
        | NumberingEvent::ReservationBurst { .. }
        | NumberingEvent::RecalledNumberLeasedAgain { .. }
        | NumberingEvent::ImportKeyRegistered { .. }
        | NumberingEvent::ImportKeyRevoked { .. }
        | NumberingEvent::ImportApproved { .. }
        | NumberingEvent::BatchOpened { .. }
        | NumberingEvent::BatchClosed { .. }
        | NumberingEvent::BatchAbandoned { .. }
        | NumberingEvent::ContractAdded { .. }
        | NumberingEvent::ContractChanged { .. }
        | NumberingEvent::ContractEnded { .. }
        | NumberingEvent::ContractRemoved { .. }
        | NumberingEvent::BlockAdded { .. }
        | NumberingEvent::BlockChanged { .. }
        | NumberingEvent::BlockRemoved { .. }
        | NumberingEvent::PoolAdded { .. }
        | NumberingEvent::PoolChanged { .. }
        | NumberingEvent::PoolRemoved { .. }
        | NumberingEvent::ExportRequested { .. }
        | NumberingEvent::ExportProduced { .. }
        | NumberingEvent::ExportStored { .. }
        | NumberingEvent::ExportFailed { .. }
        | NumberingEvent::NumberAuditVerified { .. }
        | NumberingEvent::NumberAuditBroken { .. } => Vec::new(),
    }
}

impl View for NumberAudit {
    const PROJECTION: Projection = Projection::NumberAudit;

    type Event = NumberingEvent;

    /// No row needs another one.
    fn touch(&mut self, _: &NumberingEvent) {}

    fn fold(&mut self, event: &NumberingEvent, place: &Place, _: &Opened) -> Result<(), Misfit> {
        transitions(event, place).into_iter().for_each(|transition| self.transitions.put(transition));
        Ok(())
    }

    fn lacks_rows(&self) -> bool {
        false
    }

    fn count(&self) -> usize {
        self.transitions.count()
    }

    fn take(&mut self, which: Which) -> Self {
        Self { transitions: self.transitions.take(which) }
    }

    async fn load(&mut self, _: &mut PgConnection) -> Result<(), StoreError> {
        Ok(())
    }

    async fn write(&self, connection: &mut PgConnection, how: How) -> Result<(), StoreError> {
        write(connection, &self.transitions, how).await
    }
}
