use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);

/// Counts how often a client asked for what is not registered, and says when that is too often. Whoever tries numbers one
/// after another is after those that exist, or sends in the name of some that do not.
#[derive(Debug)]
pub(crate) struct Unknowns {
    most: NonZeroU32,
    window: Mutex<Option<Window>>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    count: u32,
}

impl Unknowns {
    /// More than `most` in a minute are a burst.
    pub(crate) const fn new(most: NonZeroU32) -> Self {
        Self { most, window: Mutex::new(None) }
    }

    /// So many more were not registered; whether that makes a burst. Each minute says so once at most.
    pub(crate) fn add(&self, more: u32) -> bool {
        if more == 0 {
            return false;
        }
        // Nothing panics while it is locked.
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let current = window.as_mut().filter(|window| now.duration_since(window.began) < WINDOW);
        let (before, after) = match current {
            Some(window) => {
                let before = window.count;
                window.count = before.saturating_add(more);
                (before, window.count)
            }
            None => {
                *window = Some(Window { began: now, count: more });
                (0, more)
            }
        };
        before <= self.most.get() && after > self.most.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_told_once_a_minute() {
        let unknowns = Unknowns::new(NonZeroU32::new(3).unwrap());
        assert_eq!([1, 2, 0, 1, 1].map(|more| unknowns.add(more)), [false, false, false, true, false]);
        tokio::time::advance(WINDOW).await;
        assert!(!unknowns.add(3), "a new minute");
        assert!(unknowns.add(1_000));
        assert!(!unknowns.add(u32::MAX));
    }
}
