use super::table::event_schema;
use super::{DataClass, Field, FieldSchema, Upcast};
use peyk_domain::numbering::{
    AbandonReason, BlockTerms, ContractState, ExportProof, FileForm, FileHash, Listing, NumberRange, NumberType,
    NumberingEvent, PoolTerms, Reason, ReservationQuota, SignatureRef, SignatureScheme, Skeleton, Term, Voucher,
};
use peyk_domain::{
    ActorId, AlphaId, ApprovalId, At, BlockId, ContractId, ExportId, ImportKeyId, LeaseId, Msisdn, PoolId, SenderId,
    TenantId,
};

/// The cool-off when leases had no other.
const COOL_OFF_V1_MS: u64 = 90 * 24 * 60 * 60 * 1_000;

const fn field<F: Field>(name: &'static str) -> FieldSchema {
    FieldSchema { name, cbor: F::CBOR, cddl: F::CDDL, class: DataClass::Internal }
}

/// All were telephone numbers.
const LISTED_V1: Upcast = Upcast {
    fields: &[
        field::<BlockId>("block"),
        FieldSchema { class: DataClass::Public, ..field::<String>("mno") },
        field::<Vec<Msisdn>>("numbers"),
    ],
    step: |old, next| {
        next.array(3);
        old.read::<BlockId>("block", "block (BlockId)")?.write(next);
        old.read::<String>("mno", "mno (String)")?.write(next);
        let numbers = old.read::<Vec<Msisdn>>("numbers", "numbers (Vec<Msisdn>)")?;
        numbers.into_iter().map(|number| SenderId::from(number).into()).collect::<Vec<Listing>>().write(next);
        Ok(())
    },
};

/// Nothing said when: it counts as long ago.
const RESERVED_V1: Upcast = Upcast {
    fields: &[field::<Msisdn>("number"), field::<LeaseId>("lease"), field::<TenantId>("tenant"), field::<At>("until")],
    step: |old, next| {
        next.array(5);
        old.read::<Msisdn>("number", "number (Msisdn)")?.write(next);
        old.read::<LeaseId>("lease", "lease (LeaseId)")?.write(next);
        old.read::<TenantId>("tenant", "tenant (TenantId)")?.write(next);
        At(0).write(next);
        old.read::<At>("until", "until (At)")?.write(next);
        Ok(())
    },
};

/// Leases had no end.
const ASSIGNED_V1: Upcast = Upcast {
    fields: &[field::<Msisdn>("number"), field::<LeaseId>("lease"), field::<TenantId>("tenant")],
    step: |old, next| {
        next.array(4);
        old.read::<Msisdn>("number", "number (Msisdn)")?.write(next);
        old.read::<LeaseId>("lease", "lease (LeaseId)")?.write(next);
        old.read::<TenantId>("tenant", "tenant (TenantId)")?.write(next);
        next.null();
        Ok(())
    },
};

/// Nothing said when the cool-off began. For a number that was never assigned, whose cool-off is over at once, this says
/// that it began earlier than it did.
const RELEASED_V1: Upcast = Upcast {
    fields: &[
        field::<Msisdn>("number"),
        field::<LeaseId>("lease"),
        field::<TenantId>("tenant"),
        field::<At>("cools_until"),
    ],
    step: |old, next| {
        next.array(5);
        old.read::<Msisdn>("number", "number (Msisdn)")?.write(next);
        old.read::<LeaseId>("lease", "lease (LeaseId)")?.write(next);
        old.read::<TenantId>("tenant", "tenant (TenantId)")?.write(next);
        let cools_until = old.read::<At>("cools_until", "cools_until (At)")?;
        At(cools_until.0.saturating_sub(COOL_OFF_V1_MS)).write(next);
        cools_until.write(next);
        Ok(())
    },
};

