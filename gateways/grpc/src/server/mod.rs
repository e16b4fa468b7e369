//! Listening: bounded connections, TLS in which both sides show certificates, and an orderly end.
mod activity;
mod connection;
mod dispatch;
mod settings;
mod tls;

pub use settings::GrpcSettings;
pub use tls::{GrpcTlsError, MutualTls};

use crate::clients::AllowList;
use connection::Connection;
use dispatch::Dispatch;
use peyk_handlers::Leases;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
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
    /// The deadline came first.
    DeadlinePassed,
}

/// A bound socket, ready to serve.
pub struct GrpcServer {
    listener: TcpListener,
    settings: GrpcSettings,
    tls: Option<MutualTls>,
}

impl fmt::Debug for GrpcServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GrpcServer").field("listener", &self.listener).field("tls", &self.tls).finish()
    }
}

impl GrpcServer {
    /// Bind to `address`; port 0 takes a free one. Without `tls` whoever can connect may call everything, which is for
    /// development only.
    ///
    /// # Errors
    /// What the system says about the address.
    pub async fn bind(address: SocketAddr, tls: Option<MutualTls>, settings: GrpcSettings) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, settings, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serve until `stop`, then finish what is under way within the deadline.
    ///
    /// At the limit of connections nothing is accepted: the system's backlog holds who comes, and turns away the rest.
    pub async fn serve(self, leases: Arc<dyn Leases>, allowed: AllowList, stop: CancellationToken) -> Drained {
        let Self { listener, settings, tls } = self;
        let dispatch = Dispatch::new(&leases, allowed, &settings);
        let connection = Connection::new(dispatch, settings, tls, stop.clone());
        let free = Arc::new(Semaphore::new(settings.connections_max));
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
                Some((permit, Ok((stream, _)))) => {
                    // Answers are small and whole; waiting to fill a segment only delays them.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY could not be set");
                    }
                    let connection = connection.clone();
                    open.spawn(async move {
                        connection.serve(stream).await;
                        drop(permit);
                    });
                }
                Some((_, Err(error))) => {
                    tracing::warn!(%error, "a gRPC connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        open.close();
        match tokio::time::timeout(settings.drain_deadline, open.wait()).await {
            Ok(()) => Drained::Whole,
            Err(_) => Drained::DeadlinePassed,
        }
    }
}
