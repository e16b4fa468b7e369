use peyk_domain::At;

/// An instant as SMPP 3.4 section 7.1.1 writes it, absolute and in UTC: `YYMMDDhhmmsst00+`.
///
/// Absolute rather than relative, so that time spent in queues and on the wire does not lengthen a message's life.
pub(crate) fn absolute_utc(at: At) -> String {
    let seconds = at.0 / 1_000;
    let tenths = at.0 % 1_000 / 100;
    let (year, month, day) = civil_from_days(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}{tenths}00+", year % 100)
}

/// The proleptic Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the leap day is
/// the last day of the year and months have a closed form.
fn civil_from_days(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_FROM_0000_03_01_TO_1970_01_01: u64 = 719_468;
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = days_since_1970 + DAYS_FROM_0000_03_01_TO_1970_01_01;
    let (era, day_of_era) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc() {
        for (at, text) in [
            (0, "700101000000000+"),
            (951_782_399_999, "000228235959900+"),
            (951_782_400_000, "000229000000000+"),
            (1_709_251_199_000, "240229235959000+"),
            (1_735_689_600_000, "250101000000000+"),
            (1_795_225_131_250, "261121013851200+"),
        ] {
            assert_eq!(absolute_utc(At(at)), text);
        }
    }
}
