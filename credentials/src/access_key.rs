use crate::NoRandomness;
use peyk_domain::access::KeyHash;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

const PREFIX: &str = "ak_";
const CHARS: usize = 32;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// An access key as its bearer has it: `ak_` and 32 characters of A-Z, a-z and 0-9, 190 random bits. Only its hash is kept.
pub struct AccessKeySecret(Zeroizing<String>);

impl fmt::Debug for AccessKeySecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccessKeySecret")
    }
}

impl AccessKeySecret {
    /// A new one.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random() -> Result<Self, NoRandomness> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + CHARS));
        text.push_str(PREFIX);
        while text.len() < PREFIX.len() + CHARS {
            let mut bytes = Zeroizing::new([0; CHARS]);
            getrandom::fill(&mut *bytes).map_err(|_| NoRandomness)?;
            // Bytes from 248 on would make the first characters of the alphabet more frequent.
            let sound = bytes.iter().filter(|byte| **byte < 248);
            let room = PREFIX.len() + CHARS - text.len();
            text.extend(sound.take(room).map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
        }
        Ok(Self(text))
    }

    /// What a header bears, if it has the form of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let random = text.strip_prefix(PREFIX)?;
        let sound = random.len() == CHARS && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        sound.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, to be shown once to whom it is for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it: SHA-256 over the whole text.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_form_they_are_read_in_and_are_never_the_same() {
        let keys: Vec<_> = (0..100).map(|_| AccessKeySecret::random().unwrap()).collect();
        for key in &keys {
            assert_eq!(AccessKeySecret::parse(key.reveal()).unwrap().hash(), key.hash());
        }
        let hashes: std::collections::HashSet<_> = keys.iter().map(AccessKeySecret::hash).collect();
        assert_eq!(hashes.len(), keys.len());
        let seen: std::collections::HashSet<_> = keys.iter().flat_map(|key| key.reveal()[3..].bytes()).collect();
        assert_eq!(seen.len(), 62, "every character comes up");
        assert_eq!(format!("{:?}", keys[0]), "AccessKeySecret");
    }

    #[test]
    fn what_is_no_key_is_not_looked_up() {
        let body = "a".repeat(32);
        for text in ["", "ak_", &body, &format!("ak_{body}a"), &format!("ak_{}-", &body[1..]), &format!("AK_{body}")] {
            assert!(AccessKeySecret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text() {
        // printf 'ak_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | sha256sum
        let key = AccessKeySecret::parse(&format!("ak_{}", "a".repeat(32))).unwrap();
        let hash: String = key.hash().0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "71e6bed4e8c9263ac4d827feee3b514ed287843ead45ab70444b483f42f723b1");
    }
}
