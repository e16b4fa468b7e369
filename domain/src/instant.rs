//! Time as a value: whoever calls brings it, nothing here reads a clock.
use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since the Unix epoch, as a record states them. Within one ledger it never decreases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct At(pub u64);

impl At {
    /// This instant and `span` more; the end of time rather than an overflow.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long `earlier` lies back; zero if it does not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Year, month and day in UTC.
    pub(crate) const fn civil(self) -> (u64, u64, u64) {
        civil(self.0 / DAY_MS)
    }
}

impl fmt::Display for At {
    /// RFC 3339, UTC, with milliseconds.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of_day, ms) = (self.0 % DAY_MS / 1_000, self.0 % 1_000);
        let (year, month, day) = self.civil();
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Days of 400 years, after which the Gregorian calendar repeats itself.
const ERA_DAYS: u64 = 146_097;

/// Year, month and day of the proleptic Gregorian calendar, `days` after 1970-01-01.
const fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that a leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + if month <= 2 { 1 } else { 0 }, month, day)
}

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Span {
    #[must_use]
    pub const fn seconds(count: u64) -> Self {
        Self(count * 1_000)
    }

    #[must_use]
    pub const fn minutes(count: u64) -> Self {
        Self::seconds(count * 60)
    }

    #[must_use]
    pub const fn hours(count: u64) -> Self {
        Self::minutes(count * 60)
    }

    #[must_use]
    pub const fn days(count: u64) -> Self {
        Self::hours(count * 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_shown_as_people_write_them() {
        for (ms, shown) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_700_000_000_120, "2023-11-14T22:13:20.120Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(At(ms).to_string(), shown);
        }
        assert!(At(u64::MAX).to_string().ends_with('Z'));
    }
}
