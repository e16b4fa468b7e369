//! Passwords: what is taken for one, and how they are kept and checked (argon2id, RFC 9106).
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The shortest and the longest password, in characters.
const CHARS: std::ops::RangeInclusive<usize> = 12..=128;
/// What OWASP's password storage cheat sheet asks for at least: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// A password as somebody typed it, in clear. Wiped when it is dropped, and never shown.
#[derive(Clone)]
pub struct Password(Arc<Zeroizing<String>>);

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordUnfit {
    #[error("expected 12 to 128 characters")]
    Length,
    #[error("expected a password without the login name in it")]
    ContainsLogin,
}

/// A password could not be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed: no memory or no random bytes")]
pub struct Unhashed;

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input).map(|text| Self::new(Zeroizing::new(text)))
    }
}

impl Password {
    #[must_use]
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(Arc::new(text))
    }

    /// Whether somebody may have it who logs in under `login`.
    ///
    /// # Errors
    /// [`PasswordUnfit`].
    pub fn fit(&self, login: &str) -> Result<(), PasswordUnfit> {
        if !CHARS.contains(&self.0.chars().count()) {
            return Err(PasswordUnfit::Length);
        }
        let lowered = Zeroizing::new(self.0.to_lowercase());
        let login = login.to_lowercase();
        // Of an address, what stands before its host says who it is.
        let local = login.split('@').next().unwrap_or_default();
        if [login.as_str(), local].iter().any(|name| name.len() >= 3 && lowered.contains(name)) {
            return Err(PasswordUnfit::ContainsLogin);
        }
        Ok(())
    }

    /// What is kept of it: a PHC string. Takes tens of milliseconds of a core.
    ///
    /// # Errors
    /// [`Unhashed`].
    pub fn hash(&self) -> Result<Zeroizing<String>, Unhashed> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| Unhashed)?;
        let hash = argon2()?.hash_password_with_salt(self.0.as_bytes(), &salt).map_err(|_| Unhashed)?;
        Ok(Zeroizing::new(hash.to_string()))
    }

    /// Whether `verifier` was made of this password. What is no verifier takes as long, and is not.
    #[must_use]
    pub fn matches(&self, verifier: Option<&str>) -> bool {
        let (verifier, real) = verifier.map_or((DUMMY, false), |verifier| (verifier, true));
        let right = argon2().is_ok_and(|argon2| argon2.verify_password(self.0.as_bytes(), verifier).is_ok());
        right && real
    }
}

fn argon2() -> Result<Argon2<'static>, Unhashed> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Unhashed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// What is checked where there is nobody, so that it takes as long. Of a password nobody knows.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$\
                     c3aJzLkXs6N7oDPn0YV6bXqgkGzHk0eDq3uUzBq0bqk";

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_password_matches_what_was_made_of_it() {
        let verifier = password("correct horse battery").hash().unwrap();
        assert!(verifier.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", &*verifier);
        assert!(password("correct horse battery").matches(Some(&verifier)));
        assert!(!password("correct horse batterz").matches(Some(&verifier)));
        assert_ne!(password("correct horse battery").hash().unwrap(), verifier, "salted");
        for none in [None, Some(""), Some("$argon2id$v=19$m=1"), Some("correct horse battery")] {
            assert!(!password("correct horse battery").matches(none));
        }
    }

    #[test]
    fn nobodys_verifier_costs_what_a_real_one_does() {
        let parsed = argon2::password_hash::phc::PasswordHash::new(DUMMY).unwrap();
        let real = password("correct horse battery").hash().unwrap();
        let real = argon2::password_hash::phc::PasswordHash::new(&real).unwrap();
        assert_eq!((parsed.algorithm, parsed.version, parsed.params), (real.algorithm, real.version, real.params));
        assert_eq!(parsed.hash.map(|hash| hash.len()), real.hash.map(|hash| hash.len()));
    }

    #[test]
    fn passwords_are_long_enough_and_not_the_name() {
        let fit = |text: &str| password(text).fit("Parwin@example.org");
        assert_eq!(fit("correct horse"), Ok(()));
        assert_eq!(fit(&"ü".repeat(12)), Ok(()));
        assert_eq!(fit("short"), Err(PasswordUnfit::Length));
        assert_eq!(fit(&"x".repeat(129)), Err(PasswordUnfit::Length));
        for named in ["parwin@example.org", "1234PARWIN5678", "my name is parwin"] {
            assert_eq!(fit(named), Err(PasswordUnfit::ContainsLogin));
        }
        assert_eq!(format!("{:?}", password("correct horse")), "Password");
    }
}
