use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What one connection is doing.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Activity {
    /// A call began; it ends when what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Call {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Call(Arc::clone(self))
    }

    /// Wait until there was no call for `timeout`, and no longer than twice that.
    pub(super) async fn idle_for(&self, timeout: Duration) {
        let mut before = None;
        loop {
            tokio::time::sleep(timeout).await;
            let (ended, begun) = (self.ended.load(Ordering::Relaxed), self.begun.load(Ordering::Relaxed));
            if ended == begun && before == Some(begun) {
                return;
            }
            before = Some(begun);
        }
    }
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Call(Arc<Activity>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_a_call_is_not_idle() {
        let (activity, timeout) = (Arc::new(Activity::default()), Duration::from_secs(10));
        let call = activity.begin();
        let bounded = tokio::time::timeout(timeout * 10, activity.idle_for(timeout));
        assert!(bounded.await.is_err(), "a call is under way");
        drop(call);
        let began = tokio::time::Instant::now();
        let bounded = tokio::time::timeout(timeout * 10, activity.idle_for(timeout));
        assert!(bounded.await.is_ok(), "there is no call any more");
        assert_eq!(began.elapsed(), timeout * 2);
    }
}
