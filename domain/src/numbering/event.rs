use super::allocation::{BlockTerms, ContractState, NumberRange, PoolTerms, SignatureRef};
use super::imports::{AbandonReason, FileForm, FileHash, SignatureScheme, Voucher};
use super::{ExportProof, Listing, NumberType, Reason, ReservationQuota, Skeleton, Term};
use crate::{
    ActorId, AlphaId, ApprovalId, At, BlockId, ContractId, ExportId, ImportKeyId, LeaseId, PoolId, SenderId, TenantId,
};

/// What happened to numbers. The stored names stand in `schemas`, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberingEvent {
    /// Numbers of a block joined the inventory and are available. `mno` names the operator that owns the block.
    NumbersListed {
        block: BlockId,
        mno: String,
        numbers: Vec<Listing>,
    },
    NumberReserved {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        since: At,
        until: At,
    },
    /// A tenant took an alphanumeric sender id that nobody had, with what it looks like.
    SenderReserved {
        alpha: AlphaId,
        skeleton: Skeleton,
        lease: LeaseId,
        tenant: TenantId,
        since: At,
        until: At,
    },
    /// What alphanumeric sender ids look like was worked out anew, with other tables.
    SkeletonsRenewed {
        skeletons: Vec<(AlphaId, Skeleton)>,
    },
    /// The reservation was prolonged into a hold while paperwork is pending.
    NumberHeld {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        until: At,
    },
    /// The lease began: for a term, or without end.
    NumberAssigned {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        term: Option<Term>,
    },
    /// The lease goes on until `expires`, asked for or by itself.
    LeaseRenewed {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        expires: At,
    },
    /// The claim was given up at `since`; the number is nobody's until `cools_until`.
    NumberReleased {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        since: At,
        cools_until: At,
    },
    /// A reservation or a hold ran out by itself; the number is available again.
    ReservationExpired {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
    },
    /// The term of a lease ended at `since` and was not renewed; the number is nobody's until `cools_until`.
    LeaseExpired {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        since: At,
        cools_until: At,
    },
    /// The platform took the number back at `since`.
    NumberRecalled {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        since: At,
        cools_until: At,
        reason: Reason,
    },
    /// The recall was undone: the lease goes on.
    LeaseReinstated {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        justification: Reason,
    },
    /// The number goes from its recall to the pool, and is nobody's until `cools_until`.
    NumberReturned {
        number: SenderId,
        since: At,
        cools_until: At,
        justification: Reason,
    },
    /// The cool-off ends at `until` and not when it would have.
    CoolOffOverridden {
        number: SenderId,
        until: At,
        justification: Reason,
    },
    /// The cool-off ended; the number is available again.
    QuarantineEnded {
        number: SenderId,
    },
    /// The tenant may keep so many numbers from others.
    ReservationQuotaSet {
        tenant: TenantId,
        quota: ReservationQuota,
    },
    /// The tenant takes no number any more, and those it has go back.
    TenantErasureBegun {
        tenant: TenantId,
        at: At,
    },
    /// The tenant has no number any more, for good. Where history names it, `tombstone` stands for it from here on.
    TenantErased {
        tenant: TenantId,
        tombstone: TenantId,
        at: At,
    },
    /// A sign of fraud: the tenant wanted to reserve more numbers within a minute than it may; it may again at `again`.
    ReservationBurst {
        tenant: TenantId,
        at: At,
        again: At,
    },
    /// A sign of fraud: the number was leased again, to `tenant`, after it had been recalled `recalls` times.
    RecalledNumberLeasedAgain {
        number: SenderId,
        lease: LeaseId,
        tenant: TenantId,
        recalls: u32,
    },
    /// What a regulator gets of a month is to be made.
    ExportRequested {
        export: ExportId,
        profile: String,
        period: String,
        since: At,
    },
    /// It was made and signed.
    ExportProduced {
        export: ExportId,
        proof: ExportProof,
    },
    /// It was stored where nobody changes it.
    ExportStored {
        export: ExportId,
        place: String,
    },
    ExportFailed {
        export: ExportId,
        code: String,
    },
    /// The audit table of numbers follows from this ledger up to `position`.
    NumberAuditVerified {
        position: u64,
        at: At,
    },
    /// The audit table of numbers differs from what the record at `position` says. Nothing is exported until it is verified.
    NumberAuditBroken {
        position: u64,
        at: At,
    },
    /// Nobody ever has the number again.
    NumberRetired {
        number: SenderId,
        justification: Reason,
    },
    /// Files that an operator signs with this key count from `valid_from` until `expires`.
    ImportKeyRegistered {
        key: ImportKeyId,
        mno: String,
        scheme: SignatureScheme,
        /// SubjectPublicKeyInfo in DER.
        public_key: Vec<u8>,
        valid_from: At,
        expires: At,
    },
    /// Nothing that the key signs counts from `at` on.
    ImportKeyRevoked {
        key: ImportKeyId,
        at: At,
        reason: Reason,
    },
    /// One file may come in without a signature that counts, once, until `expires`.
    ImportApproved {
        approval: ApprovalId,
        file: FileHash,
        approver: ActorId,
        at: At,
        expires: At,
        justification: Reason,
    },
    /// A file is on its way into the inventory, and nobody sees its numbers before all are there.
    BatchOpened {
        file: FileHash,
        block: BlockId,
        mno: String,
        rows: u32,
        form: FileForm,
        voucher: Voucher,
        importer: ActorId,
        until: At,
    },
    /// The next rows of the file.
    RowsStaged {
        file: FileHash,
        numbers: Vec<Listing>,
    },
    /// All rows of the file were staged and are its own: its numbers joined the inventory and are available.
    BatchClosed {
        file: FileHash,
    },
    /// None of the file's numbers joins the inventory.
    BatchAbandoned {
        file: FileHash,
        reason: AbandonReason,
    },
    /// Numbers that were staged, the last ones first, are gone again.
    RowsRemoved {
        file: FileHash,
        numbers: Vec<Listing>,
    },
    /// There is an agreement with an operator, signed or not.
    ContractAdded {
        contract: ContractId,
        mno: String,
        name: String,
        starts: At,
        ends: Option<At>,
        state: ContractState,
        signature: Option<SignatureRef>,
    },
    ContractChanged {
        contract: ContractId,
        name: String,
        starts: At,
        ends: Option<At>,
        state: ContractState,
        signature: Option<SignatureRef>,
    },
    /// Its term was over at `since`.
    ContractEnded {
        contract: ContractId,
        since: At,
    },
    ContractRemoved {
        contract: ContractId,
    },
    /// Numbers of the operator will join under this id, and under no other terms.
    BlockAdded {
        block: BlockId,
        mno: String,
        number_type: Option<NumberType>,
        range: Option<NumberRange>,
        terms: BlockTerms,
    },
    BlockChanged {
        block: BlockId,
        terms: BlockTerms,
    },
    BlockRemoved {
        block: BlockId,
    },
    PoolAdded {
        pool: PoolId,
        terms: PoolTerms,
    },
    PoolChanged {
        pool: PoolId,
        terms: PoolTerms,
    },
    PoolRemoved {
        pool: PoolId,
    },
}
