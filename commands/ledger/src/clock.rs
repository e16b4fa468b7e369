use peyk_domain::At;
use std::sync::Arc;

/// Where instants come from; tests bring their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> At + Send + Sync>);

impl Clock {
    pub fn new(read: impl Fn() -> At + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            At(since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
        })
    }

    #[must_use]
    pub fn now(&self) -> At {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Clock")
    }
}
