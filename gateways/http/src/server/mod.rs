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
pub use peyk_listener::Drained;
use peyk_listener::{Guest, Listener};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A bound socket, ready to serve.
pub struct Server {
    listener: Listener,
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
        Ok(Self { listener: Listener::bind(address, settings.connections_max).await?, settings, tls })
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
    /// A connection beyond the limit of its address is closed at once.
    pub async fn serve(self, api: Arc<Api>, stop: CancellationToken) -> Drained {
        let Self { listener, settings, tls } = self;
        let connection = Connection::new(&api, settings, tls, stop.clone());
        let crowd = Crowd::new(settings.connections_per_address_max);
        let open = TaskTracker::new();
        while let Some(Guest { stream, peer, place }) = listener.next(&stop).await {
            let peer = peer.ip();
            // Behind a proxy there are many clients; it bounds them itself.
            let among = if api.limiter.is_proxy(peer) { None } else { Some(crowd.enter(peer)) };
            let Some(among) = among.map_or(Some(None), |among| among.map(Some)) else {
                tracing::debug!("a connection too many from one address was closed");
                continue;
            };
            let connection = connection.clone();
            open.spawn(async move {
                connection.serve(stream, peer).await;
                drop((place, among));
            });
        }
        drop(listener);
        open.close();
        api.under_way.close();
        let under_way = async {
            open.wait().await;
            api.under_way.wait().await;
        };
        Drained::within(settings.drain_deadline, under_way).await
    }
}
