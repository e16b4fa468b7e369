//! What the handlers count. Names and label values are closed sets; none carries a tenant, a number or an id.
use crate::wire::{Answer, Failure};
use peyk_schemas::LedgerId;
use peyk_telemetry::{Counter, Histogram, KeyValue, Kind, Metric};
use std::sync::Arc;
use std::time::Duration;

pub const DURATION: Metric = Metric::new(
    "peyk.command.duration",
    Kind::Histogram,
    "s",
    &["peyk.ledger", "peyk.outcome"],
    "From a command's arrival at its writer to the answer.",
);
pub const REFUSED: Metric = Metric::new(
    "peyk.command.refused",
    Kind::Counter,
    "{command}",
    &["peyk.ledger", "error.type"],
    "Commands the rules said no to, by code.",
);
pub const REFUSED_REPLIES: Metric = Metric::new(
    "peyk.command.refused_replies",
    Kind::Counter,
    "{command}",
    &["peyk.ledger"],
    "Commands dropped because they wanted their answer where none may go: somebody tries to write where nobody may.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[DURATION, REFUSED, REFUSED_REPLIES];

const OUTCOMES: [&str; 10] = [
    "done",
    "refused",
    "key_reused",
    "in_flight",
    "overloaded",
    "unavailable",
    "outcome_unknown",
    "not_leader",
    "malformed",
    "limited",
];

/// The instruments of one ledger, with their attributes made once.
#[derive(Debug)]
pub(crate) struct Metrics {
    ledger: KeyValue,
    outcomes: [[KeyValue; 2]; OUTCOMES.len()],
    duration: Histogram<f64>,
    refused: Counter<u64>,
    refused_replies: Counter<u64>,
}

impl Metrics {
    pub(crate) fn of(ledger: LedgerId) -> Arc<Self> {
        let ledger = KeyValue::new("peyk.ledger", ledger.to_string());
        let refused_replies = REFUSED_REPLIES.counter();
        // Who waits for an increase has to have seen the zero before it.
        refused_replies.add(0, std::slice::from_ref(&ledger));
        Arc::new(Self {
            outcomes: OUTCOMES.map(|outcome| [ledger.clone(), KeyValue::new("peyk.outcome", outcome)]),
            ledger,
            duration: DURATION.seconds(),
            refused: REFUSED.counter(),
            refused_replies,
        })
    }

    pub(crate) fn answered(&self, answer: &Answer, took: Duration) {
        self.duration.record(took.as_secs_f64(), &self.outcomes[index(answer)]);
        if let Answer::Failed(Failure::Refused { code, .. } | Failure::Limited { code, .. }) = answer {
            // The codes are those of the domain's own errors.
            self.refused.add(1, &[self.ledger.clone(), KeyValue::new("error.type", code.clone())]);
        }
    }

    pub(crate) fn refused_reply(&self) {
        self.refused_replies.add(1, std::slice::from_ref(&self.ledger));
    }
}

/// What became of a command, in one word.
pub(crate) const fn outcome(answer: &Answer) -> &'static str {
    OUTCOMES[index(answer)]
}

const fn index(answer: &Answer) -> usize {
    match answer {
        Answer::Done(_) | Answer::Access(_) | Answer::Submitted(_) | Answer::Work(_) | Answer::InFlight(_) => 0,
        Answer::Failed(Failure::Refused { .. }) => 1,
        Answer::Failed(Failure::KeyReused) => 2,
        Answer::Failed(Failure::InFlight) => 3,
        Answer::Failed(Failure::Overloaded { .. }) => 4,
        Answer::Failed(Failure::Unavailable) => 5,
        Answer::Failed(Failure::OutcomeUnknown) => 6,
        Answer::Failed(Failure::NotLeader) => 7,
        Answer::Failed(Failure::Malformed { .. }) => 8,
        Answer::Failed(Failure::Limited { .. }) => 9,
    }
}
