//! Golden bytes of every shape on the wire. A failure here means that two releases no longer understand each other: give the
//! new shape a new version, or take the change back. Bytes that were never released are renewed with `PEYK_BLESS=1`.
use super::{Answer, AttemptForm, Envelope, Failure, Request, decode, encode};
use crate::answer::{AccessDone, AccessOutcome, Done, Submitted, SubmittedItem, Work};
use crate::call::{PlainMessage, TakeWork};
use peyk_domain::access::{LoginFailure, SessionEnd};
use peyk_domain::messages::{
    AttemptReport, DoubtPolicy, Encoding, Lane, Outcome, ReceiptReport, ReceiptState, RefusalReason,
};
use peyk_domain::numbering::{
    BatchOpening, Expected, ExportProof, FileForm, FileHash, ImportCommand, LineEnd, Listing, NumberColumns,
    NumberType, NumberingCommand, Period, Reason, Reinstatement, ReservationQuota, SignatureScheme, Voucher,
};
use peyk_domain::routing::RoutingCommand;
use peyk_domain::{
    ActorId, ApprovalId, At, BlockId, CommandId, ConnectorId, ExportId, ImportKeyId, LeaseId, MessageId, Msisdn,
    OperatorId, RouteId, SenderId, SessionId, Span, TenantId,
};
use peyk_schemas::{Hash, LedgerId, Receipt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::Duration;

const GOLDEN: &str = include_str!("golden.txt");

fn number(digits: u64) -> SenderId {
    SenderId::from_digits(digits).unwrap()
}

fn msisdn(digits: u64) -> Msisdn {
    Msisdn::from_digits(digits).unwrap()
}

fn envelope(request: Request) -> Envelope {
    Envelope {
        command: CommandId::from_bytes([0xc0; 16]),
        actor: ActorId::from_bytes([0xac; 16]),
        tenant: TenantId::from_bytes([0x7e; 16]),
        patience: Duration::from_millis(2_500),
        request,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Default)]
struct Seen(String);

impl Seen {
    fn shape<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, content: &T) {
        let bytes = encode(content).unwrap();
        assert_eq!(&decode::<T>(&bytes).unwrap(), content, "{name} does not come back");
        self.0.push_str(&format!("{name} {}\n", hex(&bytes)));
    }
}

fn imports() -> Vec<(&'static str, ImportCommand)> {
    let (key, approval) = (ImportKeyId::from_bytes([0x6e; 16]), ApprovalId::from_bytes([0xa9; 16]));
    let file = FileHash::from_bytes([0xf1; 32]);
    let why = || Reason::new("the operator's key store burnt down").unwrap();
    let opening = |voucher| {
        ImportCommand::Open(BatchOpening {
            file,
            block: BlockId::from_bytes([0xb1; 16]),
            mno: "Roshan".to_owned(),
            rows: 2,
            form: FileForm { columns: NumberColumns::NumberAndType, line_end: LineEnd::CrLf, last_line_ends: false },
            voucher,
            importer: ActorId::NIL,
        })
    };
    let register = |valid_from| ImportCommand::RegisterKey {
        key,
        mno: "Roshan".to_owned(),
        scheme: SignatureScheme::Pkcs1Sha256,
        public_key: vec![0x30; 6],
        valid_from,
        lasts: Span::days(90),
    };
    vec![
        ("numbering.imports.register_key", register(None)),
        ("numbering.imports.register_key from then on", register(Some(At(1_790_000_000_000)))),
        ("numbering.imports.revoke_key", ImportCommand::RevokeKey { key, reason: why() }),
        (
            "numbering.imports.approve",
            ImportCommand::Approve {
                approval,
                file,
                lasts: Span::hours(2),
                justification: why(),
                approver: ActorId::NIL,
            },
        ),
        ("numbering.imports.open signed", opening(Voucher::Signature { key, signature: vec![0x51; 8] })),
        ("numbering.imports.open approved", opening(Voucher::Approval(approval))),
        (
            "numbering.imports.stage",
            ImportCommand::Stage {
                file,
                first: 500,
                numbers: vec![number(93_700_000_001).into(), number(93_700_000_002).into()],
            },
        ),
        (
            "numbering.imports.stage of types",
            ImportCommand::Stage {
                file,
                first: 0,
                numbers: vec![number(7_070).into(), Listing::new(number(93_700_000_001), NumberType::Vanity).unwrap()],
            },
        ),
        ("numbering.imports.close", ImportCommand::Close { file }),
        ("numbering.imports.abandon", ImportCommand::Abandon { file }),
    ]
}

