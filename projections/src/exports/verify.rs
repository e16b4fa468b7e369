use super::manifest::{ALGORITHM, FORMAT, MANIFEST, SIGNATURE, VERSION, hex, unhex};
use super::{FileEntry, Jurisdiction, Manifest, Profile, RegulatorPublicKey, instant_from_rfc3339};
use ed25519_dalek::VerifyingKey;
use peyk_domain::{At, DeploymentId};
use peyk_schemas::cbor::Reader;
use peyk_schemas::{EpochCertificate, Hash, LedgerId, RECORD_MAX, Record, RecordError};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// A head record in hexadecimal and all the rest; no honest manifest is larger.
const MANIFEST_MAX: u64 = 2 * RECORD_MAX as u64 + 64 * 1024;
/// RSA of 8192 bits.
const SIGNATURE_MAX: u64 = 1_024;

/// Whom a verifier believes, learned out of band.
#[derive(Debug, Clone)]
pub struct TrustedKeys {
    /// The exporter's: the one it signs with, and those it signed with in earlier years.
    pub regulator: Vec<RegulatorPublicKey>,
    /// The deployment's, root of trust of its ledgers.
    pub deployment: VerifyingKey,
}

/// An export of which everything held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    pub manifest: Manifest,
}

/// What is wrong with the ledger head an export states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadFlaw {
    #[error("it is no hexadecimal of a record and a certificate")]
    Encoding,
    #[error("the record cannot be read: {0}")]
    Record(RecordError),
    #[error("the hash is not that of the record")]
    Hash,
    #[error("the record stands at another position or in another epoch")]
    Place,
    #[error("the certificate is not the deployment key's for this ledger and epoch")]
    Certificate,
    #[error("the signature does not fit the record and the writer key of the epoch")]
    Signature,
    #[error("it does not stand where it covers exactly what is included")]
    Coverage,
}

/// Why an export is not to be believed; each names the file at fault.
#[derive(Debug, thiserror::Error)]
pub enum ExportVerifyError {
    #[error("{file} cannot be read: {source}")]
    Unreadable { file: String, source: io::Error },
    #[error("{file} is missing")]
    Missing { file: String },
    #[error("{file} does not belong to the export")]
    Unexpected { file: String },
    #[error("{file} has {bytes} bytes, more than it can have")]
    TooLarge { file: &'static str, bytes: u64 },
    #[error(
        "manifest.sig is no trusted key's signature of manifest.json: one of the two was changed, or another key signed"
    )]
    BadSignature,
    #[error("manifest.json is no manifest: {0}")]
    Malformed(serde_json::Error),
    #[error("manifest.json has format {format:?} version {version}, which this version of Peyk does not know")]
    UnknownFormat { format: String, version: u32 },
    #[error("manifest.json contradicts itself: {0}")]
    Contradiction(&'static str),
    #[error("{file} has {found} bytes where the manifest states {stated}")]
    WrongSize { file: String, stated: u64, found: u64 },
    #[error("{file} was changed: its SHA-256 is not the one the manifest states")]
    WrongHash { file: String },
    #[error("{file} has {found} rows where the manifest states {stated}")]
    WrongRows { file: String, stated: u64, found: u64 },
    #[error("{file} is no CSV: {source}")]
    BadCsv { file: String, source: csv::Error },
    #[error("manifest.json, head at position {position}: {flaw}")]
    BadHead { position: u64, flaw: HeadFlaw },
}

/// Checks an export with nothing but its directory and the trusted keys: the manifest's signature, every file, that no
/// file is missing or extra, and that the deployment key vouches for the ledger head.
///
/// # Errors
/// [`ExportVerifyError`] naming the first thing that does not hold.
pub fn verify(dir: &Path, keys: &TrustedKeys) -> Result<VerifyReport, ExportVerifyError> {
    let json = read(dir, MANIFEST, MANIFEST_MAX)?;
    let signature = read(dir, SIGNATURE, SIGNATURE_MAX)?;
    let signed_by = keys.regulator.iter().find(|key| key.verifies(&json, &signature));
    let signed_by = signed_by.ok_or(ExportVerifyError::BadSignature)?;
    let manifest: Manifest = serde_json::from_slice(&json).map_err(ExportVerifyError::Malformed)?;
    if manifest.format != FORMAT || manifest.version != VERSION {
        let Manifest { format, version, .. } = manifest;
        return Err(ExportVerifyError::UnknownFormat { format, version });
    }
    consistent(&manifest, signed_by)?;
    only_listed(dir, &manifest)?;
    manifest.files.iter().try_for_each(|entry| unchanged(dir, entry))?;
    head(&manifest, &keys.deployment)?;
    Ok(VerifyReport { manifest })
}

fn unreadable(file: &str, source: io::Error) -> ExportVerifyError {
    let file = file.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => ExportVerifyError::Missing { file },
        _ => ExportVerifyError::Unreadable { file, source },
    }
}

