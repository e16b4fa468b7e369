//! The span of a call, under the client's own trace where it brings one (W3C Trace Context, `traceparent`).
use crate::clients::Rpc;
use crate::metrics;
use hyper::HeaderMap;
use peyk_telemetry::{Context, KeyValue, SpanKind, TraceContextExt, child, extract, failed, is_on};
use tonic::Code;

/// Begins the span, if its trace is kept.
pub(crate) fn begin(rpc: Option<Rpc>, headers: &HeaderMap) -> Option<Context> {
    if !is_on() {
        return None;
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let client = extract(header("traceparent"), header("tracestate")).unwrap_or_default();
    let method = metrics::method(rpc);
    let attributes = vec![KeyValue::new("rpc.system.name", "grpc"), KeyValue::new("rpc.method", method)];
    let span = child(&client, method.to_owned(), SpanKind::Server, attributes);
    let kept = span.span().span_context().is_sampled();
    kept.then_some(span)
}

pub(crate) fn end(span: &Context, code: Code) {
    span.span().set_attribute(KeyValue::new("rpc.response.status_code", metrics::status(code)));
    // What is the client's own fault is no failure of the server (OpenTelemetry, semantic conventions for gRPC).
    match code {
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => failed(span, metrics::status(code).to_owned()),
        _ => span.span().end(),
    }
}
