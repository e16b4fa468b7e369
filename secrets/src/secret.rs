use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What stands for a secret wherever one would be shown.
pub const REDACTED: &str = "[redacted]";

/// A text that nobody may see: wiped when dropped, shown by neither `Debug` nor serialisation, compared in constant time.
///
/// It has no `Display`, so that it cannot be put into a text by accident:
///
/// ```compile_fail
/// let said = format!("{}", peyk_secrets::Secret::new("hush"));
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that puts it on the wire.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl PartialEq for Secret {
    /// Takes the same time wherever the difference lies; only a difference in length shows.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_it() {
        let secret = Secret::new("hush");
        let json = serde_json::to_string(&secret).expect("JSON");
        assert_eq!((&*format!("{secret:?}"), &*json), ("[redacted]", "\"[redacted]\""));
        let read: Secret = serde_json::from_str("\"hush\"").expect("a secret");
        assert_eq!(read.reveal(), "hush");
    }

    #[test]
    fn equal_is_what_has_the_same_text() {
        assert_eq!(Secret::new("hush"), Secret::new("hush"));
        for other in ["", "hus", "husH", "hush "] {
            assert_ne!(Secret::new("hush"), Secret::new(other));
        }
    }
}
