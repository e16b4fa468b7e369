//! The calendar of the model.
use super::DAY;

/// The calendar as children learn it: year after year, month after month, from 1970 on.
pub(super) fn later(from: u64, months: u8, day: u64) -> u64 {
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let length = |year, month| match month {
        1 => 28 + u64::from(leap(year)),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    };
    let (mut first, mut year, mut month) = (0, 1970, 0);
    let mut next = |first: &mut u64| {
        *first += length(year, month);
        (year, month) = if month == 11 { (year + 1, 0) } else { (year, month + 1) };
        length(year, month)
    };
    let mut last = 31;
    while first + last <= from / DAY {
        last = next(&mut first);
    }
    for _ in 0..months {
        last = next(&mut first);
    }
    (first + day.min(last) - 1) * DAY + from % DAY
}

pub(super) fn day_of_month(at: u64) -> u64 {
    (1..=31).find(|day| later(at, 0, *day) == at).expect("a day of its month")
}
