//! Telephone numbers in international form (ITU-T E.164).
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroize;

/// A number in E.164 form: a country code that does not begin with zero, 8 to 15 digits in all.
///
/// `Debug` and `Display` show only the mask, so that a number reaches no log by accident; [`Msisdn::e164`] shows it whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub struct Msisdn(u64);

/// Text or a value that is no E.164 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an E.164 number: expected + and 8 to 15 digits, the first not zero")]
pub struct NotE164;

/// The longest number there is.
const DIGITS_MAX: usize = 15;

/// The decimal digits of a number, wiped when dropped.
pub struct Decimal {
    digits: [u8; DIGITS_MAX],
    from: usize,
}

impl Decimal {
    /// The digits in ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[self.from..]
    }
}

impl Drop for Decimal {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Decimal(..)")
    }
}

impl Msisdn {
    /// The number with `digits` as its decimal digits, country code first.
    ///
    /// # Errors
    /// [`NotE164`] if it has fewer than 8 or more than 15 digits.
    pub const fn from_digits(digits: u64) -> Result<Self, NotE164> {
        if digits >= 10_000_000 && digits <= 999_999_999_999_999 { Ok(Self(digits)) } else { Err(NotE164) }
    }

    /// The digits as one integer, country code first, without the plus sign.
    #[must_use]
    pub const fn digits(self) -> u64 {
        self.0
    }

    /// The decimal digits, country code first, without the plus sign. Not for logs, metrics or errors.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        let (mut digits, mut from, mut rest) = ([b'0'; DIGITS_MAX], DIGITS_MAX, self.0);
        while rest > 0 && from > 0 {
            from -= 1;
            digits[from] += (rest % 10) as u8;
            rest /= 10;
        }
        Decimal { digits, from }
    }

    /// The whole number with its plus sign. Not for logs, metrics or errors.
    #[must_use]
    pub fn e164(self) -> String {
        format!("+{}", self.0)
    }

    /// What logs may show: the first two digits (`+93***`).
    #[must_use]
    pub fn mask(self) -> String {
        let digits = self.0.to_string();
        format!("+{}***", &digits[..2])
    }
}

impl From<Msisdn> for u64 {
    fn from(it: Msisdn) -> Self {
        it.0
    }
}

impl TryFrom<u64> for Msisdn {
    type Error = NotE164;

    fn try_from(digits: u64) -> Result<Self, NotE164> {
        Self::from_digits(digits)
    }
}

impl FromStr for Msisdn {
    type Err = NotE164;

    fn from_str(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164)?;
        if digits.len() > 15 || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotE164);
        }
        digits.parse().map_err(|_| NotE164).and_then(Self::from_digits)
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Msisdn({})", self.mask())
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.mask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_e164_and_shows_a_mask() {
        let number: Msisdn = "+93700000001".parse().expect("a number");
        assert_eq!(number.digits(), 93_700_000_001);
        assert_eq!(number.e164(), "+93700000001");
        assert_eq!(number.decimal().as_bytes(), b"93700000001");
        assert_eq!(format!("{:?}", number.decimal()), "Decimal(..)");
        assert_eq!(format!("{number} {number:?}"), "+93*** Msisdn(+93***)");
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "",
            "+",
            "93700000001",
            "+0937000000",
            "+9370000",
            "+1234567890123456",
            "+93 700000001",
            "+٩٣٧٠٠٠٠٠٠٠١",
            "=93700000001",
        ] {
            assert_eq!(text.parse::<Msisdn>(), Err(NotE164), "{text}");
        }
    }
}
