use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A collector that keeps what OTLP brings it over HTTP.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Received {
    spans: Vec<Span>,
    bodies: Vec<Bytes>,
    paths: Vec<String>,
}

impl Collector {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// If there is none.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let received = Arc::<Mutex<Received>>::default();
        let kept = received.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = kept.clone();
                let taking = service_fn(move |request| take(kept.clone(), request));
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), taking);
                tokio::spawn(connection);
            }
        });
        Ok(Self { address, received, serving })
    }

    /// For `telemetry.otlp_endpoint`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans of a trace, which is named by 32 hexadecimal digits, in no particular order.
    #[must_use]
    pub fn trace(&self, id: &str) -> Vec<Span> {
        let spans = &self.received.lock().unwrap_or_else(PoisonError::into_inner).spans;
        spans.iter().filter(|span| hex(&span.trace_id) == id).cloned().collect()
    }

    /// Everything that came in, as it came.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).bodies.concat()
    }

    /// Whether anything came in at `path`.
    #[must_use]
    pub fn heard_at(&self, path: &str) -> bool {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).paths.iter().any(|heard| heard == path)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(kept: Arc<Mutex<Received>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if path == "/v1/traces" {
        let brought = ExportTraceServiceRequest::decode(body.clone())?;
        let scopes = brought.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        kept.spans.extend(scopes.flat_map(|scope| scope.spans));
    }
    kept.bodies.push(body);
    kept.paths.push(path);
    Ok(Response::new(Full::default()))
}

/// The text or the number of an attribute, as text; empty if there is none of that name.
#[must_use]
pub fn attribute(span: &Span, name: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.as_ref()?.value.clone()) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Bytes as they are written in traces.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
