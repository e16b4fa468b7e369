use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::SystemTime;

/// Made when the first trace that is kept asks for it, so after the binary has said where traces go.
static TRACER: LazyLock<BoxedTracer> = LazyLock::new(|| opentelemetry::global::tracer("peyk"));

/// What is under way here, if its trace is kept.
#[must_use]
pub fn current() -> Option<Context> {
    let context = Context::current();
    let sampled = context.span().span_context().is_sampled();
    sampled.then_some(context)
}

/// Begins a span under `parent`. Under an empty context it is the first of a new trace, which is kept or not by its id.
#[must_use]
pub fn child(
    parent: &Context,
    name: impl Into<Cow<'static, str>>,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
) -> Context {
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
    parent.with_span(TRACER.build_with_context(builder, parent))
}

/// Ends the span of `context` as one that failed, with a stable code (`error.type`).
pub fn failed(context: &Context, code: impl Into<Cow<'static, str>>) {
    let span = context.span();
    let code: Cow<'static, str> = code.into();
    span.set_attribute(KeyValue::new("error.type", code.clone().into_owned()));
    span.set_status(Status::error(code));
    span.end();
}

/// A span that began at `began`, linked to others.
pub(crate) fn begun(
    parent: &Context,
    name: &'static str,
    kind: SpanKind,
    began: SystemTime,
    links: Vec<SpanContext>,
    attributes: Vec<KeyValue>,
) -> Context {
    let links = links.into_iter().map(Link::with_context).collect();
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_start_time(began).with_links(links);
    parent.with_span(TRACER.build_with_context(builder.with_attributes(attributes), parent))
}
