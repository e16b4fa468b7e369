//! Which instant an export ends at.
use super::Profile;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use peyk_domain::At;
use std::fmt;
use std::iter;
use std::str::FromStr;

/// A calendar month, written `2026-10`. Where its end lies depends on the jurisdiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: i16,
    month: i8,
}

/// Months that are exported late at the most; who was away for longer asks for the others.
const CAUGHT_UP_MAX: usize = 24;

/// Text that is no month since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a period: expected a month as YYYY-MM, from 1970-01 on")]
pub struct NotAPeriod;

/// A name that is in no time zone database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone named {0:?}: expected an IANA name such as Asia/Kabul")]
pub struct NoSuchZone(pub String);

/// Text that is no RFC 3339 instant since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an instant: expected RFC 3339 with an offset, such as 2026-10-31T12:00:00+04:30")]
pub struct NotAnInstant;

/// Under whose rules an export is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jurisdiction {
    profile: &'static Profile,
    zone: String,
    rules: TimeZone,
}

/// What an export covers: everything from the ledger's first record up to an end, which is not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Up to the end of a month that is over.
    Period(Period),
    /// Up to an instant, whether or not the ledger may still get records from before it.
    AsOf(At),
}

impl Period {
    fn following(self) -> Self {
        if self.month == 12 { Self { year: self.year + 1, month: 1 } } else { Self { month: self.month + 1, ..self } }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let (year, month) = text.split_once('-').ok_or(NotAPeriod)?;
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(NotAPeriod);
        }
        let (year, month) = (year.parse().map_err(|_| NotAPeriod)?, month.parse().map_err(|_| NotAPeriod)?);
        // The month after the last one must be a date too.
        let known = (1970..9999).contains(&year) && (1..=12).contains(&month);
        if known { Ok(Self { year, month }) } else { Err(NotAPeriod) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year, self.month)
    }
}

impl Jurisdiction {
    /// # Errors
    /// [`NoSuchZone`] unless `zone` is an IANA time zone name.
    pub fn new(profile: &'static Profile, zone: &str) -> Result<Self, NoSuchZone> {
        let rules = TimeZone::get(zone).map_err(|_| NoSuchZone(zone.to_owned()))?;
        Ok(Self { profile, zone: zone.to_owned(), rules })
    }

    /// With months in the time zone of the profile.
    ///
    /// # Errors
    /// [`NoSuchZone`] if the time zone database lacks it.
    pub fn of(profile: &'static Profile) -> Result<Self, NoSuchZone> {
        Self::new(profile, profile.zone)
    }

