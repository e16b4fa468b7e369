use crate::random;
use crate::wrapping_keys::{WrappingKey, WrappingKeyError, WrappingKeys};
use futures::future::BoxFuture;
use peyk_domain::TenantId;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Wrapping keys as files, one of 32 bytes for each tenant, in a directory only its owner may enter.
///
/// A file overwritten or removed may live on in the medium or a backup: destroying such a key is best effort.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    directory: PathBuf,
}

impl KeyFiles {
    /// Keys in `directory`, which is made with mode 0700 if it does not exist.
    ///
    /// # Errors
    /// [`WrappingKeyError::Exposed`] if others may enter the directory.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, WrappingKeyError> {
        let directory = directory.into();
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(WrappingKeyError::Unavailable)?;
        refuse_exposed(&fs::metadata(&directory).map_err(WrappingKeyError::Unavailable)?)?;
        // A crash must not take a new directory, and with it keys that have wrapped something by then.
        let whole = directory.canonicalize().map_err(WrappingKeyError::Unavailable)?;
        if let Some(parent) = whole.parent() {
            sync(parent)?;
        }
        Ok(Self { directory })
    }

    fn path(&self, tenant: TenantId) -> PathBuf {
        self.directory.join(format!("{}.key", plain(tenant)))
    }

    fn successor_path(&self, tenant: TenantId) -> PathBuf {
        self.directory.join(format!("{}.next", plain(tenant)))
    }

    /// Runs file work where it may block.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(Self) -> Result<T, WrappingKeyError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, WrappingKeyError>> {
        let files = self.clone();
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || work(files)).await;
            done.unwrap_or_else(|error| Err(WrappingKeyError::Unavailable(io::Error::other(error))))
        })
    }

    fn read(path: &Path) -> Result<Option<WrappingKey>, WrappingKeyError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(WrappingKeyError::Unavailable(error)),
        };
        let about = file.metadata().map_err(WrappingKeyError::Unavailable)?;
        refuse_exposed(&about)?;
        if about.len() != 32 {
            return Err(WrappingKeyError::Malformed);
        }
        let mut key = Zeroizing::new([0; 32]);
        file.read_exact(key.as_mut_slice()).map_err(WrappingKeyError::Unavailable)?;
        Ok(Some(WrappingKey::new(key)))
    }

    /// The key appears whole or not at all, and never in place of another: a rename would replace the one that a rival
    /// has just read, a link does not.
    fn create(&self, tenant: TenantId, path: &Path) -> Result<(), WrappingKeyError> {
        let key = random::secret()?;
        let mut unique = [0; 8];
        random::fill(&mut unique)?;
        let draft = self.directory.join(format!(".{}.{:016x}", plain(tenant), u64::from_be_bytes(unique)));
        let linked = write_durably(&draft, key.as_slice()).and_then(|()| fs::hard_link(&draft, path));
        let removed = fs::remove_file(&draft);
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(WrappingKeyError::Unavailable(error)),
            Ok(()) | Err(_) => removed.map_err(WrappingKeyError::Unavailable)?,
        }
        sync(&self.directory)
    }

    fn read_or_create(&self, tenant: TenantId, path: &Path) -> Result<WrappingKey, WrappingKeyError> {
        if let Some(key) = Self::read(path)? {
            return Ok(key);
        }
        self.create(tenant, path)?;
        Self::read(path)?.ok_or_else(|| WrappingKeyError::Unavailable(ErrorKind::NotFound.into()))
    }

    /// The old key is overwritten where it lies only once its name leads to the new one, so that there is a key whenever
    /// this is broken off.
    fn succeed_now(&self, tenant: TenantId, expected: &WrappingKey) -> Result<(), WrappingKeyError> {
        let (path, successor) = (self.path(tenant), self.successor_path(tenant));
        if Self::read(&successor)?.is_none_or(|found| found.fingerprint() != expected.fingerprint()) {
            return Ok(());
        }
        let old = OpenOptions::new().write(true).open(&path);
        fs::rename(&successor, &path).map_err(WrappingKeyError::Unavailable)?;
        sync(&self.directory)?;
        match old {
            Ok(old) => overwrite(old),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(WrappingKeyError::Unavailable(error)),
        }
    }

    fn destroy_now(&self, path: &Path) -> Result<(), WrappingKeyError> {
        match OpenOptions::new().write(true).open(path) {
            Ok(file) => overwrite(file)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(WrappingKeyError::Unavailable(error)),
        }
        fs::remove_file(path).map_err(WrappingKeyError::Unavailable)?;
        sync(&self.directory)
    }
}

impl WrappingKeys for KeyFiles {
    fn get_or_create(&self, tenant: TenantId) -> BoxFuture<'_, Result<WrappingKey, WrappingKeyError>> {
        self.blocking(move |files| files.read_or_create(tenant, &files.path(tenant)))
    }

    fn get(&self, tenant: TenantId) -> BoxFuture<'_, Result<Option<WrappingKey>, WrappingKeyError>> {
        self.blocking(move |files| Self::read(&files.path(tenant)))
    }

    fn successor(&self, tenant: TenantId) -> BoxFuture<'_, Result<Option<WrappingKey>, WrappingKeyError>> {
        self.blocking(move |files| Self::read(&files.successor_path(tenant)))
    }

    fn make_successor(&self, tenant: TenantId) -> BoxFuture<'_, Result<WrappingKey, WrappingKeyError>> {
        self.blocking(move |files| files.read_or_create(tenant, &files.successor_path(tenant)))
    }

    fn succeed(&self, tenant: TenantId, successor: WrappingKey) -> BoxFuture<'_, Result<(), WrappingKeyError>> {
        self.blocking(move |files| files.succeed_now(tenant, &successor))
    }

    fn destroy(&self, tenant: TenantId) -> BoxFuture<'_, Result<(), WrappingKeyError>> {
        self.blocking(move |files| {
            files.destroy_now(&files.path(tenant))?;
            files.destroy_now(&files.successor_path(tenant))
        })
    }
}

