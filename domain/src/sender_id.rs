//! What a message can be sent from, and what is leased therefore.
use crate::{Msisdn, ShortCode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A telephone number or a short code.
///
/// `Debug` and `Display` show only the mask; [`SenderId::text`] shows it whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SenderId {
    Msisdn(Msisdn),
    ShortCode(ShortCode),
}

/// Text that is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no sender: expected an E.164 number (+ and 8 to 15 digits) or a short code (3 to 6 digits)")]
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

    /// The digits as one integer.
    #[must_use]
    pub fn digits(self) -> u64 {
        match self {
            Self::Msisdn(number) => number.digits(),
            Self::ShortCode(code) => code.digits().into(),
        }
    }

    /// The whole of it as people write it: a number with its plus sign, a short code without. Not for logs, metrics or
    /// errors.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Msisdn(number) => number.e164(),
            Self::ShortCode(code) => code.digits().to_string(),
        }
    }

    /// What logs may show.
    #[must_use]
    pub fn mask(self) -> String {
        match self {
            Self::Msisdn(number) => number.mask(),
            Self::ShortCode(code) => code.mask(),
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

impl FromStr for SenderId {
    type Err = NoSender;

    fn from_str(text: &str) -> Result<Self, NoSender> {
        let number = || text.parse().map(Self::Msisdn).ok();
        text.parse().map(Self::ShortCode).ok().or_else(number).ok_or(NoSender)
    }
}

impl fmt::Debug for SenderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Msisdn(number) => number.fmt(out),
            Self::ShortCode(code) => code.fmt(out),
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
            assert_eq!(SenderId::from_digits(sender.digits()), Ok(sender));
        }
        for text in ["", "93700000001", "1234567", "12345678", "+707", "0707", " 707", "+93700000001 "] {
            assert_eq!(text.parse::<SenderId>(), Err(NoSender), "{text}");
        }
        for digits in [0, 99, 1_000_000, 9_999_999, 1_000_000_000_000_000] {
            assert_eq!(SenderId::from_digits(digits), Err(NoSender), "{digits}");
        }
    }

    #[test]
    fn shows_a_mask() {
        for (text, mask) in [("+93700000001", "+93***"), ("707070", "7***")] {
            let sender: SenderId = text.parse().expect("a sender");
            assert_eq!(sender.to_string(), mask);
            assert!(!format!("{sender:?}").contains("70"), "{sender:?}");
        }
    }
}
