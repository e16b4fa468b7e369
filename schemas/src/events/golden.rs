//! Golden bytes: what was stored once must read the same for ever.
use super::{KindSchema, catalogue, samples};
use crate::{EventSchema, RawEvent};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write};
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn blessing() -> bool {
    std::env::var_os("PEYK_BLESS").is_some_and(|value| value == "1")
}

/// Asserts that a blessed file under `schemas/` says `expected`; under PEYK_BLESS=1 it is made to.
pub(super) fn blessed(name: &str, expected: &str) {
    if blessing() {
        std::fs::write(path(name), expected).expect("the blessed file can be written");
    }
    let stored = std::fs::read_to_string(path(name)).unwrap_or_default();
    assert!(
        stored == expected,
        "schemas/{name} is out of date. If the change is meant and breaks nothing stored, renew it with\n    \
         PEYK_BLESS=1 cargo test -p peyk-schemas\nand review the difference."
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string");
        out
    })
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "whole bytes");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

pub(super) type Golden = BTreeMap<(String, u16), Vec<u8>>;

fn parse(text: &str) -> Golden {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split(' ');
            let mut word = || words.next().expect("kind, version and bytes").to_owned();
            let (kind, version, data) = (word(), word(), word());
            ((kind, version.parse().expect("a version")), unhex(&data))
        })
        .collect()
}

/// The blessed bytes of a ledger's events.
pub(super) fn golden(ledger: &str) -> Golden {
    parse(&std::fs::read_to_string(path(&format!("golden/{ledger}.hex"))).expect("golden bytes"))
}

fn check<E: EventSchema + PartialEq + Debug>(ledger: &str, samples: &[E]) {
    let name = format!("golden/{ledger}.hex");
    let kinds: Vec<&KindSchema> = catalogue().filter(|schema| schema.kind.starts_with(&format!("{ledger}."))).collect();
    let mut golden = parse(&std::fs::read_to_string(path(&name)).unwrap_or_default());
    let raws: Vec<RawEvent> = samples.iter().map(EventSchema::to_raw).collect();

    let sampled: BTreeSet<&str> = raws.iter().map(|raw| &*raw.kind).collect();
    assert_eq!(sampled, kinds.iter().map(|schema| schema.kind).collect(), "one sample of every kind in samples.rs");

    // Blessing renews the newest version only: what an older version looked like is history.
    for raw in &raws {
        golden.insert((raw.kind.to_string(), raw.version), raw.data.to_vec());
    }
    let mut page = format!("# Golden bytes of {ledger} events: kind, version, data. PEYK_BLESS=1 renews the newest.\n");
    for ((kind, version), data) in &golden {
        writeln!(page, "{kind} {version} {}", hex(data)).expect("a string");
    }
    blessed(&name, &page);

    for schema in kinds {
        for version in 1..=schema.version {
            assert!(golden.contains_key(&(schema.kind.to_owned(), version)), "{} {version} has no bytes", schema.kind);
        }
    }
    for ((kind, version), data) in golden {
        let read = E::from_raw(&RawEvent { kind: kind.clone().into(), version, data: data.into() });
        let read = read.unwrap_or_else(|error| panic!("{kind} {version} no longer reads: {error}"));
        assert_eq!(read.to_raw().kind, kind);
    }
    for (sample, raw) in samples.iter().zip(&raws) {
        assert_eq!(E::from_raw(raw).as_ref(), Ok(sample));
    }
}

#[test]
fn access_events_keep_their_bytes() {
    check("access", &samples::access());
}

#[test]
fn numbering_events_keep_their_bytes() {
    check("numbering", &samples::numbering());
}

#[test]
fn routing_events_keep_their_bytes() {
    check("routing", &samples::routing());
}

#[test]
fn message_events_keep_their_bytes() {
    check("messages", &samples::messages());
}
