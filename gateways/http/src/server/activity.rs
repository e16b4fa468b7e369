use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What one connection is doing: how many requests are under way, and since when none is.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    under_way: usize,
    idle_since: Instant,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { under_way: 0, idle_since: Instant::now() })))
    }

    /// A request began; it ends when what is returned is dropped.
    pub(super) fn begin(&self) -> UnderWay {
        self.change(|state| state.under_way += 1);
        UnderWay(self.clone())
    }

    /// Wait until there was no request under way for `timeout`.
    pub(super) async fn idle_for(&self, timeout: Duration) {
        loop {
            let due = self.change(|state| {
                let since = if state.under_way > 0 { Instant::now() } else { state.idle_since };
                since + timeout
            });
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while it is locked.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.under_way -= 1;
            state.idle_since = Instant::now();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn idle_counts_from_the_end_of_the_last_request() {
        let activity = Activity::new();
        let began = Instant::now();
        let request = activity.begin();
        let idle = tokio::spawn({
            let activity = activity.clone();
            async move { activity.idle_for(TIMEOUT).await }
        });
        tokio::time::advance(Duration::from_secs(25)).await;
        assert!(!idle.is_finished());
        drop(request);
        idle.await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(35), "{:?}", began.elapsed());
    }
}
