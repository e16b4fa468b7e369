//! A numbering ledger in which a little of everything happened, and the export of it.
use super::export::write;
use super::testing::{Chain, DEPLOYMENT, EXPORTER, as_of, number, root};
use super::{ExportError, ExportReport, ExportRequest, ExportVerifyError, RegulatorPublicKey, TrustedKeys, verify};
use peyk_domain::numbering::NumberingEvent::{self, *};
use peyk_domain::numbering::{BlockTerms, BlockUse, ContractState, SignatureRef};
use peyk_domain::{At, BlockId, ContractId, LeaseId, TenantId};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(super) const BLOCK: BlockId = BlockId::from_bytes([0xb1; 16]);
pub(super) const OTHER_BLOCK: BlockId = BlockId::from_bytes([0xb2; 16]);
pub(super) const HERAT: TenantId = TenantId::from_bytes([0x7e; 16]);
pub(super) const KABUL: TenantId = TenantId::from_bytes([0x7f; 16]);

pub(super) fn lease(id: u8) -> LeaseId {
    LeaseId::from_bytes([id; 16])
}

pub(super) fn listed(block: BlockId, mno: &str, numbers: impl IntoIterator<Item = u64>) -> NumberingEvent {
    NumbersListed { block, mno: mno.into(), numbers: numbers.into_iter().map(|last| number(last).into()).collect() }
}

pub(super) fn reserved(last: u64, id: u8, tenant: TenantId, until: u64) -> NumberingEvent {
    NumberReserved { number: number(last), lease: lease(id), tenant, since: At(0), until: At(until) }
}

pub(super) fn assigned(last: u64, id: u8, tenant: TenantId) -> NumberingEvent {
    NumberAssigned { number: number(last), lease: lease(id), tenant, term: None }
}

/// A little of everything, over at 10,000 ms.
pub(super) fn story() -> Chain {
    Chain::new(1_000)
        .then(1_001, [listed(BLOCK, "Roshan", [3, 1, 2, 4])])
        .then(1_002, [listed(OTHER_BLOCK, "=Etisalat, \"E\"", [9])])
        .unsigned(2_000, [reserved(1, 1, HERAT, 5_000)])
        .then(3_000, [assigned(1, 1, HERAT)])
        .then(3_100, [reserved(2, 2, KABUL, 4_000)])
        .new_epoch(3_500)
        .then(4_500, [ReservationExpired { number: number(2), lease: lease(2), tenant: KABUL }])
        .then(4_600, [reserved(2, 3, HERAT, 99_000), assigned(2, 3, HERAT)])
        .then(
            5_000,
            [NumberReleased {
                number: number(2),
                lease: lease(3),
                tenant: HERAT,
                since: At(5_000),
                cools_until: At(90_000),
            }],
        )
        .then(6_000, [reserved(3, 4, KABUL, 7_000)])
        .then(6_500, [NumberHeld { number: number(3), lease: lease(4), tenant: KABUL, until: At(50_000) }])
        .then(7_000, [NumberHeld { number: number(3), lease: lease(4), tenant: KABUL, until: At(60_000) }])
        .then(8_000, [reserved(4, 5, KABUL, 9_000)])
        .then(10_000, [assigned(3, 4, KABUL)])
        .tick(20_000)
}

pub(super) const CONTRACT: ContractId = ContractId::from_bytes([0xc1; 16]);

/// A block that has a contract and a region from the start, and goes to another region; and one of which that is said later.
pub(super) fn allocated() -> Chain {
    let region = |code: &str| Some(format!("AF-{code}").parse().expect("a region"));
    let terms = |code| BlockTerms { contract: Some(CONTRACT), region: region(code), ..BlockTerms::default() };
    let passed_on = BlockTerms { region: region("mzr"), purpose: BlockUse::Intermediate, ..BlockTerms::default() };
    let contract = ContractAdded {
        contract: CONTRACT,
        mno: "Roshan".into(),
        name: "=R-1".into(),
        starts: At(0),
        ends: Some(At(8_000)),
        state: ContractState::Active,
        signature: SignatureRef::new("vault:contracts/roshan/1").ok(),
    };
    let (mno, number_type, range) = ("Roshan".to_owned(), None, None);
    Chain::new(1_000)
        .then(1_001, [listed(OTHER_BLOCK, "Etisalat", [8, 9])])
        .then(2_000, [contract, BlockAdded { block: BLOCK, mno, number_type, range, terms: terms("kbl") }])
        .then(3_000, [listed(BLOCK, "Roshan", [1, 2, 3])])
        .then(4_000, [reserved(1, 1, HERAT, 50_000), assigned(1, 1, HERAT)])
        .then(4_001, [reserved(9, 2, HERAT, 50_000), assigned(9, 2, HERAT)])
        .then(5_000, [BlockChanged { block: OTHER_BLOCK, terms: passed_on }])
        .then(9_000, [BlockChanged { block: BLOCK, terms: terms("mzr") }])
        .tick(20_000)
}

pub(super) fn made(chain: &Chain, request: &ExportRequest, out: &Path) -> Result<ExportReport, ExportError> {
    let end = request.jurisdiction.end(request.scope).expect("an end");
    write(chain.extract(end.0), request, DEPLOYMENT, out, &EXPORTER.key)
}

pub(super) fn exported() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    made(&story(), &as_of(10_000), &out).expect("an export");
    (home, out)
}

pub(super) fn trusted() -> TrustedKeys {
    let regulator = RegulatorPublicKey::from_pem(EXPORTER.public_pem.as_bytes()).expect("a key");
    TrustedKeys { regulator: vec![regulator], deployment: root().verifying_key() }
}

pub(super) fn refusal(out: &Path) -> ExportVerifyError {
    verify(out, &trusted()).expect_err("not to be believed")
}

pub(super) fn files(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).expect("a directory").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| (entry.file_name().into_string().expect("UTF-8"), fs::read(entry.path()).expect("a file")))
        .collect()
}
