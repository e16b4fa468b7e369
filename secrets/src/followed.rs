use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use zeroize::Zeroizing;

/// How often the files are looked at. What changed is taken once it was the same twice, so that nobody takes a chain
/// whose key is still being written.
const LOOK: Duration = Duration::from_secs(2);
/// The most that is read of a file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be read: {source}")]
pub struct FileUnread {
    pub path: PathBuf,
    pub source: std::io::Error,
}

/// What a file holds. It may be a private key.
pub type Contents = Zeroizing<Vec<u8>>;

type Make<T, E> = dyn Fn(&[Contents]) -> Result<T, E> + Send + Sync;

/// Something made of files that belong together, a certificate and its key for instance, and made again whenever they
/// change. Clones share it.
pub struct Followed<T, E>(Arc<Inner<T, E>>);

struct Inner<T, E> {
    paths: Vec<PathBuf>,
    make: Box<Make<T, E>>,
    made: RwLock<Made<T>>,
    refused: AtomicU64,
}

struct Made<T> {
    what: Arc<T>,
    of: blake3::Hash,
}

impl<T, E> Clone for Followed<T, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T, E> fmt::Debug for Followed<T, E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Followed").field("paths", &self.0.paths).finish_non_exhaustive()
    }
}

impl<T, E> Followed<T, E>
where
    T: Send + Sync + 'static,
    E: From<FileUnread> + fmt::Display + Send + 'static,
{
    /// Reads the files and makes of them what `make` makes, which is given their contents in the order of `paths`.
    ///
    /// # Errors
    /// What `make` says, or [`FileUnread`].
    pub fn open(
        paths: Vec<PathBuf>,
        make: impl Fn(&[Contents]) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let contents = read(&paths)?;
        let made = RwLock::new(Made { what: Arc::new(make(&contents)?), of: digest(&contents) });
        Ok(Self(Arc::new(Inner { paths, make: Box::new(make), made, refused: AtomicU64::new(0) })))
    }

    /// What was made of the files last.
    #[must_use]
    pub fn current(&self) -> Arc<T> {
        // Nothing panics while it is locked.
        Arc::clone(&self.0.made.read().unwrap_or_else(PoisonError::into_inner).what)
    }

    /// How many changes could not be taken.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Looks at the files and takes what changed; then `taken` is called. Files of which nothing can be made change nothing,
    /// are logged once and counted. Never ends; drop it to stop.
    pub async fn follow(&self, mut taken: impl FnMut(&T)) {
        let (mut seen, mut judged) = (None, None);
        loop {
            tokio::time::sleep(LOOK).await;
            let inner = Arc::clone(&self.0);
            let Ok(contents) = tokio::task::spawn_blocking(move || read(&inner.paths)).await else { continue };
            let found = contents.as_ref().map(|contents| digest(contents)).map_err(ToString::to_string);
            if found.as_ref() == Ok(&self.digest()) {
                (seen, judged) = (None, None);
            } else if seen.as_ref() != Some(&found) {
                seen = Some(found);
            } else if judged != seen {
                judged.clone_from(&seen);
                if let Some(what) = self.take(contents) {
                    taken(&what);
                }
            }
        }
    }

    fn take(&self, contents: Result<Vec<Contents>, FileUnread>) -> Option<Arc<T>> {
        let made = contents.map_err(E::from).and_then(|contents| {
            let what = Arc::new((self.0.make)(&contents)?);
            Ok(Made { what, of: digest(&contents) })
        });
        match made {
            Ok(made) => {
                let what = Arc::clone(&made.what);
                *self.0.made.write().unwrap_or_else(PoisonError::into_inner) = made;
                Some(what)
            }
            Err(error) => {
                self.0.refused.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, "changed files are not taken; what was read before stays");
                None
            }
        }
    }

    /// What is in use, by the digest of the files it was made of.
    fn digest(&self) -> blake3::Hash {
        self.0.made.read().unwrap_or_else(PoisonError::into_inner).of
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Contents>, FileUnread> {
    let one = |path: &Path| {
        let mut bytes = Zeroizing::new(Vec::new());
        let file = std::fs::File::open(path);
        let read = file.and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|source| FileUnread { path: path.to_owned(), source })
    };
    paths.iter().map(|path| one(path)).collect()
}

fn digest(contents: &[Contents]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for content in contents {
        // The length keeps them apart.
        hasher.update(&(content.len() as u64).to_be_bytes()).update(content);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Two files with the same text in them.
    fn alike(contents: &[Contents]) -> Result<String, String> {
        let [one, other] = contents else { return Err("two files".to_owned()) };
        let text = String::from_utf8_lossy(one).into_owned();
        if one == other { Ok(text) } else { Err("they differ".to_owned()) }
    }

    impl From<FileUnread> for String {
        fn from(unread: FileUnread) -> Self {
            unread.to_string()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_belongs_together_is_taken_together_and_what_does_not_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = vec![folder.path().join("one"), folder.path().join("other")];
        let write = |index: usize, text: &str| std::fs::write(&paths[index], text).expect("written");
        write(0, "first");
        write(1, "first");
        let followed = Followed::open(paths.clone(), alike).expect("they are alike");
        let taken = AtomicUsize::new(0);
        let following = followed.follow(|text| {
            assert_eq!(text, "second");
            taken.fetch_add(1, Ordering::Relaxed);
        });
        let changing = async {
            write(0, "second");
            while followed.refused() == 0 {
                tokio::time::sleep(LOOK).await;
            }
            assert_eq!(*followed.current(), "first");
            tokio::time::sleep(LOOK * 5).await;
            assert_eq!(followed.refused(), 1, "it is judged once");
            write(1, "second");
            while taken.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(LOOK).await;
            }
            assert_eq!(*followed.current(), "second");
            std::fs::remove_file(&paths[1]).expect("removed");
            while followed.refused() == 1 {
                tokio::time::sleep(LOOK).await;
            }
            assert_eq!(*followed.current(), "second");
        };
        tokio::select! {
            () = following => unreachable!("it never ends"),
            () = changing => {}
        }
        assert_eq!(taken.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_file_that_is_missing_at_the_start_is_named() {
        let missing = Followed::open(vec!["/nowhere/chain.pem".into()], alike).expect_err("it is missing");
        assert!(missing.contains("/nowhere/chain.pem cannot be read"), "{missing}");
    }
}
