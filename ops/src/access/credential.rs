//! Passwords as they are kept, and access keys as they are made.
use super::PasswordSource;
use anyhow::{Context, Result, anyhow, ensure};
use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use peyk_domain::access::KeyHash;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use sha2::{Digest, Sha256};
use std::io::{BufRead, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// The shortest and the longest password, in characters.
const CHARS: std::ops::RangeInclusive<usize> = 12..=128;
/// What is read of a line at most, in bytes.
const LINE_BYTES_MAX: u64 = 4_096;
const KEY_CHARS: usize = 32;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What is kept of a password (argon2id, RFC 9106, 19 MiB, two passes, one lane), which is read as was said.
pub fn verifier(source: &PasswordSource) -> Result<Zeroizing<String>> {
    let password = if source.password_stdin { line()? } else { asked()? };
    kept(&password)
}

fn kept(password: &str) -> Result<Zeroizing<String>> {
    ensure!(CHARS.contains(&password.chars().count()), "a password has 12 to 128 characters");
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).context("the operating system gives no random bytes")?;
    let params = Params::new(19_456, 2, 1, None).map_err(|error| anyhow!("argon2id: {error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
    Ok(Zeroizing::new(hash.map_err(|error| anyhow!("argon2id: {error}"))?.to_string()))
}

fn line() -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    std::io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut text).context("reading the password")?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Twice, and not shown while it is typed.
fn asked() -> Result<Zeroizing<String>> {
    let stdin = std::io::stdin();
    ensure!(stdin.is_terminal(), "there is no terminal to ask for a password on; say --password-stdin");
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let prompt = |text: &str| -> Result<_> {
        let mut out = std::io::stderr().lock();
        write!(out, "{text}: ")?;
        out.flush()?;
        let password = line()?;
        writeln!(out)?;
        Ok(password)
    };
    let typed = prompt("Password").and_then(|first| Ok((first, prompt("Once more")?)));
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    let (first, second) = typed?;
    ensure!(first == second, "the two passwords differ");
    Ok(first)
}

/// A new access key: `ak_` and 32 characters of A-Z, a-z and 0-9, 190 random bits, with what is kept of it.
pub fn access_key() -> Result<(Zeroizing<String>, KeyHash)> {
    let mut text = Zeroizing::new(String::with_capacity(3 + KEY_CHARS));
    text.push_str("ak_");
    while text.len() < 3 + KEY_CHARS {
        let mut byte = [0];
        getrandom::fill(&mut byte).context("the operating system gives no random bytes")?;
        // Bytes from 248 on would make the first characters of the alphabet more frequent.
        if byte[0] < 248 {
            text.push(char::from(ALPHABET[usize::from(byte[0] % 62)]));
        }
    }
    let hash = KeyHash(Sha256::digest(text.as_bytes()).into());
    Ok((text, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::PasswordVerifier;

    #[test]
    fn what_is_kept_checks_the_password_and_no_other() {
        let kept = kept("correct horse battery").expect("kept");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", &*kept);
        let right = |password: &str| Argon2::default().verify_password(password.as_bytes(), kept.as_str()).is_ok();
        assert!(right("correct horse battery") && !right("correct horse batterz"));
        assert!(super::kept("eleven char").is_err() && super::kept(&"a".repeat(129)).is_err());
    }

    #[test]
    fn access_keys_have_their_form_and_hash() {
        let (text, hash) = access_key().expect("a key");
        let random = text.strip_prefix("ak_").expect("the prefix");
        assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(hash.0[..], Sha256::digest(text.as_bytes())[..]);
        assert_ne!(access_key().expect("another").0, text);
    }
}
