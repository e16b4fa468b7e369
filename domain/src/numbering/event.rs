use crate::{At, BlockId, LeaseId, Msisdn, TenantId};

/// What happened to numbers. The stored names stand in `schemas`, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberingEvent {
    /// Numbers of a block joined the inventory and are available. `mno` names the operator that owns the block.
    NumbersListed {
        block: BlockId,
        mno: String,
        numbers: Vec<Msisdn>,
    },
    NumberReserved {
        number: Msisdn,
        lease: LeaseId,
        tenant: TenantId,
        until: At,
    },
    /// The reservation was prolonged into a hold while paperwork is pending.
    NumberHeld {
        number: Msisdn,
        lease: LeaseId,
        tenant: TenantId,
        until: At,
    },
    NumberAssigned {
        number: Msisdn,
        lease: LeaseId,
        tenant: TenantId,
    },
    /// The lease ended; the number is nobody's until `cools_until`.
    NumberReleased {
        number: Msisdn,
        lease: LeaseId,
        tenant: TenantId,
        cools_until: At,
    },
    /// A reservation or a hold ran out by itself; the number is available again.
    ReservationExpired {
        number: Msisdn,
        lease: LeaseId,
        tenant: TenantId,
    },
    /// The cool-off after a release ended; the number is available again.
    QuarantineEnded {
        number: Msisdn,
    },
}
