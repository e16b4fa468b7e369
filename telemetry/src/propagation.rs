//! W3C trace context, in and out. It travels in the headers `traceparent` and `tracestate`.
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt;

/// The trace a sender is in, if its headers say so and say it well.
#[must_use]
pub fn extract(traceparent: Option<&str>, tracestate: Option<&str>) -> Option<Context> {
    struct Headers<'a>(&'a str, Option<&'a str>);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            match key {
                "traceparent" => Some(self.0),
                "tracestate" => self.1,
                _ => None,
            }
        }

        fn keys(&self) -> Vec<&str> {
            vec!["traceparent", "tracestate"]
        }
    }
    let (headers, nothing) = (Headers(traceparent?, tracestate), Context::new());
    let sender = opentelemetry::global::get_text_map_propagator(|way| way.extract_with_context(&nothing, &headers));
    let valid = sender.span().span_context().is_valid();
    valid.then_some(sender)
}

/// Sets the headers that tell a receiver the trace of `context`.
pub fn inject(context: &Context, set: impl FnMut(&str, String)) {
    struct Headers<F>(F);
    impl<F: FnMut(&str, String)> Injector for Headers<F> {
        fn set(&mut self, key: &str, value: String) {
            // An empty tracestate says nothing.
            if !value.is_empty() {
                (self.0)(key, value);
            }
        }
    }
    let mut headers = Headers(set);
    opentelemetry::global::get_text_map_propagator(|way| way.inject_context(context, &mut headers));
}
