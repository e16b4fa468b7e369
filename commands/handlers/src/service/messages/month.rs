use peyk_domain::messages::MonthKey;
use peyk_domain::{At, Span};

/// The month before, if it ended within `within` before `at`.
pub(super) fn just_ended(at: At, within: Span) -> Option<MonthKey> {
    let before = MonthKey::of(At(at.0.checked_sub(within.0)?));
    (before != MonthKey::of(at)).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(year: u32, month: u32) -> MonthKey {
        MonthKey(year * 12 + month - 1)
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
