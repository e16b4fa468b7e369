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

    /// The same time of day `months` calendar months later in UTC, on the day `day` of that month or on its last one
    /// where it is shorter.
    #[must_use]
    pub const fn months_later(self, months: u64, day: u8) -> Self {
        let (year, month, _) = self.civil();
        let passed = month - 1 + months;
        let (year, month) = (year + passed / 12, passed % 12 + 1);
        let (day, last) = (day as u64, month_days(year, month));
        let day = if day > last { last } else { day };
        Self(days_since_epoch(year, month, day).saturating_mul(DAY_MS).saturating_add(self.0 % DAY_MS))
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

/// How many days a month has.
const fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a later day of the proleptic Gregorian calendar; the inverse of [`civil`].
const fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    let year = if month > 2 { year } else { year - 1 };
    let from_march = (month + 9) % 12;
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - 719_468
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

    #[test]
    fn a_month_later_is_the_same_day_or_the_last_one() {
        // 31 January 2026, 09:30:00.005.
        let (january, day) = (At(1_769_851_800_005), 31);
        for (months, shown) in [
            (0, "2026-01-31T09:30:00.005Z"),
            (1, "2026-02-28T09:30:00.005Z"),
            (2, "2026-03-31T09:30:00.005Z"),
            (3, "2026-04-30T09:30:00.005Z"),
            (11, "2026-12-31T09:30:00.005Z"),
            (12, "2027-01-31T09:30:00.005Z"),
            (25, "2028-02-29T09:30:00.005Z"),
            (889, "2100-02-28T09:30:00.005Z"),
        ] {
            assert_eq!(january.months_later(months, day).to_string(), shown);
        }
        let february = january.months_later(1, day);
        assert_eq!(february.months_later(1, day).to_string(), "2026-03-31T09:30:00.005Z");
    }

    /// Five hundred years of days, each the one after the last.
    #[test]
    fn days_and_dates_lead_to_each_other() {
        for days in 0..182_622 {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_epoch(year, month, day), days);
            let (_, next, first) = civil(days + 1);
            assert_eq!(next != month, day == month_days(year, month) && first == 1, "{year}-{month}-{day}");
        }
    }
}
