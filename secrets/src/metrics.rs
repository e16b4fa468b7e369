//! What is measured of secrets: never one of them.
use peyk_telemetry::{Counter, Kind, Metric};
use std::sync::LazyLock;

pub const UNREADABLE: Metric = Metric::new(
    "peyk.secret.unreadable",
    Kind::Counter,
    "{attempt}",
    &["peyk.setting"],
    "Times a secret could not be read again and the one read before was used.",
);
pub const ROTATED: Metric = Metric::new(
    "peyk.secret.rotated",
    Kind::Counter,
    "{secret}",
    &["peyk.setting"],
    "Secrets that were found changed and taken.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[UNREADABLE, ROTATED];

pub(crate) static UNREAD: LazyLock<Counter<u64>> = LazyLock::new(|| UNREADABLE.counter());
pub(crate) static CHANGED: LazyLock<Counter<u64>> = LazyLock::new(|| ROTATED.counter());
