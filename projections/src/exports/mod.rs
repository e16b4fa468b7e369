//! What a regulator gets: who held which number at the end of a period, in files whose origin anyone can check.
//!
//! An export is a directory: CSV files, which ones its profile says ([`PROFILES`]), `manifest.json`, which states their hashes and the signed head of the
//! ledger they were derived from, and `manifest.sig`, the exporter's signature over the manifest. Everything but the
//! signature is deterministic: the same ledger and the same request give the same bytes.
//!
//! Files are CSV as in RFC 4180: UTF-8, a header line, lines that end in CRLF, quotes only where needed. Rows ascend by
//! their first columns. Times are RFC 3339 in UTC with milliseconds. A cell that a spreadsheet would take for a formula
//! is preceded by an apostrophe. The state is that of the last millisecond before the end: a claim that ran out by then
//! has run out, whether or not the ledger had put it on record.
//!
//! The signature is RSASSA-PSS (RFC 8017) with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes; without Peyk:
//!
//! ```text
//! openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
//!     -verify regulator.pub.pem -signature manifest.sig manifest.json
//! ```
mod allocation;
#[cfg(test)]
mod allocation_tests;
mod cells;
#[cfg(test)]
mod class_tests;
mod directory;
mod error;
mod export;
mod extract;
mod key;
mod lease;
mod manifest;
mod period;
mod profile;
mod proof;
#[cfg(test)]
mod scenario;
mod spki;
mod tables;
#[cfg(test)]
mod tampering_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verify;

pub use error::ExportError;
pub use export::{ExportReport, ExportRequest, export};
pub use extract::ExtractError;
pub use key::{KeyError, RegulatorKey, RegulatorPublicKey};
pub use manifest::{FileEntry, HeadEntry, KeyEntry, LastEntry, Manifest};
pub use period::{Jurisdiction, NoSuchZone, NotAPeriod, NotAnInstant, Period, Scope, instant_from_rfc3339, rfc3339};
pub use profile::{NoSuchProfile, PROFILES, Profile};
pub use proof::{Proof, proof};
pub use verify::{ExportVerifyError, HeadFlaw, TrustedKeys, VerifyReport, verify};