event_schema! {
    NumberingEvent {
        NumbersListed = "numbering.numbers_listed" version 2 after [LISTED_V1] {
            block: BlockId => Internal,
            mno: String => Public,
            numbers: Vec<Listing> => Internal,
        }
        NumberReserved = "numbering.number_reserved" version 2 after [RESERVED_V1] {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            since: At => Internal,
            until: At => Internal,
        }
        SenderReserved = "numbering.sender_reserved" version 1 {
            alpha: AlphaId => Internal,
            skeleton: Skeleton => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            since: At => Internal,
            until: At => Internal,
        }
        SkeletonsRenewed = "numbering.skeletons_renewed" version 1 {
            skeletons: Vec<(AlphaId, Skeleton)> => Internal,
        }
        NumberHeld = "numbering.number_held" version 1 {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            until: At => Internal,
        }
        NumberAssigned = "numbering.number_assigned" version 2 after [ASSIGNED_V1] {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            term: Option<Term> => Internal,
        }
        LeaseRenewed = "numbering.lease_renewed" version 1 {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            expires: At => Internal,
        }
        NumberReleased = "numbering.number_released" version 2 after [RELEASED_V1] {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            since: At => Internal,
            cools_until: At => Internal,
        }
        ReservationExpired = "numbering.reservation_expired" version 1 {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
        }
        LeaseExpired = "numbering.lease_expired" version 1 {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            since: At => Internal,
            cools_until: At => Internal,
        }
        NumberRecalled = "numbering.number_recalled" version 1 {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            since: At => Internal,
            cools_until: At => Internal,
            reason: Reason => Confidential,
        }
        LeaseReinstated = "numbering.lease_reinstated" version 1 {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            justification: Reason => Confidential,
        }
        NumberReturned = "numbering.number_returned" version 1 {
            number: SenderId => Internal,
            since: At => Internal,
            cools_until: At => Internal,
            justification: Reason => Confidential,
        }
        CoolOffOverridden = "numbering.cool_off_overridden" version 1 {
            number: SenderId => Internal,
            until: At => Internal,
            justification: Reason => Confidential,
        }
        QuarantineEnded = "numbering.quarantine_ended" version 1 {
            number: SenderId => Internal,
        }
        NumberRetired = "numbering.number_retired" version 1 {
            number: SenderId => Internal,
            justification: Reason => Confidential,
        }
        ReservationQuotaSet = "numbering.reservation_quota_set" version 1 {
            tenant: TenantId => Internal,
            quota: ReservationQuota => Internal,
        }
        TenantErasureBegun = "numbering.tenant_erasure_begun" version 1 {
            tenant: TenantId => Internal,
            at: At => Internal,
        }
        TenantErased = "numbering.tenant_erased" version 1 {
            tenant: TenantId => Internal,
            tombstone: TenantId => Internal,
            at: At => Internal,
        }
        ReservationBurst = "numbering.reservation_burst" version 1 {
            tenant: TenantId => Internal,
            at: At => Internal,
            again: At => Internal,
        }
        ExportRequested = "numbering.export_requested" version 1 {
            export: ExportId => Internal,
            profile: String => Internal,
            period: String => Internal,
            since: At => Internal,
        }
        ExportProduced = "numbering.export_produced" version 1 {
            export: ExportId => Internal,
            proof: ExportProof => Internal,
        }
        ExportStored = "numbering.export_stored" version 1 {
            export: ExportId => Internal,
            place: String => Internal,
        }
        ExportFailed = "numbering.export_failed" version 1 {
            export: ExportId => Internal,
            code: String => Internal,
        }
        NumberAuditVerified = "numbering.number_audit_verified" version 1 {
            position: u64 => Internal,
            at: At => Internal,
        }
        NumberAuditBroken = "numbering.number_audit_broken" version 1 {
            position: u64 => Internal,
            at: At => Internal,
        }
        RecalledNumberLeasedAgain = "numbering.recalled_number_leased_again" version 1 {
            number: SenderId => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            recalls: u32 => Internal,
        }
        ImportKeyRegistered = "numbering.import_key_registered" version 1 {
            key: ImportKeyId => Internal,
            mno: String => Public,
            scheme: SignatureScheme => Internal,
            public_key: Vec<u8> => Internal,
            valid_from: At => Internal,
            expires: At => Internal,
        }
        ImportKeyRevoked = "numbering.import_key_revoked" version 1 {
            key: ImportKeyId => Internal,
            at: At => Internal,
            reason: Reason => Confidential,
        }
        ImportApproved = "numbering.import_approved" version 1 {
            approval: ApprovalId => Internal,
            file: FileHash => Internal,
            approver: ActorId => Internal,
            at: At => Internal,
            expires: At => Internal,
            justification: Reason => Confidential,
        }
        BatchOpened = "numbering.batch_opened" version 1 {
            file: FileHash => Internal,
            block: BlockId => Internal,
            mno: String => Public,
            rows: u32 => Internal,
            form: FileForm => Internal,
            voucher: Voucher => Internal,
            importer: ActorId => Internal,
            until: At => Internal,
        }
        RowsStaged = "numbering.rows_staged" version 1 {
            file: FileHash => Internal,
            numbers: Vec<Listing> => Internal,
        }
        BatchClosed = "numbering.batch_closed" version 1 {
            file: FileHash => Internal,
        }
        BatchAbandoned = "numbering.batch_abandoned" version 1 {
            file: FileHash => Internal,
            reason: AbandonReason => Internal,
        }
        RowsRemoved = "numbering.rows_removed" version 1 {
            file: FileHash => Internal,
            numbers: Vec<Listing> => Internal,
        }
        ContractAdded = "numbering.contract_added" version 1 {
            contract: ContractId => Internal,
            mno: String => Public,
            name: String => Internal,
            starts: At => Internal,
            ends: Option<At> => Internal,
            state: ContractState => Internal,
            signature: Option<SignatureRef> => Confidential,
        }
        ContractChanged = "numbering.contract_changed" version 1 {
            contract: ContractId => Internal,
            name: String => Internal,
            starts: At => Internal,
            ends: Option<At> => Internal,
            state: ContractState => Internal,
            signature: Option<SignatureRef> => Confidential,
        }
        ContractEnded = "numbering.contract_ended" version 1 {
            contract: ContractId => Internal,
            since: At => Internal,
        }
        ContractRemoved = "numbering.contract_removed" version 1 {
            contract: ContractId => Internal,
        }
        BlockAdded = "numbering.block_added" version 1 {
            block: BlockId => Internal,
            mno: String => Public,
            number_type: Option<NumberType> => Internal,
            range: Option<NumberRange> => Internal,
            terms: BlockTerms => Internal,
        }
        BlockChanged = "numbering.block_changed" version 1 {
            block: BlockId => Internal,
            terms: BlockTerms => Internal,
        }
        BlockRemoved = "numbering.block_removed" version 1 {
            block: BlockId => Internal,
        }
        PoolAdded = "numbering.pool_added" version 1 {
            pool: PoolId => Internal,
            terms: PoolTerms => Internal,
        }
        PoolChanged = "numbering.pool_changed" version 1 {
            pool: PoolId => Internal,
            terms: PoolTerms => Internal,
        }
        PoolRemoved = "numbering.pool_removed" version 1 {
            pool: PoolId => Internal,
        }
    }
}
