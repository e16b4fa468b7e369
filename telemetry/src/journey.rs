use crate::sampling::is_sampled;
use crate::tracing::begun;
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, KeyValue, SpanId, TraceId};
use std::cell::Cell;
use std::time::SystemTime;

/// The message a span is about.
const MESSAGE: &str = "peyk.message.id";

thread_local! {
    /// The ids that the span being made on this thread is to have.
    static PINNED: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// The ids the next span on this thread is to have, if they are not to be random. For the SDK's source of ids.
#[must_use]
pub fn pinned() -> Option<(TraceId, SpanId)> {
    PINNED.get()
}

/// The trace of one message, from its acceptance to its receipt.
///
/// The trace id is the message id, and the first span's id follows from it: whoever knows the message can add to its
/// trace, in any process and at any time, and nothing is stored or sent along for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journey {
    trace: TraceId,
}

impl Journey {
    /// The journey of the message with this id, if it is among those that are kept.
    #[must_use]
    pub fn of(message: [u8; 16]) -> Option<Self> {
        let trace = TraceId::from_bytes(message);
        (trace != TraceId::INVALID && is_sampled(trace)).then_some(Self { trace })
    }

    /// The span it began with.
    #[must_use]
    pub fn beginning(self) -> SpanContext {
        SpanContext::new(self.trace, self.first(), TraceFlags::SAMPLED, true, TraceState::default())
    }

    /// The first span's id: the second half of the trace's. Zero is no id.
    fn first(self) -> SpanId {
        let mut half = [0; 8];
        half.copy_from_slice(&self.trace.to_bytes()[8..]);
        SpanId::from(u64::from_be_bytes(half).max(1))
    }

    /// The first span, of a message that was just accepted.
    #[must_use]
    pub fn begin(self, began: SystemTime, links: Vec<SpanContext>, attributes: Vec<KeyValue>) -> Context {
        PINNED.set(Some((self.trace, self.first())));
        let span = begun(&Context::new(), "message", SpanKind::Internal, began, links, self.with_message(attributes));
        PINNED.set(None);
        span
    }

    /// A further span of the journey.
    #[must_use]
    pub fn span(
        self,
        name: &'static str,
        kind: SpanKind,
        began: SystemTime,
        links: Vec<SpanContext>,
        attributes: Vec<KeyValue>,
    ) -> Context {
        let parent = Context::new().with_remote_span_context(self.beginning());
        begun(&parent, name, kind, began, links, self.with_message(attributes))
    }

    fn with_message(self, mut attributes: Vec<KeyValue>) -> Vec<KeyValue> {
        // As the API and the logs write it.
        let id = self.trace.to_string();
        let (a, b, c, d, e) = (&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
        attributes.push(KeyValue::new(MESSAGE, format!("{a}-{b}-{c}-{d}-{e}")));
        attributes
    }
}