fn read(dir: &Path, file: &'static str, max: u64) -> Result<Vec<u8>, ExportVerifyError> {
    let failed = |source| unreadable(file, source);
    let open = File::open(dir.join(file)).map_err(failed)?;
    let bytes = open.metadata().map_err(failed)?.len();
    let mut content = Vec::new();
    open.take(max + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > max { Err(ExportVerifyError::TooLarge { file, bytes }) } else { Ok(content) }
}

fn consistent(manifest: &Manifest, signed_by: &RegulatorPublicKey) -> Result<(), ExportVerifyError> {
    let unknown = ExportVerifyError::Contradiction("it names a profile that this version of Peyk does not know");
    let profile = Profile::named(&manifest.profile).map_err(|_| unknown)?;
    let names = manifest.files.iter().map(|entry| entry.name.as_str());
    let end = instant_from_rfc3339(&manifest.end);
    let key = &manifest.signed_with;
    let flaw = if manifest.ledger != LedgerId::NUMBERING.to_string() {
        "it is of another ledger"
    } else if ![false, true]
        .into_iter()
        .any(|is_told| names.clone().eq(profile.tables_of(is_told).map(|table| table.name)))
    {
        "it lists other files than its format has"
    } else if key.algorithm != ALGORITHM || key.fingerprint != signed_by.fingerprint() {
        "it names another key than it is signed with"
    } else if manifest.period.is_some() == manifest.as_of.is_some() {
        "it is for a period or for an instant, one of the two"
    } else if end.is_err() || manifest.as_of.as_ref().is_some_and(|instant| *instant != manifest.end) {
        "its end is not the instant it was asked for"
    } else if manifest.period.as_ref().is_some_and(|period| ends(manifest, period) != end.ok()) {
        "its end is not where its period ends in its time zone"
    } else if manifest.period.is_some() && !manifest.closed {
        "its period was open"
    } else if (manifest.records == 0) != manifest.last.is_none() {
        "it counts records without a last one"
    } else {
        return Ok(());
    };
    Err(ExportVerifyError::Contradiction(flaw))
}

/// Where a period ends by the rules of the zone the manifest names.
fn ends(manifest: &Manifest, period: &str) -> Option<At> {
    let jurisdiction = Jurisdiction::new(Profile::named(&manifest.profile).ok()?, &manifest.zone).ok()?;
    jurisdiction.end_of(period.parse().ok()?).ok()
}

fn only_listed(dir: &Path, manifest: &Manifest) -> Result<(), ExportVerifyError> {
    let failed = |source| ExportVerifyError::Unreadable { file: dir.display().to_string(), source };
    let mut extra = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let listed = name.to_str().is_some_and(|name| {
            [MANIFEST, SIGNATURE].contains(&name) || manifest.files.iter().any(|entry| entry.name == name)
        });
        // A link or a directory of that name is not the file.
        if !listed || !entry.file_type().map_err(failed)?.is_file() {
            extra.push(name.to_string_lossy().into_owned());
        }
    }
    // The order of a directory is chance; the first by name is what is told.
    extra.into_iter().min().map_or(Ok(()), |file| Err(ExportVerifyError::Unexpected { file }))
}

fn unchanged(dir: &Path, entry: &FileEntry) -> Result<(), ExportVerifyError> {
    let file = || entry.name.clone();
    let failed = |source| unreadable(&entry.name, source);
    let path = dir.join(&entry.name);
    let mut open = File::open(&path).map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut found = 0;
    loop {
        let count = open.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        found += count as u64;
        hasher.update(&buffer[..count]);
    }
    if found != entry.bytes {
        return Err(ExportVerifyError::WrongSize { file: file(), stated: entry.bytes, found });
    }
    if hex(&hasher.finalize()) != entry.sha256 {
        return Err(ExportVerifyError::WrongHash { file: file() });
    }
    let bad_csv = |source| ExportVerifyError::BadCsv { file: file(), source };
    let mut rows = csv::Reader::from_path(&path).map_err(bad_csv)?;
    let (mut row, mut found) = (csv::ByteRecord::new(), 0);
    while rows.read_byte_record(&mut row).map_err(bad_csv)? {
        found += 1;
    }
    if found == entry.rows {
        Ok(())
    } else {
        Err(ExportVerifyError::WrongRows { file: file(), stated: entry.rows, found })
    }
}

fn head(manifest: &Manifest, root: &VerifyingKey) -> Result<(), ExportVerifyError> {
    check_head(manifest, root).map_err(|flaw| ExportVerifyError::BadHead { position: manifest.head.position, flaw })
}

fn check_head(manifest: &Manifest, root: &VerifyingKey) -> Result<(), HeadFlaw> {
    let head = &manifest.head;
    let bytes: bytes::Bytes = unhex(&head.record).ok_or(HeadFlaw::Encoding)?.into();
    let certificate = unhex(&head.certificate).ok_or(HeadFlaw::Encoding)?;
    let mut reader = Reader::new(&certificate);
    let certificate = EpochCertificate::read(&mut reader).map_err(|_| HeadFlaw::Encoding)?;
    reader.end().map_err(|_| HeadFlaw::Encoding)?;
    let record = Record::decode(&bytes).map_err(HeadFlaw::Record)?;
    if Hash::of(&bytes).to_string() != head.hash {
        return Err(HeadFlaw::Hash);
    }
    if record.position != head.position || record.epoch != head.epoch {
        return Err(HeadFlaw::Place);
    }
    let deployment: DeploymentId = manifest.deployment.parse().map_err(|_| HeadFlaw::Certificate)?;
    let fits = certificate.deployment == deployment
        && certificate.ledger == LedgerId::NUMBERING
        && certificate.epoch == record.epoch;
    let writer = certificate.writer(root).filter(|_| fits).ok_or(HeadFlaw::Certificate)?;
    if !record.is_signed_by(&writer, &bytes) {
        return Err(HeadFlaw::Signature);
    }
    // Only the last record included may be dated before the end, and a later one only not before it.
    let end = instant_from_rfc3339(&manifest.end).map_err(|_| HeadFlaw::Coverage)?;
    let covers = match &manifest.last {
        Some(last) if last.position == head.position => last.hash == head.hash && record.at < end,
        Some(last) => last.position < head.position && record.at >= end,
        None => record.at >= end,
    };
    if covers { Ok(()) } else { Err(HeadFlaw::Coverage) }
}
