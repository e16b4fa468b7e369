use super::lease::{Lease, Outcome};
use bytes::Bytes;
use peyk_domain::numbering::{Inventory, Lifecycle, NumberingError, NumberingEvent};
use peyk_domain::{At, SenderId};
use peyk_schemas::{ControlEvent, EpochCertificate, EventSchema, Hash, SchemaError, VerifiedRecord};
use std::collections::HashMap;

/// The last record an export includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Included {
    pub position: u64,
    pub hash: Hash,
}

/// The earliest signed record at or after the last included one: its signature covers all that is included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedHead {
    pub position: u64,
    pub hash: Hash,
    pub epoch: u64,
    /// The record as stored.
    pub record: Bytes,
    /// Of the epoch the record belongs to.
    pub certificate: EpochCertificate,
}

/// Why records could not be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    #[error("record {position}: {source}")]
    Schema { position: u64, source: SchemaError },
    #[error("record {position}: {source}")]
    Contradiction { position: u64, source: NumberingError },
    #[error("record {position} is signed, and no epoch was opened before it")]
    NoEpoch { position: u64 },
}

/// The numbering ledger folded up to an end, with the history of its leases. Pure: records come in, tables come out.
#[derive(Debug)]
pub(super) struct Extract {
    end: At,
    pub(super) inventory: Inventory,
    pub(super) leases: Vec<Lease>,
    /// For each number: since when it stands where it does, and the place of its standing lease.
    standing: HashMap<SenderId, (At, Option<usize>)>,
    certificate: Option<EpochCertificate>,
    records: u64,
    last: Option<Included>,
    head: Option<SignedHead>,
    newest: Option<At>,
}

impl Extract {
    /// Includes what is dated before `end`.
    pub(super) fn until(end: At) -> Self {
        Self {
            end,
            inventory: Inventory::default(),
            leases: Vec::new(),
            standing: HashMap::new(),
            certificate: None,
            records: 0,
            last: None,
            head: None,
            newest: None,
        }
    }

    /// Takes in the next record of the ledger, from genesis on.
    ///
    /// # Errors
    /// [`ExtractError`] if an event is unknown or cannot follow what came before.
    pub(super) fn push(&mut self, record: &VerifiedRecord) -> Result<(), ExtractError> {
        let position = record.position;
        let schema = |source| ExtractError::Schema { position, source };
        for event in record.events.iter().filter(|event| event.is_control()) {
            if let ControlEvent::EpochStarted(certificate) = ControlEvent::from_raw(event).map_err(schema)? {
                self.certificate = Some(certificate);
            }
        }
        self.newest = Some(record.at);
        if record.at < self.end {
            for event in record.domain_events::<NumberingEvent>().map_err(schema)? {
                self.apply(record.at, event).map_err(|source| ExtractError::Contradiction { position, source })?;
            }
            self.records += 1;
            self.last = Some(Included { position, hash: record.hash });
            self.head = None;
        }
        if record.signed && self.head.is_none() {
            let certificate = self.certificate.clone().ok_or(ExtractError::NoEpoch { position })?;
            let VerifiedRecord { hash, epoch, ref bytes, .. } = *record;
            self.head = Some(SignedHead { position, hash, epoch, record: bytes.clone(), certificate });
        }
        Ok(())
    }

