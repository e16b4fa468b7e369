use super::*;

/// Reads events alone, as an auditor would, and objects to a second holder.
#[derive(Debug, Default)]
pub(super) struct Auditor {
    pub(super) holders: HashMap<SenderId, (TenantId, LeaseId)>,
    pub(super) recalled: HashMap<SenderId, (TenantId, LeaseId)>,
    pub(super) retired: HashSet<SenderId>,
}

impl Auditor {
    pub(super) fn read(&mut self, event: &NumberingEvent) {
        match event {
            NumberingEvent::NumberReserved { number, lease, tenant, .. } => {
                assert_eq!(self.holders.insert(*number, (*tenant, *lease)), None, "a second holder");
                assert!(!self.recalled.contains_key(number) && !self.retired.contains(number));
            }
            NumberingEvent::SenderReserved { alpha, lease, tenant, .. } => {
                let number = SenderId::from(*alpha);
                let taken = self.holders.keys().chain(self.recalled.keys()).chain(&self.retired);
                for other in taken.filter(|other| look(**other).is_some()) {
                    assert_ne!(look(*other), look(number), "one that looks like it is taken");
                }
                assert_eq!(self.holders.insert(number, (*tenant, *lease)), None, "a second holder");
            }
            NumberingEvent::NumberHeld { number, lease, tenant, .. }
            | NumberingEvent::NumberAssigned { number, lease, tenant, .. }
            | NumberingEvent::LeaseRenewed { number, lease, tenant, .. } => {
                assert_eq!(self.holders.get(number), Some(&(*tenant, *lease)), "prolonged by somebody else");
            }
            NumberingEvent::NumberReleased { number, lease, tenant, .. }
            | NumberingEvent::ReservationExpired { number, lease, tenant }
            | NumberingEvent::LeaseExpired { number, lease, tenant, .. } => {
                assert_eq!(self.holders.remove(number), Some((*tenant, *lease)), "ended by somebody else");
            }
            NumberingEvent::NumberRecalled { number, lease, tenant, .. } => {
                assert_eq!(self.holders.remove(number), Some((*tenant, *lease)), "recalled from somebody else");
                self.recalled.insert(*number, (*tenant, *lease));
            }
            NumberingEvent::LeaseReinstated { number, lease, tenant, .. } => {
                assert_eq!(self.recalled.remove(number), Some((*tenant, *lease)), "reinstated for somebody else");
                assert_eq!(self.holders.insert(*number, (*tenant, *lease)), None, "a second holder");
            }
            NumberingEvent::NumberReturned { number, .. } => {
                assert!(self.recalled.remove(number).is_some() && !self.holders.contains_key(number));
            }
            NumberingEvent::NumberRetired { number, .. } => {
                self.recalled.remove(number);
                assert!(!self.holders.contains_key(number) && self.retired.insert(*number));
            }
            NumberingEvent::NumbersListed { .. }
            | NumberingEvent::ExportRequested { .. }
            | NumberingEvent::ExportProduced { .. }
            | NumberingEvent::ExportStored { .. }
            | NumberingEvent::ExportFailed { .. }
            | NumberingEvent::NumberAuditVerified { .. }
            | NumberingEvent::NumberAuditBroken { .. }
            | NumberingEvent::SkeletonsRenewed { .. }
            | NumberingEvent::ReservationQuotaSet { .. }
            | NumberingEvent::ReservationBurst { .. }
            | NumberingEvent::RecalledNumberLeasedAgain { .. }
            | NumberingEvent::QuarantineEnded { .. }
            | NumberingEvent::ImportKeyRegistered { .. }
            | NumberingEvent::ImportKeyRevoked { .. }
            | NumberingEvent::ImportApproved { .. }
            | NumberingEvent::BatchOpened { .. }
            | NumberingEvent::RowsStaged { .. }
            | NumberingEvent::BatchClosed { .. }
            | NumberingEvent::BatchAbandoned { .. }
            | NumberingEvent::RowsRemoved { .. }
            | NumberingEvent::TenantErasureBegun { .. }
            | NumberingEvent::TenantErased { .. }
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
            | NumberingEvent::CoolOffOverridden { .. } => {}
        }
    }
}
