//! One bucket for each key, in bounded memory.
use super::rate::{Portion, Rate};
use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How often keys that nobody used long enough are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How often at most where there is no room for another key.
const SWEEP_WHEN_FULL_EVERY: Duration = Duration::from_secs(1);

/// Time since this was made; the runtime's own clock, which tests may hold.
#[derive(Debug, Clone, Copy)]
struct Ticks(Instant);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What a bucket said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) portion: Portion,
    /// What is left after this one.
    pub(super) left: u32,
    /// How long until there is one more: refused.
    pub(super) wait: Option<Duration>,
}

/// A leaky bucket (GCRA) that keeps what was used when its rate changes.
struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticks, StateInformationMiddleware>,
    portion: Portion,
    left: u32,
    at: Duration,
}

impl Bucket {
    /// With `left` of what fits in it.
    fn holding(left: u32, portion: Portion, clock: Ticks, now: Duration) -> Self {
        let limiter = RateLimiter::direct_with_clock(portion.quota(), clock).with_middleware();
        let left = left.min(portion.burst.get());
        if let Some(used) = NonZeroU32::new(portion.burst.get() - left) {
            // Never more than the bucket holds, and nothing was taken from it before.
            let _ = limiter.check_n(used);
        }
        Self { limiter, portion, left, at: now }
    }

    fn left(&self, now: Duration) -> u32 {
        let refilled = self.portion.refilled_in(now.saturating_sub(self.at));
        self.left.saturating_add(refilled).min(self.portion.burst.get())
    }

    fn is_full(&self, now: Duration) -> bool {
        self.left(now) == self.portion.burst.get()
    }

    fn take(&mut self, now: Duration) -> Taken {
        let wait = match self.limiter.check() {
            Ok(state) => {
                self.left = state.remaining_burst_capacity();
                None
            }
            Err(refused) => {
                self.left = 0;
                Some(refused.wait_time_from(now))
            }
        };
        self.at = now;
        Taken { portion: self.portion, left: self.left, wait }
    }
}

/// Buckets by key, at most so many. A bucket that is full again is forgotten; where all are in use, keys that are new share
/// one bucket, so that too many keys are limited too much rather than not at all.
pub(super) struct Buckets<K> {
    keys_max: usize,
    clock: Ticks,
    state: Mutex<State<K>>,
}

struct State<K> {
    by_key: HashMap<K, Bucket>,
    shared: Option<Bucket>,
    swept: Duration,
}

impl<K> fmt::Debug for Buckets<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Buckets").field("keys_max", &self.keys_max).finish_non_exhaustive()
    }
}

impl<K: Eq + Hash> Buckets<K> {
    pub(super) fn new(keys_max: usize) -> Self {
        let state = State { by_key: HashMap::new(), shared: None, swept: Duration::ZERO };
        Self { keys_max, clock: Ticks(Instant::now()), state: Mutex::new(state) }
    }

    /// Take one of the key's. `filling_since`: every bucket counts as empty then.
    pub(super) fn take(&self, key: K, rate: Rate, processes: NonZeroU32, filling_since: Option<Instant>) -> Taken {
        let portion = rate.among(processes);
        // Nothing panics while it is locked.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let first = || {
            let filled = filling_since.map_or(u32::MAX, |since| portion.refilled_in(since.elapsed()));
            Bucket::holding(filled, portion, self.clock, now)
        };
        state.sweep(self.keys_max, now);
        let full = state.by_key.len() >= self.keys_max && !state.by_key.contains_key(&key);
        let bucket =
            if full { state.shared.get_or_insert_with(first) } else { state.by_key.entry(key).or_insert_with(first) };
        if bucket.portion != portion {
            *bucket = Bucket::holding(bucket.left(now), portion, self.clock, now);
        }
        bucket.take(now)
    }

    /// Gives back one that was taken of the key's, if it has a bucket of its own still.
    pub(super) fn put_back(&self, key: &K) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if let Some(bucket) = state.by_key.get_mut(key) {
            *bucket = Bucket::holding(bucket.left(now).saturating_add(1), bucket.portion, self.clock, now);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).by_key.len()
    }
}