    fn apply(&mut self, at: At, event: NumberingEvent) -> Result<(), NumberingError> {
        use NumberingEvent::*;
        let number = match event {
            NumbersListed { ref numbers, .. } => {
                self.standing.extend(numbers.iter().map(|listing| (listing.number(), (at, None))));
                return self.inventory.evolve(event);
            }
            // What was staged is there from the close on.
            BatchClosed { file } => {
                let staged = self.inventory.staged(file);
                self.standing.extend(staged.iter().map(|listing| (listing.number(), (at, None))));
                return self.inventory.evolve(event);
            }
            // History names it by its tombstone from here on.
            TenantErased { tenant, tombstone, .. } => {
                let of_tenant = self.leases.iter_mut().filter(|lease| lease.tenant == tenant);
                of_tenant.for_each(|lease| lease.tenant = tombstone);
                return self.inventory.evolve(event);
            }
            // What the registry notes of tenants and of files is not in the tables; what it holds numbers by, the inventory says.
            SkeletonsRenewed { .. }
            | ReservationQuotaSet { .. }
            | TenantErasureBegun { .. }
            | ReservationBurst { .. }
            | RecalledNumberLeasedAgain { .. }
            | ImportKeyRegistered { .. }
            | ImportKeyRevoked { .. }
            | ImportApproved { .. }
            | BatchOpened { .. }
            | RowsStaged { .. }
            | BatchAbandoned { .. }
            | RowsRemoved { .. }
            | ContractAdded { .. }
            | ContractChanged { .. }
            | ContractEnded { .. }
            | ContractRemoved { .. }
            | BlockAdded { .. }
            | BlockChanged { .. }
            | BlockRemoved { .. }
            | PoolAdded { .. }
            | PoolChanged { .. }
            | PoolRemoved { .. }
            | ExportRequested { .. }
            | ExportProduced { .. }
            | ExportStored { .. }
            | ExportFailed { .. }
            | NumberAuditVerified { .. }
            | NumberAuditBroken { .. } => {
                return self.inventory.evolve(event);
            }
            SenderReserved { alpha, .. } => alpha.into(),
            NumberReserved { number, .. }
            | NumberHeld { number, .. }
            | NumberAssigned { number, .. }
            | LeaseRenewed { number, .. }
            | NumberReleased { number, .. }
            | ReservationExpired { number, .. }
            | LeaseExpired { number, .. }
            | NumberRecalled { number, .. }
            | LeaseReinstated { number, .. }
            | NumberReturned { number, .. }
            | CoolOffOverridden { number, .. }
            | QuarantineEnded { number }
            | NumberRetired { number, .. } => number,
        };
        let before = self.inventory.lifecycle(number).copied();
        // Evolving checks that the event can follow; what is below relies on it.
        self.inventory.evolve(event.clone())?;
        let ran_out = before.and_then(|before| before.until()).unwrap_or(at);
        let (since, open) = self.standing.entry(number).or_insert((at, None));
        let lease = open.and_then(|place| self.leases.get_mut(place));
        match event {
            NumberReserved { lease, tenant, .. } | SenderReserved { lease, tenant, .. } => {
                (*since, *open) = (at, Some(self.leases.len()));
                let outcome = Outcome::Reserved;
                self.leases.push(Lease { number, lease, tenant, reserved_at: at, assigned_at: None, outcome });
            }
            NumberHeld { .. } => {
                if !matches!(before, Some(Lifecycle::Held { .. })) {
                    *since = at;
                }
                set(lease, Outcome::Held);
            }
            NumberAssigned { .. } => {
                *since = at;
                if let Some(lease) = lease {
                    (lease.assigned_at, lease.outcome) = (Some(at), Outcome::Assigned);
                }
            }
            NumberReleased { .. } => {
                (*since, *open) = (at, None);
                set(lease, Outcome::Released(at));
            }
            ReservationExpired { .. } => {
                (*since, *open) = (ran_out, None);
                set(lease, Outcome::Expired(ran_out));
            }
            LeaseExpired { .. } => {
                (*since, *open) = (ran_out, None);
                set(lease, Outcome::Expired(ran_out));
            }
            NumberRecalled { .. } => {
                *since = at;
                set(lease, Outcome::Recalled(at));
            }
            LeaseReinstated { .. } => {
                *since = at;
                set(lease, Outcome::Assigned);
            }
            NumberReturned { .. } | NumberRetired { .. } => (*since, *open) = (at, None),
            QuarantineEnded { .. } => *since = ran_out,
            NumbersListed { .. }
            | LeaseRenewed { .. }
            | CoolOffOverridden { .. }
            | SkeletonsRenewed { .. }
            | TenantErasureBegun { .. }
            | TenantErased { .. }
            | ReservationQuotaSet { .. }
            | ReservationBurst { .. }
            | RecalledNumberLeasedAgain { .. }
            | ImportKeyRegistered { .. }
            | ImportKeyRevoked { .. }
            | ImportApproved { .. }
            | BatchOpened { .. }
            | RowsStaged { .. }
            | BatchClosed { .. }
            | BatchAbandoned { .. }
            | RowsRemoved { .. }
            | ContractAdded { .. }
            | ContractChanged { .. }
            | ContractEnded { .. }
            | ContractRemoved { .. }
            | BlockAdded { .. }
            | BlockChanged { .. }
            | BlockRemoved { .. }
            | PoolAdded { .. }
            | PoolChanged { .. }
            | PoolRemoved { .. }
            | ExportRequested { .. }
            | ExportProduced { .. }
            | ExportStored { .. }
            | ExportFailed { .. }
            | NumberAuditVerified { .. }
            | NumberAuditBroken { .. } => {}
        }
        Ok(())
    }

    /// Lets everything run out that did so before the end without being on record, and puts leases in order.
    pub(super) fn close(&mut self) {
        let eve = self.eve();
        for (number, entry) in self.inventory.iter() {
            let (of, mut now) = (entry.listing(number), entry.lifecycle);
            while let Some((event, next)) = now.elapsed(of, eve) {
                let ran_out = now.until().unwrap_or(eve);
                let renewed = matches!(event, NumberingEvent::LeaseRenewed { .. });
                if let Some((since, open)) = self.standing.get_mut(&number).filter(|_| !renewed) {
                    *since = ran_out;
                    set(open.take().and_then(|place| self.leases.get_mut(place)), Outcome::Expired(ran_out));
                }
                now = next;
            }
        }
        self.leases.sort_by_key(|lease| (lease.number, lease.reserved_at, lease.lease));
        // The places of standing leases are no longer theirs.
        self.standing.values_mut().for_each(|(_, open)| *open = None);
    }

    /// The instant the tables speak of: the last millisecond before the end.
    pub(super) const fn eve(&self) -> At {
        At(self.end.0.saturating_sub(1))
    }

    pub(super) fn since(&self, number: SenderId) -> Option<At> {
        self.standing.get(&number).map(|(since, _)| *since)
    }

    /// The first instant that is not included.
    pub(super) const fn end(&self) -> At {
        self.end
    }

    /// How many records are included.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    pub(super) const fn last(&self) -> Option<Included> {
        self.last
    }

    pub(super) const fn head(&self) -> Option<&SignedHead> {
        self.head.as_ref()
    }

    /// Whether the ledger has gone past the end, so that nothing can be added before it.
    pub(super) fn is_closed(&self) -> bool {
        self.newest.is_some_and(|newest| newest >= self.end)
    }

    /// Whether nothing that may still come changes the export.
    pub(super) fn is_complete(&self) -> bool {
        self.is_closed() && self.head.is_some()
    }
}

fn set(lease: Option<&mut Lease>, outcome: Outcome) {
    if let Some(lease) = lease {
        lease.outcome = outcome;
    }
}
