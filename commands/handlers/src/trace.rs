//! The trace of a command: over NATS to its writer, through the commit, and on into the journeys of messages.
use crate::error::CommandError;
use crate::metrics::outcome;
use crate::wire::{Answer, Failure, Request};
use async_nats::{HeaderMap, HeaderValue};
use peyk_domain::messages::MessageEvent;
use peyk_ledger::writer::Machine;
use peyk_ledger::{Committed, SubmitError, WriterHandle};
use peyk_schemas::{LedgerId, Receipt};
use peyk_telemetry::{Context, Journey, KeyValue, SpanKind, TraceContextExt, child, current, extract, failed, inject};
use std::time::SystemTime;

/// A command on its way, if what sends it is traced.
pub(crate) struct Asking {
    span: Context,
    pub(crate) headers: HeaderMap,
}

impl Asking {
    pub(crate) fn begin(ledger: LedgerId, request: &Request) -> Option<Self> {
        let span = child(&current()?, format!("command {}", name(request)), SpanKind::Client, vec![of(ledger)]);
        let mut headers = HeaderMap::new();
        inject(&span, |name, value| headers.insert(name, value));
        Some(Self { span, headers })
    }

    pub(crate) fn end(&self, answer: &Result<Answer, CommandError>) {
        match answer {
            Ok(answer) => {
                stands_at(&self.span, answer);
                self.span.span().end();
            }
            Err(error) => failed(&self.span, error.code().to_owned()),
        }
    }
}

/// A command that came in, as a span under whatever sent it, if that is traced.
pub(crate) fn asked(headers: Option<&HeaderMap>, ledger: LedgerId, request: &Request) -> Option<Context> {
    let header = |name| headers?.get(name).map(HeaderValue::as_str);
    let sender = extract(header("traceparent"), header("tracestate"))?;
    if !sender.span().span_context().is_sampled() {
        return None;
    }
    Some(child(&sender, format!("handle {}", name(request)), SpanKind::Server, vec![of(ledger)]))
}

pub(crate) fn answered(span: &Context, answer: &Answer) {
    match answer {
        Answer::Failed(Failure::Refused { code, .. } | Failure::Limited { code, .. }) => failed(span, code.clone()),
        Answer::Failed(_) => failed(span, outcome(answer)),
        answer => {
            stands_at(span, answer);
            span.span().end();
        }
    }
}

/// Submits, as a span of its own if what asks is traced.
pub(crate) async fn submit<A: Machine>(
    writer: &WriterHandle<A>,
    request: peyk_ledger::Request<A::Order>,
) -> Result<Committed<A::Event>, SubmitError<A::Error>> {
    let Some(parent) = current() else { return writer.submit(request).await };
    let span = child(&parent, "commit", SpanKind::Internal, Vec::new());
    let verdict = writer.submit(request).await;
    match &verdict {
        Ok(committed) => {
            at(&span, committed.receipt);
            span.span().end();
        }
        Err(error) => failed(&span, submit_error(error)),
    }
    verdict
}

/// Adds what a record says of messages to their journeys, each linked to the command and the command to each.
pub(crate) fn journeys(committed: &Committed<MessageEvent>, began: SystemTime) {
    let command = current();
    for event in &committed.events {
        let Some((journey, name)) = step(event) else { continue };
        let links = command.iter().map(|command| command.span().span_context().clone()).collect();
        let Receipt { ledger, position, .. } = committed.receipt;
        let attributes = vec![of(ledger), place(position)];
        let span = match name {
            None => journey.begin(began, links, attributes),
            Some(name) => journey.span(name, SpanKind::Internal, began, links, attributes),
        };
        if let Some(command) = &command {
            command.span().add_link(journey.beginning(), Vec::new());
        }
        match event {
            MessageEvent::MessageRefused { reason, .. } => failed(&span, reason.code()),
            MessageEvent::MessageFailed { .. } => failed(&span, "FAILED"),
            MessageEvent::MessageExpired { .. } => failed(&span, "EXPIRED"),
            _ => span.span().end(),
        }
    }
}

/// The journey an event belongs to, and the name of its span; none for the one a journey begins with.
fn step(event: &MessageEvent) -> Option<(Journey, Option<&'static str>)> {
    let (message, name) = match event {
        MessageEvent::MessageAccepted { message, .. } | MessageEvent::MessageRefused { message, .. } => (message, None),
        MessageEvent::MessageDispatched { message, .. } => (message, Some("dispatch")),
        MessageEvent::MessageSubmitted { message, .. } => (message, Some("submitted")),
        MessageEvent::MessageRequeued { message, .. } => (message, Some("requeued")),
        MessageEvent::MessageInDoubt { message, .. } => (message, Some("in doubt")),
        MessageEvent::MessageFailed { message, .. } => (message, Some("failed")),
        MessageEvent::ReceiptReceived { message, .. } => (message, Some("receipt")),
        MessageEvent::MessageExpired { message } => (message, Some("expired")),
        MessageEvent::ReceiptUnmatched { .. } | MessageEvent::QuotaDrawn { .. } | MessageEvent::TenantErased { .. } => {
            return None;
        }
    };
    Journey::of(message.to_bytes()).map(|journey| (journey, name))
}

fn stands_at(span: &Context, answer: &Answer) {
    match answer {
        Answer::Done(done) => at(span, done.receipt),
        Answer::Access(done) => at(span, done.receipt),
        Answer::Submitted(submitted) => at(span, submitted.receipt),
        Answer::Work(_) | Answer::InFlight(_) | Answer::Failed(_) => {}
    }
}

/// Where the record stands that a span is about: `peyk ledger replay` finds it there.
fn at(span: &Context, Receipt { ledger, position, .. }: Receipt) {
    span.span().set_attributes([of(ledger), place(position)]);
}

fn of(ledger: LedgerId) -> KeyValue {
    KeyValue::new("peyk.ledger", ledger.to_string())
}

fn place(position: u64) -> KeyValue {
    KeyValue::new("peyk.position", i64::try_from(position).unwrap_or(i64::MAX))
}

const fn name(request: &Request) -> &'static str {
    match request {
        Request::Access(_) => "access",
        Request::Numbering(_) => "numbering",
        Request::Routing(_) => "routing",
        Request::Submit(_) => "submit",
        Request::TakeWork(_) => "take_work",
        Request::Report { .. } => "report",
        Request::Receipts { .. } => "receipts",
        Request::InFlight { .. } => "in_flight",
    }
}

const fn submit_error<D>(error: &SubmitError<D>) -> &'static str {
    match error {
        SubmitError::Refused(_) => "refused",
        SubmitError::KeyReused => "key_reused",
        SubmitError::InFlight => "in_flight",
        SubmitError::Overloaded => "overloaded",
        SubmitError::Unavailable => "unavailable",
        SubmitError::OutcomeUnknown => "outcome_unknown",
        SubmitError::NotLeader => "not_leader",
        SubmitError::TooLarge => "too_large",
        SubmitError::Corrupt(_) => "corrupt",
    }
}
