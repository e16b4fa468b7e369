use governor::Quota;
use std::num::NonZeroU32;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// How much is allowed in the long run, and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    per_minute: NonZeroU32,
    burst: NonZeroU32,
}

impl Rate {
    /// So many a minute, and twice as many at once; what was used comes back one by one, a minute's worth in a minute.
    #[must_use]
    pub const fn per_minute(count: NonZeroU32) -> Self {
        Self { per_minute: count, burst: count.saturating_mul(NonZeroU32::MIN.saturating_add(1)) }
    }

    /// So many at once instead.
    #[must_use]
    pub const fn at_once(self, burst: NonZeroU32) -> Self {
        Self { burst, ..self }
    }

    /// What one of so many processes may let through, so that all together stay within the rate. At least one at once.
    pub(super) fn among(self, processes: NonZeroU32) -> Portion {
        let nanoseconds = MINUTE.as_nanos() * u128::from(processes.get());
        let each = nanoseconds.div_ceil(u128::from(self.per_minute.get()));
        let refill = Duration::from_nanos(u64::try_from(each).unwrap_or(u64::MAX));
        let burst = NonZeroU32::new(self.burst.get() / processes).unwrap_or(NonZeroU32::MIN);
        Portion { refill, burst }
    }
}

/// The rate of one bucket of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portion {
    /// How long one takes to come back.
    pub(super) refill: Duration,
    pub(super) burst: NonZeroU32,
}

impl Portion {
    pub(super) fn quota(self) -> Quota {
        // A refill of no time at all is no limit; it takes a rate of more than one in a nanosecond.
        let paced = Quota::with_period(self.refill).unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX));
        paced.allow_burst(self.burst)
    }

    /// How many came back in that time, at most all.
    pub(super) fn refilled_in(self, time: Duration) -> u32 {
        let count = time.as_nanos() / self.refill.as_nanos().max(1);
        u32::try_from(count).unwrap_or(u32::MAX).min(self.burst.get())
    }

    /// How long so many take to come back.
    pub(super) fn time_for(self, count: u32) -> Duration {
        self.refill.saturating_mul(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).expect("more than none")
    }

    #[test]
    fn all_portions_together_stay_within_the_rate() {
        for per_minute in [10, 100, 1_000, 9_999, 10_000] {
            for processes in 1..=9 {
                let portion = Rate::per_minute(count(per_minute)).among(count(processes));
                assert!(portion.burst.get() * processes <= 2 * per_minute, "{per_minute} among {processes}");
                let hour = Duration::from_secs(3_600);
                let refilled = hour.as_nanos() / portion.refill.as_nanos() * u128::from(processes);
                assert!(refilled <= u128::from(per_minute) * 60, "{per_minute} among {processes}: {refilled}");
                assert!(refilled + 60 * u128::from(processes) >= u128::from(per_minute) * 59, "and not far below");
            }
        }
    }

    #[test]
    fn the_smallest_rate_still_lets_one_through() {
        let portion = Rate::per_minute(count(1)).at_once(count(1)).among(count(3));
        assert_eq!((portion.burst.get(), portion.refill), (1, Duration::from_secs(180)));
    }
}
