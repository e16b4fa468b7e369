use super::allocation::Allocation;
use super::{Misfit, Opened, Place, View};
use crate::projection::Projection;
use crate::rows::{
    FileState, Lease, LeaseState, Number, NumberState, OperatorFile, Renewal, Signal, SignalId, SignalKind,
};
use crate::store::{Changes, How, StoreError, Which, load, write};
use peyk_domain::numbering::{FileHash, Listing, NumberType, NumberingEvent, Term, Voucher};
use peyk_domain::{At, BlockId, LeaseId, SenderId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Numbers, who leases them, what they are held by, and the files they came in.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    numbers: Changes<Number>,
    leases: Changes<Lease>,
    signals: Changes<Signal>,
    files: Changes<OperatorFile>,
    allocation: Allocation,
    /// Tenants that were erased, each with its tombstone, until the rows that are not in memory are changed too.
    erased: Vec<(TenantId, TenantId)>,
}

impl Leases {
    fn number(&mut self, number: SenderId, place: &Place) -> Result<&mut Number, Misfit> {
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
        number: SenderId,
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

    fn reserve(
        &mut self,
        number: SenderId,
        (tenant, lease): (TenantId, LeaseId),
        until: At,
        place: &Place,
    ) -> Result<(), Misfit> {
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
        self.claim(number, Some((tenant, lease)), NumberState::Reserved, Some(until), place)
    }

    /// The lease stands in none of its terms any more.
    fn end(&mut self, lease: LeaseId, state: LeaseState, ended: At, place: &Place) -> Result<(), Misfit> {
        let row = self.lease(lease, place)?;
        (row.state, row.until, row.ended_at) = (state, None, Some(ended));
        Ok(())
    }

    /// The number is nobody's any more.
    fn free(&mut self, number: SenderId, state: NumberState, until: Option<At>, place: &Place) -> Result<(), Misfit> {
        if let (SenderId::Alpha(_), NumberState::Available) = (number, state) {
            let was_there = self.numbers.remove(number);
            return was_there.then_some(()).ok_or(Misfit("a sender was never reserved"));
        }
        let row = self.number(number, place)?;
        (row.term_months, row.renewal) = (None, None);
        self.claim(number, None, state, until, place)
    }

    fn assign(
        &mut self,
        number: SenderId,
        claim: (TenantId, LeaseId),
        term: Option<Term>,
        place: &Place,
    ) -> Result<(), Misfit> {
        let until = term.map(|term| term.expires);
        let row = self.lease(claim.1, place)?;
        (row.state, row.until, row.assigned_at) = (LeaseState::Assigned, until, Some(place.at));
        let row = self.number(number, place)?;
        row.term_months = term.map(|term| term.months);
        row.renewal = term.map(|term| if term.renews { Renewal::Automatic } else { Renewal::OnRequest });
        self.claim(number, Some(claim), NumberState::Assigned, until, place)
    }

    fn renew(&mut self, number: SenderId, lease: LeaseId, expires: At, place: &Place) -> Result<(), Misfit> {
        self.lease(lease, place)?.until = Some(expires);
        self.number(number, place)?.until = Some(expires);
        Ok(())
    }

    /// The end of the term stays with the lease, for it may be reinstated.
    fn recall(&mut self, number: SenderId, lease: LeaseId, place: &Place) -> Result<(), Misfit> {
        let row = self.lease(lease, place)?;
        (row.state, row.ended_at) = (LeaseState::Recalled, Some(place.at));
        let row = self.number(number, place)?;
        (row.state, row.until) = (NumberState::Recalled, None);
        Ok(())
    }

    fn signal(&mut self, kind: SignalKind, tenant: TenantId, of: Option<(SenderId, u32)>, place: &Place) {
        let (number, recalls) = of.unzip();
        let (id, position) = (SignalId::new(place.position, place.item), place.position);
        self.signals.put(Signal { id, at: place.at, kind, tenant, number, recalls, position });
    }

    /// A tombstone stands for the tenant wherever a lease names it. No lease of it follows.
    fn erase(&mut self, tenant: TenantId, tombstone: TenantId) {
        let of_tenant = self.leases.each_mut().filter(|lease| lease.tenant == tenant);
        of_tenant.for_each(|lease| lease.tenant = tombstone);
        self.erased.push((tenant, tombstone));
    }

    fn reinstate(&mut self, number: SenderId, lease: LeaseId, place: &Place) -> Result<(), Misfit> {
        let row = self.lease(lease, place)?;
        (row.state, row.ended_at) = (LeaseState::Assigned, None);
        let until = row.until;
        let row = self.number(number, place)?;
        (row.state, row.until) = (NumberState::Assigned, until);
        Ok(())
    }
}

fn available(number: SenderId, number_type: NumberType, origin: Option<(BlockId, String)>, place: &Place) -> Number {
    let (block, mno) = origin.unzip();
    Number {
        number,
        number_type,
        block,
        mno,
        state: NumberState::Available,
        tenant: None,
        lease: None,
        until: None,
        term_months: None,
        renewal: None,
        position: place.position,
        updated_position: place.position,
    }
}

impl Leases {
    fn file(&mut self, file: FileHash, place: &Place) -> Result<&mut OperatorFile, Misfit> {
        let row = self.files.get_mut(file).ok_or(Misfit("a file was never opened"))?;
        row.updated_position = place.position;
        Ok(row)
    }

