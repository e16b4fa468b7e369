use peyk_domain::messages::MonthKey;
use peyk_domain::{At, Span};

/// The calendar month of an instant in UTC, proleptic Gregorian.
pub(super) fn month_of(at: At) -> MonthKey {
    let days = at.0 / Span::days(1).0;
    // Counted in years that begin with March, so that the leap day is a year's last; 1970-01-01 is day 719,468 of them.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let months = (era * 400 + year_of_era) * 12 + month_from_march + 2;
    // An instant beyond the year 300 million is no date; the last month there is will do.
    MonthKey(u32::try_from(months).unwrap_or(u32::MAX))
}

/// The month before, if it ended within `within` before `at`.
pub(super) fn just_ended(at: At, within: Span) -> Option<MonthKey> {
    let before = month_of(At(at.0.checked_sub(within.0)?));
    (before != month_of(at)).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(year: u32, month: u32) -> MonthKey {
        MonthKey(year * 12 + month - 1)
    }

    #[test]
    fn months_begin_and_end_where_the_calendar_says() {
        for (at, expected) in [
            (0, key(1970, 1)),
            (951_782_400_000, key(2000, 2)),   // 2000-02-29
            (951_868_800_000, key(2000, 3)),   // 2000-03-01
            (1_709_164_800_000, key(2024, 2)), // 2024-02-29
            (1_793_491_199_999, key(2026, 10)),
            (1_793_491_200_000, key(2026, 11)), // 2026-11-01
            (1_798_761_599_999, key(2026, 12)),
            (1_798_761_600_000, key(2027, 1)),
            (4_107_542_400_000, key(2100, 3)), // 2100 has no leap day
            (4_107_542_399_999, key(2100, 2)),
        ] {
            assert_eq!(month_of(At(at)), expected, "{at}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_in_a_month_that_follows() {
        let mut last = month_of(At(0));
        for day in 0..146_097 {
            let month = month_of(At(day * Span::days(1).0));
            assert!(month == last || month.0 == last.0 + 1);
            last = month;
        }
        assert_eq!(last, key(2369, 12));
    }

    #[test]
    fn the_month_before_counts_for_a_while() {
        let begin = At(1_793_491_200_000);
        assert_eq!(just_ended(begin, Span::hours(1)), Some(key(2026, 10)));
        assert_eq!(just_ended(At(begin.0 + Span::hours(1).0 - 1), Span::hours(1)), Some(key(2026, 10)));
        assert_eq!(just_ended(At(begin.0 + Span::hours(1).0), Span::hours(1)), None);
        assert_eq!(just_ended(At(0), Span::hours(1)), None);
    }
}
