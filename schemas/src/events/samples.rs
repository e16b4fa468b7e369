//! One event of every kind, with fixed values, for the golden bytes.
mod access;

pub(super) use access::access;
use peyk_domain::messages::{
    DecidedOn, DoubtPolicy, Encoding, FailureReason, Generation, Lane, Leaf, MessageEvent, MonthKey, ReceiptState,
    RecipientToken, RefusalReason, RequeueReason, RetentionClass, Sealed, SealedFor,
};
use peyk_domain::numbering::{
    AbandonReason, BlockTerms, BlockUse, ContractState, ExportProof, FileForm, FileHash, LineEnd, Listing,
    NumberColumns, NumberRange, NumberType, NumberingEvent, PoolTerms, Reason, ReservationQuota, Serves, SignatureRef,
    SignatureScheme, Skeleton, SkeletonVersion, Term, Voucher,
};
use peyk_domain::routing::{Prefix, RoutingEvent};
use peyk_domain::{
    ActorId, AlphaId, ApprovalId, At, BlockId, ConnectorId, ContractId, ExportId, ImportKeyId, LeaseId, MessageId,
    Msisdn, OperatorId, PoolId, RouteId, SenderId, TenantId,
};

fn msisdn(last: u64) -> Msisdn {
    Msisdn::from_digits(93_700_000_000 + last).expect("a number")
}

fn number(last: u64) -> SenderId {
    msisdn(last).into()
}

fn code() -> SenderId {
    "7070".parse().expect("a short code")
}

fn alpha() -> AlphaId {
    "Acme 24".parse().expect("a sender")
}

/// Made with whatever tables.
fn skeleton() -> Skeleton {
    Skeleton { version: SkeletonVersion(0x0112_0000), text: "acrne24".into() }
}

fn vanity() -> Listing {
    Listing::new(number(2), NumberType::Vanity).expect("a listing")
}

const AT: At = At(1_790_000_000_000);
const SINCE: At = At(1_780_000_000_000);
const TERM: Term = Term { expires: AT, months: 12, day: 31, renews: true };
const EXPORT: ExportId = ExportId::from_bytes([0xe4; 16]);
const LEASE: LeaseId = LeaseId::from_bytes([0x1e; 16]);
const TENANT: TenantId = TenantId::from_bytes([0x7e; 16]);
const MESSAGE: MessageId = MessageId::from_bytes([0x3e; 16]);
const CONNECTOR: ConnectorId = ConnectorId::from_bytes([0xc0; 16]);
const OPERATOR: OperatorId = OperatorId::from_bytes([0x0e; 16]);
const ROUTE: RouteId = RouteId::from_bytes([0x20; 16]);

const BLOCK: BlockId = BlockId::from_bytes([0xb1; 16]);
const CONTRACT: ContractId = ContractId::from_bytes([0xc1; 16]);
const POOL: PoolId = PoolId::from_bytes([0xa1; 16]);
const FILE: FileHash = FileHash::from_bytes([0xf1; 32]);
const IMPORT_KEY: ImportKeyId = ImportKeyId::from_bytes([0x6e; 16]);

fn why() -> Reason {
    Reason::new("the operator asked for it back").expect("a reason")
}

