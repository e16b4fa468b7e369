use super::{Misfit, Opened, Place, View};
use crate::projection::Projection;
use crate::rows::{Lease, LeaseState, Number, NumberState};
use crate::store::{Changes, How, StoreError, Which, load, write};
use peyk_domain::numbering::NumberingEvent;
use peyk_domain::{At, LeaseId, Msisdn, TenantId};
use sqlx::PgConnection;

/// Numbers and who leases them.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    numbers: Changes<Number>,
    leases: Changes<Lease>,
}

impl Leases {
    fn number(&mut self, number: Msisdn, place: &Place) -> Result<&mut Number, Misfit> {
        let row = self.numbers.get_mut(number).ok_or(Misfit("a number was never listed"))?;
        row.updated_position = place.position;
        Ok(row)
    }

    fn lease(&mut self, lease: LeaseId, place: &Place) -> Result<&mut Lease, Misfit> {
        let row = self.leases.get_mut(lease).ok_or(Misfit("a lease never began"))?;
        row.updated_position = place.position;
        Ok(row)
    }

    fn claim(
        &mut self,
        number: Msisdn,
        claim: Option<(TenantId, LeaseId)>,
        state: NumberState,
        until: Option<At>,
        place: &Place,
    ) -> Result<(), Misfit> {
        let row = self.number(number, place)?;
        (row.tenant, row.lease) = claim.unzip();
        (row.state, row.until) = (state, until);
        Ok(())
    }

    fn end(&mut self, lease: LeaseId, state: LeaseState, place: &Place) -> Result<(), Misfit> {
        let row = self.lease(lease, place)?;
        (row.state, row.until, row.ended_at) = (state, None, Some(place.at));
        Ok(())
    }
}

impl View for Leases {
    const PROJECTION: Projection = Projection::Leases;

    type Event = NumberingEvent;

    fn touch(&mut self, event: &NumberingEvent) {
        match event {
            NumberingEvent::NumbersListed { numbers, .. } => {
                numbers.iter().for_each(|number| self.numbers.begin(*number));
            }
            NumberingEvent::NumberReserved { number, lease, .. } => {
                self.numbers.touch(*number);
                self.leases.begin(*lease);
            }
            NumberingEvent::NumberHeld { number, lease, .. }
            | NumberingEvent::NumberAssigned { number, lease, .. }
            | NumberingEvent::NumberReleased { number, lease, .. }
            | NumberingEvent::ReservationExpired { number, lease, .. } => {
                self.numbers.touch(*number);
                self.leases.touch(*lease);
            }
            NumberingEvent::QuarantineEnded { number } => self.numbers.touch(*number),
        }
    }

    fn fold(&mut self, event: &NumberingEvent, place: &Place, _: &Opened) -> Result<(), Misfit> {
        use NumberState::{Assigned, Available, Held, Quarantined, Reserved};
        match *event {
            NumberingEvent::NumbersListed { block, ref mno, ref numbers } => {
                for &number in numbers {
                    self.numbers.put(Number {
                        number,
                        block,
                        mno: mno.clone(),
                        state: Available,
                        tenant: None,
                        lease: None,
                        until: None,
                        position: place.position,
                        updated_position: place.position,
                    });
                }
                Ok(())
            }
            NumberingEvent::NumberReserved { number, lease, tenant, until } => {
                self.leases.put(Lease {
                    id: lease,
                    number,
                    tenant,
                    state: LeaseState::Reserved,
                    reserved_at: place.at,
                    until: Some(until),
                    assigned_at: None,
                    ended_at: None,
                    position: place.position,
                    updated_position: place.position,
                });
                self.claim(number, Some((tenant, lease)), Reserved, Some(until), place)
            }
            NumberingEvent::NumberHeld { number, lease, tenant, until } => {
                let row = self.lease(lease, place)?;
                (row.state, row.until) = (LeaseState::Held, Some(until));
                self.claim(number, Some((tenant, lease)), Held, Some(until), place)
            }
            NumberingEvent::NumberAssigned { number, lease, tenant } => {
                let row = self.lease(lease, place)?;
                (row.state, row.until, row.assigned_at) = (LeaseState::Assigned, None, Some(place.at));
                self.claim(number, Some((tenant, lease)), Assigned, None, place)
            }
            NumberingEvent::NumberReleased { number, lease, cools_until, .. } => {
                self.end(lease, LeaseState::Released, place)?;
                self.claim(number, None, Quarantined, Some(cools_until), place)
            }
            NumberingEvent::ReservationExpired { number, lease, .. } => {
                self.end(lease, LeaseState::Expired, place)?;
                self.claim(number, None, Available, None, place)
            }
            NumberingEvent::QuarantineEnded { number } => self.claim(number, None, Available, None, place),
        }
    }

    fn lacks_rows(&self) -> bool {
        self.numbers.unknown_count() + self.leases.unknown_count() > 0
    }

    fn count(&self) -> usize {
        self.numbers.count() + self.leases.count()
    }

    fn take(&mut self, which: Which) -> Self {
        Self { numbers: self.numbers.take(which), leases: self.leases.take(which) }
    }

    async fn load(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        load(connection, &mut self.numbers).await?;
        load(connection, &mut self.leases).await
    }

    async fn write(&self, connection: &mut PgConnection, how: How) -> Result<(), StoreError> {
        write(connection, &self.numbers, how).await?;
        write(connection, &self.leases, how).await
    }
}
