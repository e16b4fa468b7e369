use std::time::Duration;

/// Pauses that double from a shortest to a longest, each drawn from its upper half so that a fleet does not knock in step.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub fn new(shortest: Duration, longest: Duration) -> Self {
        Self { shortest, longest: longest.max(shortest), next: shortest }
    }

    /// The next pause; `random` is uniform over all of `u32`.
    pub fn pause(&mut self, random: u32) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.longest);
        whole / 2 + (whole / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    pub fn reset(&mut self) {
        self.next = self.shortest;
    }
}

/// Random octets from the operating system, or zeros where it has none: jitter is a courtesy, not a need.
pub(crate) fn random_u32() -> u32 {
    getrandom::u32().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_the_longest_and_start_over() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        let mut pause = |random| backoff.pause(random).as_millis();
        assert_eq!([pause(u32::MAX), pause(0), pause(u32::MAX), pause(0)], [100, 100, 350, 175]);
        backoff.reset();
        assert_eq!(backoff.pause(0).as_millis(), 50);
    }
}
