use super::sample::at;
use super::*;
use crate::{At, ExportId};

const ONE: ExportId = ExportId::from_bytes([1; 16]);
const TWO: ExportId = ExportId::from_bytes([2; 16]);

fn request(export: ExportId) -> NumberingCommand {
    NumberingCommand::RequestExport { export, profile: "atra".to_owned(), period: "2026-09".to_owned() }
}

fn requested(export: ExportId, since: u64) -> NumberingEvent {
    NumberingEvent::ExportRequested {
        export,
        profile: "atra".to_owned(),
        period: "2026-09".to_owned(),
        since: At(since),
    }
}

fn proof() -> ExportProof {
    ExportProof { manifest: [3; 32], key: [4; 32], signature: vec![5; 384] }
}

fn produced() -> NumberingEvent {
    NumberingEvent::ExportProduced { export: ONE, proof: proof() }
}

fn stored() -> NumberingEvent {
    NumberingEvent::ExportStored { export: ONE, place: "file:///exports".to_owned() }
}

fn broken() -> NumberingEvent {
    NumberingEvent::NumberAuditBroken { position: 9, at: At(1) }
}

/// What follows, or the code it is refused with.
fn then(events: Vec<NumberingEvent>, command: NumberingCommand) -> Result<Vec<NumberingEvent>, &'static str> {
    let mut inventory = Inventory::default();
    events.into_iter().for_each(|event| inventory.evolve(event).expect("it can follow"));
    inventory.decide(at(100, command)).map_err(|error| error.code())
}

#[test]
fn an_export_goes_from_its_request_to_its_place() {
    let produce = NumberingCommand::ReportExportProduced { export: ONE, proof: proof() };
    let store = NumberingCommand::ReportExportStored { export: ONE, place: "file:///exports".to_owned() };
    assert_eq!(then(vec![], request(ONE)), Ok(vec![requested(ONE, 100)]));
    assert_eq!(then(vec![requested(ONE, 1)], produce.clone()), Ok(vec![produced()]));
    assert_eq!(then(vec![requested(ONE, 1), produced()], store.clone()), Ok(vec![stored()]));
    assert_eq!(then(vec![requested(ONE, 1)], store.clone()), Err("INVALID_TRANSITION"));
    assert_eq!(then(vec![requested(ONE, 1), produced()], produce.clone()), Err("INVALID_TRANSITION"));
    assert_eq!(then(vec![requested(ONE, 1), produced(), stored()], store), Err("INVALID_TRANSITION"));
    assert_eq!(then(vec![], produce), Err("INVALID_VALUE"));
}

#[test]
fn one_export_of_a_month_is_made_at_a_time_and_another_once_it_is_over() {
    assert_eq!(then(vec![requested(ONE, 1)], request(TWO)), Err("INVALID_TRANSITION"));
    assert_eq!(then(vec![requested(ONE, 1)], request(ONE)), Err("CONFLICT"));
    let whole = vec![requested(ONE, 1), produced(), stored()];
    assert_eq!(then(whole, request(TWO)), Ok(vec![requested(TWO, 100)]));
    let failed = NumberingEvent::ExportFailed { export: ONE, code: "LEDGER_EMPTY".to_owned() };
    assert_eq!(then(vec![requested(ONE, 1), failed], request(TWO)), Ok(vec![requested(TWO, 100)]));
}

#[test]
fn nothing_is_exported_while_the_audit_table_is_broken() {
    let produce = NumberingCommand::ReportExportProduced { export: ONE, proof: proof() };
    let store = NumberingCommand::ReportExportStored { export: ONE, place: "file:///exports".to_owned() };
    let fail = NumberingCommand::ReportExportFailed { export: ONE, code: "LEDGER_EMPTY".to_owned() };
    assert_eq!(then(vec![broken()], request(ONE)), Err("NUMBER_AUDIT_BROKEN"));
    assert_eq!(then(vec![requested(ONE, 1), broken()], produce), Err("NUMBER_AUDIT_BROKEN"));
    assert_eq!(then(vec![requested(ONE, 1), produced(), broken()], store), Err("NUMBER_AUDIT_BROKEN"));
    assert!(then(vec![requested(ONE, 1), broken()], fail).is_ok(), "giving up is no export");
    let mended = NumberingEvent::NumberAuditVerified { position: 10, at: At(2) };
    assert_eq!(then(vec![broken(), mended], request(ONE)), Ok(vec![requested(ONE, 100)]));
    let verdict = |sound| NumberingCommand::RecordNumberAudit { position: 9, sound };
    assert_eq!(then(vec![], verdict(false)), Ok(vec![NumberingEvent::NumberAuditBroken { position: 9, at: At(100) }]));
    assert_eq!(then(vec![], verdict(true)), Ok(vec![NumberingEvent::NumberAuditVerified { position: 9, at: At(100) }]));
}

#[test]
fn what_is_no_profile_month_proof_or_place_is_refused() {
    for (profile, period) in [
        ("", "2026-09"),
        ("ATRA", "2026-09"),
        (&*"x".repeat(33), "2026-09"),
        ("atra", "2026-00"),
        ("atra", "2026-13"),
        ("atra", "2026-9"),
        ("atra", "202x-09"),
        ("atra", ""),
    ] {
        let (profile, period) = (profile.to_owned(), period.to_owned());
        let command = NumberingCommand::RequestExport { export: ONE, profile, period };
        assert_eq!(then(vec![], command.clone()), Err("INVALID_VALUE"), "{command:?}");
    }
    for signature in [vec![], vec![0; 513]] {
        let proof = ExportProof { signature, ..proof() };
        let command = NumberingCommand::ReportExportProduced { export: ONE, proof };
        assert_eq!(then(vec![requested(ONE, 1)], command), Err("INVALID_VALUE"));
    }
    for place in [String::new(), "x".repeat(501), "two\nlines".to_owned()] {
        let command = NumberingCommand::ReportExportStored { export: ONE, place };
        assert_eq!(then(vec![requested(ONE, 1), produced()], command), Err("INVALID_VALUE"));
    }
}

#[test]
fn no_more_than_a_thousand_that_are_over_are_remembered() {
    let mut inventory = Inventory::default();
    let id = |index: u128| ExportId::from_bytes(index.to_be_bytes());
    for index in 0..EXPORTS_KEPT as u128 + 5 {
        inventory.evolve(requested(id(index), 1)).expect("it can follow");
        inventory.evolve(NumberingEvent::ExportFailed { export: id(index), code: "X".to_owned() }).expect("it too");
    }
    assert_eq!(inventory.exports().count(), EXPORTS_KEPT);
    assert!(inventory.export(id(4)).is_none() && inventory.export(id(5)).is_some());
    let twice = inventory.evolve(NumberingEvent::ExportFailed { export: id(5), code: "X".to_owned() });
    assert_eq!(twice.map_err(|error| error.code()), Err("CORRUPT_LEDGER"));
}
