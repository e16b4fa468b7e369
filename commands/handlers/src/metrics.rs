//! What the handlers count. Names and label values are closed sets; none carries a tenant, a number or an id.
use crate::wire::{Answer, Failure};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};
use peyk_schemas::LedgerId;
use std::time::Duration;

/// Commands answered, by ledger and outcome.
const COMMANDS: &str = "peyk.commands";
/// Seconds from a command's arrival at its writer to the answer.
const COMMAND_SECONDS: &str = "peyk.command.duration";
/// Commands dropped because they wanted their answer on a subject no answer may go to.
const REFUSED_REPLIES: &str = "peyk.commands.refused_replies";

#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    ledger: KeyValue,
    commands: Counter<u64>,
    seconds: Histogram<f64>,
    refused_replies: Counter<u64>,
}

impl Metrics {
    pub(crate) fn of(ledger: LedgerId) -> Self {
        let meter = opentelemetry::global::meter("peyk-handlers");
        Self {
            ledger: KeyValue::new("ledger", ledger.to_string()),
            commands: meter.u64_counter(COMMANDS).build(),
            seconds: meter.f64_histogram(COMMAND_SECONDS).with_unit("s").build(),
            refused_replies: meter.u64_counter(REFUSED_REPLIES).build(),
        }
    }

    pub(crate) fn answered(&self, answer: &Answer, took: Duration) {
        let labels = [self.ledger.clone(), KeyValue::new("outcome", outcome(answer))];
        self.commands.add(1, &labels);
        self.seconds.record(took.as_secs_f64(), &labels);
    }

    pub(crate) fn refused_reply(&self) {
        self.refused_replies.add(1, std::slice::from_ref(&self.ledger));
    }
}

const fn outcome(answer: &Answer) -> &'static str {
    match answer {
        Answer::Done(_) | Answer::Submitted(_) | Answer::Work(_) | Answer::InFlight(_) => "done",
        Answer::Failed(Failure::Refused { .. }) => "refused",
        Answer::Failed(Failure::KeyReused) => "key_reused",
        Answer::Failed(Failure::InFlight) => "in_flight",
        Answer::Failed(Failure::Overloaded { .. }) => "overloaded",
        Answer::Failed(Failure::Unavailable) => "unavailable",
        Answer::Failed(Failure::OutcomeUnknown) => "outcome_unknown",
        Answer::Failed(Failure::NotLeader) => "not_leader",
        Answer::Failed(Failure::Malformed { .. }) => "malformed",
    }
}
