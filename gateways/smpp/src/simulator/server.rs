use super::config::SimulatorConfig;
use super::counts::{Counters, SimulatorCounts};
use super::occasion::Draws;
use super::receipts::Receipts;
use super::session::SimulatedSession;
use crate::wire::Wire;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// A simulated SMSC that could not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
}

/// What the sessions share.
#[derive(Debug)]
pub(super) struct Shared {
    pub config: SimulatorConfig,
    pub counters: Counters,
    pub receipts: Receipts,
    pub next_id: AtomicU64,
    draws: Mutex<Draws>,
    /// When the current second began, and the messages in it.
    second: Mutex<(Instant, u32)>,
    hang_up: Mutex<CancellationToken>,
}

impl Shared {
    /// Whether this message is one too many in the current second.
    pub fn over_tps(&self) -> bool {
        let Some(tps) = self.config.tps else { return false };
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if second.0.elapsed() >= Duration::from_secs(1) {
            *second = (Instant::now(), 0);
        }
        second.1 += 1;
        second.1 > tps
    }

    pub fn draw(&self) -> f64 {
        self.draws.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    fn hang_up_token(&self) -> CancellationToken {
        self.hang_up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running simulated SMSC. It listens until it is stopped or dropped.
#[derive(Debug)]
pub struct SmscSimulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl SmscSimulator {
    /// Starts listening on the current runtime.
    ///
    /// # Errors
    /// [`SimulatorError::Listen`] if the address cannot be had.
    pub async fn start(config: SimulatorConfig) -> Result<Self, SimulatorError> {
        let address = config.listen;
        let failed = |source| SimulatorError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            next_id: AtomicU64::new(config.first_id),
            draws: Mutex::new(Draws::seeded(config.seed)),
            config,
            second: Mutex::new((Instant::now(), 0)),
            counters: Counters::default(),
            receipts: Receipts::default(),
            hang_up: Mutex::new(CancellationToken::new()),
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(listen(listener, shared.clone(), stop.clone()));
        Ok(Self { address, shared, stop, task: Some(task) })
    }

    /// Where it listens, with the port it really got.
    #[must_use]
    pub fn listening_on(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn counts(&self) -> SimulatorCounts {
        self.shared.counters.read()
    }

    /// Hangs up on everybody bound now, without a word. New sessions are welcome.
    pub fn hang_up(&self) {
        let mut token = self.shared.hang_up.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    /// Unbinds everybody and stops listening.
    ///
    /// # Errors
    /// [`JoinError`] if its task panicked.
    pub async fn stop(mut self) -> Result<(), JoinError> {
        self.stop.cancel();
        match self.task.take() {
            Some(task) => task.await,
            None => Ok(()),
        }
    }
}

impl Drop for SmscSimulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of descriptors, most likely: give the sessions there are time to end.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                if sessions.len() >= shared.config.sessions_max {
                    continue;
                }
                if let Ok(wire) = Wire::new(stream) {
                    let session = SimulatedSession::new(shared.clone(), wire);
                    sessions.spawn(session.run(stop.clone(), shared.hang_up_token()));
                }
            }
            Some(ended) = sessions.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a simulated session panicked");
                }
            }
            () = stop.cancelled() => break,
        }
    }
    while sessions.join_next().await.is_some() {}
}
