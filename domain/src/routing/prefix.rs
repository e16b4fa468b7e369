use crate::Msisdn;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The first digits of E.164 numbers: 1 to 15, country code first, so the first is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub struct Prefix(u64);

/// Text or a value that is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a prefix: expected 1 to 15 digits without a plus sign, the first not zero")]
pub struct NotAPrefix;

impl Prefix {
    /// How many digits a prefix has at most.
    pub const DIGITS_MAX: usize = 15;

    /// The prefix with `digits` as its decimal digits.
    ///
    /// # Errors
    /// [`NotAPrefix`] if it is zero or has more than 15 digits.
    pub const fn from_digits(digits: u64) -> Result<Self, NotAPrefix> {
        if digits >= 1 && digits <= 999_999_999_999_999 { Ok(Self(digits)) } else { Err(NotAPrefix) }
    }

    #[must_use]
    pub const fn digits(self) -> u64 {
        self.0
    }

    /// How many digits it has, from 1 to 15. A longer prefix is the more specific one.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0.ilog10() as usize + 1
    }

    /// Whether the number begins with it.
    #[must_use]
    pub fn covers(self, number: Msisdn) -> bool {
        Self::of(number, self.count()) == Some(self)
    }

    /// The first `count` digits of the number, if it has as many.
    pub(super) fn of(number: Msisdn, count: usize) -> Option<Self> {
        let surplus = (number.digits().ilog10() as usize + 1).checked_sub(count)?;
        Self::from_digits(number.digits() / 10_u64.pow(u32::try_from(surplus).ok()?)).ok()
    }
}

impl From<Prefix> for u64 {
    fn from(it: Prefix) -> Self {
        it.0
    }
}

impl TryFrom<u64> for Prefix {
    type Error = NotAPrefix;

    fn try_from(digits: u64) -> Result<Self, NotAPrefix> {
        Self::from_digits(digits)
    }
}

impl FromStr for Prefix {
    type Err = NotAPrefix;

    fn from_str(text: &str) -> Result<Self, NotAPrefix> {
        let digits =
            !text.is_empty() && text.len() <= Self::DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || text.starts_with('0') {
            return Err(NotAPrefix);
        }
        text.parse().map_err(|_| NotAPrefix).and_then(Self::from_digits)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_the_numbers_that_begin_with_it() {
        let kabul: Prefix = "9370".parse().expect("a prefix");
        let number: Msisdn = "+93700000001".parse().expect("a number");
        assert!(kabul.covers(number));
        assert!("93700000001".parse::<Prefix>().expect("a prefix").covers(number));
        assert!(!"9371".parse::<Prefix>().expect("a prefix").covers(number));
        assert!(!"937000000010".parse::<Prefix>().expect("a prefix").covers(number), "longer than the number");
        assert_eq!((kabul.count(), kabul.to_string().as_str()), (4, "9370"));
    }

    #[test]
    fn refuses_what_is_no_prefix() {
        for text in ["", "0", "093", "+93", "93a", "٩٣", " 93", "1234567890123456"] {
            assert_eq!(text.parse::<Prefix>(), Err(NotAPrefix), "{text}");
        }
        assert_eq!(Prefix::from_digits(0), Err(NotAPrefix));
        assert_eq!(Prefix::from_digits(1_000_000_000_000_000), Err(NotAPrefix));
    }
}
