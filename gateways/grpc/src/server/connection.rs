use super::activity::Activity;
use super::dispatch::{Caller, Dispatch};
use super::settings::GrpcSettings;
use super::tls::MutualTls;
use crate::clients::Peer;
use crate::metrics::{self, Handshake, Open};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// How connections are served; one clone for each.
#[derive(Clone)]
pub(super) struct Connection {
    dispatch: Dispatch,
    settings: GrpcSettings,
    tls: Option<MutualTls>,
    stop: CancellationToken,
    http: Builder<TokioExecutor>,
}

impl Connection {
    pub(super) fn new(
        dispatch: Dispatch,
        settings: GrpcSettings,
        tls: Option<MutualTls>,
        stop: CancellationToken,
    ) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(settings.streams_max)
            .max_header_list_size(settings.head_bytes_max)
            .keep_alive_interval(settings.keep_alive.0)
            .keep_alive_timeout(settings.keep_alive.1);
        Self { dispatch, settings, tls, stop, http }
    }

    /// Serve one connection to its end.
    pub(super) async fn serve(self, stream: TcpStream) {
        let _open = Open::begin();
        let Some(tls) = &self.tls else {
            return self.speak(stream, Caller::Anybody, watch::channel(0).1).await;
        };
        // Before the handshake, so that no change is missed.
        let changes = tls.changes();
        let handshake = tokio::time::timeout(self.settings.handshake_timeout, tls.acceptor().accept(stream));
        let handshake = tokio::select! {
            () = self.stop.cancelled() => return,
            handshake = handshake => handshake,
        };
        match handshake {
            Ok(Ok(stream)) => {
                let Some(peer) = peer(&stream) else { return metrics::handshake(Handshake::Refused) };
                metrics::handshake(Handshake::Done);
                self.speak(stream, Caller::Certified(peer), changes).await;
            }
            Ok(Err(error)) => {
                metrics::handshake(Handshake::Refused);
                tracing::debug!(%error, "a TLS handshake of a gRPC client failed");
            }
            Err(_) => metrics::handshake(Handshake::Slow),
        }
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        caller: Caller,
        mut changes: watch::Receiver<u64>,
    ) {
        let (activity, caller) = (Arc::new(Activity::default()), Arc::new(caller));
        let service = service_fn({
            let activity = Arc::clone(&activity);
            move |request: Request<Incoming>| {
                let (dispatch, caller, call) = (self.dispatch.clone(), Arc::clone(&caller), activity.begin());
                async move {
                    let answer = dispatch.answer(&caller, request).await;
                    drop(call);
                    Ok::<_, Infallible>(answer)
                }
            }
        });
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        let changed = async {
            // Where nobody can tell of a change there is none.
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = activity.idle_for(self.settings.idle_timeout) => None,
            () = changed => None,
            () = self.stop.cancelled() => None,
        };
        let ended = match ended {
            Some(ended) => Some(ended),
            None => {
                connection.as_mut().graceful_shutdown();
                // Every call that is under way has come to its end by then.
                tokio::time::timeout(self.settings.call_timeout * 2, connection).await.ok()
            }
        };
        if let Some(Err(error)) = ended {
            tracing::debug!(%error, "a gRPC connection broke off");
        }
    }
}

/// Whom the handshake verified.
fn peer<S>(stream: &TlsStream<S>) -> Option<Peer> {
    let certificates = stream.get_ref().1.peer_certificates()?;
    Peer::of(certificates.first()?).inspect_err(|error| tracing::debug!(%error, "a gRPC client was refused")).ok()
}
