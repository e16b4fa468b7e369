//! Regions, contracts and blocks as they were when the period ended.
use super::scenario::{BLOCK, CONTRACT, OTHER_BLOCK, allocated, files, made, story, trusted};
use super::testing::{as_of, jurisdiction};
use super::{ExportRequest, ExportVerifyError, verify};
use std::collections::BTreeMap;
use std::fs;

const STANDINGS: &str = "available,reserved,held,assigned,quarantined,recalled,retired,total";

/// The tables of an export, by name, with its header left out where it has one of ours.
fn tables(profile: &str, end: u64) -> BTreeMap<String, String> {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    made(&allocated(), &ExportRequest { jurisdiction: jurisdiction(profile), ..as_of(end) }, &out).expect("an export");
    verify(&out, &trusted()).expect("to be believed");
    let csv = files(&out).into_iter().filter(|(name, _)| name.ends_with(".csv"));
    csv.map(|(name, bytes)| (name, String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n"))).collect()
}

#[test]
fn regions_and_blocks_are_those_of_the_periods_end() {
    let (b1, b2, c) = (BLOCK.to_string(), OTHER_BLOCK.to_string(), CONTRACT.to_string());
    let regions = |end| tables("atra", end)["regions.csv"].clone();
    let blocks = |end| tables("atra", end)["blocks.csv"].clone();
    let of_regions = format!("jurisdiction,region,mno,{STANDINGS}\n");
    let of_blocks =
        format!("jurisdiction,region,mno,block,contract,contract_name,contract_state,purpose,{STANDINGS}\n");
    assert_eq!(regions(2_500), format!("{of_regions},,Etisalat,2,0,0,0,0,0,0,2\n"));
    assert_eq!(
        blocks(2_500),
        format!(
            "{of_blocks},,Etisalat,{b2},,,,own,2,0,0,0,0,0,0,2\n\
             AF,kbl,Roshan,{b1},{c},'=R-1,active,own,0,0,0,0,0,0,0,0\n"
        ),
        "a block without numbers yet"
    );
    assert_eq!(
        regions(5_000),
        format!("{of_regions},,Etisalat,1,0,0,1,0,0,0,2\nAF,kbl,Roshan,2,0,0,1,0,0,0,3\n"),
        "what was said at the end counts for the next month"
    );
    assert_eq!(regions(8_000), format!("{of_regions}AF,kbl,Roshan,2,0,0,1,0,0,0,3\nAF,mzr,Etisalat,1,0,0,1,0,0,0,2\n"));
    assert!(blocks(8_000).contains(&format!("{b1},{c},'=R-1,active,own")), "{}", blocks(8_000));
    assert_eq!(
        regions(10_000),
        format!("{of_regions}AF,mzr,Etisalat,1,0,0,1,0,0,0,2\nAF,mzr,Roshan,2,0,0,1,0,0,0,3\n")
    );
    assert_eq!(
        blocks(10_000),
        format!(
            "{of_blocks}AF,mzr,Etisalat,{b2},,,,intermediate,1,0,0,1,0,0,0,2\n\
             AF,mzr,Roshan,{b1},{c},'=R-1,ended,own,2,0,0,1,0,0,0,3\n"
        ),
        "its term was over, whether that is on record or not"
    );
}

#[test]
fn numbers_for_another_provider_are_intermediate_until_somebody_has_them() {
    let categories = |end| tables("fcc-502", end)["categories.csv"].clone();
    let row = |end| categories(end).lines().find(|row| row.starts_with("Etisalat")).expect("a row").to_owned();
    assert_eq!(row(5_000), format!("Etisalat,{OTHER_BLOCK},1,0,0,0,0,1,2,50.0"));
    assert_eq!(row(6_000), format!("Etisalat,{OTHER_BLOCK},1,1,0,0,0,0,2,50.0"));
    assert!(!categories(6_000).contains("kbl") && tables("fcc-502", 6_000).len() == 1);
}

/// Or an export of a month before there were regions could not be made again.
#[test]
fn an_export_has_those_files_only_once_somebody_said_something() {
    let names = |tables: BTreeMap<String, String>| tables.into_keys().collect::<Vec<_>>();
    assert_eq!(names(tables("atra", 2_000)), ["leases.csv", "numbers.csv", "utilisation.csv"]);
    let all = ["blocks.csv", "leases.csv", "numbers.csv", "regions.csv", "utilisation.csv"];
    for profile in ["generic", "atra", "analytics"] {
        assert_eq!(names(tables(profile, 2_001)), all, "{profile}");
    }
}

#[test]
fn a_file_that_the_manifest_does_not_list_is_none_of_the_export() {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    made(&story(), &as_of(10_000), &out).expect("an export");
    fs::write(out.join("regions.csv"), "jurisdiction\r\n").expect("written");
    let refused = verify(&out, &trusted());
    assert!(matches!(refused, Err(ExportVerifyError::Unexpected { file }) if file == "regions.csv"));
}
