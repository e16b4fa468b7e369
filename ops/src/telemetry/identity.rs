use opentelemetry::trace::{Link, SpanKind, TraceState};
use opentelemetry::{Context, KeyValue, SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SamplingDecision, SamplingResult, ShouldSample};

/// Random ids, except where a journey says which: a message's trace bears the message's id.
#[derive(Debug, Default)]
pub struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        peyk_telemetry::pinned().map_or_else(|| self.0.new_trace_id(), |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        peyk_telemetry::pinned().map_or_else(|| self.0.new_span_id(), |(_, span)| span)
    }
}

/// Keeps a new trace or not by its id, as every other process does.
#[derive(Debug, Clone)]
pub struct ByTraceId;

impl ShouldSample for ByTraceId {
    fn should_sample(
        &self,
        _parent: Option<&Context>,
        trace: TraceId,
        _name: &str,
        _kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let decision =
            if peyk_telemetry::is_sampled(trace) { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanKind, TraceContextExt};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
    use peyk_telemetry::Journey;
    use std::time::SystemTime;

    /// The only test here that says where spans go: that holds for the whole process.
    #[test]
    fn a_journey_is_one_trace_that_bears_the_messages_id() {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .with_sampler(Sampler::ParentBased(Box::new(ByTraceId)))
            .with_id_generator(Ids::default())
            .build();
        opentelemetry::global::set_tracer_provider(provider);
        assert!(Journey::of([7; 16]).is_none(), "nothing is kept until it is asked for");
        peyk_telemetry::sample(1.0);
        assert!(Journey::of([0; 16]).is_none(), "the nil id names no trace");

        let journey = Journey::of([7; 16]).unwrap();
        let now = SystemTime::now();
        journey.begin(now, Vec::new(), Vec::new()).span().end();
        journey.span("dispatch", SpanKind::Internal, now, Vec::new(), Vec::new()).span().end();
        let other = peyk_telemetry::child(&Context::new(), "request", SpanKind::Server, Vec::new());
        other.span().end();

        let spans = exporter.get_finished_spans().unwrap();
        let [first, second, third] = spans.as_slice() else { panic!("three spans, not {}", spans.len()) };
        assert_eq!(first.span_context.trace_id().to_bytes(), [7; 16]);
        assert_eq!(first.span_context.span_id(), journey.beginning().span_id());
        assert_eq!(first.parent_span_id, SpanId::INVALID);
        assert_eq!(second.span_context.trace_id().to_bytes(), [7; 16]);
        assert_eq!(second.parent_span_id, first.span_context.span_id());
        assert_ne!(second.span_context.span_id(), first.span_context.span_id());
        assert_ne!(third.span_context.trace_id(), first.span_context.trace_id(), "others have ids of their own");
        let message = first.attributes.iter().find(|one| one.key.as_str() == "peyk.message.id").unwrap();
        assert_eq!(message.value.as_str(), "07070707-0707-0707-0707-070707070707");
    }
}
