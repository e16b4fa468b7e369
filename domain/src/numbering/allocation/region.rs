use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A region of a jurisdiction as its regulator counts them: the country (ISO 3166-1 alpha-2), a hyphen, and the region's
/// code in 1 to 16 of a-z and 0-9, as `AF-kbl`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NumberRegion(String);

/// Text that is no region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no region: expected a country in two capitals, a hyphen, and 1 to 16 of a-z and 0-9, as AF-kbl")]
pub struct NoNumberRegion;

impl NumberRegion {
    /// ISO 3166-1 alpha-2.
    #[must_use]
    pub fn jurisdiction(&self) -> &str {
        self.0.split_once('-').map_or("", |(country, _)| country)
    }

    /// The region's code within its jurisdiction.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, code)| code)
    }
}

impl FromStr for NumberRegion {
    type Err = NoNumberRegion;

    fn from_str(text: &str) -> Result<Self, NoNumberRegion> {
        let (country, code) = text.split_once('-').ok_or(NoNumberRegion)?;
        let country_sound = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        let code_sound = (1..=16).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if country_sound && code_sound { Ok(Self(text.to_owned())) } else { Err(NoNumberRegion) }
    }
}

impl TryFrom<String> for NumberRegion {
    type Error = NoNumberRegion;

    fn try_from(text: String) -> Result<Self, NoNumberRegion> {
        text.parse()
    }
}

impl From<NumberRegion> for String {
    fn from(region: NumberRegion) -> Self {
        region.0
    }
}

impl fmt::Display for NumberRegion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_says_its_country_and_its_code() {
        let region: NumberRegion = "AF-kbl".parse().expect("a region");
        assert_eq!((region.jurisdiction(), region.code(), region.to_string().as_str()), ("AF", "kbl", "AF-kbl"));
        for text in ["", "kbl", "af-kbl", "AF-", "AF-KBL", "AFG-kbl", "AF-k bl", "AF-=kbl", "AF-abcdefghijklmnopq"] {
            assert_eq!(text.parse::<NumberRegion>(), Err(NoNumberRegion), "{text}");
        }
    }
}
