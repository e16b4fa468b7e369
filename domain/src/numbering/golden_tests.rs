use super::*;
use crate::kept::golden;
use crate::{
    ActorId, AlphaId, ApprovalId, At, BlockId, ContractId, ExportId, ImportKeyId, LeaseId, PoolId, SenderId, TenantId,
};

const TENANT: TenantId = TenantId::from_bytes([1; 16]);
const UNTIL: At = At(1_000_000);

fn number(index: u64) -> SenderId {
    SenderId::from_digits(93_700_000_000 + index).expect("a number")
}

fn alpha() -> AlphaId {
    "Acme".parse().expect("a sender")
}

fn lease(index: u64) -> LeaseId {
    LeaseId::from_bytes(u128::from(index + 100).to_be_bytes())
}

fn reserved(index: u64) -> NumberingEvent {
    NumberingEvent::NumberReserved {
        number: number(index),
        lease: lease(index),
        tenant: TENANT,
        since: At(900_000),
        until: UNTIL,
    }
}

fn held(index: u64) -> NumberingEvent {
    NumberingEvent::NumberHeld { number: number(index), lease: lease(index), tenant: TENANT, until: At(2_000_000) }
}

fn assigned(index: u64) -> NumberingEvent {
    assigned_for(index, None)
}

fn assigned_for(index: u64, term: Option<Term>) -> NumberingEvent {
    NumberingEvent::NumberAssigned { number: number(index), lease: lease(index), tenant: TENANT, term }
}

fn released(index: u64) -> NumberingEvent {
    let (since, cools_until) = (At(1_500_000), At(3_000_000));
    NumberingEvent::NumberReleased { number: number(index), lease: lease(index), tenant: TENANT, since, cools_until }
}

fn recalled(index: u64) -> NumberingEvent {
    let (since, cools_until) = (At(1_600_000), At(3_600_000));
    NumberingEvent::NumberRecalled {
        number: number(index),
        lease: lease(index),
        tenant: TENANT,
        since,
        cools_until,
        reason: why(),
    }
}

fn why() -> Reason {
    Reason::new("the operator asked for it back").expect("a reason")
}

/// One number in each standing, two that are available again, and one of each other type.
#[test]
fn the_inventory_keeps_its_bytes() {
    let mut numbers: Vec<Listing> = (0..14).map(|index| number(index).into()).collect();
    let code: SenderId = "7070".parse().expect("a short code");
    numbers.push(code.into());
    numbers.push(Listing::new(number(99), NumberType::Vanity).expect("a listing"));
    let mut history =
        vec![NumberingEvent::NumbersListed { block: BlockId::from_bytes([9; 16]), mno: "Roshan".into(), numbers }];
    history.extend((1..14).map(reserved));
    history.extend([held(2), assigned(3), assigned(4), released(4), assigned(5), released(5)]);
    history.push(NumberingEvent::QuarantineEnded { number: number(5) });
    history.push(NumberingEvent::ReservationExpired { number: number(6), lease: lease(6), tenant: TENANT });
    let term = Some(Term { expires: At(9_000_000), months: 1, day: 31, renews: false });
    let (tenant, justification) = (TENANT, why());
    history.extend((7..14).map(|index| assigned_for(index, term)));
    history.extend((8..12).map(recalled));
    let (since, cools_until) = (At(9_000_000), At(9_500_000));
    history.extend([
        NumberingEvent::LeaseRenewed { number: number(7), lease: lease(7), tenant, expires: At(10_000_000) },
        NumberingEvent::LeaseReinstated { number: number(9), lease: lease(9), tenant, justification: why() },
        NumberingEvent::NumberReturned { number: number(10), since, cools_until, justification: why() },
        NumberingEvent::CoolOffOverridden { number: number(10), until: At(9_900_000), justification: why() },
        NumberingEvent::NumberRetired { number: number(11), justification },
        NumberingEvent::ReservationQuotaSet { tenant, quota: ReservationQuota { at_once: 7, per_minute: 8 } },
        NumberingEvent::ReservationBurst { tenant, at: At(950_000), again: At(960_000) },
        NumberingEvent::RecalledNumberLeasedAgain { number: number(9), lease: lease(9), tenant, recalls: 2 },
        NumberingEvent::SenderReserved {
            alpha: alpha(),
            skeleton: Skeleton { version: SkeletonVersion(7), text: "acrne".into() },
            lease: lease(90),
            tenant,
            since: At(900_000),
            until: UNTIL,
        },
        NumberingEvent::SkeletonsRenewed {
            skeletons: vec![(alpha(), Skeleton { version: SkeletonVersion(8), text: "acme".into() })],
        },
        NumberingEvent::LeaseExpired { number: number(12), lease: lease(12), tenant, since, cools_until },
    ]);
    let export = |id: u8| ExportId::from_bytes([id; 16]);
    history.extend((1..5).map(|id| NumberingEvent::ExportRequested {
        export: export(id),
        profile: "atra".to_owned(),
        period: format!("2026-0{id}"),
        since: At(9_000_000),
    }));
    let proof = || ExportProof { manifest: [0x11; 32], key: [0x22; 32], signature: vec![0x33; 8] };
    history.extend((1..3).map(|id| NumberingEvent::ExportProduced { export: export(id), proof: proof() }));
    history.extend([
        NumberingEvent::ExportStored { export: export(1), place: "file:///exports".to_owned() },
        NumberingEvent::ExportFailed { export: export(3), code: "LEDGER_EMPTY".to_owned() },
        NumberingEvent::NumberAuditVerified { position: 17, at: At(9_000_000) },
        NumberingEvent::NumberAuditBroken { position: 9, at: At(9_100_000) },
    ]);
    let [leaving, gone] = [2, 3].map(|byte| TenantId::from_bytes([byte; 16]));
    let quota = ReservationQuota { at_once: 9, per_minute: 9 };
    history.extend([
        NumberingEvent::TenantErasureBegun { tenant: leaving, at: At(9_200_000) },
        NumberingEvent::ReservationQuotaSet { tenant: gone, quota },
        NumberingEvent::TenantErasureBegun { tenant: gone, at: At(9_200_000) },
        NumberingEvent::TenantErased { tenant: gone, tombstone: gone.tombstone(), at: At(9_300_000) },
    ]);
    history.extend(imports());
    history.extend(allocations());
    golden::<Numbering>("numbering", vec![history]);
}

