use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a tenant's data lives, as the operator names it: 1 to 32 of a-z, 0-9 and hyphen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// A text that names no region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region is 1 to 32 of a-z, 0-9 and hyphen")]
pub struct NotARegion;

impl Region {
    const CHARS_MAX: usize = 32;

    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=Self::CHARS_MAX).contains(&text.len()) && text.bytes().all(sound) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotARegion)
        }
    }
}

impl TryFrom<String> for Region {
    type Error = NotARegion;

    fn try_from(text: String) -> Result<Self, NotARegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