    /// The numbers are of the file, and not to be seen before it is closed.
    fn stage(&mut self, file: FileHash, numbers: &[Listing], place: &Place) -> Result<(), Misfit> {
        let row = self.file(file, place)?;
        row.staged += u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let (block, mno) = (row.block, row.mno.clone());
        numbers.iter().for_each(|number| self.numbers.put(listed(*number, block, mno.clone(), place)));
        Ok(())
    }

    fn unstage(&mut self, file: FileHash, numbers: &[Listing], place: &Place) -> Result<(), Misfit> {
        let row = self.file(file, place)?;
        row.staged = row.staged.saturating_sub(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
        if row.staged == 0 {
            row.state = FileState::Abandoned;
        }
        let there = numbers.iter().all(|number| self.numbers.remove(number.number()));
        if there { Ok(()) } else { Err(Misfit("a number was never staged")) }
    }

    fn end_file(&mut self, file: FileHash, closed: bool, place: &Place) -> Result<(), Misfit> {
        let row = self.file(file, place)?;
        row.ended_at = Some(place.at);
        row.state = match row.staged {
            _ if closed => FileState::Closed,
            0 => FileState::Abandoned,
            _ => FileState::Clearing,
        };
        Ok(())
    }
}

/// A number as it came in.
fn listed(listing: Listing, block: BlockId, mno: String, place: &Place) -> Number {
    available(listing.number(), listing.number_type(), Some((block, mno)), place)
}

impl View for Leases {
    const PROJECTION: Projection = Projection::Leases;

    type Event = NumberingEvent;

