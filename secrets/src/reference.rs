use crate::store::{Environment, Files, SecretError, SecretStore};
use crate::{Credential, Secret};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A kind of store, by the word that stands before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    File,
    Variable,
    Base64Variable,
}

impl Scheme {
    pub const ALL: [Self; 3] = [Self::File, Self::Variable, Self::Base64Variable];

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Variable => "env",
            Self::Base64Variable => "env-base64",
        }
    }

    fn store(self) -> Arc<dyn SecretStore> {
        match self {
            Self::File => Arc::new(Files),
            Self::Variable => Arc::new(Environment::plain()),
            Self::Base64Variable => Arc::new(Environment::base64()),
        }
    }
}

/// Where a secret is kept: `file:/run/secrets/core`, `env:NAME`, `env-base64:NAME`. It is none itself, and may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub scheme: Scheme,
    /// The path of the file or the name of the variable.
    pub name: String,
}

/// A text that names no store: it is a secret itself, perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected file:PATH, env:NAME or env-base64:NAME")]
pub struct NotAReference;

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let (word, name) = text.split_once(':').ok_or(NotAReference)?;
        let scheme = Scheme::ALL.into_iter().find(|scheme| scheme.word() == word).ok_or(NotAReference)?;
        Ok(Self { scheme, name: name.to_owned() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.scheme.word(), self.name)
    }
}

impl Reference {
    /// The secret as it is there now.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn fetch(&self) -> Result<Secret, SecretError> {
        self.scheme.store().fetch(&self.name).await
    }

    /// A credential that is asked for there each time it is used; `key` is the setting it belongs to, for the log.
    ///
    /// # Errors
    /// [`SecretError`] if it is not there now.
    pub async fn open(self, key: &str) -> Result<Credential, SecretError> {
        Credential::open(key, self.scheme.store(), &self.name).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_its_store_and_anything_else_is_none() {
        for (text, scheme, name) in [
            ("file:/run/secrets/core", Scheme::File, "/run/secrets/core"),
            ("env:CORE_PASSWORD", Scheme::Variable, "CORE_PASSWORD"),
            ("env-base64:CORE", Scheme::Base64Variable, "CORE"),
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!((reference.scheme, &*reference.name, &*reference.to_string()), (scheme, name, text));
        }
        for text in ["hush", "", "vault:core", "postgres://user:hush@host/peyk", "ENV:NAME"] {
            assert_eq!(text.parse::<Reference>(), Err(NotAReference), "{text}");
        }
    }
}
