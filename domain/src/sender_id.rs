//! What a message can be sent from, and what is leased therefore.
use crate::{AlphaId, Msisdn, ShortCode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A telephone number, a short code or an alphanumeric sender id.
///
/// `Debug` and `Display` show only the mask; [`SenderId::text`] shows it whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SenderId {
    Msisdn(Msisdn),
    ShortCode(ShortCode),
    Alpha(AlphaId),
}

/// Text that is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no sender: expected an E.164 number (+ and 8 to 15 digits), a short code (3 to 6 digits) or an alphanumeric sender \
     (1 to 11 characters of the GSM 7-bit alphabet, a letter among them)"
)]
pub struct NoSender;

impl SenderId {
    /// The number or the short code with these digits: no number of digits is that of both.
    ///
    /// # Errors
    /// [`NoSender`] if it is neither.
    pub fn from_digits(digits: u64) -> Result<Self, NoSender> {
        let code = u32::try_from(digits).ok().and_then(|digits| ShortCode::from_digits(digits).ok());
        code.map(Self::ShortCode).or_else(|| Msisdn::from_digits(digits).ok().map(Self::Msisdn)).ok_or(NoSender)
    }

    /// The digits as one integer, of what has only digits.
    #[must_use]
    pub fn digits(self) -> Option<u64> {
        match self {
            Self::Msisdn(number) => Some(number.digits()),
            Self::ShortCode(code) => Some(code.digits().into()),
            Self::Alpha(_) => None,
        }
    }

    /// The whole of it as people write it: a number with its plus sign, a short code without. Not for logs, metrics or
    /// errors.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Msisdn(number) => number.e164(),
            Self::ShortCode(code) => code.digits().to_string(),
            Self::Alpha(alpha) => alpha.text(),
        }
    }

    /// What logs may show.
    #[must_use]
    pub fn mask(self) -> String {
        match self {
            Self::Msisdn(number) => number.mask(),
            Self::ShortCode(code) => code.mask(),
            Self::Alpha(alpha) => alpha.mask(),
        }
    }
}

impl From<Msisdn> for SenderId {
    fn from(number: Msisdn) -> Self {
        Self::Msisdn(number)
    }
}

impl From<ShortCode> for SenderId {
    fn from(code: ShortCode) -> Self {
        Self::ShortCode(code)
    }
}

impl From<AlphaId> for SenderId {
    fn from(alpha: AlphaId) -> Self {
        Self::Alpha(alpha)
    }
}

impl FromStr for SenderId {
    type Err = NoSender;

    fn from_str(text: &str) -> Result<Self, NoSender> {
        let number = || text.parse().map(Self::Msisdn).ok();
        let code = || text.parse().map(Self::ShortCode).ok();
        let alpha = || text.parse().map(Self::Alpha).ok();
        number().or_else(code).or_else(alpha).ok_or(NoSender)
    }
}

impl fmt::Debug for SenderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Msisdn(number) => number.fmt(out),
            Self::ShortCode(code) => code.fmt(out),
            Self::Alpha(alpha) => alpha.fmt(out),
        }
    }
}

impl fmt::Display for SenderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.mask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for text in ["+93700000001", "+12345678", "707", "999999"] {
            let sender: SenderId = text.parse().expect("a sender");
            assert_eq!(sender.text(), text);
            assert_eq!(sender.digits().map(SenderId::from_digits), Some(Ok(sender)));
        }
        for text in ["", "93700000001", "1234567", "12345678", "+707", "0707", " 707", "+93700000001 "] {
            assert_eq!(text.parse::<SenderId>(), Err(NoSender), "{text}");
        }
        let alpha: SenderId = "Acme 24".parse().expect("a sender");
        assert_eq!((alpha.text().as_str(), alpha.digits()), ("Acme 24", None));
        for digits in [0, 99, 1_000_000, 9_999_999, 1_000_000_000_000_000] {
            assert_eq!(SenderId::from_digits(digits), Err(NoSender), "{digits}");
        }
    }

    #[test]
    fn shows_a_mask() {
        for (text, mask) in [("+93700000001", "+93***"), ("707070", "7***"), ("707th", "7***")] {
            let sender: SenderId = text.parse().expect("a sender");
            assert_eq!(sender.to_string(), mask);
            assert!(!format!("{sender:?}").contains("70"), "{sender:?}");
        }
    }
}