    fn touch(&mut self, event: &NumberingEvent) {
        self.allocation.touch(event);
        match event {
            NumberingEvent::NumbersListed { numbers, .. } => {
                numbers.iter().for_each(|listing| self.numbers.begin(listing.number()));
            }
            NumberingEvent::NumberReserved { number, lease, .. } => {
                self.numbers.touch(*number);
                self.leases.begin(*lease);
            }
            NumberingEvent::SenderReserved { alpha, lease, .. } => {
                self.numbers.begin(SenderId::Alpha(*alpha));
                self.leases.begin(*lease);
            }
            NumberingEvent::NumberHeld { number, lease, .. }
            | NumberingEvent::NumberAssigned { number, lease, .. }
            | NumberingEvent::LeaseRenewed { number, lease, .. }
            | NumberingEvent::NumberReleased { number, lease, .. }
            | NumberingEvent::ReservationExpired { number, lease, .. }
            | NumberingEvent::LeaseExpired { number, lease, .. }
            | NumberingEvent::NumberRecalled { number, lease, .. }
            | NumberingEvent::LeaseReinstated { number, lease, .. } => {
                self.numbers.touch(*number);
                self.leases.touch(*lease);
            }
            NumberingEvent::NumberReturned { number, .. }
            | NumberingEvent::CoolOffOverridden { number, .. }
            | NumberingEvent::QuarantineEnded { number }
            | NumberingEvent::NumberRetired { number, .. } => self.numbers.touch(*number),
            NumberingEvent::BatchOpened { file, .. } => self.files.begin(*file),
            NumberingEvent::RowsStaged { file, numbers } => {
                self.files.touch(*file);
                numbers.iter().for_each(|number| self.numbers.begin(number.number()));
            }
            NumberingEvent::RowsRemoved { file, numbers } => {
                self.files.touch(*file);
                numbers.iter().for_each(|number| self.numbers.touch(number.number()));
            }
            NumberingEvent::BatchClosed { file } | NumberingEvent::BatchAbandoned { file, .. } => {
                self.files.touch(*file);
            }
            NumberingEvent::SkeletonsRenewed { .. }
            | NumberingEvent::TenantErasureBegun { .. }
            | NumberingEvent::TenantErased { .. }
            | NumberingEvent::ReservationQuotaSet { .. }
            | NumberingEvent::ReservationBurst { .. }
            | NumberingEvent::RecalledNumberLeasedAgain { .. }
            | NumberingEvent::ImportKeyRegistered { .. }
            | NumberingEvent::ImportKeyRevoked { .. }
            | NumberingEvent::ImportApproved { .. }
            | NumberingEvent::ExportRequested { .. }
            | NumberingEvent::ExportProduced { .. }
            | NumberingEvent::ExportStored { .. }
            | NumberingEvent::ExportFailed { .. }
            | NumberingEvent::NumberAuditVerified { .. }
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
            | NumberingEvent::NumberAuditBroken { .. } => {}
        }
    }

