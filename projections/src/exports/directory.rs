//! A directory that appears whole or not at all.
use super::ExportError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Files being written beside the place where they will stand. Dropped unfinished, they are gone.
pub(super) struct Staging {
    dir: TempDir,
    out: PathBuf,
}

impl Staging {
    /// # Errors
    /// [`ExportError::Exists`] if something other than an empty directory is at `out`.
    pub(super) fn beside(out: &Path) -> Result<Self, ExportError> {
        refuse_taken(out)?;
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let failed = |source| ExportError::Write { path: parent.to_owned(), source };
        fs::create_dir_all(parent).map_err(failed)?;
        let dir = tempfile::Builder::new().prefix(".peyk-export-").tempdir_in(parent).map_err(failed)?;
        Ok(Self { dir, out: out.to_owned() })
    }

    /// Writes one file, flushed to the disk; what `write` returned, its SHA-256 and its length.
    pub(super) fn file<T>(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<(T, [u8; 32], u64), ExportError> {
        let path = self.dir.path().join(name);
        let failed = |source| ExportError::Write { path: self.out.join(name), source };
        let mut out = Measured::new(BufWriter::new(File::create_new(&path).map_err(failed)?));
        let result = write(&mut out).map_err(failed)?;
        let Measured { inner, hasher, bytes } = out;
        inner.into_inner().map_err(|error| error.into_error()).and_then(|file| file.sync_all()).map_err(failed)?;
        Ok((result, hasher.finalize().into(), bytes))
    }

    /// Puts the directory in its place.
    pub(super) fn finish(self) -> Result<(), ExportError> {
        let Self { dir, out } = self;
        let sync = |path: &Path| File::open(path).and_then(|dir| dir.sync_all());
        let failed = |source| ExportError::Write { path: out.clone(), source };
        sync(dir.path()).map_err(failed)?;
        fs::rename(dir.path(), &out).map_err(|source| match source.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory => ExportError::Exists(out.clone()),
            _ => failed(source),
        })?;
        // It has another name now: there is nothing left to remove under the old one.
        let was = dir.keep();
        was.parent().map_or(Ok(()), sync).map_err(failed)
    }
}

fn refuse_taken(out: &Path) -> Result<(), ExportError> {
    match fs::read_dir(out) {
        Ok(mut entries) => entries.next().map_or(Ok(()), |_| Err(ExportError::Exists(out.to_owned()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(ExportError::Exists(out.to_owned())),
        Err(source) => Err(ExportError::Write { path: out.to_owned(), source }),
    }
}

/// Passes on what is written, and knows its hash and length.
struct Measured<W> {
    inner: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W> Measured<W> {
    fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0 }
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.hasher.update(&data[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
