use super::allocation::AllocationCommand;
use super::imports::ImportCommand;
use super::{ExportProof, Listing, Period, Reason, ReservationQuota};
use crate::{At, BlockId, ExportId, LeaseId, SenderId, Span, TenantId};

/// Numbers one import command may list; a larger block comes as several commands.
pub const IMPORT_MAX: usize = 500;

/// What whoever asks believes of the number. If it is not so any more, the command is refused with `CONFLICT`: compare
/// and set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// The lease that stands or was recalled.
    pub lease: Option<LeaseId>,
    /// When its state ends by itself.
    pub until: Option<At>,
}

/// Where a recalled number goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reinstatement {
    /// Back to the tenant it was recalled from, under the same lease.
    Tenant,
    /// To anybody, once it has cooled off from the recall.
    Pool,
}

/// What may be asked of the registry of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberingCommand {
    /// Add numbers to the inventory: all or none. At most [`IMPORT_MAX`].
    Import { block: BlockId, mno: String, numbers: Vec<Listing> },
    /// Make an export of a month under a profile.
    RequestExport { export: ExportId, profile: String, period: String },
    /// It was made and signed.
    ReportExportProduced { export: ExportId, proof: ExportProof },
    /// It was stored at `place`.
    ReportExportStored { export: ExportId, place: String },
    /// It cannot be made or stored, by a stable code.
    ReportExportFailed { export: ExportId, code: String },
    /// The audit table of numbers was held against the ledger: up to `position`, or up to where it differs.
    RecordNumberAudit { position: u64, sound: bool },
    /// Take an available number for `ttl` under the new lease id `lease`. `vanity`: whoever asks may lease vanity numbers.
    Reserve { number: SenderId, lease: LeaseId, tenant: TenantId, ttl: Span, vanity: bool },
    /// Turn one's own reservation into a hold, to `ttl` from now. Once: a hold is not prolonged.
    Hold { number: SenderId, tenant: TenantId, ttl: Span, expected: Expected },
    /// Turn one's own reservation or hold into a lease, for a period or without end. `vanity` as in `Reserve`.
    Assign { number: SenderId, tenant: TenantId, period: Option<Period>, vanity: bool, expected: Expected },
    /// Lengthen one's own lease by its period.
    Renew { number: SenderId, tenant: TenantId, expected: Expected },
    /// End one's own reservation, hold or lease. An assigned number cools off; one never assigned is free at once.
    Release { number: SenderId, tenant: TenantId, expected: Expected },
    /// Take a leased number back from whoever holds it.
    Recall { number: SenderId, reason: Reason, expected: Expected },
    /// Undo a recall.
    Reinstate { number: SenderId, to: Reinstatement, justification: Reason, expected: Expected },
    /// Take a number that nobody holds out of use for ever.
    Retire { number: SenderId, justification: Reason, expected: Expected },
    /// Let a cool-off last for another length of time, from [`super::COOL_OFF_MIN`] to [`super::COOL_OFF_MAX`], counted
    /// from the end of the lease.
    OverrideCoolOff { number: SenderId, lasts: Span, justification: Reason, expected: Expected },
    /// Let a tenant keep so many numbers from others, at most [`super::RESERVATION_QUOTA_MAX`].
    SetReservationQuota { tenant: TenantId, quota: ReservationQuota },
    /// Let a tenant that is erased take no number any more, and take back those it has, a bounded number at a time.
    EraseTenant { tenant: TenantId },
    /// Take in files of operators, and say whose keys vouch for them.
    Imports(ImportCommand),
    /// Say what numbers are held by: contracts, blocks and pools.
    Allocation(AllocationCommand),
    /// Let time act: expire what ran out, a bounded number at a time.
    Tick,
}
