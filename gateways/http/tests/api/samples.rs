//! One row of each read model.
use crate::fakes::{ACTOR, HERAT, KNOWN, PARTITION};
use peyk_domain::messages::Encoding;
use peyk_domain::numbering::{
    BlockTerms, BlockUse, ContractState, NumberRange, NumberType, PoolTerms, Serves, SignatureRef,
};
use peyk_domain::{At, BlockId, ConnectorId, ImportKeyId, LeaseId, TenantId};
use peyk_projections::rows::{
    AuditEvent, AuditEventType, AuditId, Block, Contract, FileState, Message, MessageState, Number, NumberState,
    OperatorFile, Pool,
};
use serde_json::json;

pub fn number(tenant: TenantId) -> Number {
    Number {
        number: "+93700000001".parse().unwrap(),
        number_type: NumberType::Msisdn,
        block: Some(BlockId::from_bytes([5; 16])),
        mno: Some("Roshan".into()),
        state: NumberState::Reserved,
        tenant: Some(tenant),
        lease: Some(LeaseId::from_bytes([6; 16])),
        until: Some(At(1_700_000_000_000)),
        term_months: None,
        renewal: None,
        position: 3,
        updated_position: 4,
    }
}

pub fn contract() -> Contract {
    Contract {
        id: "c0974ac7-0000-4000-8000-000000000001".parse().unwrap(),
        mno: "Roshan".into(),
        name: "R-2026-01".into(),
        starts: At(1_700_000_000_000),
        ends: None,
        state: ContractState::Active,
        signature: SignatureRef::new("vault:contracts/roshan/2026-01").ok(),
        version: 2,
        position: 3,
        updated_position: 5,
    }
}

pub fn block() -> Block {
    let (first, last) = ("+93700001000".parse().unwrap(), "+93700001999".parse().unwrap());
    Block {
        id: "b10c0000-0000-4000-8000-000000000002".parse().unwrap(),
        mno: "Roshan".into(),
        number_type: Some(NumberType::Msisdn),
        range: NumberRange::new(first, last).ok(),
        terms: BlockTerms {
            contract: Some(contract().id),
            region: "AF-kbl".parse().ok(),
            pool: Some(pool().id),
            purpose: BlockUse::Own,
        },
        file: None,
        version: 1,
        position: 4,
        updated_position: 4,
    }
}

pub fn pool() -> Pool {
    Pool {
        id: "90010000-0000-4000-8000-000000000001".parse().unwrap(),
        terms: PoolTerms { name: "banks".into(), serves: Serves::Tenants([HERAT].into()) },
        version: 1,
        position: 6,
        updated_position: 6,
    }
}

pub fn message(tenant: TenantId) -> Message {
    Message {
        id: KNOWN,
        tenant,
        sender: "+93700000001".parse().ok(),
        recipient_mask: Some("+93***".into()),
        recipient_hash: Some([9; 32]),
        lane: Some(peyk_domain::messages::Lane::Otp),
        encoding: Some(Encoding::Gsm7),
        segments: Some(1),
        state: MessageState::Delivered,
        reason: None,
        connector: Some(ConnectorId::NIL),
        smsc_id: Some("0A".into()),
        attempts: 1,
        receipt: None,
        receipt_error: Some("000".into()),
        accepted_at: At(1_700_000_000_000),
        expires_at: Some(At(1_700_000_060_000)),
        dispatched_at: Some(At(1_700_000_000_010)),
        submitted_at: Some(At(1_700_000_000_020)),
        final_at: Some(At(1_700_000_000_900)),
        partition: PARTITION,
        position: 8,
        item: 0,
        updated_position: 9,
    }
}

pub fn audit_event(tenant: TenantId) -> AuditEvent {
    AuditEvent {
        id: AuditId::new(17, 1),
        at: At(1_700_000_000_000),
        event_type: AuditEventType::ResourceUpdated,
        tenant,
        actor: Some(ACTOR),
        actor_tenant: tenant,
        action: "update".into(),
        resource_type: Some("user".into()),
        resource_id: Some(ACTOR.to_string()),
        source_ip: Some("192.0.2.7".into()),
        user_agent: None,
        request: None,
        code: None,
        receipt: None,
        count: None,
        details: json!({ "roles": { "old": [], "new": ["account.sender"] } }),
    }
}

/// The file of the example.
pub fn file() -> OperatorFile {
    OperatorFile {
        file: crate::imports::FILE.parse().unwrap(),
        block: BlockId::from_bytes([5; 16]),
        mno: "Roshan".to_owned(),
        rows: 2,
        staged: 2,
        state: FileState::Closed,
        key: Some(ImportKeyId::from_bytes([6; 16])),
        approval: None,
        importer: ACTOR,
        opened_at: At(1_700_000_000_000),
        ended_at: Some(At(1_700_000_001_000)),
        position: 7,
        updated_position: 9,
    }
}
