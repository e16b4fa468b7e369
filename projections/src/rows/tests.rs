use super::*;
use crate::store::Row;
use peyk_domain::messages::{Encoding, Lane, ReceiptState};
use peyk_domain::numbering::{BlockTerms, ContractState, FileHash, NumberRange, NumberType, PoolTerms, Serves};
use peyk_domain::{
    ActorId, At, BlockId, ConnectorId, ContractId, LeaseId, MessageId, Msisdn, OperatorId, PoolId, RouteId, TenantId,
};
use serde_json::json;

/// Cells go into columns by place and type, so both must match.
fn check<R: Row>(row: &R) {
    let cells: Vec<_> = row.cells().iter().map(crate::store::Cell::kind).collect();
    let columns: Vec<_> = R::TABLE.columns.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(cells, columns, "{}", R::TABLE.name);
    assert_eq!(row.key().into(), row.cells()[0], "the key of {} is its first column", R::TABLE.name);
}

fn number() -> Msisdn {
    "+93700000001".parse().expect("a number")
}

fn message(state: MessageState) -> Message {
    Message {
        id: MessageId::NIL,
        tenant: TenantId::NIL,
        sender: Some(number()),
        recipient_mask: Some("+93***".to_owned()),
        recipient_hash: Some([0; 32]),
        lane: Some(Lane::Otp),
        encoding: Some(Encoding::Gsm7),
        segments: Some(1),
        state,
        reason: None,
        connector: Some(ConnectorId::NIL),
        smsc_id: None,
        attempts: 2,
        receipt: Some(ReceiptState::Delivered),
        receipt_error: None,
        accepted_at: At(1),
        expires_at: Some(At(9)),
        dispatched_at: Some(At(2)),
        submitted_at: Some(At(3)),
        final_at: Some(At(4)),
        partition: 0,
        position: 11,
        item: 0,
        updated_position: 14,
    }
}

#[test]
fn cells_match_columns() {
    check(&message(MessageState::Delivered));
    check(&Number {
        number: number().into(),
        number_type: NumberType::Vanity,
        block: Some(BlockId::NIL),
        mno: Some(String::new()),
        state: NumberState::Available,
        tenant: None,
        lease: None,
        until: None,
        term_months: Some(12),
        renewal: Some(Renewal::Automatic),
        position: 1,
        updated_position: 1,
    });
    check(&NumberTransition {
        id: TransitionId::new(3, 1, 0),
        number: number().into(),
        to: NumberState::Recalled,
        reason: TransitionReason::Recalled,
        tenant: None,
        lease: None,
        actor: None,
        actor_tenant: TenantId::NIL,
        at: At(1),
        position: 3,
        item: 1,
    });
    check(&Lease {
        id: LeaseId::NIL,
        number: number().into(),
        tenant: TenantId::NIL,
        state: LeaseState::Reserved,
        reserved_at: At(1),
        until: None,
        assigned_at: None,
        ended_at: None,
        position: 1,
        updated_position: 1,
    });
    check(&Signal {
        id: SignalId::new(3, 1),
        at: At(1),
        kind: SignalKind::ReservationBurst,
        tenant: TenantId::NIL,
        number: None,
        recalls: Some(2),
        position: 3,
    });
    check(&OperatorFile {
        file: FileHash::from_bytes([1; 32]),
        block: BlockId::NIL,
        mno: String::new(),
        rows: 1,
        staged: 1,
        state: FileState::Open,
        key: None,
        approval: None,
        importer: ActorId::NIL,
        opened_at: At(1),
        ended_at: None,
        position: 1,
        updated_position: 1,
    });
    check(&Contract {
        id: ContractId::NIL,
        mno: String::new(),
        name: String::new(),
        starts: At(1),
        ends: None,
        state: ContractState::Draft,
        signature: None,
        version: 1,
        position: 1,
        updated_position: 1,
    });
    check(&Block {
        id: BlockId::NIL,
        mno: String::new(),
        number_type: Some(NumberType::Msisdn),
        range: NumberRange::new(number().into(), number().into()).ok(),
        terms: BlockTerms::default(),
        file: Some(FileHash::from_bytes([1; 32])),
        version: 1,
        position: 1,
        updated_position: 1,
    });
    let terms = PoolTerms { name: String::new(), serves: Serves::Tenants([TenantId::NIL].into()) };
    check(&Pool { id: PoolId::NIL, terms, version: 1, position: 1, updated_position: 1 });
    check(&Operator {
        id: OperatorId::NIL,
        name: String::new(),
        country: String::new(),
        position: 1,
        updated_position: 1,
    });
    check(&Connector {
        id: ConnectorId::NIL,
        operator: OperatorId::NIL,
        name: String::new(),
        state: ConnectorState::Open,
        position: 1,
        updated_position: 1,
    });
    check(&Route {
        id: RouteId::NIL,
        prefix: "93".parse().expect("a prefix"),
        connector: ConnectorId::NIL,
        priority: 1,
        weight: 1,
        cost: 1,
        position: 1,
        updated_position: 1,
    });
    check(&AuditEvent {
        id: AuditId::new(1, 0),
        at: At(1),
        event_type: AuditEventType::LoginFailed,
        tenant: TenantId::NIL,
        actor: None,
        actor_tenant: TenantId::NIL,
        action: String::new(),
        resource_type: None,
        resource_id: None,
        source_ip: None,
        user_agent: None,
        request: None,
        code: None,
        receipt: None,
        count: None,
        details: json!({}),
    });
    let key = SubjectKey::tenant(TenantId::NIL);
    check(&AuditSubject { key, tenant: TenantId::NIL, user: None, known: json!({}) });
}

#[test]
fn the_id_of_a_row_has_room_for_every_event_of_a_record() {
    let last = u32::try_from(peyk_schemas::EVENTS_MAX - 1).expect("small");
    assert!(AuditId::new(1, last) < AuditId::new(2, 0));
    assert_eq!((AuditId::new(9, last).position(), AuditId::new(9, last).item()), (9, u64::from(last)));
    let numbers = u32::try_from(peyk_domain::numbering::IMPORT_MAX - 1).expect("small");
    assert!(TransitionId::new(1, last, numbers) < TransitionId::new(2, 0, 0));
    assert!(TransitionId::new(1, 0, numbers) < TransitionId::new(1, 1, 0));
    assert_eq!(TransitionId::new(9, last, numbers).position(), 9);
}

#[test]
fn a_timeline_begins_with_acceptance_and_ends_with_the_newest_record() {
    let kinds: Vec<_> =
        message(MessageState::Delivered).timeline().into_iter().map(|step| (step.kind, step.position)).collect();
    assert_eq!(
        kinds,
        [
            (StepKind::Accepted, Some(11)),
            (StepKind::Dispatched { attempt: 2 }, None),
            (StepKind::Submitted, None),
            (StepKind::Final(MessageState::Delivered), Some(14)),
        ]
    );
    let refused =
        Message { dispatched_at: None, submitted_at: None, updated_position: 11, ..message(MessageState::Refused) };
    let steps: Vec<_> = refused.timeline().into_iter().map(|step| (step.kind, step.position)).collect();
    assert_eq!(steps, [(StepKind::Final(MessageState::Refused), Some(11))]);
}

#[test]
fn states_read_what_they_show() {
    assert!(MessageState::ALL.iter().all(|state| MessageState::named(state.name()) == Some(*state)));
    assert_eq!(NumberState::named("Available"), None);
}