pub(super) fn requests() -> Vec<(&'static str, Request)> {
    let lease = LeaseId::from_bytes([0x1e; 16]);
    let (tenant, number_a) = (TenantId::from_bytes([0x7e; 16]), number(93_700_000_001));
    let (operator, connector) = (OperatorId::from_bytes([0x09; 16]), ConnectorId::from_bytes([0xc1; 16]));
    let (route, message) = (RouteId::from_bytes([0x40; 16]), MessageId::from_bytes([0x3e; 16]));
    let attempt = |outcome| AttemptReport { message, attempt: 2, outcome };
    let receipt = |state, error: Option<&str>| ReceiptReport {
        smsc_id: "00ab".to_owned(),
        state,
        error: error.map(str::to_owned),
    };
    let as_it_is = Expected { lease: Some(lease), until: Some(At(1_780_000_000_000)) };
    let why = || Reason::new("the operator asked for it back").unwrap();
    let access = super::golden_access::requests();
    let imports =
        imports().into_iter().map(|(name, command)| (name, Request::Numbering(NumberingCommand::Imports(command))));
    let others = vec![
        (
            "numbering.reserve",
            Request::Numbering(NumberingCommand::Reserve {
                number: number_a,
                lease,
                tenant,
                ttl: Span::minutes(15),
                vanity: false,
            }),
        ),
        (
            "numbering.reserve vanity",
            Request::Numbering(NumberingCommand::Reserve {
                number: number(7_070),
                lease,
                tenant,
                ttl: Span::minutes(15),
                vanity: true,
            }),
        ),
        (
            "numbering.reserve of a sender",
            Request::Numbering(NumberingCommand::Reserve {
                number: "Acme 24".parse().unwrap(),
                lease,
                tenant,
                ttl: Span::minutes(15),
                vanity: false,
            }),
        ),
        (
            "numbering.assign vanity",
            Request::Numbering(NumberingCommand::Assign {
                number: number_a,
                tenant,
                period: None,
                vanity: true,
                expected: Expected::default(),
            }),
        ),
        (
            "numbering.hold",
            Request::Numbering(NumberingCommand::Hold {
                number: number_a,
                tenant,
                ttl: Span::days(2),
                expected: Expected::default(),
            }),
        ),
        (
            "numbering.assign",
            Request::Numbering(NumberingCommand::Assign {
                number: number_a,
                tenant,
                period: None,
                vanity: false,
                expected: Expected::default(),
            }),
        ),
        (
            "numbering.release",
            Request::Numbering(NumberingCommand::Release { number: number_a, tenant, expected: Expected::default() }),
        ),
        (
            "numbering.hold as expected",
            Request::Numbering(NumberingCommand::Hold {
                number: number_a,
                tenant,
                ttl: Span::days(2),
                expected: as_it_is,
            }),
        ),
        (
            "numbering.assign for a period",
            Request::Numbering(NumberingCommand::Assign {
                number: number_a,
                tenant,
                period: Some(Period { months: 12, renews: true }),
                vanity: false,
                expected: as_it_is,
            }),
        ),
        (
            "numbering.renew",
            Request::Numbering(NumberingCommand::Renew { number: number_a, tenant, expected: as_it_is }),
        ),
        (
            "numbering.recall",
            Request::Numbering(NumberingCommand::Recall { number: number_a, reason: why(), expected: as_it_is }),
        ),
        (
            "numbering.reinstate",
            Request::Numbering(NumberingCommand::Reinstate {
                number: number_a,
                to: Reinstatement::Tenant,
                justification: why(),
                expected: as_it_is,
            }),
        ),
        (
            "numbering.return",
            Request::Numbering(NumberingCommand::Reinstate {
                number: number_a,
                to: Reinstatement::Pool,
                justification: why(),
                expected: Expected::default(),
            }),
        ),
        (
            "numbering.retire",
            Request::Numbering(NumberingCommand::Retire {
                number: number_a,
                justification: why(),
                expected: Expected { lease: None, until: Some(At(1_790_000_000_000)) },
            }),
        ),
        (
            "numbering.override_cool_off",
            Request::Numbering(NumberingCommand::OverrideCoolOff {
                number: number_a,
                lasts: Span::days(30),
                justification: why(),
                expected: Expected::default(),
            }),
        ),
        (
            "numbering.set_reservation_quota",
            Request::Numbering(NumberingCommand::SetReservationQuota {
                tenant,
                quota: ReservationQuota { at_once: 250, per_minute: 90 },
            }),
        ),
        ("numbering.erase_tenant", Request::Numbering(NumberingCommand::EraseTenant { tenant })),
        (
            "numbering.request_export",
            Request::Numbering(NumberingCommand::RequestExport {
                export: ExportId::from_bytes([0xe4; 16]),
                profile: "atra".to_owned(),
                period: "2026-09".to_owned(),
            }),
        ),
        (
            "numbering.report_export_produced",
            Request::Numbering(NumberingCommand::ReportExportProduced {
                export: ExportId::from_bytes([0xe4; 16]),
                proof: ExportProof { manifest: [0x11; 32], key: [0x22; 32], signature: vec![0x33; 8] },
            }),
        ),
        (
            "numbering.report_export_stored",
            Request::Numbering(NumberingCommand::ReportExportStored {
                export: ExportId::from_bytes([0xe4; 16]),
                place: "file:///exports".to_owned(),
            }),
        ),
        (
            "numbering.report_export_failed",
            Request::Numbering(NumberingCommand::ReportExportFailed {
                export: ExportId::from_bytes([0xe4; 16]),
                code: "LEDGER_EMPTY".to_owned(),
            }),
        ),
        (
            "numbering.record_number_audit",
            Request::Numbering(NumberingCommand::RecordNumberAudit { position: 17, sound: true }),
        ),
        (
            "routing.register_operator",
            Request::Routing(RoutingCommand::RegisterOperator {
                operator,
                name: "Roshan".to_owned(),
                country: "AF".to_owned(),
            }),
        ),
        (
            "routing.register_connector",
            Request::Routing(RoutingCommand::RegisterConnector { connector, operator, name: "one".to_owned() }),
        ),
        (
            "routing.set_route",
            Request::Routing(RoutingCommand::SetRoute {
                route,
                prefix: "9370".parse().unwrap(),
                connector,
                priority: 1,
                weight: 100,
                cost: 4_200,
            }),
        ),
        ("routing.remove_route", Request::Routing(RoutingCommand::RemoveRoute { route })),
        ("routing.close_connector", Request::Routing(RoutingCommand::CloseConnector { connector })),
        ("routing.open_connector", Request::Routing(RoutingCommand::OpenConnector { connector })),
        (
            "messages.submit",
            Request::Submit(vec![
                PlainMessage {
                    message,
                    sender: msisdn(93_700_000_001),
                    recipient: msisdn(93_700_000_002),
                    body: "salaam".to_owned(),
                    lane: Lane::Otp,
                    validity: Span::minutes(5),
                    on_doubt: DoubtPolicy::Fail,
                    whole: None,
                },
                PlainMessage {
                    message: MessageId::from_bytes([0x3f; 16]),
                    sender: msisdn(93_700_000_001),
                    recipient: msisdn(93_700_000_003),
                    body: "سلام".to_owned(),
                    lane: Lane::Bulk,
                    validity: Span::days(1),
                    on_doubt: DoubtPolicy::Resend,
                    whole: Some([0x77; 16]),
                },
            ]),
        ),
        (
            "messages.take_work",
            Request::TakeWork(TakeWork {
                connector,
                lanes: Lane::ALL.to_vec(),
                count: 200,
                wait: Duration::from_millis(5_000),
            }),
        ),
        (
            "messages.report",
            Request::Report {
                connector,
                reports: vec![
                    attempt(Outcome::Submitted { smsc_id: "00ab".to_owned() }),
                    attempt(Outcome::Rejected { status: 0x58 }),
                    attempt(Outcome::Throttled),
                    attempt(Outcome::NotSent),
                    attempt(Outcome::InDoubt),
                ],
            },
        ),
        (
            "messages.receipts",
            Request::Receipts {
                connector,
                receipts: vec![
                    receipt(ReceiptState::Enroute, None),
                    receipt(ReceiptState::Delivered, Some("000")),
                    receipt(ReceiptState::Expired, None),
                    receipt(ReceiptState::Deleted, None),
                    receipt(ReceiptState::Undeliverable, Some("001")),
                    receipt(ReceiptState::Accepted, None),
                    receipt(ReceiptState::Unknown, None),
                    receipt(ReceiptState::Rejected, None),
                ],
            },
        ),
        ("messages.in_flight", Request::InFlight { connector }),
    ];
    let allocations = super::golden_allocation::commands();
    let allocations = allocations
        .into_iter()
        .map(|(name, command)| (name, Request::Numbering(NumberingCommand::Allocation(command))));
    others.into_iter().chain(imports).chain(allocations).chain(access).collect()
}