pub(super) fn numbering() -> Vec<NumberingEvent> {
    use NumberingEvent::*;
    vec![
        NumbersListed {
            block: BlockId::from_bytes([0xb1; 16]),
            mno: "Roshan".into(),
            numbers: vec![number(1).into(), code().into(), vanity()],
        },
        NumberReserved { number: number(1), lease: LEASE, tenant: TENANT, since: SINCE, until: AT },
        NumberHeld { number: number(1), lease: LEASE, tenant: TENANT, until: AT },
        NumberAssigned { number: number(1), lease: LEASE, tenant: TENANT, term: Some(TERM) },
        NumberReleased { number: number(1), lease: LEASE, tenant: TENANT, since: SINCE, cools_until: AT },
        ReservationExpired { number: alpha().into(), lease: LEASE, tenant: TENANT },
        QuarantineEnded { number: code() },
        SenderReserved { alpha: alpha(), skeleton: skeleton(), lease: LEASE, tenant: TENANT, since: SINCE, until: AT },
        SkeletonsRenewed { skeletons: vec![(alpha(), skeleton())] },
        LeaseRenewed { number: number(1), lease: LEASE, tenant: TENANT, expires: AT },
        LeaseExpired { number: number(1), lease: LEASE, tenant: TENANT, since: SINCE, cools_until: AT },
        NumberRecalled {
            number: number(1),
            lease: LEASE,
            tenant: TENANT,
            since: SINCE,
            cools_until: AT,
            reason: why(),
        },
        LeaseReinstated { number: number(1), lease: LEASE, tenant: TENANT, justification: why() },
        NumberReturned { number: number(1), since: SINCE, cools_until: AT, justification: why() },
        CoolOffOverridden { number: number(1), until: AT, justification: why() },
        NumberRetired { number: number(1), justification: why() },
        ReservationQuotaSet { tenant: TENANT, quota: ReservationQuota { at_once: 250, per_minute: 90 } },
        ReservationBurst { tenant: TENANT, at: SINCE, again: AT },
        ExportRequested { export: EXPORT, profile: "atra".into(), period: "2026-09".into(), since: SINCE },
        ExportProduced {
            export: EXPORT,
            proof: ExportProof { manifest: [0x11; 32], key: [0x22; 32], signature: vec![0x33; 8] },
        },
        ExportStored { export: EXPORT, place: "file:///var/lib/peyk/exports/atra/2026-09".into() },
        ExportFailed { export: EXPORT, code: "CORRUPT_LEDGER".into() },
        NumberAuditVerified { position: 17, at: AT },
        NumberAuditBroken { position: 9, at: AT },
        TenantErasureBegun { tenant: TENANT, at: AT },
        TenantErased { tenant: TENANT, tombstone: TENANT.tombstone(), at: AT },
        RecalledNumberLeasedAgain { number: number(1), lease: LEASE, tenant: TENANT, recalls: 2 },
        ImportKeyRegistered {
            key: IMPORT_KEY,
            mno: "Roshan".into(),
            scheme: SignatureScheme::PssSha256,
            public_key: vec![0x30; 6],
            valid_from: SINCE,
            expires: AT,
        },
        ImportKeyRevoked { key: IMPORT_KEY, at: AT, reason: why() },
        ImportApproved {
            approval: ApprovalId::from_bytes([0xa9; 16]),
            file: FILE,
            approver: ActorId::from_bytes([0xac; 16]),
            at: SINCE,
            expires: AT,
            justification: why(),
        },
        BatchOpened {
            file: FILE,
            block: BlockId::from_bytes([0xb1; 16]),
            mno: "Roshan".into(),
            rows: 2,
            form: FileForm { columns: NumberColumns::NumberAndType, line_end: LineEnd::CrLf, last_line_ends: true },
            voucher: Voucher::Signature { key: IMPORT_KEY, signature: vec![0x51; 8] },
            importer: ActorId::from_bytes([0xac; 16]),
            until: AT,
        },
        RowsStaged { file: FILE, numbers: vec![number(1).into(), number(2).into()] },
        BatchClosed { file: FILE },
        BatchAbandoned { file: FILE, reason: AbandonReason::Lapsed },
        RowsRemoved { file: FILE, numbers: vec![number(2).into()] },
        ContractAdded {
            contract: CONTRACT,
            mno: "Roshan".into(),
            name: "R-2026-01".into(),
            starts: SINCE,
            ends: Some(AT),
            state: ContractState::Draft,
            signature: None,
        },
        ContractChanged {
            contract: CONTRACT,
            name: "R-2026-01".into(),
            starts: SINCE,
            ends: None,
            state: ContractState::Active,
            signature: SignatureRef::new("vault:contracts/roshan/1").ok(),
        },
        ContractEnded { contract: CONTRACT, since: AT },
        ContractRemoved { contract: CONTRACT },
        BlockAdded {
            block: BLOCK,
            mno: "Roshan".into(),
            number_type: Some(NumberType::Msisdn),
            range: NumberRange::new(number(0), number(999)).ok(),
            terms: BlockTerms {
                contract: Some(CONTRACT),
                region: "AF-kbl".parse().ok(),
                pool: Some(POOL),
                purpose: BlockUse::Own,
            },
        },
        BlockChanged { block: BLOCK, terms: BlockTerms { purpose: BlockUse::Intermediate, ..BlockTerms::default() } },
        BlockRemoved { block: BLOCK },
        PoolAdded { pool: POOL, terms: PoolTerms { name: "banks".into(), serves: Serves::Tenants([TENANT].into()) } },
        PoolChanged { pool: POOL, terms: PoolTerms { name: "all".into(), serves: Serves::EveryTenant } },
        PoolRemoved { pool: POOL },
    ]
}

