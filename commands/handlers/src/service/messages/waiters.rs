use peyk_domain::ConnectorId;
use peyk_domain::messages::MessageEvent;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Wakes whoever waits for work of a connector. Holds one entry for each connector that ever asked, all of them registered.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    bells: Mutex<HashMap<ConnectorId, Arc<Notify>>>,
}

impl Waiters {
    /// The bell of a connector; enable it before looking for work, so that nothing is missed in between.
    pub(super) fn bell(&self, connector: ConnectorId) -> Arc<Notify> {
        Arc::clone(self.bells().entry(connector).or_default())
    }

    /// Wakes the connectors that events brought work for.
    pub(super) fn wake_for(&self, events: &[MessageEvent]) {
        let mut last = None;
        for event in events {
            match event {
                MessageEvent::MessageAccepted { connector, .. } if last != Some(*connector) => {
                    last = Some(*connector);
                    if let Some(bell) = self.bells().get(connector) {
                        bell.notify_waiters();
                    }
                }
                // Does not say whose it is.
                MessageEvent::MessageRequeued { .. } => {
                    self.bells().values().for_each(|bell| bell.notify_waiters());
                    return;
                }
                _ => {}
            }
        }
    }

    /// The map stays whole whatever panicked: each change is one insertion.
    fn bells(&self) -> MutexGuard<'_, HashMap<ConnectorId, Arc<Notify>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::MessageId;
    use peyk_domain::messages::RequeueReason;

    #[tokio::test]
    async fn a_bell_rung_after_it_was_enabled_is_heard() {
        let waiters = Waiters::default();
        let bell = waiters.bell(ConnectorId::from_bytes([1; 16]));
        let other = waiters.bell(ConnectorId::from_bytes([2; 16]));
        let mut heard = std::pin::pin!(bell.notified());
        let mut also = std::pin::pin!(other.notified());
        assert!(!heard.as_mut().enable() && !also.as_mut().enable());
        waiters.wake_for(&[MessageEvent::MessageRequeued {
            message: MessageId::from_bytes([3; 16]),
            attempt: 1,
            reason: RequeueReason::Throttled,
        }]);
        heard.await;
        also.await;
    }

    #[tokio::test]
    async fn what_brings_no_work_wakes_nobody() {
        let waiters = Waiters::default();
        let bell = waiters.bell(ConnectorId::from_bytes([1; 16]));
        let mut heard = std::pin::pin!(bell.notified());
        heard.as_mut().enable();
        waiters.wake_for(&[MessageEvent::MessageExpired { message: MessageId::from_bytes([3; 16]) }]);
        assert!(!heard.as_mut().enable());
    }
}
