use std::time::{Duration, Instant};

/// Nothing goes out for so long after a complaint, twice as long after the next, up to the longest. An operator that counts
/// by the second refuses everything for the rest of it, and every refusal costs records here.
const PAUSE_SHORTEST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(1);
/// After this long without a complaint pauses begin short again.
const PEACE: Duration = Duration::from_secs(2);
const RATE_MIN: f64 = 1.0;

/// How fast short messages may go out: a token bucket that rests and halves its rate when the operator complains, and
/// recovers by addition. Without an agreed rate there is no limit until the first complaint.
#[derive(Debug)]
pub(crate) struct Pace {
    agreed: Option<f64>,
    limit: Option<f64>,
    /// Where the limit stood before it was last halved; what recovery strives for.
    before: f64,
    tokens: f64,
    refilled: Instant,
    paused_until: Option<Instant>,
    pause: Duration,
    second: Instant,
    in_second: u32,
    in_last_second: u32,
}

impl Pace {
    pub fn new(agreed: Option<u32>, now: Instant) -> Self {
        let agreed = agreed.map(f64::from);
        Self {
            agreed,
            limit: agreed,
            before: 0.0,
            tokens: agreed.map_or(0.0, burst),
            refilled: now,
            paused_until: None,
            pause: PAUSE_SHORTEST,
            second: now,
            in_second: 0,
            in_last_second: 0,
        }
    }

    /// Whether `parts` may go out now, all together.
    pub fn ready(&mut self, parts: usize, now: Instant) -> bool {
        self.refill(now);
        if self.paused_until.is_some_and(|until| now < until) {
            return false;
        }
        self.limit.is_none_or(|limit| self.tokens >= needed(parts, limit))
    }

    /// When `parts` may go out at the current rate; nothing if they may already.
    pub fn ready_at(&mut self, parts: usize, now: Instant) -> Option<Instant> {
        self.refill(now);
        let limit = self.limit?;
        let missing = needed(parts, limit) - self.tokens;
        let filled = (missing > 0.0).then(|| now + Duration::from_secs_f64(missing / limit) + Duration::from_millis(1));
        filled.max(self.paused_until.filter(|until| now < *until))
    }

    /// `parts` went out.
    pub fn spent(&mut self, parts: usize, now: Instant) {
        self.roll(now);
        self.in_second = self.in_second.saturating_add(parts as u32);
        if self.limit.is_some() {
            self.tokens -= parts as f64;
        }
    }

    /// The operator asked to slow down.
    pub fn throttled(&mut self, now: Instant) {
        self.refill(now);
        // One burst is answered by many complaints; those during the pause are about what went out before it.
        if self.paused_until.is_some_and(|until| now < until) {
            return;
        }
        if self.paused_until.is_none_or(|until| now.saturating_duration_since(until) > PEACE) {
            self.pause = PAUSE_SHORTEST;
        }
        self.paused_until = Some(now + self.pause);
        self.pause = (self.pause * 2).min(PAUSE_LONGEST);
        self.roll(now);
        let rate = self.limit.unwrap_or_else(|| self.measured(now));
        // Complaint upon complaint lowers the mark only slowly, so that recovery does not start from nothing.
        self.before = rate.max(self.before * 0.75).max(RATE_MIN);
        self.limit = Some((rate / 2.0).max(RATE_MIN));
        self.tokens = self.tokens.min(0.0);
    }

    /// Short messages a second, lately.
    fn measured(&self, now: Instant) -> f64 {
        let so_far = now.saturating_duration_since(self.second).max(Duration::from_millis(100));
        (f64::from(self.in_second) / so_far.as_secs_f64()).max(f64::from(self.in_last_second))
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.refilled).as_secs_f64();
        self.refilled = now;
        let Some(limit) = self.limit else { return };
        self.tokens = (self.tokens + limit * elapsed).min(burst(limit));
        if self.paused_until.is_some() {
            let recovered = limit + elapsed * (self.before / 10.0).max(1.0);
            self.limit = match self.agreed {
                Some(agreed) => Some(recovered.min(agreed)),
                // Twice what it complained about without a new complaint: the operator has room again.
                None => (recovered <= self.before * 2.0).then_some(recovered),
            };
        }
    }

    fn roll(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.second);
        if elapsed >= Duration::from_secs(1) {
            self.in_last_second = if elapsed < Duration::from_secs(2) { self.in_second } else { 0 };
            self.in_second = 0;
            self.second = now;
        }
    }
}

/// A tenth of a second's worth may go out at once.
fn burst(limit: f64) -> f64 {
    (limit / 10.0).max(1.0)
}

/// The parts of one message go out together even where they exceed a burst; the debt is paid afterwards.
fn needed(parts: usize, limit: f64) -> f64 {
    (parts as f64).min(burst(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_in(pace: &mut Pace, from: Instant, length: Duration) -> u32 {
        let mut sent = 0;
        for millisecond in 0..length.as_millis() as u64 {
            let now = from + Duration::from_millis(millisecond);
            while pace.ready(1, now) && sent < 1_000_000 {
                pace.spent(1, now);
                sent += 1;
                if pace.limit.is_none() {
                    break;
                }
            }
        }
        sent
    }

    #[test]
    fn an_agreed_rate_is_kept() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(200), start);
        let sent = sent_in(&mut pace, start, Duration::from_secs(5));
        assert!((995..=1_025).contains(&sent), "{sent}");
    }

    #[test]
    fn a_complaint_halves_the_rate_once_and_it_recovers_to_what_was_agreed() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(100), start);
        pace.throttled(start);
        pace.throttled(start + Duration::from_millis(10));
        assert_eq!(pace.ready_at(1, start), Some(start + PAUSE_SHORTEST));
        let slow = sent_in(&mut pace, start, Duration::from_secs(1));
        assert!((40..=62).contains(&slow), "{slow}");
        let later = start + Duration::from_secs(20);
        assert!(pace.ready(1, later));
        assert_eq!(pace.limit, Some(100.0));
    }

    #[test]
    fn without_an_agreed_rate_the_limit_comes_and_goes() {
        let start = Instant::now();
        let mut pace = Pace::new(None, start);
        assert!(sent_in(&mut pace, start, Duration::from_secs(1)) >= 1_000);
        let now = start + Duration::from_secs(1);
        pace.throttled(now);
        let slow = sent_in(&mut pace, now, Duration::from_secs(1));
        assert!((400..=700).contains(&slow), "{slow}");
        assert!(pace.ready(1, now + Duration::from_secs(60)));
        assert_eq!(pace.limit, None);
    }

    #[test]
    fn complaint_after_complaint_rests_longer_and_peace_forgets() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(100), start);
        let mut now = start;
        for rest_ms in [100, 200, 400, 800, 1_000, 1_000] {
            pace.throttled(now);
            assert!(!pace.ready(1, now + Duration::from_millis(rest_ms - 1)));
            now += Duration::from_millis(rest_ms);
        }
        now += PEACE * 2;
        pace.throttled(now);
        assert!(pace.ready(1, now + Duration::from_secs(1)));
    }

    #[test]
    fn a_long_message_goes_out_whole_and_the_next_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(10), start);
        assert!(pace.ready(5, start));
        pace.spent(5, start);
        let next = pace.ready_at(1, start).expect("not now");
        assert!((450..=550).contains(&(next - start).as_millis()), "{:?}", next - start);
        assert!(pace.ready(1, next));
    }
}