pub(super) fn routing() -> Vec<RoutingEvent> {
    use RoutingEvent::*;
    vec![
        OperatorRegistered { operator: OPERATOR, name: "Roshan".into(), country: "AF".into() },
        ConnectorRegistered { connector: CONNECTOR, operator: OPERATOR, name: "roshan-1".into() },
        RouteSet {
            route: ROUTE,
            prefix: Prefix::from_digits(9_370).expect("a prefix"),
            connector: CONNECTOR,
            priority: 10,
            weight: 300,
            cost: 25_000,
        },
        RouteRemoved { route: ROUTE },
        ConnectorClosed { connector: CONNECTOR },
        ConnectorOpened { connector: CONNECTOR },
    ]
}

pub(super) fn accepted(body: usize) -> MessageEvent {
    MessageEvent::MessageAccepted {
        message: MESSAGE,
        tenant: TENANT,
        sender: msisdn(1),
        token: RecipientToken([0x70; 16]),
        sealed_for: SealedFor {
            class: RetentionClass::Message,
            month: MonthKey(2026 * 12 + 9),
            generation: Generation(1),
            leaf: Leaf(0x0123_4567_89ab_cdef),
        },
        recipient: Sealed(vec![0x5e; 40 + 12].into()),
        body: Sealed(vec![0xbd; 40 + body].into()),
        encoding: Encoding::Ucs2,
        segments: 2,
        lane: Lane::Otp,
        connector: CONNECTOR,
        expires: AT,
        on_doubt: DoubtPolicy::Resend,
        decided_on: DecidedOn { numbering: 10_001, routing: 7 },
    }
}

pub(super) fn messages() -> Vec<MessageEvent> {
    use MessageEvent::*;
    vec![
        accepted(5),
        MessageRefused {
            message: MESSAGE,
            tenant: TENANT,
            reason: RefusalReason::NoRoute,
            decided_on: DecidedOn { numbering: 10_001, routing: 7 },
        },
        MessageDispatched { message: MESSAGE, attempt: 1, connector: CONNECTOR },
        MessageSubmitted { message: MESSAGE, attempt: 1, connector: CONNECTOR, smsc_id: "A1B2".into() },
        MessageRequeued { message: MESSAGE, attempt: 1, reason: RequeueReason::NotSent },
        MessageInDoubt { message: MESSAGE, attempt: 2 },
        MessageFailed { message: MESSAGE, reason: FailureReason::Rejected { status: 0x0b } },
        ReceiptReceived { message: MESSAGE, state: ReceiptState::Delivered, error: Some("000".into()) },
        ReceiptUnmatched {
            connector: CONNECTOR,
            smsc_id: "FFFF".into(),
            state: ReceiptState::Undeliverable,
            error: None,
        },
        QuotaDrawn { tenant: TENANT, at: AT, limit: 100, missing: 60_000 },
        TenantErased { tenant: TENANT, at: AT },
        MessageExpired { message: MESSAGE },
    ]
}
