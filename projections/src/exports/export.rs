use super::allocation::is_told;
use super::directory::Staging;
use super::extract::{Extract, SignedHead};
use super::manifest::{ALGORITHM, FORMAT, KeyEntry, MANIFEST, SIGNATURE, VERSION, hex};
use super::tables::View;
use super::{ExportError, FileEntry, HeadEntry, Jurisdiction, LastEntry, Manifest, RegulatorKey, Scope, rfc3339};
use peyk_domain::{At, DeploymentId};
use peyk_ledger::{LedgerReader, Ledgers};
use peyk_schemas::LedgerId;
use peyk_schemas::cbor::Writer;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Records taken from the reader at a time.
const BATCH: usize = 4_096;
/// How long one look for more records waits.
const LOOK: Duration = Duration::from_secs(1);
/// How long records that no signature covers are waited for; longer than the reader's patience with foreign messages,
/// so that its error, which names the record, comes first.
const PATIENCE: Duration = Duration::from_secs(75);

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    pub scope: Scope,
    pub jurisdiction: Jurisdiction,
    /// The time now.
    pub now: At,
}

/// What was exported, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    pub directory: PathBuf,
    pub manifest: Manifest,
}

impl ExportRequest {
    /// The first instant not covered, if it has come.
    fn end(&self) -> Result<At, ExportError> {
        let end = self.jurisdiction.end(self.scope)?;
        match self.scope {
            Scope::Period(_) if self.now < end => Err(ExportError::PeriodOpen { end }),
            Scope::AsOf(as_of) if self.now < as_of => Err(ExportError::InTheFuture { as_of }),
            _ => Ok(end),
        }
    }
}

/// Reads the numbering ledger from its first record on, verifying it, and writes an export of it to `out`, which must
/// not exist or be an empty directory. `progress` learns the position read and the position to be read up to.
///
/// # Errors
/// [`ExportError`]; nothing is left at `out` then. Dropping the future leaves nothing either.
pub async fn export(
    ledgers: &Ledgers,
    request: ExportRequest,
    out: &Path,
    signer: &RegulatorKey,
    mut progress: impl FnMut(u64, u64),
) -> Result<ExportReport, ExportError> {
    let extract = read(ledgers, request.end()?, &mut progress).await?;
    let (deployment, out, signer) = (ledgers.deployment(), out.to_owned(), signer.clone());
    let written = tokio::task::spawn_blocking(move || write(extract, &request, deployment, &out, &signer));
    written.await.map_err(|_| ExportError::Interrupted)?
}

async fn read(ledgers: &Ledgers, end: At, progress: &mut impl FnMut(u64, u64)) -> Result<Extract, ExportError> {
    let tail = ledgers.tail(LedgerId::NUMBERING).await?;
    let mut reader = LedgerReader::open(ledgers, LedgerId::NUMBERING, None).await?;
    let mut extract = Extract::until(end);
    let mut position = 0;
    let mut moved = Instant::now();
    while position < tail && !extract.is_complete() {
        let records = reader.next(BATCH, LOOK).await?;
        if let Some(last) = records.last() {
            position = last.position;
            moved = Instant::now();
        } else if moved.elapsed() > PATIENCE {
            return Err(ExportError::Unsigned { position, tail });
        }
        for record in &records {
            extract.push(record)?;
        }
        progress(position.min(tail), tail);
    }
    Ok(extract)
}

/// Writes the export of an extract that was folded up to the end of `request`: all that follows reading.
pub(super) fn write(
    mut extract: Extract,
    request: &ExportRequest,
    deployment: DeploymentId,
    out: &Path,
    signer: &RegulatorKey,
) -> Result<ExportReport, ExportError> {
    let end = request.end()?;
    if matches!(request.scope, Scope::Period(_)) && !extract.is_closed() {
        return Err(ExportError::PeriodOpen { end });
    }
    let head = extract.head().cloned().ok_or(ExportError::Empty)?;
    let staging = Staging::beside(out)?;
    extract.close();
    let profile = request.jurisdiction.profile();
    let history_from = request.jurisdiction.history_from(end)?;
    let view = View { extract: &extract, numbers: profile.numbers, history_from };
    let mut files = Vec::with_capacity(profile.tables.len());
    for table in profile.tables_of(is_told(&extract.inventory)) {
        let (rows, hash, bytes) =
            staging.file(table.name, |out| table.write(&view, out).map_err(std::io::Error::from))?;
        files.push(FileEntry { name: table.name.to_owned(), sha256: hex(&hash), bytes, rows });
    }
    let manifest = describe(&extract, request, deployment, &head, signer, files);
    let failed = |source: serde_json::Error| ExportError::Write { path: out.join(MANIFEST), source: source.into() };
    let json = manifest.to_json().map_err(failed)?;
    let signature = signer.sign(&json)?;
    staging.file(MANIFEST, |out| out.write_all(&json))?;
    staging.file(SIGNATURE, |out| out.write_all(&signature))?;
    staging.finish()?;
    Ok(ExportReport { directory: out.to_owned(), manifest })
}

fn describe(
    extract: &Extract,
    request: &ExportRequest,
    deployment: DeploymentId,
    head: &SignedHead,
    signer: &RegulatorKey,
    files: Vec<FileEntry>,
) -> Manifest {
    let mut certificate = Writer::with_capacity(192);
    head.certificate.write(&mut certificate);
    let (period, as_of) = match request.scope {
        Scope::Period(period) => (Some(period.to_string()), None),
        Scope::AsOf(instant) => (None, Some(rfc3339(instant))),
    };
    Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        deployment: deployment.to_string(),
        profile: request.jurisdiction.profile().name.to_owned(),
        zone: request.jurisdiction.zone().to_owned(),
        period,
        as_of,
        end: rfc3339(extract.end()),
        closed: extract.is_closed(),
        ledger: LedgerId::NUMBERING.to_string(),
        records: extract.records(),
        last: extract.last().map(|last| LastEntry { position: last.position, hash: last.hash.to_string() }),
        head: HeadEntry {
            position: head.position,
            hash: head.hash.to_string(),
            epoch: head.epoch,
            certificate: hex(certificate.as_slice()),
            record: hex(&head.record),
        },
        signed_with: KeyEntry { algorithm: ALGORITHM.to_owned(), fingerprint: signer.public().fingerprint() },
        files,
    }
}
