use super::audit::AuditError;
use crate::checkpoint::Walk;
use peyk_schemas::LedgerId;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// What came of verifying a ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    pub ledger: String,
    /// When it ended, Unix ms.
    pub at: u64,
    pub seconds: f64,
    /// The last position that was found good, 0 if none is known to be.
    pub position: u64,
    /// The hash of the record there.
    pub hash: Option<String>,
    pub epoch: u64,
    pub records: u64,
    /// Checkpoints that agreed.
    pub checkpoints: u64,
    /// Checkpoints over records that the ledger says are lost.
    pub lost: u64,
    pub failure: Option<Failure>,
}

/// What is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: String,
    pub position: Option<u64>,
    pub reason: String,
}

impl Verification {
    #[must_use]
    pub fn of(ledger: LedgerId, at: u64, seconds: f64, outcome: &Result<Walk, AuditError>) -> Self {
        let walk = outcome.as_ref().ok();
        let head = walk.and_then(|walk| walk.verifier().head());
        let failure = outcome.as_ref().err().map(|error| Failure {
            code: error.code().to_owned(),
            position: error.position(),
            reason: error.to_string(),
        });
        Self {
            ledger: ledger.to_string(),
            at,
            seconds,
            position: head.map_or(0, |head| head.position),
            hash: head.map(|head| head.hash.to_string()),
            epoch: head.map_or(0, |head| head.certificate.epoch),
            records: walk.map_or(0, Walk::records),
            checkpoints: walk.map_or(0, Walk::compared),
            lost: walk.map_or(0, Walk::lost),
            failure,
        }
    }

    #[must_use]
    pub const fn verified(&self) -> bool {
        self.failure.is_none()
    }
}

/// The newest verification of each ledger, a file each.
#[derive(Debug, Clone)]
pub struct Journal {
    directory: PathBuf,
}

/// The journal of verifications could not be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("the verification at {path} cannot be read or written: {source}")]
pub struct JournalError {
    path: PathBuf,
    source: io::Error,
}

impl Journal {
    /// # Errors
    /// [`JournalError`] if the directory cannot be created.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(|source| JournalError { path: directory.clone(), source })?;
        Ok(Self { directory })
    }

    fn path(&self, ledger: LedgerId) -> PathBuf {
        self.directory.join(format!("{}-{}.json", ledger.ledger.name(), ledger.partition))
    }

    /// The newest verification of a ledger, if there was one.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn load(&self, ledger: LedgerId) -> Result<Option<Verification>, JournalError> {
        let path = self.path(ledger);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| JournalError { path, source: io::Error::new(io::ErrorKind::InvalidData, error) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(JournalError { path, source }),
        }
    }

    /// Keeps a verification: written aside, synced, then put in place.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn save(&self, ledger: LedgerId, verification: &Verification) -> Result<(), JournalError> {
        let path = self.path(ledger);
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let write = || {
            let mut file = File::create(&aside)?;
            file.write_all(&serde_json::to_vec_pretty(verification)?)?;
            file.sync_all()?;
            fs::rename(&aside, &path)
        };
        write().map_err(|source| JournalError { path: path.clone(), source })
    }
}
