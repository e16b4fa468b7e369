//! The newest signed head, kept where NATS cannot reach it: a log that ends before it has lost acknowledged records.
use peyk_schemas::cbor::CborError;
use peyk_schemas::{Hash, Head, LedgerId};
use std::io::{self, Write};
use std::path::PathBuf;

/// Heads in a directory, one file a ledger.
#[derive(Debug, Clone)]
pub struct FileWitness {
    directory: PathBuf,
}

/// Why a log was not believed.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error("the witness at {path} cannot be read or written: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("the witness at {path} is damaged: {source}")]
    Damaged { path: PathBuf, source: CborError },
    /// The log lost acknowledged records, or was restored from a backup.
    #[error(
        "ledger {ledger} ends at position {found}, but the witness saw position {witnessed}: acknowledged records are lost"
    )]
    Behind { ledger: LedgerId, found: u64, witnessed: u64 },
    #[error("ledger {ledger} has another record at position {position} than the witness saw")]
    Diverged { ledger: LedgerId, position: u64 },
    /// Nobody can say whether the log is whole.
    #[error(
        "ledger {ledger} has {position} records and the witness at {path} never saw it: give this process the directory \
         of the witness that other processes write to; if there is none any more, `peyk ledger witness --adopt {ledger}`"
    )]
    Missing { ledger: LedgerId, position: u64, path: PathBuf },
}

impl WitnessError {
    /// The task that wrote ended without saying how.
    pub(crate) fn ended(witness: &FileWitness, ledger: LedgerId, error: &tokio::task::JoinError) -> Self {
        Self::Io { path: witness.path(ledger), source: io::Error::other(error.to_string()) }
    }
}