    fn fold(&mut self, event: &NumberingEvent, place: &Place, _: &Opened) -> Result<(), Misfit> {
        use NumberState::{Available, Held, Quarantined, Retired};
        self.allocation.fold(event, place)?;
        match *event {
            NumberingEvent::NumbersListed { block, ref mno, ref numbers } => {
                numbers.iter().for_each(|number| self.numbers.put(listed(*number, block, mno.clone(), place)));
                Ok(())
            }
            NumberingEvent::SenderReserved { alpha, lease, tenant, until, .. } => {
                let number = SenderId::Alpha(alpha);
                self.numbers.put(available(number, NumberType::Alpha, None, place));
                self.reserve(number, (tenant, lease), until, place)
            }
            NumberingEvent::NumberReserved { number, lease, tenant, until, .. } => {
                self.reserve(number, (tenant, lease), until, place)
            }
            NumberingEvent::NumberHeld { number, lease, tenant, until } => {
                let row = self.lease(lease, place)?;
                (row.state, row.until) = (LeaseState::Held, Some(until));
                self.claim(number, Some((tenant, lease)), Held, Some(until), place)
            }
            NumberingEvent::NumberAssigned { number, lease, tenant, term } => {
                self.assign(number, (tenant, lease), term, place)
            }
            NumberingEvent::LeaseRenewed { number, lease, expires, .. } => self.renew(number, lease, expires, place),
            NumberingEvent::NumberReleased { number, lease, cools_until, .. } => {
                self.end(lease, LeaseState::Released, place.at, place)?;
                self.free(number, Quarantined, Some(cools_until), place)
            }
            NumberingEvent::ReservationExpired { number, lease, .. } => {
                self.end(lease, LeaseState::Expired, place.at, place)?;
                self.free(number, Available, None, place)
            }
            NumberingEvent::LeaseExpired { number, lease, since, cools_until, .. } => {
                self.end(lease, LeaseState::Expired, since, place)?;
                self.free(number, Quarantined, Some(cools_until), place)
            }
            NumberingEvent::NumberRecalled { number, lease, .. } => self.recall(number, lease, place),
            NumberingEvent::LeaseReinstated { number, lease, .. } => self.reinstate(number, lease, place),
            NumberingEvent::NumberReturned { number, cools_until, .. } => {
                self.free(number, Quarantined, Some(cools_until), place)
            }
            NumberingEvent::CoolOffOverridden { number, until, .. } => {
                self.number(number, place)?.until = Some(until);
                Ok(())
            }
            NumberingEvent::QuarantineEnded { number } => self.free(number, Available, None, place),
            NumberingEvent::NumberRetired { number, .. } => self.free(number, Retired, None, place),
            NumberingEvent::BatchOpened { file, block, ref mno, rows, ref voucher, importer, .. } => {
                let (key, approval) = match *voucher {
                    Voucher::Signature { key, .. } => (Some(key), None),
                    Voucher::Approval(approval) => (None, Some(approval)),
                };
                self.files.put(OperatorFile {
                    file,
                    block,
                    mno: mno.clone(),
                    rows,
                    staged: 0,
                    state: FileState::Open,
                    key,
                    approval,
                    importer,
                    opened_at: place.at,
                    ended_at: None,
                    position: place.position,
                    updated_position: place.position,
                });
                Ok(())
            }
            NumberingEvent::RowsStaged { file, ref numbers } => self.stage(file, numbers, place),
            NumberingEvent::RowsRemoved { file, ref numbers } => self.unstage(file, numbers, place),
            NumberingEvent::BatchClosed { file } => self.end_file(file, true, place),
            NumberingEvent::BatchAbandoned { file, .. } => self.end_file(file, false, place),
            NumberingEvent::TenantErased { tenant, tombstone, .. } => {
                self.erase(tenant, tombstone);
                Ok(())
            }
            NumberingEvent::SkeletonsRenewed { .. }
            | NumberingEvent::TenantErasureBegun { .. }
            | NumberingEvent::ReservationQuotaSet { .. }
            | NumberingEvent::ExportRequested { .. }
            | NumberingEvent::ExportProduced { .. }
            | NumberingEvent::ExportStored { .. }
            | NumberingEvent::ExportFailed { .. }
            | NumberingEvent::NumberAuditVerified { .. }
            | NumberingEvent::NumberAuditBroken { .. }
            | NumberingEvent::ImportKeyRegistered { .. }
            | NumberingEvent::ImportKeyRevoked { .. }
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
            | NumberingEvent::ImportApproved { .. } => Ok(()),
            NumberingEvent::ReservationBurst { tenant, .. } => {
                self.signal(SignalKind::ReservationBurst, tenant, None, place);
                Ok(())
            }
            NumberingEvent::RecalledNumberLeasedAgain { number, tenant, recalls, .. } => {
                self.signal(SignalKind::RecalledNumberLeasedAgain, tenant, Some((number, recalls)), place);
                Ok(())
            }
        }
    }

    fn lacks_rows(&self) -> bool {
        self.numbers.unknown_count() + self.leases.unknown_count() + self.files.unknown_count() > 0
            || self.allocation.lacks_rows()
    }

    fn count(&self) -> usize {
        self.numbers.count() + self.leases.count() + self.signals.count() + self.files.count() + self.allocation.count()
    }

    fn take(&mut self, which: Which) -> Self {
        Self {
            numbers: self.numbers.take(which),
            leases: self.leases.take(which),
            signals: self.signals.take(which),
            files: self.files.take(which),
            erased: std::mem::take(&mut self.erased),
            allocation: self.allocation.take(which),
        }
    }

    async fn load(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        load(connection, &mut self.numbers).await?;
        load(connection, &mut self.leases).await?;
        load(connection, &mut self.files).await?;
        self.allocation.load(connection).await
    }

    async fn write(&self, connection: &mut PgConnection, how: How) -> Result<(), StoreError> {
        write(connection, &self.numbers, how).await?;
        write(connection, &self.leases, how).await?;
        write(connection, &self.signals, how).await?;
        write(connection, &self.files, how).await?;
        self.allocation.write(connection, how).await?;
        for (tenant, tombstone) in &self.erased {
            let [tenant, tombstone] = [tenant, tombstone].map(|id| Uuid::from_bytes(id.to_bytes()));
            let history = sqlx::query("UPDATE leases SET tenant = $2 WHERE tenant = $1");
            history.bind(tenant).bind(tombstone).execute(&mut *connection).await?;
        }
        Ok(())
    }
}
