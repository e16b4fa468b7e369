use super::NumberingError;
use crate::{SenderId, Span};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a number of the inventory is, which says how long it cools off and who may lease it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NumberType {
    /// A telephone number.
    Msisdn,
    /// A short code.
    ShortCode,
    /// A telephone number or a short code that somebody pays for because it is easy to remember.
    Vanity,
    /// An alphanumeric sender id. Nobody lists it: it joins when a tenant reserves it, and goes when it is free again.
    Alpha,
}

/// A word that names no type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no type of number: expected msisdn, short_code, vanity or alpha")]
pub struct NoNumberType;

impl NumberType {
    pub const ALL: [Self; 4] = [Self::Msisdn, Self::ShortCode, Self::Vanity, Self::Alpha];

    /// How long a number that was leased is nobody's after its release, its expiry or its recall.
    #[must_use]
    pub const fn cool_off(self) -> Span {
        match self {
            Self::Msisdn => Span::days(90),
            Self::ShortCode => Span::days(30),
            Self::Vanity | Self::Alpha => Span::days(365),
        }
    }

    /// The word for it in files and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Msisdn => "msisdn",
            Self::ShortCode => "short_code",
            Self::Vanity => "vanity",
            Self::Alpha => "alpha",
        }
    }

    /// The type of a number of which nothing else is said.
    #[must_use]
    pub const fn of(number: SenderId) -> Self {
        match number {
            SenderId::Msisdn(_) => Self::Msisdn,
            SenderId::ShortCode(_) => Self::ShortCode,
            SenderId::Alpha(_) => Self::Alpha,
        }
    }
}

impl fmt::Display for NumberType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for NumberType {
    type Err = NoNumberType;

    fn from_str(word: &str) -> Result<Self, NoNumberType> {
        Self::ALL.into_iter().find(|one| one.name() == word).ok_or(NoNumberType)
    }
}

/// A number with its type, as it joins the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Listing {
    number: SenderId,
    number_type: NumberType,
}

impl Listing {
    /// # Errors
    /// [`NumberingError::InvalidValue`] if the number is not of the type; alphanumeric senders are of none that is listed.
    pub fn new(number: SenderId, number_type: NumberType) -> Result<Self, NumberingError> {
        let own = NumberType::of(number);
        if own != NumberType::Alpha && (number_type == NumberType::Vanity || number_type == own) {
            Ok(Self { number, number_type })
        } else {
            Err(NumberingError::InvalidValue("the number is not of the type it is listed as"))
        }
    }

    /// Of what was checked before.
    pub(super) const fn trusted(number: SenderId, number_type: NumberType) -> Self {
        Self { number, number_type }
    }

    #[must_use]
    pub const fn number(self) -> SenderId {
        self.number
    }

    #[must_use]
    pub const fn number_type(self) -> NumberType {
        self.number_type
    }
}

impl From<SenderId> for Listing {
    /// As one of which nothing else is said.
    fn from(number: SenderId) -> Self {
        Self { number, number_type: NumberType::of(number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_word() {
        for one in NumberType::ALL {
            assert_eq!(one.to_string().parse(), Ok(one));
        }
        assert_eq!("Vanity".parse::<NumberType>(), Err(NoNumberType));
    }

    #[test]
    fn a_number_is_of_its_own_type_or_vanity() {
        let (number, code): (SenderId, SenderId) = ("+93700000001".parse().unwrap(), "7070".parse().unwrap());
        use NumberType::{Msisdn, ShortCode, Vanity};
        for (number, number_type, fits) in [
            (number, Msisdn, true),
            (number, ShortCode, false),
            (number, Vanity, true),
            (code, Msisdn, false),
            (code, ShortCode, true),
            (code, Vanity, true),
        ] {
            assert_eq!(Listing::new(number, number_type).is_ok(), fits, "{number:?} {number_type}");
        }
        let alpha: SenderId = "Acme".parse().unwrap();
        assert!(NumberType::ALL.into_iter().all(|one| Listing::new(alpha, one).is_err()));
        assert_eq!(Listing::from(code), Listing::new(code, ShortCode).unwrap());
    }
}