impl FileWitness {
    /// # Errors
    /// [`WitnessError::Io`] if the directory cannot be created.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self, WitnessError> {
        let directory = directory.into();
        std::fs::create_dir_all(&directory).map_err(|source| WitnessError::Io { path: directory.clone(), source })?;
        Ok(Self { directory })
    }

    fn path(&self, ledger: LedgerId) -> PathBuf {
        self.directory.join(format!("{}-{}.head", ledger.ledger.name(), ledger.partition))
    }

    /// The head seen last, if any.
    ///
    /// # Errors
    /// [`WitnessError::Io`] or [`WitnessError::Damaged`]; a witness that cannot be read is not the same as none.
    pub fn load(&self, ledger: LedgerId) -> Result<Option<Head>, WitnessError> {
        let path = self.path(ledger);
        match std::fs::read(&path) {
            Ok(bytes) => Head::from_bytes(&bytes).map(Some).map_err(|source| WitnessError::Damaged { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(WitnessError::Io { path, source }),
        }
    }

    /// Refuses a ledger with records that no witness saw.
    ///
    /// # Errors
    /// [`WitnessError::Missing`].
    pub fn require(&self, ledger: LedgerId, witnessed: Option<&Head>, end: u64) -> Result<(), WitnessError> {
        match witnessed {
            None if end > 0 => Err(WitnessError::Missing { ledger, position: end, path: self.path(ledger) }),
            _ => Ok(()),
        }
    }

    /// Keeps a head: written aside, synced, then put in place. A newer one that is there already stays: a writer that was
    /// replaced and does not know it yet takes nothing back.
    ///
    /// # Errors
    /// [`WitnessError::Io`], and [`WitnessError::Damaged`] if what is there cannot be read.
    pub fn save(&self, ledger: LedgerId, head: &Head) -> Result<(), WitnessError> {
        let age = |head: &Head| (head.certificate.epoch, head.position);
        if self.load(ledger)?.is_some_and(|kept| age(&kept) > age(head)) {
            return Ok(());
        }
        let path = self.path(ledger);
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let write = || {
            let mut file = std::fs::File::create(&aside)?;
            file.write_all(&head.to_bytes())?;
            file.sync_all()?;
            std::fs::rename(&aside, &path)?;
            std::fs::File::open(&self.directory)?.sync_all()
        };
        write().map_err(|source| WitnessError::Io { path: path.clone(), source })
    }

    /// Compares what a replay found with what was seen before.
    ///
    /// # Errors
    /// [`WitnessError::Behind`] or [`WitnessError::Diverged`].
    pub fn compare(
        ledger: LedgerId,
        witnessed: &Head,
        end: u64,
        at_position: Option<Hash>,
    ) -> Result<(), WitnessError> {
        let position = witnessed.position;
        if end < position {
            return Err(WitnessError::Behind { ledger, found: end, witnessed: position });
        }
        if at_position != Some(witnessed.hash) { Err(WitnessError::Diverged { ledger, position }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::{At, DeploymentId};
    use peyk_schemas::EpochCertificate;

    fn head(position: u64) -> Head {
        let root = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let certificate = EpochCertificate::issue(&root, DeploymentId::NIL, LedgerId::NUMBERING, 1, [2; 32]);
        Head { position, hash: Hash([3; 32]), at: At(4), certificate }
    }

    #[test]
    fn keeps_the_newest_head() {
        let directory = tempfile::tempdir().expect("a directory");
        let witness = FileWitness::new(directory.path()).expect("a witness");
        assert_eq!(witness.load(LedgerId::NUMBERING).expect("readable"), None);
        witness.save(LedgerId::NUMBERING, &head(1)).expect("written");
        witness.save(LedgerId::NUMBERING, &head(2)).expect("written");
        assert_eq!(witness.load(LedgerId::NUMBERING).expect("readable"), Some(head(2)));
        std::fs::write(directory.path().join("numbering-0.head"), b"x").expect("damaged");
        assert!(matches!(witness.load(LedgerId::NUMBERING), Err(WitnessError::Damaged { .. })));
    }

    #[test]
    fn a_head_of_an_earlier_epoch_takes_nothing_back_and_one_of_a_later_epoch_does() {
        let directory = tempfile::tempdir().expect("a directory");
        let witness = FileWitness::new(directory.path()).expect("a witness");
        let of_epoch = |epoch, position| {
            let root = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
            let certificate = EpochCertificate::issue(&root, DeploymentId::NIL, LedgerId::NUMBERING, epoch, [2; 32]);
            Head { certificate, ..head(position) }
        };
        let kept_after = |new: &Head| {
            witness.save(LedgerId::NUMBERING, new).expect("written");
            witness.load(LedgerId::NUMBERING).expect("readable")
        };
        let led = of_epoch(2, 500);
        assert_eq!(kept_after(&led), Some(led.clone()));
        assert_eq!(kept_after(&of_epoch(1, 600)), Some(led.clone()));
        assert_eq!(kept_after(&of_epoch(2, 499)), Some(led));
        // A recovery goes on behind what is lost.
        let recovered = of_epoch(3, 100);
        assert_eq!(kept_after(&recovered), Some(recovered.clone()));
    }

    #[test]
    fn a_ledger_with_records_that_no_witness_saw_is_not_believed() {
        let directory = tempfile::tempdir().expect("a directory");
        let witness = FileWitness::new(directory.path()).expect("a witness");
        let require = |seen: Option<&Head>, end| witness.require(LedgerId::NUMBERING, seen, end);
        assert!(require(None, 0).is_ok());
        assert!(require(Some(&head(1)), 7).is_ok());
        assert!(matches!(require(None, 7), Err(WitnessError::Missing { position: 7, .. })));
    }

    #[test]
    fn a_log_that_ends_early_or_differs_is_not_believed() {
        let seen = head(10);
        let compare = |end, hash| FileWitness::compare(LedgerId::NUMBERING, &seen, end, hash);
        assert!(compare(10, Some(Hash([3; 32]))).is_ok());
        assert!(compare(12, Some(Hash([3; 32]))).is_ok());
        assert!(matches!(compare(9, None), Err(WitnessError::Behind { found: 9, witnessed: 10, .. })));
        assert!(matches!(compare(12, Some(Hash([4; 32]))), Err(WitnessError::Diverged { position: 10, .. })));
    }
}
