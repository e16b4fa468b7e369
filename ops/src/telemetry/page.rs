//! The metrics as Prometheus reads them, on a port of their own.
use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use opentelemetry_http::Bytes;
use prometheus::{Encoder, Registry, TextEncoder};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Who may read at once; more wait to be accepted.
const READERS_MAX: usize = 16;
/// How long a connection may stay, whatever it does.
const STAY: Duration = Duration::from_secs(30);
const HEAD: Duration = Duration::from_secs(5);
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// `GET /metrics`, and nothing else.
pub struct Page {
    listener: TcpListener,
    registry: Registry,
}

impl Page {
    pub async fn bind(address: SocketAddr, registry: Registry) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; telemetry.metrics_listen names another place"))?;
        tracing::info!(listen = %listener.local_addr()?, "metrics");
        Ok(Self { listener, registry })
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: CancellationToken) {
        let Self { listener, registry } = self;
        let free = Arc::new(Semaphore::new(READERS_MAX));
        let serving = async {
            // The semaphore is never closed.
            while let Ok(place) = Arc::clone(&free).acquire_owned().await {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let registry = registry.clone();
                        tokio::spawn(async move {
                            let answering = service_fn(move |request| answer(registry.clone(), request));
                            let mut http = hyper::server::conn::http1::Builder::new();
                            http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(16 * 1024);
                            let connection = http.serve_connection(TokioIo::new(stream), answering);
                            // Whoever reads metrics comes again.
                            let _ = tokio::time::timeout(STAY, connection).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the metrics could not be accepted");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        };
        stop.run_until_cancelled(serving).await;
    }
}

async fn answer(registry: Registry, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET) => text(registry).await,
        ("/metrics", _) => {
            let mut refused = with_status(StatusCode::METHOD_NOT_ALLOWED);
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            refused
        }
        _ => with_status(StatusCode::NOT_FOUND),
    })
}

/// Text format 0.0.4. Put together on a thread that may take its time.
async fn text(registry: Registry) -> Response<Full<Bytes>> {
    let encoded = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text).map(|()| text)
    });
    match encoded.await {
        Ok(Ok(text)) => {
            let mut page = Response::new(Full::from(text));
            page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(prometheus::TEXT_FORMAT));
            page
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the metrics cannot be written");
            with_status(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be gathered");
            with_status(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn with_status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
