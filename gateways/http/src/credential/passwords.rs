use peyk_credentials::Password;
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Checks that wait for their turn, for each that is under way.
const WAITING_PER_CORE: usize = 64;

/// A check that was not made: too many wait, or the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unchecked;

/// Hashes and checks passwords: as many at once as there are cores, so that logins do not take what everything else needs.
#[derive(Debug)]
pub(crate) struct Passwords {
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let waiting = Arc::new(Semaphore::new(cores * WAITING_PER_CORE));
        Self { cores: Arc::new(Semaphore::new(cores)), waiting }
    }

    /// Whether the verifier, or nobody's, was made of the password.
    pub(crate) async fn check(
        &self,
        password: Password,
        verifier: Option<Zeroizing<String>>,
    ) -> Result<bool, Unchecked> {
        self.work(move || password.matches(verifier.as_ref().map(|verifier| verifier.as_str()))).await
    }

    pub(crate) async fn hash(&self, password: Password) -> Result<Zeroizing<String>, Unchecked> {
        self.work(move || password.hash()).await?.map_err(|_| Unchecked)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unchecked> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| Unchecked)?;
        let turn = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| Unchecked)?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, waiting));
            done
        });
        working.await.map_err(|_| Unchecked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(Zeroizing::new(text.to_owned()))
    }

    #[tokio::test]
    async fn more_than_can_wait_are_refused() {
        let passwords = Passwords { cores: Arc::new(Semaphore::new(0)), waiting: Arc::new(Semaphore::new(1)) };
        let first = passwords.check(password("correct horse"), None);
        let mut first = std::pin::pin!(first);
        assert!(futures::poll!(&mut first).is_pending());
        assert_eq!(passwords.check(password("correct horse"), None).await, Err(Unchecked));
        passwords.cores.add_permits(1);
        assert_eq!(first.await, Ok(false));
    }
}