    #[must_use]
    pub const fn profile(&self) -> &'static Profile {
        self.profile
    }

    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The first instant after the period.
    ///
    /// # Errors
    /// [`NotAPeriod`] if that is before 1970 in UTC or beyond the calendar.
    pub fn end_of(&self, period: Period) -> Result<At, NotAPeriod> {
        let Period { year, month } = period.following();
        let midnight = Date::new(year, month, 1).and_then(|date| date.to_zoned(self.rules.clone()));
        let end = midnight.map_err(|_| NotAPeriod)?.timestamp().as_millisecond();
        u64::try_from(end).map(At).map_err(|_| NotAPeriod)
    }

    /// The month that ended last, if its end has come.
    ///
    /// # Errors
    /// [`NotAPeriod`] if `now` lies before February 1970 or beyond the calendar.
    pub fn last_period(&self, now: At) -> Result<Period, NotAPeriod> {
        let now = i64::try_from(now.0).ok().and_then(|now| Timestamp::from_millisecond(now).ok()).ok_or(NotAPeriod)?;
        let date = now.to_zoned(self.rules.clone()).date();
        let (year, month) = if date.month() == 1 { (date.year() - 1, 12) } else { (date.year(), date.month() - 1) };
        format!("{year:04}-{month:02}").parse()
    }

    /// The months that ended since the newest of those `asked` for, in order, the last [`CAUGHT_UP_MAX`] of them; only the one
    /// that ended last if there is none. Months that are not over do not count: anybody may ask for one by mistake.
    ///
    /// # Errors
    /// As for [`Jurisdiction::last_period`].
    pub fn periods_due(&self, asked: impl IntoIterator<Item = Period>, now: At) -> Result<Vec<Period>, NotAPeriod> {
        let last = self.last_period(now)?;
        let newest = asked.into_iter().filter(|period| *period <= last).max();
        let first = newest.map_or(last, Period::following);
        let due: Vec<_> = iter::successors(Some(first), |period| Some(period.following()))
            .take_while(|period| *period <= last)
            .collect();
        Ok(due[due.len().saturating_sub(CAUGHT_UP_MAX)..].to_vec())
    }

    /// Leases that ended before are not in an export that ends at `end`.
    ///
    /// # Errors
    /// [`NotAPeriod`] if `end` lies beyond the calendar.
    pub(super) fn history_from(&self, end: At) -> Result<At, NotAPeriod> {
        let Some(months) = self.profile.history_months else { return Ok(At(0)) };
        let end = i64::try_from(end.0).ok().and_then(|end| Timestamp::from_millisecond(end).ok()).ok_or(NotAPeriod)?;
        let from = end.to_zoned(self.rules.clone()).checked_sub(Span::new().months(i64::from(months)));
        let from = from.map_err(|_| NotAPeriod)?.timestamp().as_millisecond();
        Ok(At(u64::try_from(from).unwrap_or(0)))
    }

    /// The first instant that is not covered.
    ///
    /// # Errors
    /// [`NotAPeriod`] as for [`Jurisdiction::end_of`].
    pub fn end(&self, scope: Scope) -> Result<At, NotAPeriod> {
        match scope {
            Scope::Period(period) => self.end_of(period),
            Scope::AsOf(instant) => Ok(instant),
        }
    }
}

/// An instant as exports write it: RFC 3339, UTC, milliseconds. What lies beyond the year 9999 is the end of it.
#[must_use]
pub fn rfc3339(at: At) -> String {
    let at = i64::try_from(at.0).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    format!("{:.3}", at.unwrap_or(Timestamp::MAX))
}

/// Reads an instant with any offset; what is finer than a millisecond is cut off.
///
/// # Errors
/// [`NotAnInstant`] unless it is RFC 3339 and not before 1970.
pub fn instant_from_rfc3339(text: &str) -> Result<At, NotAnInstant> {
    let at = text.parse::<Timestamp>().map_err(|_| NotAnInstant)?.as_millisecond();
    u64::try_from(at).map(At).map_err(|_| NotAnInstant)
}

#[cfg(test)]
mod tests {
    use super::super::PROFILES;
    use super::*;

    #[test]
    fn the_last_month_is_over_where_the_regulator_is() {
        let last = |name, now| {
            let jurisdiction = Jurisdiction::of(profile(name)).expect("a zone");
            jurisdiction.last_period(instant_from_rfc3339(now).expect("an instant")).map(|period| period.to_string())
        };
        assert_eq!(last("atra", "2026-10-31T19:29:59.999Z"), Ok("2026-09".to_owned()));
        assert_eq!(last("atra", "2026-10-31T19:30:00Z"), Ok("2026-10".to_owned()));
        assert_eq!(last("fcc-502", "2026-11-01T03:59:59Z"), Ok("2026-09".to_owned()));
        assert_eq!(last("fcc-502", "2027-01-01T05:00:00Z"), Ok("2026-12".to_owned()));
        assert_eq!(last("analytics", "1970-01-15T00:00:00Z"), Err(NotAPeriod));
    }

