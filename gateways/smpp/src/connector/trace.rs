//! What a connector adds to the journeys of messages: the exchange with the operator, and the receipt.
use super::entry::Taken;
use super::metrics::word;
use peyk_domain::messages::Outcome;
use peyk_domain::{ConnectorId, MessageId};
use peyk_telemetry::{Journey, KeyValue, SpanKind, TraceContextExt, failed};
use std::time::{Instant, SystemTime};

/// A message was written at `began`, and this became of it.
pub(super) fn submit_sm(connector: ConnectorId, taken: &Taken, outcome: &Outcome, began: Instant) {
    let Some(journey) = Journey::of(taken.work.message.to_bytes()) else { return };
    let attempt = KeyValue::new("peyk.attempt", i64::from(taken.work.attempt));
    let span = journey.span("smpp.submit_sm", SpanKind::Client, when(began), Vec::new(), vec![of(connector), attempt]);
    if matches!(outcome, Outcome::Submitted { .. }) {
        span.span().end();
    } else {
        failed(&span, word(outcome));
    }
}

/// A receipt came at `began` and is durable, or the operator is to send it again.
pub(super) fn deliver_sm(connector: ConnectorId, message: MessageId, durable: bool, began: Instant) {
    let Some(journey) = Journey::of(message.to_bytes()) else { return };
    let span = journey.span("smpp.deliver_sm", SpanKind::Server, when(began), Vec::new(), vec![of(connector)]);
    if durable {
        span.span().end();
    } else {
        failed(&span, "deferred");
    }
}

fn of(connector: ConnectorId) -> KeyValue {
    KeyValue::new("peyk.connector", connector.to_string())
}

fn when(began: Instant) -> SystemTime {
    let now = SystemTime::now();
    now.checked_sub(began.elapsed()).unwrap_or(now)
}
