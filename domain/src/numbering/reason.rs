use super::NumberingError;
use std::fmt;

/// The longest reason, in characters.
pub const REASON_MAX_CHARS: usize = 500;
/// The shortest reason that justifies what the rules would not allow, in characters.
pub const JUSTIFICATION_MIN_CHARS: usize = 20;

/// Why somebody of the platform did what they did, in their own words, with no space around them.
///
/// It is evidence: it is stored as it is and outlives every key, and neither `Debug` nor an error repeats it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// # Errors
    /// [`NumberingError::InvalidValue`] if it is longer than [`REASON_MAX_CHARS`] or has a control character.
    pub fn new(text: &str) -> Result<Self, NumberingError> {
        let text = text.trim();
        if text.chars().count() > REASON_MAX_CHARS || text.chars().any(char::is_control) {
            return Err(NumberingError::InvalidValue(
                "a reason has at most 500 characters, none of them a control character",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Words of the platform's own, which are sound.
    pub(super) fn trusted(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The words themselves. Not for logs, metrics or errors.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// # Errors
    /// [`NumberingError::InvalidValue`] if it says nothing.
    pub(super) fn given(self) -> Result<Self, NumberingError> {
        if self.0.is_empty() { Err(NumberingError::InvalidValue("a recall says why")) } else { Ok(self) }
    }

    /// # Errors
    /// [`NumberingError::JustificationTooShort`] if it has less than [`JUSTIFICATION_MIN_CHARS`].
    pub(crate) fn justifies(self) -> Result<Self, NumberingError> {
        if self.0.chars().count() < JUSTIFICATION_MIN_CHARS {
            return Err(NumberingError::JustificationTooShort);
        }
        Ok(self)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reason(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_around_it_count_for_nothing() {
        let reason = Reason::new("  ninety days is enough  ").expect("a reason");
        assert_eq!(reason.as_str(), "ninety days is enough");
        assert_eq!(reason.justifies().map(|_| ()), Ok(()));
        for short in ["", "nineteen characters", "                    padded                   "] {
            let refused = Reason::new(short).expect("a reason").justifies();
            assert_eq!(refused, Err(NumberingError::JustificationTooShort), "{short}");
        }
    }

    #[test]
    fn it_is_bounded_plain_and_shown_by_nothing() {
        assert!(Reason::new(&"ب".repeat(500)).is_ok());
        for text in ["x".repeat(501), "two\nlines".to_owned(), "a\u{7}bell".to_owned()] {
            assert_eq!(Reason::new(&text).map(|_| ()).map_err(|error| error.code()), Err("INVALID_VALUE"));
        }
        assert_eq!(format!("{:?}", Reason::new("the operator asked").expect("a reason")), "Reason(..)");
    }
}
