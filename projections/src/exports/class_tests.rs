//! What an export shows is of a class that its reader may see: every column says which fields of events it is made of.
use super::scenario::{BLOCK, HERAT, allocated, assigned, files, lease, listed, made, reserved};
use super::testing::{Chain, as_of, jurisdiction, number};
use super::{ExportRequest, PROFILES};
use peyk_domain::At;
use peyk_domain::numbering::NumberingEvent::{LeaseReinstated, NumberRecalled, NumberRetired};
use peyk_domain::numbering::Reason;
use peyk_schemas::events::{DataClass, catalogue};
use std::collections::{BTreeMap, BTreeSet};

const LISTED_NUMBERS: &str = "numbering.numbers_listed numbers";
const BLOCKS: &str = "numbering.numbers_listed block";
const MNO: &str = "numbering.numbers_listed mno";
const TERMS: &str = "numbering.block_added terms";
const TENANT: &str = "numbering.number_reserved tenant";
const LEASE: &str = "numbering.number_reserved lease";

/// File, column, and the field whose value it shows; none where it shows when something happened, which it was, or how often.
const COLUMNS: [(&str, &str, Option<&str>); 64] = [
    ("numbers.csv", "number", Some(LISTED_NUMBERS)),
    ("numbers.csv", "block", Some(BLOCKS)),
    ("numbers.csv", "mno", Some(MNO)),
    ("numbers.csv", "type", Some(LISTED_NUMBERS)),
    ("numbers.csv", "state", None),
    ("numbers.csv", "tenant", Some(TENANT)),
    ("numbers.csv", "lease", Some(LEASE)),
    ("numbers.csv", "since", None),
    ("leases.csv", "lease", Some(LEASE)),
    ("leases.csv", "number", Some("numbering.number_reserved number")),
    ("leases.csv", "tenant", Some(TENANT)),
    ("leases.csv", "reserved_at", None),
    ("leases.csv", "assigned_at", None),
    ("leases.csv", "released_at", None),
    ("leases.csv", "expired_at", None),
    ("leases.csv", "recalled_at", None),
    ("leases.csv", "outcome", None),
    ("utilisation.csv", "mno", Some(MNO)),
    ("utilisation.csv", "block", Some(BLOCKS)),
    ("utilisation.csv", "available", None),
    ("utilisation.csv", "reserved", None),
    ("utilisation.csv", "held", None),
    ("utilisation.csv", "assigned", None),
    ("utilisation.csv", "quarantined", None),
    ("utilisation.csv", "recalled", None),
    ("utilisation.csv", "retired", None),
    ("utilisation.csv", "total", None),
    ("categories.csv", "mno", Some(MNO)),
    ("categories.csv", "block", Some(BLOCKS)),
    ("categories.csv", "assigned", None),
    ("categories.csv", "intermediate", None),
    ("categories.csv", "reserved", None),
    ("categories.csv", "aging", None),
    ("categories.csv", "administrative", None),
    ("categories.csv", "available", None),
    ("categories.csv", "total", None),
    ("categories.csv", "utilisation_percent", None),
    ("regions.csv", "jurisdiction", Some(TERMS)),
    ("regions.csv", "region", Some(TERMS)),
    ("regions.csv", "mno", Some(MNO)),
    ("regions.csv", "available", None),
    ("regions.csv", "reserved", None),
    ("regions.csv", "held", None),
    ("regions.csv", "assigned", None),
    ("regions.csv", "quarantined", None),
    ("regions.csv", "recalled", None),
    ("regions.csv", "retired", None),
    ("regions.csv", "total", None),
    ("blocks.csv", "jurisdiction", Some(TERMS)),
    ("blocks.csv", "region", Some(TERMS)),
    ("blocks.csv", "mno", Some(MNO)),
    ("blocks.csv", "block", Some(BLOCKS)),
    ("blocks.csv", "contract", Some("numbering.contract_added contract")),
    ("blocks.csv", "contract_name", Some("numbering.contract_added name")),
    ("blocks.csv", "contract_state", Some("numbering.contract_added state")),
    ("blocks.csv", "purpose", Some(TERMS)),
    ("blocks.csv", "available", None),
    ("blocks.csv", "reserved", None),
    ("blocks.csv", "held", None),
    ("blocks.csv", "assigned", None),
    ("blocks.csv", "quarantined", None),
    ("blocks.csv", "recalled", None),
    ("blocks.csv", "retired", None),
    ("blocks.csv", "total", None),
];

#[test]
fn every_column_shows_what_is_public_or_internal() {
    let mut found = BTreeSet::new();
    for profile in &PROFILES {
        let home = tempfile::tempdir().expect("a directory");
        let out = home.path().join("export");
        let request = ExportRequest { jurisdiction: jurisdiction(profile.name), ..as_of(10_000) };
        made(&allocated(), &request, &out).expect("an export");
        for (name, bytes) in files(&out).into_iter().filter(|(name, _)| name.ends_with(".csv")) {
            let text = String::from_utf8(bytes).expect("UTF-8");
            let header = text.lines().next().expect("a header").to_owned();
            found.extend(header.split(',').map(|column| (name.clone(), column.to_owned())));
        }
    }
    let declared: BTreeSet<_> = COLUMNS.map(|(file, column, _)| (file.to_owned(), column.to_owned())).into();
    assert_eq!(found, declared, "a column that says nothing of its class");
    let classes: BTreeMap<String, DataClass> = catalogue()
        .flat_map(|schema| {
            schema.fields.iter().map(move |field| (format!("{} {}", schema.kind, field.name), field.class))
        })
        .collect();
    for (file, column, source) in COLUMNS {
        let class = source.map_or(DataClass::Internal, |field| classes[field]);
        assert!(class <= DataClass::Internal, "{file} shows {column}, which is {}", class.name());
    }
}

/// Of the events an export is made of, the free texts are confidential.
#[test]
fn what_is_confidential_in_the_ledger_is_in_no_file() {
    const WORD: &str = "Shahrara";
    let why = || Reason::new(&format!("asked for by {WORD}, in writing")).expect("a reason");
    let (since, cools_until) = (At(20), At(90));
    let recalled = |last| NumberRecalled {
        number: number(last),
        lease: lease(u8::try_from(last).expect("a small one")),
        tenant: HERAT,
        since,
        cools_until,
        reason: why(),
    };
    let again = LeaseReinstated { number: number(1), lease: lease(1), tenant: HERAT, justification: why() };
    let retired = NumberRetired { number: number(2), justification: why() };
    let chain = Chain::new(1)
        .then(2, [listed(BLOCK, "Roshan", [1, 2])])
        .then(3, [reserved(1, 1, HERAT, 50), assigned(1, 1, HERAT)])
        .then(4, [reserved(2, 2, HERAT, 50), assigned(2, 2, HERAT)])
        .then(20, [recalled(1), recalled(2)])
        .then(30, [again, retired])
        .tick(90);
    assert!(chain.records().iter().any(|record| bears(&record.bytes, WORD)), "the ledger has it");
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    made(&chain, &as_of(80), &out).expect("an export");
    for (name, bytes) in files(&out) {
        assert!(!bears(&bytes, WORD), "{name}");
    }
}

fn bears(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}
