use crate::{BlockId, LeaseId, Msisdn, Span, TenantId};

/// Numbers one import command may list; a larger block comes as several commands.
pub const IMPORT_MAX: usize = 500;

/// What may be asked of the registry of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberingCommand {
    /// Add numbers to the inventory: all or none. At most [`IMPORT_MAX`].
    Import { block: BlockId, mno: String, numbers: Vec<Msisdn> },
    /// Take an available number for `ttl` under the new lease id `lease`.
    Reserve { number: Msisdn, lease: LeaseId, tenant: TenantId, ttl: Span },
    /// Turn one's own reservation into a hold, to `ttl` from now. Once: a hold is not prolonged.
    Hold { number: Msisdn, tenant: TenantId, ttl: Span },
    /// Turn one's own reservation or hold into a lease without end.
    Assign { number: Msisdn, tenant: TenantId },
    /// End one's own reservation, hold or lease. An assigned number cools off; one never assigned is free at once.
    Release { number: Msisdn, tenant: TenantId },
    /// Let time act: expire what ran out, a bounded number at a time.
    Tick,
}
