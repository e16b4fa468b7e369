//! Refresh tokens. Nothing secret of them is kept: the tag shows that we gave one out, the directory which one counts.
use data_encoding::BASE64URL_NOPAD;
use peyk_domain::SessionId;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const PREFIX: &str = "rt_";
const TAG_CONTEXT: &str = "peyk 2026-11 refresh token v1";
const SESSION_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
const TAG_BYTES: usize = 32;
const BYTES: usize = SESSION_BYTES + GENERATION_BYTES + TAG_BYTES;

/// The key tags are made with, derived from a key of our own tokens.
#[derive(Clone)]
pub struct RefreshKey(Zeroizing<[u8; 32]>);

impl RefreshKey {
    /// From the key that signs our tokens (HS256).
    #[must_use]
    pub fn derive(signing_key: &[u8]) -> Self {
        Self(Zeroizing::new(blake3::derive_key(TAG_CONTEXT, signing_key)))
    }

    fn tag(&self, token: RefreshToken) -> [u8; TAG_BYTES] {
        *blake3::keyed_hash(&self.0, &token.claims()).as_bytes()
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RefreshKey")
    }
}

/// Which refresh token of which session one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: SessionId,
    /// How often the session was refreshed before it was given out.
    pub generation: u32,
}

impl RefreshToken {
    /// `rt_` and base64url over session, generation and tag.
    #[must_use]
    pub fn sign(self, key: &RefreshKey) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let (claims, tag) = bytes.split_at_mut(SESSION_BYTES + GENERATION_BYTES);
        claims.copy_from_slice(&self.claims());
        tag.copy_from_slice(&key.tag(self));
        Zeroizing::new(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&*bytes)))
    }

    /// Which token it is, if one of the keys made it.
    pub fn verify(text: &str, keys: impl IntoIterator<Item = RefreshKey>) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX).filter(|encoded| encoded.len() == BASE64URL_NOPAD.encode_len(BYTES))?;
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?);
        let (session, rest) = bytes.split_first_chunk::<SESSION_BYTES>()?;
        let (generation, tag) = rest.split_first_chunk::<GENERATION_BYTES>()?;
        let token = Self { session: SessionId::from_bytes(*session), generation: u32::from_be_bytes(*generation) };
        keys.into_iter().any(|key| bool::from(key.tag(token).ct_eq(tag))).then_some(token)
    }

    fn claims(self) -> [u8; SESSION_BYTES + GENERATION_BYTES] {
        let mut claims = [0; SESSION_BYTES + GENERATION_BYTES];
        claims[..SESSION_BYTES].copy_from_slice(&self.session.to_bytes());
        claims[SESSION_BYTES..].copy_from_slice(&self.generation.to_be_bytes());
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: RefreshToken = RefreshToken { session: SessionId::from_bytes([7; 16]), generation: 3 };

    #[test]
    fn a_token_is_verified_by_the_key_that_made_it() {
        let (ours, newer) = (RefreshKey::derive(b"one"), RefreshKey::derive(b"two"));
        let text = TOKEN.sign(&ours);
        assert!(text.starts_with("rt_") && text.len() == 3 + 70);
        assert_eq!(RefreshToken::verify(&text, [newer.clone(), ours.clone()]), Some(TOKEN));
        assert_eq!(RefreshToken::verify(&text, [newer]), None);
        assert_eq!(RefreshToken::verify(&text, []), None);
    }

    #[test]
    fn no_part_of_a_token_can_be_changed() {
        let key = RefreshKey::derive(b"one");
        let text = TOKEN.sign(&key);
        let bytes = BASE64URL_NOPAD.decode(&text.as_bytes()[3..]).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let changed = format!("rt_{}", BASE64URL_NOPAD.encode(&changed));
            assert_eq!(RefreshToken::verify(&changed, [key.clone()]), None, "byte {index}");
        }
        for text in ["", "rt_", "ak_", &text[3..], &text[..72], &format!("{}A", &*text), &format!("{}=", &text[..72])] {
            assert_eq!(RefreshToken::verify(text, [key.clone()]), None, "{text}");
        }
    }
}
