use super::alarm::{Alarm, UNKNOWN_NUMBER_BURST};
use super::unknowns::Unknowns;
use crate::metrics;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much one client may ask of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Numbers a second, and as many at once.
    pub numbers_per_second: NonZeroU32,
    /// Calls under way at once, over all its connections.
    pub calls_at_once: usize,
    /// Numbers a minute that are not registered; more are signalled, and still answered.
    pub unknown_per_minute: NonZeroU32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            numbers_per_second: NonZeroU32::new(20_000).unwrap_or(NonZeroU32::MAX),
            calls_at_once: 256,
            unknown_per_minute: NonZeroU32::new(100).unwrap_or(NonZeroU32::MIN),
        }
    }
}

/// Somebody who may call, and what is left to them.
pub(crate) struct Client {
    name: String,
    numbers: DefaultDirectRateLimiter,
    /// What the limiter gives back in a second, and the most it takes at once.
    rate: NonZeroU32,
    calls: Arc<Semaphore>,
    unknowns: Unknowns,
    alarm: Arc<dyn Alarm>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The client asks for more than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OverCap {
    /// Too many calls under way.
    Calls,
    /// Too many numbers; there are enough again after this time.
    Numbers(Duration),
}

/// A call under way; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay {
    _place: OwnedSemaphorePermit,
}

impl Client {
    pub(super) fn new(name: String, caps: Caps, alarm: Arc<dyn Alarm>) -> Arc<Self> {
        Arc::new(Self {
            name,
            numbers: RateLimiter::direct(Quota::per_second(caps.numbers_per_second)),
            rate: caps.numbers_per_second,
            calls: Arc::new(Semaphore::new(caps.calls_at_once.min(Semaphore::MAX_PERMITS))),
            unknowns: Unknowns::new(caps.unknown_per_minute),
            alarm,
        })
    }

    /// A place among the calls under way.
    ///
    /// # Errors
    /// [`OverCap::Calls`].
    pub(crate) fn enter(&self) -> Result<UnderWay, OverCap> {
        Arc::clone(&self.calls).try_acquire_owned().map(|place| UnderWay { _place: place }).map_err(|_| OverCap::Calls)
    }

    /// Takes so many numbers of what the client may ask about.
    ///
    /// # Errors
    /// [`OverCap::Numbers`]; then none was taken.
    pub(crate) fn take(&self, numbers: NonZeroU32) -> Result<(), OverCap> {
        match self.numbers.check_n(numbers) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(wait)) => Err(OverCap::Numbers(wait.wait_time_from(DefaultClock::default().now()))),
            // More than it may ask about in a second can never be asked about at once.
            Err(_) => Err(OverCap::Numbers(Duration::from_secs(1).saturating_mul(numbers.get() / self.rate))),
        }
    }

    /// So many of the numbers asked about are not registered.
    pub(crate) fn unknown(&self, count: u32) {
        if self.unknowns.add(count) {
            metrics::unknown_number_burst();
            tracing::warn!(
                code = UNKNOWN_NUMBER_BURST,
                client = self.name,
                "a client asks for many numbers that are not registered"
            );
            self.alarm.unknown_number_burst(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn calls_under_way_are_bounded_and_come_back() {
        let client =
            Client::new("one".to_owned(), Caps { calls_at_once: 2, ..Caps::default() }, Arc::new(|_: &str| {}));
        let (first, second) = (client.enter().unwrap(), client.enter().unwrap());
        assert_eq!(client.enter().unwrap_err(), OverCap::Calls);
        drop(first);
        let third = client.enter();
        assert!(third.is_ok() && client.enter().is_err());
        drop((second, third));
    }

    #[test]
    fn numbers_are_bounded_and_the_wait_is_told() {
        let caps = Caps { numbers_per_second: count(10), ..Caps::default() };
        let client = Client::new("one".to_owned(), caps, Arc::new(|_: &str| {}));
        assert_eq!(client.take(count(11)), Err(OverCap::Numbers(Duration::from_secs(1))), "never as many as that");
        assert_eq!(client.take(count(10)), Ok(()), "what was refused took nothing");
        let Err(OverCap::Numbers(wait)) = client.take(count(10)) else { panic!("there are none left") };
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    }
}
