//! What is measured of keyrings: only what goes to the store. Keys that are kept cost nothing to look up.
use peyk_telemetry::{Counter, Histogram, KeyValue, Kind, Metric};
use std::sync::LazyLock;
use std::time::Duration;

const OUTCOME: &str = "peyk.outcome";

pub const FETCH_DURATION: Metric = Metric::new(
    "peyk.keyring.fetch.duration",
    Kind::Histogram,
    "s",
    &[OUTCOME],
    "From asking for a tenant's keys that are not in memory to the answer: found, none or failed.",
);
pub const STORED: Metric = Metric::new(
    "peyk.keyring.stored",
    Kind::Counter,
    "{keyring}",
    &[],
    "Keyrings made, and keyrings that got the keys of another month or lost those of an account.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[FETCH_DURATION, STORED];

static FETCHES: LazyLock<Histogram<f64>> = LazyLock::new(|| FETCH_DURATION.seconds());
static STORES: LazyLock<Counter<u64>> = LazyLock::new(|| STORED.counter());

pub(crate) fn fetched<T, E>(outcome: &Result<Option<T>, E>, took: Duration) {
    let word = match outcome {
        Ok(Some(_)) => "found",
        Ok(None) => "none",
        Err(_) => "failed",
    };
    FETCHES.record(took.as_secs_f64(), &[KeyValue::new(OUTCOME, word)]);
}

pub(crate) fn stored() {
    STORES.add(1, &[]);
}
