//! Alphanumeric sender ids: names that a handset shows in place of a number.
use crate::messages::{character, septet};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The most characters there are (3GPP TS 23.040 section 9.1.2.5).
pub const ALPHA_CHARS_MAX: usize = 11;

/// Behind the last character; no septet has this value.
const NOTHING: u8 = 0xFF;

/// An alphanumeric sender: 1 to 11 printable characters of the GSM 7-bit default alphabet (3GPP TS 23.038 section 6.2.1), at
/// least one of them a letter, no space at either end. Two that differ in case only are two values; see
/// [`crate::numbering::Skeleton`].
///
/// `Debug` and `Display` show only the mask, as those of [`crate::Msisdn`] do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AlphaId([u8; ALPHA_CHARS_MAX]);

/// Text that is no alphanumeric sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no sender id: expected 1 to 11 printable characters of the GSM 7-bit alphabet, a letter among them, no space around"
)]
pub struct NoAlphaId;

impl AlphaId {
    /// Nothing comes before it.
    pub(crate) const FIRST: Self = Self([0; ALPHA_CHARS_MAX]);

    /// The characters. Not for logs, metrics or errors.
    #[must_use]
    pub fn text(self) -> String {
        self.0.iter().take_while(|septet| **septet != NOTHING).map(|septet| character(*septet)).collect()
    }

    /// The septets, one an octet, as SMPP carries them.
    #[must_use]
    pub fn septets(&self) -> &[u8] {
        let end = self.0.iter().position(|septet| *septet == NOTHING).unwrap_or(ALPHA_CHARS_MAX);
        &self.0[..end]
    }

    /// What logs may show: the first character (`A***`).
    #[must_use]
    pub fn mask(self) -> String {
        format!("{}***", character(self.0[0]))
    }
}

impl From<AlphaId> for String {
    fn from(it: AlphaId) -> Self {
        it.text()
    }
}

impl TryFrom<String> for AlphaId {
    type Error = NoAlphaId;

    fn try_from(text: String) -> Result<Self, NoAlphaId> {
        text.parse()
    }
}

impl FromStr for AlphaId {
    type Err = NoAlphaId;

    fn from_str(text: &str) -> Result<Self, NoAlphaId> {
        if text.trim() != text || !text.chars().any(char::is_alphabetic) {
            return Err(NoAlphaId);
        }
        let mut septets = [NOTHING; ALPHA_CHARS_MAX];
        let mut places = septets.iter_mut();
        for char in text.chars() {
            let printable = septet(char).filter(|_| !char.is_control()).ok_or(NoAlphaId)?;
            *places.next().ok_or(NoAlphaId)? = printable;
        }
        Ok(Self(septets))
    }
}

impl fmt::Debug for AlphaId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "AlphaId({})", self.mask())
    }
}

impl fmt::Display for AlphaId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.mask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for text in [
            "A",
            "ACME Bank",
            "4YOU",
            "x-1",
            "Ünïversum".replace('ï', "i").as_str(),
            "ΔΦΓΛΩΠΨΣΘΞ",
            "12345678901".replace('1', "a").as_str(),
        ] {
            let alpha: AlphaId = text.parse().unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(alpha.text(), text);
            assert_eq!(alpha.septets().len(), text.chars().count());
        }
        let acme: AlphaId = "Acme".parse().expect("a sender");
        assert_eq!(acme.septets(), b"Acme");
        assert_eq!(format!("{acme} {acme:?}"), "A*** AlphaId(A***)");
    }

    #[test]
    fn what_no_handset_shows_is_refused() {
        for text in [
            "",
            "12345",
            "+93700",
            "-",
            "ABCDEFGHIJKL",
            " ACME",
            "ACME ",
            "A\nB",
            "A\u{1B}",
            "ACME€",
            "A[B]",
            "Аcme",
            "روشن",
            "A\u{200B}B",
        ] {
            assert_eq!(text.parse::<AlphaId>(), Err(NoAlphaId), "{text:?}");
        }
    }
}
