use super::{Upcast, access, messages, numbering, routing};

/// How carefully a field must be treated, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataClass {
    /// May be published.
    Public,
    /// Says how the platform works or who uses it; stays with its operator, tenants and regulator.
    Internal,
    /// Leads to a tenant's traffic or, with a key, to a person.
    Confidential,
    /// Personal data or content; stored sealed only.
    Restricted,
}

impl DataClass {
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::Confidential, Self::Restricted];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

/// One place of an event's array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSchema {
    pub name: &'static str,
    /// How the value is written in CBOR, and in what unit.
    pub cbor: &'static str,
    /// Its type in CDDL (RFC 8610).
    pub cddl: &'static str,
    pub class: DataClass,
}

/// The newest shape of one kind of event, and how the older ones become it.
#[derive(Debug, Clone, Copy)]
pub struct KindSchema {
    pub kind: &'static str,
    pub version: u16,
    pub fields: &'static [FieldSchema],
    /// One step for each older version, from version 1 on.
    pub older: &'static [Upcast],
}

/// Every kind of event a context stores. The ledger's own control events are not among them.
pub fn catalogue() -> impl Iterator<Item = &'static KindSchema> {
    [access::KINDS, numbering::KINDS, routing::KINDS, messages::KINDS].into_iter().flatten()
}

/// Every kind of event the ledger stores of itself.
pub fn control_catalogue() -> impl Iterator<Item = &'static KindSchema> {
    crate::control::KINDS.iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::golden::blessed;
    use std::collections::BTreeSet;
    use std::fmt::Write;

    const PREFACE: &str = "\
# Events

Every kind of event a ledger stores, its versions, and the order of its fields. The data of an event is one array in
deterministic CBOR (RFC 8949 section 4.2.1) with exactly these values. Older versions are frozen and become the newest
one when they are read. The ledger's own control events (`ledger.*`) stand first; no context ever sees them.

Data classes: public may be published; internal stays with the operator, its tenants and the regulator; confidential
leads to a tenant's traffic or, with a key, to a person; restricted is personal data or content and is stored sealed.

This page is written by a test. To renew it: `PEYK_BLESS=1 cargo test -p peyk-schemas`.
";

    fn rows(page: &mut String, kind: &str, version: usize, newest: bool, fields: &[FieldSchema]) {
        let mark = if newest { "" } else { ", frozen" };
        writeln!(page, "\n### {kind} (version {version}{mark})\n\n| # | field | CBOR | class |\n|--:|---|---|---|")
            .expect("a string");
        for (place, field) in fields.iter().enumerate() {
            writeln!(page, "| {place} | {} | {} | {} |", field.name, field.cbor, field.class.name()).expect("a string");
        }
    }

    #[test]
    fn the_page_of_events_is_up_to_date() {
        let mut page = PREFACE.to_owned();
        let mut ledger = "";
        for schema in control_catalogue().chain(catalogue()) {
            let (context, _) = schema.kind.split_once('.').expect("a context and a name");
            if context != ledger {
                ledger = context;
                writeln!(page, "\n## {ledger}").expect("a string");
            }
            rows(&mut page, schema.kind, usize::from(schema.version), true, schema.fields);
            for (index, older) in schema.older.iter().enumerate().rev() {
                rows(&mut page, schema.kind, index + 1, false, older.fields);
            }
        }
        blessed("EVENTS.md", &page);
    }

    #[test]
    fn kinds_are_unique_and_every_older_version_has_its_step() {
        let mut seen = BTreeSet::new();
        for schema in catalogue() {
            assert!(seen.insert(schema.kind), "{} stands twice", schema.kind);
            assert_eq!(schema.older.len() + 1, usize::from(schema.version), "{}", schema.kind);
            assert!(!schema.kind.starts_with(crate::CONTROL_PREFIX), "{}", schema.kind);
        }
        for schema in control_catalogue() {
            assert!(seen.insert(schema.kind), "{} stands twice", schema.kind);
            assert!(schema.kind.starts_with(crate::CONTROL_PREFIX), "{}", schema.kind);
        }
    }
}