/// Best effort: the medium may keep what stood there.
fn overwrite(mut file: File) -> Result<(), WrappingKeyError> {
    file.write_all(&[0; 32]).and_then(|()| file.sync_all()).map_err(WrappingKeyError::Unavailable)
}

fn plain(tenant: TenantId) -> String {
    format!("{:032x}", u128::from_be_bytes(tenant.to_bytes()))
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync(directory: &Path) -> Result<(), WrappingKeyError> {
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(WrappingKeyError::Unavailable)
}

fn refuse_exposed(about: &fs::Metadata) -> Result<(), WrappingKeyError> {
    if about.permissions().mode() & 0o077 == 0 { Ok(()) } else { Err(WrappingKeyError::Exposed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes(*b"tenant one......");

    fn files() -> (tempfile::TempDir, KeyFiles) {
        let parent = tempfile::tempdir().unwrap();
        let files = KeyFiles::open(parent.path().join("keys")).unwrap();
        (parent, files)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_key_is_made_once_and_found_again() {
        let (_parent, files) = files();
        assert!(files.get(TENANT).await.unwrap().is_none());
        let key = files.get_or_create(TENANT).await.unwrap();
        assert_eq!(files.get_or_create(TENANT).await.unwrap().expose(), key.expose());
        let other = files.get_or_create(TenantId::from_bytes(*b"tenant two......")).await.unwrap();
        assert_ne!(other.expose(), key.expose());
        assert_eq!((mode(&files.directory), mode(&files.path(TENANT))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&files.directory).unwrap().count(), 2, "no draft stays behind");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn all_who_ask_at_once_get_the_same_key() {
        let (_parent, files) = files();
        let asked = (0..32).map(|_| {
            let files = files.clone();
            tokio::spawn(async move { files.get_or_create(TENANT).await.unwrap() })
        });
        let keys = futures::future::join_all(asked.collect::<Vec<_>>()).await;
        let first = *keys[0].as_ref().unwrap().expose();
        assert!(keys.iter().all(|key| *key.as_ref().unwrap().expose() == first));
    }

    #[tokio::test]
    async fn refuses_exposed_and_malformed_keys() {
        let (_parent, files) = files();
        files.get_or_create(TENANT).await.unwrap();
        fs::write(files.path(TENANT), b"short").unwrap();
        assert!(matches!(files.get(TENANT).await, Err(WrappingKeyError::Malformed)));
        fs::set_permissions(files.path(TENANT), PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(files.get(TENANT).await, Err(WrappingKeyError::Exposed)));
        fs::set_permissions(&files.directory, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(matches!(KeyFiles::open(&files.directory), Err(WrappingKeyError::Exposed)));
    }

    #[tokio::test]
    async fn a_successor_takes_the_place_of_a_key_that_is_overwritten_where_it_lies() {
        let (_parent, files) = files();
        let old = files.get_or_create(TENANT).await.unwrap();
        // Another name of the same file, as whoever looks at the medium would find it.
        let kept = files.directory.join("kept");
        fs::hard_link(files.path(TENANT), &kept).unwrap();
        files.succeed(TENANT, old.clone()).await.unwrap();
        assert!(files.successor(TENANT).await.unwrap().is_none());
        let new = files.make_successor(TENANT).await.unwrap();
        files.succeed(TENANT, old.clone()).await.unwrap();
        assert_eq!(files.get(TENANT).await.unwrap().unwrap().expose(), old.expose(), "that is not the successor");
        assert_eq!(files.make_successor(TENANT).await.unwrap().expose(), new.expose());
        assert_eq!(files.successor(TENANT).await.unwrap().unwrap().expose(), new.expose());
        assert_eq!(files.get(TENANT).await.unwrap().unwrap().expose(), old.expose());
        assert_ne!(new.expose(), old.expose());
        files.succeed(TENANT, new.clone()).await.unwrap();
        assert_eq!(files.get(TENANT).await.unwrap().unwrap().expose(), new.expose());
        assert!(files.successor(TENANT).await.unwrap().is_none());
        assert_eq!(fs::read(kept).unwrap(), [0; 32]);
    }

    #[tokio::test]
    async fn a_destroyed_key_is_overwritten_and_gone() {
        let (_parent, files) = files();
        files.get_or_create(TENANT).await.unwrap();
        files.make_successor(TENANT).await.unwrap();
        let kept = [files.directory.join("kept"), files.directory.join("kept.next")];
        fs::hard_link(files.path(TENANT), &kept[0]).unwrap();
        fs::hard_link(files.successor_path(TENANT), &kept[1]).unwrap();
        for _ in 0..2 {
            files.destroy(TENANT).await.unwrap();
            assert!(files.get(TENANT).await.unwrap().is_none() && files.successor(TENANT).await.unwrap().is_none());
        }
        assert!(kept.iter().all(|path| fs::read(path).unwrap() == [0; 32]));
    }

    #[tokio::test]
    async fn no_key_is_shown() {
        let (_parent, files) = files();
        assert_eq!(format!("{:?}", files.get_or_create(TENANT).await.unwrap()), "WrappingKey(..)");
    }
}
