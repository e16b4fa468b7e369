use serde::{Deserialize, Serialize};

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const SIGNATURE: &str = "manifest.sig";
pub(super) const FORMAT: &str = "peyk-regulator-export";
pub(super) const VERSION: u32 = 1;
pub(super) const ALGORITHM: &str = "RSASSA-PSS-SHA256";

/// What an export states about itself. Fields stand in the file in this order; bytes are lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    pub version: u32,
    pub deployment: String,
    /// The name of the jurisdiction's profile.
    pub profile: String,
    /// IANA name of the time zone the period is in.
    pub zone: String,
    /// The month covered, `YYYY-MM`; none if an instant was asked for.
    pub period: Option<String>,
    /// The instant asked for; none if a month was.
    pub as_of: Option<String>,
    /// The first instant that is not covered.
    pub end: String,
    /// Whether the ledger had gone past the end, so that another export of it says the same for ever.
    pub closed: bool,
    pub ledger: String,
    /// How many records are included, from the first one of the ledger on.
    pub records: u64,
    /// The last record included; none if there was none before the end.
    pub last: Option<LastEntry>,
    pub head: HeadEntry,
    pub signed_with: KeyEntry,
    pub files: Vec<FileEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastEntry {
    pub position: u64,
    pub hash: String,
}

/// The earliest signed record at or after the last one included, whole, so that its signature can be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadEntry {
    pub position: u64,
    /// BLAKE3 of `record`.
    pub hash: String,
    pub epoch: u64,
    /// The deployment key's certificate for the writer key of the epoch, in CBOR.
    pub certificate: String,
    /// The record as stored, in CBOR.
    pub record: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    pub algorithm: String,
    /// SHA-256 of the public key's SubjectPublicKeyInfo.
    pub fingerprint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    pub name: String,
    pub sha256: String,
    pub bytes: u64,
    /// Rows, the header not counted.
    pub rows: u64,
}

impl Manifest {
    /// The one form of the file: two spaces of indent, fields in order, a line end at the end.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| if let [high, low] = *pair { Some(digit(high)? << 4 | digit(low)?) } else { None }).collect()
}
