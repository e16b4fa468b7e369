//! What every gateway that listens does alike, whatever is spoken: connections are bounded, and serving ends in order.
#![forbid(unsafe_code)]
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How long to wait after `accept` failed: it is out of file descriptors, as a rule, and trying at once burns a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// All that was under way was answered.
    Whole,
    /// The deadline came first. Commands that had reached the log stand there, answered or not.
    DeadlinePassed,
}

impl Drained {
    /// Waits for what is under way, no longer than `deadline`.
    pub async fn within(deadline: Duration, under_way: impl Future<Output = ()>) -> Self {
        match tokio::time::timeout(deadline, under_way).await {
            Ok(()) => Self::Whole,
            Err(_) => Self::DeadlinePassed,
        }
    }
}

/// A bound socket that has so many connections open at most.
///
/// At the limit nothing is accepted: the system's backlog holds who comes, and turns away the rest.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    free: Arc<Semaphore>,
}

/// A connection that was let in. It counts until `place` is dropped.
#[derive(Debug)]
pub struct Guest {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub place: OwnedSemaphorePermit,
}

impl Listener {
    /// Bind to `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// What the system says about the address.
    pub async fn bind(address: SocketAddr, connections_max: usize) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, free: Arc::new(Semaphore::new(connections_max)) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next connection; none once `stop` is given.
    pub async fn next(&self, stop: &CancellationToken) -> Option<Guest> {
        loop {
            let accepted = async {
                // The semaphore is never closed, so this fails only together with everything else.
                let place = Arc::clone(&self.free).acquire_owned().await.ok()?;
                Some((place, self.socket.accept().await))
            };
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                accepted = accepted => accepted,
            };
            match accepted? {
                (place, Ok((stream, peer))) => {
                    // Answers are small and whole; waiting to fill a segment only delays them.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY could not be set");
                    }
                    return Some(Guest { stream, peer, place });
                }
                (_, Err(error)) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    #[tokio::test]
    async fn at_the_limit_a_connection_waits_until_another_goes() {
        let listener = Listener::bind(LOOPBACK, 1).await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let _clients = [TcpStream::connect(address).await, TcpStream::connect(address).await];
        let first = listener.next(&stop).await.expect("one is let in");
        let second = listener.next(&stop);
        tokio::pin!(second);
        assert!(stays_pending(second.as_mut()).await, "the other waits");
        drop(first.place);
        assert!(second.await.is_some());
    }

    /// Whether a future is not ready although the runtime went round some times.
    async fn stays_pending<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
        for _ in 0..20 {
            tokio::select! {
                biased;
                _ = future.as_mut() => return false,
                () = tokio::task::yield_now() => {}
            }
        }
        true
    }

    #[tokio::test]
    async fn nobody_is_let_in_after_the_stop() {
        let listener = Listener::bind(LOOPBACK, 1).await.expect("a socket");
        let stop = CancellationToken::new();
        let _client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("the backlog");
        stop.cancel();
        assert!(listener.next(&stop).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_longer_than_the_deadline_is_left() {
        let (deadline, ready) = (Duration::from_secs(1), std::future::ready(()));
        assert_eq!(Drained::within(deadline, ready).await, Drained::Whole);
        assert_eq!(Drained::within(deadline, std::future::pending()).await, Drained::DeadlinePassed);
    }
}