impl<K> State<K> {
    fn sweep(&mut self, keys_max: usize, now: Duration) {
        let every = if self.by_key.len() < keys_max { SWEEP_EVERY } else { SWEEP_WHEN_FULL_EVERY };
        if now.saturating_sub(self.swept) >= every {
            self.by_key.retain(|_, bucket| !bucket.is_full(now));
            self.swept = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const ALONE: NonZeroU32 = NonZeroU32::MIN;

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).expect("more than none")
    }

    /// How many of `tries` are let through.
    fn let_through(buckets: &Buckets<u32>, key: u32, rate: Rate, processes: NonZeroU32, tries: u32) -> u32 {
        let through = |_: &u32| buckets.take(key, rate, processes, None).wait.is_none();
        u32::try_from((0..tries).filter(through).count()).expect("few")
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_twice_a_minutes_worth_and_comes_back_by_the_minute() {
        let (buckets, rate) = (Buckets::new(10), Rate::per_minute(count(60)));
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 500), 120);
        assert_eq!(let_through(&buckets, 2, rate, ALONE, 500), 120, "another key has its own");
        let refused = buckets.take(1, rate, ALONE, None);
        assert_eq!((refused.left, refused.wait), (0, Some(Duration::from_secs(1))));
        advance(Duration::from_secs(10)).await;
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 500), 10);
        advance(Duration::from_secs(3_600)).await;
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 500), 120, "no more than a burst is saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_put_back_can_be_taken_again_and_no_more_than_that() {
        let (buckets, rate) = (Buckets::new(10), Rate::per_minute(count(60)));
        buckets.put_back(&1);
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 500), 120, "nothing was taken before");
        for _ in 0..3 {
            buckets.put_back(&1);
        }
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 500), 3);
        advance(Duration::from_secs(3_600)).await;
        buckets.put_back(&1);
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 500), 120, "no more than fits");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_used_stays_used_when_the_rate_or_the_processes_change() {
        let (buckets, rate) = (Buckets::new(10), Rate::per_minute(count(60)));
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 100), 100);
        assert_eq!(let_through(&buckets, 1, rate, count(2), 100), 20, "what was left, which is within half of a burst");
        assert_eq!(let_through(&buckets, 1, rate, ALONE, 100), 0, "the other half was the other's");
        assert_eq!(let_through(&buckets, 2, rate, ALONE, 10), 10);
        assert_eq!(
            let_through(&buckets, 2, rate, count(2), 500),
            60,
            "of 110 that were left no more than half a burst"
        );
        advance(Duration::from_secs(10)).await;
        assert_eq!(let_through(&buckets, 2, rate, count(2), 500), 5, "half as fast");
        let larger = Rate::per_minute(count(6_000));
        assert_eq!(let_through(&buckets, 2, larger, ALONE, 500), 0);
        advance(Duration::from_secs(1)).await;
        assert_eq!(let_through(&buckets, 2, larger, ALONE, 500), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn who_joins_others_begins_with_nothing() {
        let (buckets, rate) = (Buckets::new(10), Rate::per_minute(count(60)));
        let joined = Some(Instant::now());
        assert!(buckets.take(1, rate, count(2), joined).wait.is_some());
        advance(Duration::from_secs(20)).await;
        let through = (0..500).filter(|_| buckets.take(2, rate, count(2), joined).wait.is_none()).count();
        assert_eq!(through, 10, "what a bucket of that age would hold");
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_bounded_and_what_comes_on_top_shares_a_bucket() {
        let (buckets, rate) = (Buckets::new(100), Rate::per_minute(count(60)));
        for key in 0..100 {
            assert_eq!(let_through(&buckets, key, rate, ALONE, 2), 2);
        }
        let through: u32 = (1_000..11_000).map(|key| let_through(&buckets, key, rate, ALONE, 1)).sum();
        assert_eq!((buckets.len(), through), (100, 120), "ten thousand new keys got the limit of one");
        assert_eq!(let_through(&buckets, 7, rate, ALONE, 1), 1, "who was there before is not hit");
        advance(Duration::from_secs(2)).await;
        assert_eq!(let_through(&buckets, 20_000, rate, ALONE, 500), 120, "there is room again for a key of its own");
        assert!(buckets.len() <= 2, "what was full again is forgotten");
    }
}
