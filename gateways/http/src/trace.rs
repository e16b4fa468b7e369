//! The span of a request, under the client's own trace where it brings one (W3C Trace Context, `traceparent`).
use crate::answer::RequestId;
use crate::endpoint::Endpoint;
use crate::metrics;
use peyk_telemetry::{Context, KeyValue, SpanKind, TraceContextExt, child, extract, failed, is_on};
use warp::http::{HeaderMap, Method, StatusCode};

/// Begins the span, if its trace is kept. The path is no attribute: it bears numbers.
pub(crate) fn begin(
    id: RequestId,
    method: &Method,
    endpoint: Option<&'static Endpoint>,
    headers: &HeaderMap,
) -> Option<Context> {
    if !is_on() {
        return None;
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let client = extract(header("traceparent"), header("tracestate")).unwrap_or_default();
    let method = metrics::method(method);
    let mut attributes =
        vec![KeyValue::new("http.request.method", method), KeyValue::new("peyk.request.id", id.to_string())];
    let name = match endpoint {
        Some(endpoint) => {
            attributes.push(KeyValue::new("http.route", endpoint.path));
            format!("{method} {}", endpoint.path)
        }
        None => method.to_owned(),
    };
    let span = child(&client, name, SpanKind::Server, attributes);
    let kept = span.span().span_context().is_sampled();
    kept.then_some(span)
}

pub(crate) fn end(span: &Context, status: StatusCode) {
    span.span().set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    // What is the client's own fault is no failure of the server.
    if status.is_server_error() {
        failed(span, status.as_str().to_owned());
    } else {
        span.span().end();
    }
}
