//! What is measured of connectors. A deployment has few and names them in its configuration, so a connector is a label.
use super::stats::ConnectorStats;
use peyk_domain::ConnectorId;
use peyk_domain::messages::Outcome;
use peyk_telemetry::{Histogram, KeyValue, Kind, Metric};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError, Weak};
use std::time::Duration;

const CONNECTOR: &str = "peyk.connector";
const OUTCOME: &str = "peyk.outcome";
const OF_CONNECTOR: &[&str] = &[CONNECTOR];

pub const BOUND: Metric = Metric::new(
    "peyk.smpp.bound",
    Kind::Gauge,
    "{session}",
    OF_CONNECTOR,
    "1 while the operator has accepted the bind.",
);
pub const WINDOW: Metric = Metric::new(
    "peyk.smpp.window.used",
    Kind::Gauge,
    "{pdu}",
    OF_CONNECTOR,
    "Parts of messages the operator has not answered yet.",
);
pub const WINDOW_SIZE: Metric = Metric::new(
    "peyk.smpp.window.size",
    Kind::Gauge,
    "{pdu}",
    OF_CONNECTOR,
    "Parts of messages that may be without an answer at once.",
);
pub const ATTEMPTS: Metric = Metric::new(
    "peyk.smpp.attempts",
    Kind::Counter,
    "{message}",
    &[CONNECTOR, OUTCOME],
    "Attempts that ended: submitted, rejected, throttled, in_doubt or not_sent.",
);
pub const DURATION: Metric = Metric::new(
    "peyk.smpp.submit.duration",
    Kind::Histogram,
    "s",
    &[CONNECTOR, OUTCOME],
    "From the writing of a message to the operator\'s answer to its last part.",
);
pub const RECEIPTS: Metric = Metric::new(
    "peyk.smpp.receipts",
    Kind::Counter,
    "{receipt}",
    &[CONNECTOR, OUTCOME],
    "Receipts made durable and acknowledged (durable), or to be sent again (deferred).",
);
pub const MOBILE_ORIGINATED: Metric = Metric::new(
    "peyk.smpp.mobile_originated",
    Kind::Counter,
    "{message}",
    OF_CONNECTOR,
    "Messages from handsets, acknowledged and only counted.",
);
pub const UNMATCHED: Metric = Metric::new(
    "peyk.smpp.unmatched",
    Kind::Counter,
    "{pdu}",
    OF_CONNECTOR,
    "Answers to nothing outstanding, and receipts that name no message.",
);
pub const MALFORMED: Metric =
    Metric::new("peyk.smpp.malformed", Kind::Counter, "{pdu}", OF_CONNECTOR, "PDUs that could not be read.");
pub const BINDS: Metric =
    Metric::new("peyk.smpp.binds", Kind::Counter, "{session}", OF_CONNECTOR, "Binds the operator accepted.");
pub const RECONNECTS: Metric = Metric::new(
    "peyk.smpp.reconnects",
    Kind::Counter,
    "{session}",
    OF_CONNECTOR,
    "Sessions lost and binds failed, each followed by another try.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    BOUND,
    WINDOW,
    WINDOW_SIZE,
    ATTEMPTS,
    DURATION,
    RECEIPTS,
    MOBILE_ORIGINATED,
    UNMATCHED,
    MALFORMED,
    BINDS,
    RECONNECTS,
];

const OUTCOMES: [&str; 5] = ["submitted", "rejected", "throttled", "in_doubt", "not_sent"];

static DURATIONS: LazyLock<Histogram<f64>> = LazyLock::new(|| DURATION.seconds());

/// A connector as it is reported, while it runs.
#[derive(Debug)]
pub(crate) struct ConnectorMetrics {
    stats: Arc<ConnectorStats>,
    window: u16,
    of: [KeyValue; 1],
    outcomes: [[KeyValue; 2]; OUTCOMES.len()],
    receipts: [[KeyValue; 2]; 2],
}

impl ConnectorMetrics {
    pub fn of(connector: ConnectorId, window: u16, stats: Arc<ConnectorStats>) -> Arc<Self> {
        let of = KeyValue::new(CONNECTOR, connector.to_string());
        let with = |outcome| [of.clone(), KeyValue::new(OUTCOME, outcome)];
        let metrics = Arc::new(Self {
            stats,
            window,
            of: [of.clone()],
            outcomes: OUTCOMES.map(with),
            receipts: ["durable", "deferred"].map(with),
        });
        OBSERVED.call_once(observe);
        CONNECTORS.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&metrics));
        metrics
    }

    /// A message was written so long ago, and this became of it.
    pub fn ended(&self, outcome: &Outcome, took: Duration) {
        DURATIONS.record(took.as_secs_f64(), &self.outcomes[index(outcome)]);
    }
}

/// The word for an outcome.
pub(crate) const fn word(outcome: &Outcome) -> &'static str {
    OUTCOMES[index(outcome)]
}

const fn index(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Submitted { .. } => 0,
        Outcome::Rejected { .. } => 1,
        Outcome::Throttled => 2,
        Outcome::InDoubt => 3,
        Outcome::NotSent => 4,
    }
}

static CONNECTORS: Mutex<Vec<Weak<ConnectorMetrics>>> = Mutex::new(Vec::new());
static OBSERVED: Once = Once::new();

type Reading = fn(&ConnectorMetrics) -> u64;

fn observe() {
    let plain: [(Metric, Reading); 8] = [
        (BOUND, |one| u64::from(one.stats.bound.load(Ordering::Relaxed))),
        (WINDOW, |one| read(&one.stats.window)),
        (WINDOW_SIZE, |one| u64::from(one.window)),
        (MOBILE_ORIGINATED, |one| read(&one.stats.mobile_originated)),
        (UNMATCHED, |one| read(&one.stats.unmatched)),
        (MALFORMED, |one| read(&one.stats.malformed)),
        (BINDS, |one| read(&one.stats.binds)),
        (RECONNECTS, |one| read(&one.stats.reconnects)),
    ];
    for (metric, value) in plain {
        metric.observe(move |found| running().iter().for_each(|one| found(value(one), &one.of)));
    }
    ATTEMPTS.observe(|found| {
        for one in running() {
            let ConnectorStats { submitted, rejected, throttled, in_doubt, not_sent, .. } = &*one.stats;
            for (count, of) in [submitted, rejected, throttled, in_doubt, not_sent].into_iter().zip(&one.outcomes) {
                found(read(count), of);
            }
        }
    });
    RECEIPTS.observe(|found| {
        for one in running() {
            for (count, of) in [&one.stats.receipts, &one.stats.receipts_deferred].into_iter().zip(&one.receipts) {
                found(read(count), of);
            }
        }
    });
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

fn running() -> Vec<Arc<ConnectorMetrics>> {
    let mut connectors = CONNECTORS.lock().unwrap_or_else(PoisonError::into_inner);
    connectors.retain(|one| one.strong_count() > 0);
    connectors.iter().filter_map(Weak::upgrade).collect()
}
