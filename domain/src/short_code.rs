//! Short codes: numbers that an operator's subscribers dial or are sent messages from, in one country.
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A short code: 3 to 6 digits, the first not zero. It means something in one country only and is unique in a deployment.
///
/// `Debug` and `Display` show only the mask, as those of [`crate::Msisdn`] do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
pub struct ShortCode(u32);

/// Text or a value that is no short code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a short code: expected 3 to 6 digits, the first not zero")]
pub struct NoShortCode;

impl ShortCode {
    /// # Errors
    /// [`NoShortCode`] if it has fewer than 3 or more than 6 digits.
    pub const fn from_digits(digits: u32) -> Result<Self, NoShortCode> {
        if digits >= 100 && digits <= 999_999 { Ok(Self(digits)) } else { Err(NoShortCode) }
    }

    #[must_use]
    pub const fn digits(self) -> u32 {
        self.0
    }

    /// What logs may show: the first digit (`7***`).
    #[must_use]
    pub fn mask(self) -> String {
        format!("{}***", &self.0.to_string()[..1])
    }
}

impl From<ShortCode> for u32 {
    fn from(it: ShortCode) -> Self {
        it.0
    }
}

impl TryFrom<u32> for ShortCode {
    type Error = NoShortCode;

    fn try_from(digits: u32) -> Result<Self, NoShortCode> {
        Self::from_digits(digits)
    }
}

impl FromStr for ShortCode {
    type Err = NoShortCode;

    fn from_str(text: &str) -> Result<Self, NoShortCode> {
        if text.len() > 6 || text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoShortCode);
        }
        text.parse().map_err(|_| NoShortCode).and_then(Self::from_digits)
    }
}

impl fmt::Debug for ShortCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ShortCode({})", self.mask())
    }
}

impl fmt::Display for ShortCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.mask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_three_to_six_digits_and_shows_a_mask() {
        for (text, digits) in [("100", 100), ("7070", 7_070), ("999999", 999_999)] {
            let code: ShortCode = text.parse().expect("a short code");
            assert_eq!((code.digits(), code.mask()), (digits, format!("{}***", &text[..1])));
            assert_eq!(format!("{code} {code:?}"), format!("{0} ShortCode({0})", code.mask()));
        }
        for text in ["", "12", "1234567", "0123", "+123", "12 3", "१२३", "-123", "12a"] {
            assert_eq!(text.parse::<ShortCode>(), Err(NoShortCode), "{text}");
        }
    }
}
