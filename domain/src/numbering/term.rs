use crate::At;
use serde::{Deserialize, Serialize};

/// The longest billing period in months.
pub const PERIOD_MONTHS_MAX: u8 = 36;

/// For how long at a time a number is leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Calendar months in UTC, from 1 to [`PERIOD_MONTHS_MAX`].
    pub months: u8,
    /// Whether the next period begins by itself where this one ends.
    pub renews: bool,
}

impl Period {
    pub(super) const fn is_sound(self) -> bool {
        self.months >= 1 && self.months <= PERIOD_MONTHS_MAX
    }
}

/// How far a lease has been paid for, and what happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// When the current period ends.
    pub expires: At,
    /// How long a period is, in calendar months.
    pub months: u8,
    /// The day of the month the lease began on. A period that ends in a shorter month ends on its last day, and the next
    /// one on this day again.
    pub day: u8,
    pub renews: bool,
}

impl Term {
    /// The first period of a lease that begins at `at`.
    #[must_use]
    pub fn begin(at: At, period: Period) -> Self {
        let Period { months, renews } = period;
        let (_, _, day) = at.civil();
        let day = u8::try_from(day).unwrap_or(1);
        Self { expires: at.months_later(months.into(), day), months, day, renews }
    }

    /// With one period more.
    #[must_use]
    pub const fn renewed(self) -> Self {
        Self { expires: self.expires.months_later(self.months as u64, self.day), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end_on_the_day_the_lease_began() {
        // 31 January 2026, 09:30.
        let mut term = Term::begin(At(1_769_851_800_000), Period { months: 1, renews: true });
        let mut ends = Vec::new();
        for _ in 0..4 {
            ends.push(term.expires.to_string()[..10].to_owned());
            term = term.renewed();
        }
        assert_eq!(ends, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
    }
}
