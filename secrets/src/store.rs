use crate::Secret;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// The longest secret there may be, in bytes.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

/// A place where secrets are kept under names.
///
/// It is asked each time a secret is used and gives what holds then; a store whose secrets are leased keeps the lease
/// itself and answers from it.
#[async_trait]
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// The secret that is kept under `name` now.
    ///
    /// # Errors
    /// [`SecretError`], which never holds anything of the secret.
    async fn fetch(&self, name: &str) -> Result<Secret, SecretError>;
}

/// Why there is no secret to be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{path} cannot be read as a secret: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{place} is empty, and a secret was expected")]
    Empty { place: String },
    #[error("{place} has more than {SECRET_BYTES_MAX} bytes")]
    TooLong { place: String },
    #[error("{place} is no text in UTF-8")]
    NotText { place: String },
    #[error("the variable {name} is not set")]
    NotSet { name: String },
    #[error("the variable {name} is no base64 (RFC 4648 section 4)")]
    NotBase64 { name: String },
}

/// Files: the name is a path, and the first line counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files;

#[async_trait]
impl SecretStore for Files {
    async fn fetch(&self, name: &str) -> Result<Secret, SecretError> {
        let path = PathBuf::from(name);
        let of = path.clone();
        // A mounted store may take its time.
        let read = tokio::task::spawn_blocking(move || first_line(&path)).await;
        read.unwrap_or_else(|error| Err(SecretError::File { path: of, source: std::io::Error::other(error) }))
    }
}

fn first_line(path: &Path) -> Result<Secret, SecretError> {
    let place = || path.display().to_string();
    // With room for all of it from the start: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_BYTES_MAX + 1));
    std::fs::File::open(path)
        .and_then(|file| file.take(SECRET_BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| SecretError::File { path: path.to_owned(), source })?;
    if bytes.len() > SECRET_BYTES_MAX {
        return Err(SecretError::TooLong { place: place() });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText { place: place() })?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err(SecretError::Empty { place: place() }),
    }
}

/// The environment of the process: the name is a variable's.
#[derive(Debug, Clone, Copy)]
pub struct Environment {
    base64: bool,
}

impl Environment {
    /// Values as they stand.
    #[must_use]
    pub const fn plain() -> Self {
        Self { base64: false }
    }

    /// Values in base64 (RFC 4648 section 4), which every environment carries unchanged.
    #[must_use]
    pub const fn base64() -> Self {
        Self { base64: true }
    }

    fn read(self, name: &str, value: Option<OsString>) -> Result<Secret, SecretError> {
        let place = || format!("the variable {name}");
        let value = value.ok_or_else(|| SecretError::NotSet { name: name.to_owned() })?;
        let text = value.into_string().map_err(|_| SecretError::NotText { place: place() })?;
        let mut text = Zeroizing::new(text);
        if text.len() > SECRET_BYTES_MAX {
            return Err(SecretError::TooLong { place: place() });
        }
        if text.is_empty() {
            return Err(SecretError::Empty { place: place() });
        }
        if !self.base64 {
            return Ok(Secret::new(std::mem::take(&mut *text)));
        }
        let decoded = STANDARD.decode(text.trim()).map_err(|_| SecretError::NotBase64 { name: name.to_owned() })?;
        let decoded = String::from_utf8(decoded).map_err(|error| {
            error.into_bytes().zeroize();
            SecretError::NotText { place: place() }
        })?;
        if decoded.is_empty() { Err(SecretError::Empty { place: place() }) } else { Ok(Secret::new(decoded)) }
    }
}

#[async_trait]
impl SecretStore for Environment {
    async fn fetch(&self, name: &str) -> Result<Secret, SecretError> {
        self.read(name, std::env::var_os(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    async fn file(bytes: &[u8]) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        let fetched = Files.fetch(file.path().to_str().expect("text")).await;
        let folder = file.path().display().to_string();
        fetched.map(|secret| secret.reveal().to_owned()).map_err(|error| error.to_string().replace(&folder, "FILE"))
    }

    #[tokio::test]
    async fn of_a_file_the_first_line_counts() {
        assert_eq!(file(b"hush").await.as_deref(), Ok("hush"));
        assert_eq!(file(b"hush\r\nand more\n").await.as_deref(), Ok("hush"));
        assert_eq!(file(b"").await.expect_err("nothing"), "FILE is empty, and a secret was expected");
        assert_eq!(file(b"\nhush").await.expect_err("nothing"), "FILE is empty, and a secret was expected");
        assert_eq!(file(b"\xffhush").await.expect_err("no text"), "FILE is no text in UTF-8");
        let long = vec![b'x'; SECRET_BYTES_MAX + 1];
        assert!(file(&long).await.expect_err("too long").contains("more than"));
        assert_eq!(file(&long[1..]).await.map(|secret| secret.len()), Ok(SECRET_BYTES_MAX));
        let gone = Files.fetch("/nowhere/at/all").await.expect_err("no file");
        assert!(gone.to_string().starts_with("/nowhere/at/all cannot be read as a secret: "), "{gone}");
    }

    #[tokio::test]
    async fn of_a_variable_the_value_counts_plain_or_in_base64() {
        let plain = |value: &str| Environment::plain().read("V", Some(value.into()));
        let base64 = |value: &str| Environment::base64().read("V", Some(value.into()));
        assert_eq!(plain("aHVzaA==").expect("a secret").reveal(), "aHVzaA==");
        assert_eq!(base64("aHVzaA==\n").expect("a secret").reveal(), "hush");
        assert!(matches!(base64("hush!"), Err(SecretError::NotBase64 { .. })));
        assert!(matches!(base64("/w=="), Err(SecretError::NotText { .. })));
        assert!(matches!(plain(""), Err(SecretError::Empty { .. })));
        assert!(matches!(
            Environment::plain().read("V", Some(OsString::from_vec(vec![0xff]))),
            Err(SecretError::NotText { .. })
        ));
        let missing = Environment::plain().fetch("PEYK_TEST_NO_SUCH_VARIABLE").await.expect_err("not set");
        assert_eq!(missing.to_string(), "the variable PEYK_TEST_NO_SUCH_VARIABLE is not set");
        let path = Environment::plain().fetch("PATH").await.expect("every process has one");
        assert_eq!(Some(path.reveal()), std::env::var("PATH").ok().as_deref());
    }
}
