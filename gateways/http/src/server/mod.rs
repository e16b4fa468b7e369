//! Listening: bounded connections, TLS by rustls, and an orderly end.
mod activity;
mod arrival;
mod bare;
mod connection;
mod crowd;
mod settings;
mod tls;

pub use arrival::Arrival;
pub use settings::ServerSettings;
pub use tls::{Certificate, TlsError};

use crate::api::Api;
use connection::Connection;
use crowd::Crowd;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

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

/// A bound socket, ready to serve.
pub struct Server {
    listener: TcpListener,
    settings: ServerSettings,
    tls: Option<Certificate>,
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Server").field("listener", &self.listener).field("tls", &self.tls.is_some()).finish()
    }
}

impl Server {
    /// Bind to `address`; port 0 takes a free one. Plain HTTP without `tls`.
    ///
    /// # Errors
    /// What the system says about the address.
    pub async fn bind(address: SocketAddr, tls: Option<Certificate>, settings: ServerSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, settings, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serve until `stop`, then finish what is under way, commands whose client left included, within the deadline.
    ///
    /// At the limit of connections nothing is accepted: the system's backlog holds who comes, and turns away the rest. A
    /// connection beyond the limit of its address is closed at once.
    pub async fn serve(self, api: Arc<Api>, stop: CancellationToken) -> Drained {
        let Self { listener, settings, tls } = self;
        let connection = Connection::new(&api, settings, tls, stop.clone());
        let free = Arc::new(Semaphore::new(settings.connections_max));
        let crowd = Crowd::new(settings.connections_per_address_max);
        let open = TaskTracker::new();
        loop {
            let accepted = async {
                // The semaphore is never closed, so this fails only together with everything else.
                let permit = Arc::clone(&free).acquire_owned().await.ok()?;
                Some((permit, listener.accept().await))
            };
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = accepted => accepted,
            };
            match accepted {
                None => break,
                Some((permit, Ok((stream, peer)))) => {
                    let peer = peer.ip();
                    // Behind a proxy there are many clients; it bounds them itself.
                    let place = if api.limiter.is_proxy(peer) { None } else { Some(crowd.enter(peer)) };
                    let Some(place) = place.map_or(Some(None), |place| place.map(Some)) else {
                        tracing::debug!("a connection too many from one address was closed");
                        continue;
                    };
                    let connection = connection.clone();
                    open.spawn(async move {
                        prepare(&stream);
                        connection.serve(stream, peer).await;
                        drop((permit, place));
                    });
                }
                Some((_, Err(error))) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        open.close();
        api.under_way.close();
        let all = async {
            open.wait().await;
            api.under_way.wait().await;
        };
        match tokio::time::timeout(settings.drain_deadline, all).await {
            Ok(()) => Drained::Whole,
            Err(_) => Drained::DeadlinePassed,
        }
    }
}

fn prepare(stream: &TcpStream) {
    // Answers are small and whole; waiting to fill a segment only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}