/// A contract in force and one that is over, a block of each kind, a pool of each kind.
fn allocations() -> Vec<NumberingEvent> {
    let (active, over) = (ContractId::from_bytes([0xc1; 16]), ContractId::from_bytes([0xc2; 16]));
    let added = |contract, name: &str, state| NumberingEvent::ContractAdded {
        contract,
        mno: "Etisalat".to_owned(),
        name: name.to_owned(),
        starts: At(800_000),
        ends: Some(At(1_900_000)),
        state,
        signature: SignatureRef::new("vault:contracts/1").ok(),
    };
    let pools = [PoolId::from_bytes([0xa1; 16]), PoolId::from_bytes([0xa2; 16])];
    vec![
        added(active, "2026", ContractState::Draft),
        NumberingEvent::ContractChanged {
            contract: active,
            name: "2026/1".to_owned(),
            starts: At(800_000),
            ends: None,
            state: ContractState::Active,
            signature: SignatureRef::new("vault:contracts/2").ok(),
        },
        added(over, "2025", ContractState::Active),
        NumberingEvent::ContractEnded { contract: over, since: At(1_900_000) },
        NumberingEvent::PoolAdded {
            pool: pools[0],
            terms: PoolTerms { name: "all".to_owned(), serves: Serves::EveryTenant },
        },
        NumberingEvent::PoolAdded {
            pool: pools[1],
            terms: PoolTerms { name: "banks".to_owned(), serves: Serves::Tenants([TENANT].into()) },
        },
        NumberingEvent::BlockAdded {
            block: BlockId::from_bytes([0xb1; 16]),
            mno: "Etisalat".to_owned(),
            number_type: Some(NumberType::Msisdn),
            range: Some(NumberRange::new(number(500), number(599)).expect("a range")),
            terms: BlockTerms {
                contract: Some(active),
                region: "AF-kbl".parse().ok(),
                pool: Some(pools[1]),
                purpose: BlockUse::Own,
            },
        },
        NumberingEvent::BlockChanged {
            block: BlockId::from_bytes([9; 16]),
            terms: BlockTerms { purpose: BlockUse::Intermediate, ..BlockTerms::default() },
        },
    ]
}

/// A file that is in, one that is on its way, one that is being taken away, with keys and approvals.
fn imports() -> Vec<NumberingEvent> {
    let form = FileForm { columns: NumberColumns::NumberAndType, line_end: LineEnd::CrLf, last_line_ends: false };
    let file = |numbers: &[Listing]| {
        let mut digest = FileDigest::begin(form);
        numbers.iter().for_each(|number| digest.row(*number));
        digest.finish()
    };
    let key = ImportKeyId::from_bytes([5; 16]);
    let approval = |index| ApprovalId::from_bytes([index; 16]);
    let approved = |index, file| NumberingEvent::ImportApproved {
        approval: approval(index),
        file,
        approver: ActorId::from_bytes([6; 16]),
        at: At(1_000_000),
        expires: At(2_000_000),
        justification: why(),
    };
    let opened = |index, file, voucher| NumberingEvent::BatchOpened {
        file,
        block: BlockId::from_bytes([index; 16]),
        mno: "Etisalat".into(),
        rows: 2,
        form,
        voucher,
        importer: ActorId::from_bytes([7; 16]),
        until: At(4_600_000),
    };
    let signature = Voucher::Signature { key, signature: vec![8; 4] };
    let number = |index| Listing::from(number(index));
    let numbers = [[number(20), number(21)], [number(22), number(23)], [number(24), number(25)]];
    let [closed, open, given_up] = numbers.each_ref().map(|numbers| file(numbers));
    let staged = |file, numbers: &[Listing]| NumberingEvent::RowsStaged { file, numbers: numbers.to_vec() };
    vec![
        NumberingEvent::ImportKeyRegistered {
            key,
            mno: "Etisalat".into(),
            scheme: SignatureScheme::Pkcs1Sha256,
            public_key: vec![9; 5],
            valid_from: At(900_000),
            expires: At(9_000_000),
        },
        opened(1, closed, signature.clone()),
        staged(closed, &numbers[0]),
        NumberingEvent::BatchClosed { file: closed },
        approved(1, open),
        approved(2, given_up),
        opened(2, open, Voucher::Approval(approval(1))),
        staged(open, &numbers[1][..1]),
        opened(3, given_up, signature),
        staged(given_up, &numbers[2]),
        NumberingEvent::BatchAbandoned { file: given_up, reason: AbandonReason::Lapsed },
        NumberingEvent::RowsRemoved { file: given_up, numbers: vec![number(25)] },
        NumberingEvent::ImportKeyRevoked { key, at: At(1_900_000), reason: why() },
    ]
}

/// Ten million of them are kept in memory; `ops/bench memory` measures what that takes.
#[test]
fn what_is_kept_of_each_number_is_small() {
    assert_eq!(size_of::<SenderId>(), 16);
    assert!(size_of::<Entry>() <= 112, "{}", size_of::<Entry>());
}
