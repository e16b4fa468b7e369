use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// When a simulated SMSC misbehaves. Written `never`, `always`, `every:N` (each N-th message) or `chance:P` (0 to 1).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Occasion {
    #[default]
    Never,
    Always,
    Every(u32),
    Chance(f64),
}

/// Text that names no occasion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no occasion: write never, always, every:N with N from 1, or chance:P with P from 0 to 1")]
pub struct NotAnOccasion(String);

impl Occasion {
    /// Whether it has come with the `number`-th message (from 1), given one draw from 0 to 1.
    pub(super) fn has_come(self, number: u64, draw: f64) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Every(n) => number.is_multiple_of(u64::from(n.max(1))),
            Self::Chance(chance) => draw < chance,
        }
    }
}

impl FromStr for Occasion {
    type Err = NotAnOccasion;

    fn from_str(text: &str) -> Result<Self, NotAnOccasion> {
        let occasion = match text.split_once(':') {
            None if text == "never" => Some(Self::Never),
            None if text == "always" => Some(Self::Always),
            Some(("every", n)) => n.parse().ok().filter(|n| *n > 0).map(Self::Every),
            Some(("chance", p)) => p.parse().ok().filter(|p| (0.0..=1.0).contains(p)).map(Self::Chance),
            _ => None,
        };
        occasion.ok_or_else(|| NotAnOccasion(text.to_owned()))
    }
}

impl TryFrom<String> for Occasion {
    type Error = NotAnOccasion;

    fn try_from(text: String) -> Result<Self, NotAnOccasion> {
        text.parse()
    }
}

impl From<Occasion> for String {
    fn from(occasion: Occasion) -> Self {
        occasion.to_string()
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => out.write_str("never"),
            Self::Always => out.write_str("always"),
            Self::Every(n) => write!(out, "every:{n}"),
            Self::Chance(chance) => write!(out, "chance:{chance}"),
        }
    }
}

/// Draws from 0 to 1 that a seed decides (SplitMix64).
#[derive(Debug, Clone)]
pub(super) struct Draws(u64);

impl Draws {
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occasions_are_read_as_they_are_shown() {
        for occasion in [Occasion::Never, Occasion::Always, Occasion::Every(7), Occasion::Chance(0.25)] {
            assert_eq!(occasion.to_string().parse(), Ok(occasion));
        }
        for text in ["", "every", "every:0", "every:-1", "chance:2", "chance:x", "sometimes"] {
            assert_eq!(text.parse::<Occasion>(), Err(NotAnOccasion(text.into())));
        }
    }

    #[test]
    fn occasions_come_as_often_as_they_say() {
        let mut draws = Draws::seeded(1);
        let mut count =
            |occasion: Occasion| (1..=1_000).filter(|number| occasion.has_come(*number, draws.next())).count();
        assert_eq!([count(Occasion::Never), count(Occasion::Always), count(Occasion::Every(7))], [0, 1_000, 142]);
        assert!((200..300).contains(&count(Occasion::Chance(0.25))));
    }
}
