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
pub use peyk_listener::Drained;
use peyk_listener::{Guest, Listener};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A bound socket, ready to serve.
pub struct GrpcServer {
    listener: Listener,
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
        Ok(Self { listener: Listener::bind(address, settings.connections_max).await?, settings, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serve until `stop`, then finish what is under way within the deadline.
    pub async fn serve(self, leases: Arc<dyn Leases>, allowed: AllowList, stop: CancellationToken) -> Drained {
        let Self { listener, settings, tls } = self;
        let dispatch = Dispatch::new(&leases, allowed, &settings);
        let connection = Connection::new(dispatch, settings, tls, stop.clone());
        let open = TaskTracker::new();
        while let Some(Guest { stream, place, .. }) = listener.next(&stop).await {
            let connection = connection.clone();
            open.spawn(async move {
                connection.serve(stream).await;
                drop(place);
            });
        }
        drop(listener);
        open.close();
        Drained::within(settings.drain_deadline, open.wait()).await
    }
}
