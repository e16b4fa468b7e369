//! What was promised to regulators: each export from the request for it to the place where it is kept, and whether anything
//! may be exported at all.
use super::{Inventory, NumberingError, NumberingEvent};
use crate::{At, ExportId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Exports that are over and still remembered, newest first; older ones are in the ledger.
pub const EXPORTS_KEPT: usize = 1_000;
/// The longest place or code that is taken, in bytes.
const TEXT_MAX: usize = 500;

/// Where an export stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportState {
    /// To be made.
    Requested,
    /// Made and signed; to be stored.
    Produced(ExportProof),
    /// Stored where nobody changes it.
    Stored { proof: ExportProof, place: String },
    /// Given up, by a stable code; may be asked for again.
    Failed { code: String },
}

/// The longest signature, in bytes.
pub const EXPORT_SIGNATURE_MAX: usize = 512;

/// What an export is recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportProof {
    /// SHA-256 of its manifest, which holds that of each file.
    pub manifest: [u8; 32],
    /// SHA-256 of the public key its manifest was signed with.
    pub key: [u8; 32],
    pub signature: Vec<u8>,
}

/// One export of one month under one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    pub profile: String,
    /// A calendar month of the profile's time zone, `YYYY-MM`.
    pub period: String,
    pub requested: At,
    pub state: ExportState,
}

impl Export {
    /// Whether something is still to be done.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ExportState::Requested | ExportState::Produced(_))
    }
}

/// What came of holding the audit table of numbers against the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerdict {
    /// The record up to which it was held against the ledger, or at which it differs.
    pub position: u64,
    pub sound: bool,
    pub at: At,
}

/// Part of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Exports {
    all: BTreeMap<ExportId, Export>,
    /// Those that are over, oldest first.
    over: VecDeque<ExportId>,
    verdict: Option<AuditVerdict>,
}

type Decided = Result<Vec<NumberingEvent>, NumberingError>;

impl Inventory {
    /// Exports that are open or not yet forgotten.
    pub fn exports(&self) -> impl Iterator<Item = (ExportId, &Export)> {
        self.exports.all.iter().map(|(id, export)| (*id, export))
    }

    #[must_use]
    pub fn export(&self, export: ExportId) -> Option<&Export> {
        self.exports.all.get(&export)
    }

    /// What last came of verifying the audit table.
    #[must_use]
    pub const fn audit_verdict(&self) -> Option<AuditVerdict> {
        self.exports.verdict
    }

    pub(super) fn request_export(&self, at: At, export: ExportId, profile: String, period: String) -> Decided {
        let named = (1..=32).contains(&profile.len())
            && profile.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !named {
            return Err(NumberingError::InvalidValue("a profile has 1 to 32 of a to z, 0 to 9 and -"));
        }
        if !is_month(&period) {
            return Err(NumberingError::InvalidValue("a period is a month, as 2026-10"));
        }
        self.may_export()?;
        if self.export(export).is_some() {
            return Err(NumberingError::Conflict);
        }
        if self.exports().any(|(_, other)| other.is_open() && other.profile == profile && other.period == period) {
            return Err(NumberingError::InvalidTransition("this export is being made already"));
        }
        Ok(vec![NumberingEvent::ExportRequested { export, profile, period, since: at }])
    }

    pub(super) fn report_produced(&self, export: ExportId, proof: ExportProof) -> Decided {
        self.may_export()?;
        if proof.signature.is_empty() || proof.signature.len() > EXPORT_SIGNATURE_MAX {
            return Err(NumberingError::InvalidValue("a signature has 1 to 512 bytes"));
        }
        match self.open(export)? {
            ExportState::Requested => Ok(vec![NumberingEvent::ExportProduced { export, proof }]),
            _ => Err(NumberingError::InvalidTransition("it was made already")),
        }
    }

    pub(super) fn report_stored(&self, export: ExportId, place: String) -> Decided {
        self.may_export()?;
        if !is_line(&place) {
            return Err(NumberingError::InvalidValue("a place has 1 to 500 bytes and no control character"));
        }
        match self.open(export)? {
            ExportState::Produced(_) => Ok(vec![NumberingEvent::ExportStored { export, place }]),
            _ => Err(NumberingError::InvalidTransition("it was not made yet")),
        }
    }

    pub(super) fn report_failed(&self, export: ExportId, code: String) -> Decided {
        if !is_line(&code) {
            return Err(NumberingError::InvalidValue("a code has 1 to 500 bytes and no control character"));
        }
        self.open(export)?;
        Ok(vec![NumberingEvent::ExportFailed { export, code }])
    }

    fn may_export(&self) -> Result<(), NumberingError> {
        match self.exports.verdict {
            Some(AuditVerdict { sound: false, .. }) => Err(NumberingError::AuditBroken),
            _ => Ok(()),
        }
    }

    fn open(&self, export: ExportId) -> Result<&ExportState, NumberingError> {
        let export = self.export(export).ok_or(NumberingError::InvalidValue("there is no such export"))?;
        if export.is_open() {
            Ok(&export.state)
        } else {
            Err(NumberingError::InvalidTransition("the export is over; ask for another one"))
        }
    }
}

impl Exports {
    pub(super) fn requested(&mut self, id: ExportId, profile: String, period: String, requested: At) -> Option<()> {
        let export = Export { profile, period, requested, state: ExportState::Requested };
        self.all.insert(id, export).is_none().then_some(())
    }

    pub(super) fn produced(&mut self, id: ExportId, proof: ExportProof) -> Option<()> {
        let export = self.all.get_mut(&id).filter(|export| export.state == ExportState::Requested)?;
        export.state = ExportState::Produced(proof);
        Some(())
    }

    pub(super) fn stored(&mut self, id: ExportId, place: String) -> Option<()> {
        let export = self.all.get_mut(&id)?;
        let ExportState::Produced(proof) = &export.state else { return None };
        export.state = ExportState::Stored { proof: proof.clone(), place };
        self.ended(id);
        Some(())
    }

    pub(super) fn failed(&mut self, id: ExportId, code: String) -> Option<()> {
        let export = self.all.get_mut(&id).filter(|export| export.is_open())?;
        export.state = ExportState::Failed { code };
        self.ended(id);
        Some(())
    }

    pub(super) const fn verified(&mut self, verdict: AuditVerdict) {
        self.verdict = Some(verdict);
    }

    fn ended(&mut self, id: ExportId) {
        self.over.push_back(id);
        if self.over.len() > EXPORTS_KEPT
            && let Some(oldest) = self.over.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}

fn is_month(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    bytes.len() == 7
        && digits(&bytes[..4])
        && bytes[4] == b'-'
        && digits(&bytes[5..])
        && (b"01".as_slice()..=b"12".as_slice()).contains(&&bytes[5..])
}

fn is_line(text: &str) -> bool {
    (1..=TEXT_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}