    #[test]
    fn months_that_nobody_exported_are_due_and_those_to_come_are_not() {
        let due = |asked: &[&str], now: &str| -> Vec<String> {
            let jurisdiction = Jurisdiction::of(profile("generic")).expect("a zone");
            let asked: Vec<Period> = asked.iter().map(|period| period.parse().expect("a period")).collect();
            let now = instant_from_rfc3339(now).expect("an instant");
            jurisdiction.periods_due(asked, now).expect("periods").iter().map(ToString::to_string).collect()
        };
        assert_eq!(due(&[], "2026-11-21T00:00:00Z"), ["2026-10"]);
        assert_eq!(due(&["2026-10"], "2026-11-21T00:00:00Z"), [""; 0]);
        assert_eq!(due(&["2026-07", "2026-06"], "2026-11-21T00:00:00Z"), ["2026-08", "2026-09", "2026-10"]);
        assert_eq!(due(&["2025-11", "9990-01"], "2026-02-01T00:00:00Z"), ["2025-12", "2026-01"]);
        assert_eq!(due(&["2026-11"], "2026-11-21T00:00:00Z"), ["2026-10"], "asked for before it was over");
        let long = due(&["1970-01"], "2026-11-21T00:00:00Z");
        assert_eq!((long.len(), long[0].as_str()), (CAUGHT_UP_MAX, "2024-11"));
    }

    #[test]
    fn thirteen_months_are_those_of_the_regulators_calendar() {
        let from = |name, end| {
            let jurisdiction = Jurisdiction::of(profile(name)).expect("a zone");
            rfc3339(jurisdiction.history_from(instant_from_rfc3339(end).expect("an instant")).expect("an instant"))
        };
        assert_eq!(from("atra", "2026-10-31T19:30:00Z"), "2025-09-30T19:30:00.000Z");
        assert_eq!(from("generic", "2026-10-31T19:30:00Z"), "1970-01-01T00:00:00.000Z");
    }

    fn profile(name: &str) -> &'static Profile {
        Profile::named(name).expect("a profile")
    }

    fn end(zone: &str, period: &str) -> String {
        let jurisdiction = Jurisdiction::new(profile("generic"), zone).expect("a zone");
        rfc3339(jurisdiction.end_of(period.parse().expect("a period")).expect("an end"))
    }

    #[test]
    fn a_month_ends_at_midnight_where_the_regulator_is() {
        assert_eq!(end("Asia/Kabul", "2026-10"), "2026-10-31T19:30:00.000Z");
        assert_eq!(end("Asia/Kabul", "2026-12"), "2026-12-31T19:30:00.000Z");
        assert_eq!(end("UTC", "2028-02"), "2028-03-01T00:00:00.000Z");
        // Summer time began on the last day of the first of these months and ended within the second.
        assert_eq!(end("Europe/Berlin", "2030-03"), "2030-03-31T22:00:00.000Z");
        assert_eq!(end("Europe/Berlin", "2026-10"), "2026-10-31T23:00:00.000Z");
        // Apia had no 30 December 2011, and its year ended a day early.
        assert_eq!(end("Pacific/Apia", "2011-12"), "2011-12-31T10:00:00.000Z");
    }

    #[test]
    fn refuses_what_is_no_month() {
        for text in ["", "2026", "2026-1", "2026-13", "2026-00", "1969-12", "9999-01", "+026-01", "2026-10-01", "26-10"]
        {
            assert_eq!(text.parse::<Period>(), Err(NotAPeriod), "{text}");
        }
        assert_eq!("2026-10".parse::<Period>().map(|period| period.to_string()), Ok("2026-10".to_owned()));
    }

    #[test]
    fn reads_instants_with_any_offset() {
        assert_eq!(instant_from_rfc3339("1970-01-01T04:30:01.0019+04:30"), Ok(At(1_001)));
        assert_eq!(instant_from_rfc3339("2026-10-31"), Err(NotAnInstant));
        assert_eq!(instant_from_rfc3339("1969-12-31T23:59:59Z"), Err(NotAnInstant));
        assert_eq!(rfc3339(At(1_001)), "1970-01-01T00:00:01.001Z");
        assert_eq!(rfc3339(At(u64::MAX)), rfc3339(At(i64::MAX as u64)));
    }

    #[test]
    fn a_zone_that_is_not_there_is_named() {
        assert_eq!(Jurisdiction::new(profile("generic"), "Asia/Kabool"), Err(NoSuchZone("Asia/Kabool".into())));
        for profile in &PROFILES {
            assert_eq!(Jurisdiction::of(profile).map(|found| found.zone().to_owned()), Ok(profile.zone.to_owned()));
        }
    }
}
