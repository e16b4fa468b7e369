use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Decimal digits from which an id may be taken for the other base's spelling of another one. Below that, a counter
/// that began near zero has both spellings outstanding at once, and a receipt would go to the wrong message.
const COUNTERPART_DIGITS_MIN: usize = 5;
/// Characters from which an id may be looked for on another connector: shorter ones repeat from operator to operator.
const DISTINCTIVE_MIN: usize = 8;

/// An operator's message id in the form in which ids are compared: operators answer `submit_sm` with one spelling and
/// name another one in the receipt (leading zeros, case, blanks, hexadecimal against decimal).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct SmscId(Arc<str>);

impl SmscId {
    /// Trimmed, ASCII lower case, without leading zeros; none if nothing is left to compare.
    pub fn normalised(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        match lower.trim_start_matches('0') {
            "" if lower.is_empty() => None,
            "" => Some(Self("0".into())),
            rest => Some(Self(rest.into())),
        }
    }

    /// The same number in the other base: what it is in hexadecimal if it reads as decimal, and the other way round.
    pub fn counterparts(&self) -> impl Iterator<Item = Self> {
        let digits = self.0.bytes().all(|byte| byte.is_ascii_digit());
        let hex_digits = self.0.bytes().all(|byte| byte.is_ascii_hexdigit());
        let as_decimal = if digits { self.0.parse::<u128>().ok() } else { None };
        let as_hex = if hex_digits { u128::from_str_radix(&self.0, 16).ok() } else { None };
        let in_hex = as_decimal.filter(|_| self.0.len() >= COUNTERPART_DIGITS_MIN).map(|value| format!("{value:x}"));
        let in_decimal = as_hex.map(|value| value.to_string()).filter(|text| text.len() >= COUNTERPART_DIGITS_MIN);
        [in_hex, in_decimal].into_iter().flatten().map(|text| Self(text.into()))
    }

    /// Whether it is long enough to be told from other operators' ids.
    pub fn is_distinctive(&self) -> bool {
        self.0.len() >= DISTINCTIVE_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> SmscId {
        SmscId::normalised(text).expect("an id")
    }

    #[test]
    fn spellings_of_one_id_are_equal() {
        for spelling in ["1a2B", " 1a2b", "00001A2B", "1A2B\r\n"] {
            assert_eq!(id(spelling), id("1a2b"), "{spelling}");
        }
        assert_eq!(id("000"), id("0"));
        assert_eq!(SmscId::normalised("  "), None);
    }

    #[test]
    fn the_other_base_is_tried_where_it_parses() {
        assert_eq!(id("107187").counterparts().collect::<Vec<_>>(), [id("1a2b3"), id("1077639")]);
        assert_eq!(id("0001A2B3").counterparts().collect::<Vec<_>>(), [id("107187")]);
        assert_eq!(id("msg-17").counterparts().count(), 0);
        assert_eq!(id("16").counterparts().count(), 0, "a counter's first ids have both spellings outstanding");
        assert_eq!(id(&"f".repeat(64)).counterparts().count(), 0, "too large for any counter");
    }
}
