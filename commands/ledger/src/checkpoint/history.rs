use super::note::{Checkpoint, CheckpointError};
use super::tree::Tree;
use ed25519_dalek::VerifyingKey;
use peyk_domain::DeploymentId;
use peyk_schemas::cbor::{Reader, Writer};
use peyk_schemas::{Head, LedgerId};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes in one file of checkpoints before the next one is begun.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Full files kept of a ledger; a newer checkpoint says all that an older one does.
const FILES_MAX: usize = 16;

/// The checkpoints of all ledgers in a directory. Of each ledger one file is appended to; full ones are put aside, and the
/// oldest removed beyond [`FILES_MAX`].
#[derive(Debug, Clone)]
pub struct CheckpointHistory {
    directory: PathBuf,
    file_bytes_max: u64,
}

/// The checkpoints of one ledger, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    pub checkpoints: Vec<Checkpoint>,
    /// Bytes of a last one that was not written to its end.
    pub torn: u64,
}

/// Why checkpoints could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("the checkpoints at {path} cannot be read or written: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}, checkpoint {number}: {source}")]
    Bad { path: PathBuf, number: usize, source: CheckpointError },
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> HistoryError {
    let path = path.to_owned();
    move |source| HistoryError::Io { path, source }
}

impl CheckpointHistory {
    /// # Errors
    /// [`HistoryError::Io`] if the directory cannot be created.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self, HistoryError> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(io(&directory))?;
        Ok(Self { directory, file_bytes_max: FILE_BYTES_MAX })
    }

    /// The right to keep a ledger's checkpoints here, for as long as what is returned lives; none while another process has
    /// it. The kernel takes it back from a process that ends, however it ends.
    ///
    /// # Errors
    /// [`HistoryError::Io`].
    pub fn claim(&self, ledger: LedgerId) -> Result<Option<File>, HistoryError> {
        let path = self.file(ledger, "lock");
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(HistoryError::Io { path, source }),
        }
    }

    #[cfg(test)]
    pub(super) const fn with_files_of(mut self, bytes: u64) -> Self {
        self.file_bytes_max = bytes;
        self
    }

    fn file(&self, ledger: LedgerId, suffix: &str) -> PathBuf {
        self.directory.join(format!("{}-{}.{suffix}", ledger.ledger.name(), ledger.partition))
    }

    /// Full files, the oldest first.
    fn full(&self, ledger: LedgerId) -> Result<Vec<PathBuf>, HistoryError> {
        let prefix = format!("{}-{}.checkpoints.", ledger.ledger.name(), ledger.partition);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(io(&self.directory))? {
            let name = entry.map_err(io(&self.directory))?.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(&prefix)) {
                found.push(self.directory.join(name));
            }
        }
        // Their numbers have leading zeros.
        found.sort();
        Ok(found)
    }

    /// All that is kept of a ledger, each checkpoint checked from the deployment key down.
    ///
    /// # Errors
    /// [`HistoryError`]; a history that cannot be believed is not the same as none.
    pub fn load(
        &self,
        ledger: LedgerId,
        root: &VerifyingKey,
        deployment: DeploymentId,
    ) -> Result<History, HistoryError> {
        let mut files = self.full(ledger)?;
        files.push(self.file(ledger, "checkpoints"));
        let mut history = History::default();
        for path in files {
            let (notes, torn) = read(&path)?;
            for (index, note) in notes.into_iter().enumerate() {
                let checkpoint = Checkpoint::read(&note, root, deployment, ledger);
                let bad = |source| HistoryError::Bad { path: path.clone(), number: index + 1, source };
                history.checkpoints.push(checkpoint.map_err(bad)?);
            }
            history.torn = torn;
        }
        Ok(history)
    }

    /// The newest checkpoint of a ledger, if there is one.
    ///
    /// # Errors
    /// As [`CheckpointHistory::load`].
    pub fn last(
        &self,
        ledger: LedgerId,
        root: &VerifyingKey,
        deployment: DeploymentId,
    ) -> Result<Option<Checkpoint>, HistoryError> {
        let mut files = self.full(ledger)?;
        files.push(self.file(ledger, "checkpoints"));
        for path in files.into_iter().rev() {
            let (mut notes, _) = read(&path)?;
            let number = notes.len();
            if let Some(note) = notes.pop() {
                let checkpoint = Checkpoint::read(&note, root, deployment, ledger);
                return checkpoint.map(Some).map_err(|source| HistoryError::Bad { path, number, source });
            }
        }
        Ok(None)
    }

    /// Keeps a checkpoint, synced when this returns.
    ///
    /// # Errors
    /// [`HistoryError::Io`].
    pub fn append(&self, checkpoint: &Checkpoint) -> Result<(), HistoryError> {
        let path = self.file(checkpoint.ledger, "checkpoints");
        let (notes, torn) = read(&path)?;
        let whole: u64 = notes.iter().map(|note| note.len() as u64 + 1).sum();
        if torn > 0 {
            // It was never synced, so nobody was told of it.
            tracing::warn!(path = %path.display(), bytes = torn, "a checkpoint that was not written to its end is cut off");
            let file = OpenOptions::new().write(true).open(&path).map_err(io(&path))?;
            file.set_len(whole).map_err(io(&path))?;
        }
        if whole >= self.file_bytes_max {
            self.put_aside(checkpoint)?;
        }
        let write = || {
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(format!("{}\n", checkpoint.note).as_bytes())?;
            file.sync_all()?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(io(&path))
    }

    fn put_aside(&self, next: &Checkpoint) -> Result<(), HistoryError> {
        let path = self.file(next.ledger, "checkpoints");
        let newest = self.full(next.ledger)?.pop();
        let newest = newest.as_ref().and_then(|path| path.extension()?.to_str()?.parse::<u64>().ok());
        let full = self.file(next.ledger, &format!("checkpoints.{:020}", newest.unwrap_or(0).saturating_add(1)));
        fs::rename(&path, &full).map_err(io(&path))?;
        let kept = self.full(next.ledger)?;
        for old in &kept[..kept.len().saturating_sub(FILES_MAX)] {
            fs::remove_file(old).map_err(io(old))?;
        }
        Ok(())
    }

    /// Keeps what it takes to go on from the newest checkpoint without reading the ledger again.
    ///
    /// # Errors
    /// [`HistoryError::Io`].
    pub fn keep_frontier(&self, ledger: LedgerId, head: &Head, tree: &Tree) -> Result<(), HistoryError> {
        let path = self.file(ledger, "frontier");
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let mut out = Writer::with_capacity(2_048);
        out.array(2).bytes(&head.to_bytes());
        tree.write(&mut out);
        let write = || {
            let mut file = File::create(&aside)?;
            file.write_all(out.as_slice())?;
            file.sync_all()?;
            fs::rename(&aside, &path)?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(io(&path))
    }

    /// The place to go on from, if it is there and is the one of `checkpoint`; else the ledger is to be read from its start.
    #[must_use]
    pub fn frontier(&self, checkpoint: &Checkpoint) -> Option<(Head, Tree)> {
        let bytes = fs::read(self.file(checkpoint.ledger, "frontier")).ok()?;
        let mut input = Reader::new(&bytes);
        input.array_of(2).ok()?;
        let head = Head::from_bytes(input.bytes().ok()?).ok()?;
        let tree = Tree::read(&mut input).ok()?;
        input.end().ok()?;
        let same = head.position == checkpoint.size && tree.size() == checkpoint.size && tree.root() == checkpoint.root;
        same.then_some((head, tree))
    }
}

/// The notes of a file, each followed by an empty line, and how many bytes of an unfinished one follow.
fn read(path: &Path) -> Result<(Vec<String>, u64), HistoryError> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(source) => return Err(HistoryError::Io { path: path.to_owned(), source }),
    };
    let mut notes = Vec::new();
    let mut rest = &text[..];
    // A note holds one empty line, before its signatures; the next one ends it.
    while let Some((signed, blank)) =
        rest.find("\n\n").and_then(|at| rest[at + 2..].find("\n\n").map(|end| (at + 2 + end + 1, at + 2 + end + 2)))
    {
        notes.push(rest[..signed].to_owned());
        rest = &rest[blank..];
    }
    Ok((notes, rest.len() as u64))
}