pub(super) fn answers() -> Vec<(&'static str, Answer)> {
    let receipt = Receipt { ledger: LedgerId::messages(3), position: 70_000, hash: Hash([0x4a; 32]) };
    let message = MessageId::from_bytes([0x3e; 16]);
    let refused = |reason| SubmittedItem::Refused { message, reason };
    let access = |outcome| {
        let receipt = Receipt { ledger: LedgerId::ACCESS, ..receipt };
        Answer::Access(AccessDone { receipt, repeated: false, outcome })
    };
    let session = SessionId::from_bytes([0x5e; 16]);
    vec![
        ("access.done", access(AccessOutcome::Done)),
        ("access.logged_in", access(AccessOutcome::LoggedIn { session, expires: At(1_793_491_200_000) })),
        ("access.login_failed", access(AccessOutcome::LoginFailed { reason: LoginFailure::CodeUsedAgain })),
        ("access.locked", access(AccessOutcome::Locked { until: At(1_793_491_200_000) })),
        ("access.refreshed", access(AccessOutcome::Refreshed { session, generation: 2 })),
        ("access.session_ended", access(AccessOutcome::SessionEnded { session, reason: SessionEnd::Reused })),
        ("done", Answer::Done(Done { receipt, repeated: true })),
        (
            "done.numbering",
            Answer::Done(Done { receipt: Receipt { ledger: LedgerId::NUMBERING, ..receipt }, repeated: false }),
        ),
        (
            "done.routing",
            Answer::Done(Done { receipt: Receipt { ledger: LedgerId::ROUTING, ..receipt }, repeated: false }),
        ),
        (
            "submitted",
            Answer::Submitted(Submitted {
                receipt,
                repeated: false,
                items: vec![
                    SubmittedItem::Accepted { message, encoding: Encoding::Gsm7, segments: 1 },
                    SubmittedItem::Accepted { message, encoding: Encoding::Ucs2, segments: 3 },
                    refused(RefusalReason::SenderUnauthorized),
                    refused(RefusalReason::NoRoute),
                    refused(RefusalReason::RouteUnknown),
                    refused(RefusalReason::RateLimited),
                ],
            }),
        ),
        (
            "work",
            Answer::Work(vec![Work {
                message,
                attempt: 1,
                connector: ConnectorId::from_bytes([0xc1; 16]),
                sender: msisdn(93_700_000_001),
                recipient: msisdn(93_700_000_002),
                body: "salaam".to_owned(),
                encoding: Encoding::Gsm7,
                expires: At(1_793_491_200_000),
            }]),
        ),
        ("in_flight", Answer::InFlight(vec![AttemptForm(message, 7)])),
        (
            "failed.refused",
            Answer::Failed(Failure::Refused { code: "CONFLICT".to_owned(), message: "the number is taken".to_owned() }),
        ),
        (
            "failed.limited",
            Answer::Failed(Failure::Limited {
                code: "ACCOUNT_LOCKED".to_owned(),
                message: "later".to_owned(),
                retry_after: Duration::from_secs(900),
            }),
        ),
        ("failed.key_reused", Answer::Failed(Failure::KeyReused)),
        ("failed.in_flight", Answer::Failed(Failure::InFlight)),
        ("failed.overloaded", Answer::Failed(Failure::Overloaded { retry_after: Duration::from_secs(1) })),
        ("failed.unavailable", Answer::Failed(Failure::Unavailable)),
        ("failed.outcome_unknown", Answer::Failed(Failure::OutcomeUnknown)),
        ("failed.not_leader", Answer::Failed(Failure::NotLeader)),
        ("failed.malformed", Answer::Failed(Failure::Malformed { reason: "why".to_owned() })),
    ]
}

#[test]
fn every_shape_has_its_bytes() {
    let mut seen = Seen::default();
    for (name, request) in requests() {
        seen.shape(name, &envelope(request));
    }
    for (name, answer) in answers() {
        seen.shape(name, &answer);
    }
    if std::env::var_os("PEYK_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/wire/golden.txt"), &seen.0).unwrap();
        return;
    }
    for (seen, golden) in seen.0.lines().zip(GOLDEN.lines()) {
        assert_eq!(seen, golden);
    }
    assert_eq!(seen.0, GOLDEN, "a shape came or went; see the top of this file");
}

#[test]
fn nothing_personal_shows_in_debug() {
    for (name, request) in requests() {
        let shown = format!("{:?}", envelope(request));
        assert!(!shown.contains("93700000") && !shown.contains("salaam"), "{name}: {shown}");
    }
    for (name, answer) in answers() {
        let shown = format!("{answer:?}");
        assert!(!shown.contains("93700000") && !shown.contains("salaam"), "{name}: {shown}");
    }
}
