//! What is measured of projectors. The gauges are read off their states when somebody asks.
use crate::projection::Projection;
use crate::status::{ProjectorStatus, STATES, StatusBoard};
use peyk_schemas::LedgerId;
use peyk_telemetry::{Counter, Gauge, KeyValue, Kind, Metric};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError, Weak};
use tokio::sync::watch;
use tokio::time::Instant;

const PROJECTOR: &[&str] = &["peyk.projection", "peyk.ledger"];

pub const LAG: Metric = Metric::new(
    "peyk.projection.lag",
    Kind::Gauge,
    "{record}",
    PROJECTOR,
    "Records the read model is behind its ledger by, as of about a second ago.",
);
pub const STALLED: Metric = Metric::new(
    "peyk.projection.stalled",
    Kind::Gauge,
    "s",
    PROJECTOR,
    "How long the read model has not come forward although its ledger has; 0 while it is at the end.",
);
pub const STATE: Metric = Metric::new(
    "peyk.projection.state",
    Kind::Gauge,
    "{projector}",
    &["peyk.projection", "peyk.ledger", "peyk.state"],
    "1 for the state the projector is in, 0 for the others. `failed` and `blocked` need an operator.",
);
pub const FAILURES: Metric = Metric::new(
    "peyk.projection.failures",
    Kind::Counter,
    "{failure}",
    &["peyk.projection", "peyk.ledger", "error.type"],
    "Attempts of a projector that failed, by what failed.",
);

pub const NUMBER_AUDIT_VERIFIED: Metric = Metric::new(
    "peyk.number_audit.verified.position",
    Kind::Gauge,
    "{record}",
    &[],
    "The position of `numbering` to which this process last found the audit table of numbers to follow from the ledger.",
);
pub const NUMBER_AUDIT_BROKEN: Metric = Metric::new(
    "peyk.number_audit.broken",
    Kind::Counter,
    "{verification}",
    &[],
    "Verifications that found the audit table of numbers changed. Any increase is critical.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[LAG, STALLED, STATE, FAILURES, NUMBER_AUDIT_VERIFIED, NUMBER_AUDIT_BROKEN];

static FAILED: LazyLock<Counter<u64>> = LazyLock::new(|| FAILURES.counter());
static VERIFIED: LazyLock<Gauge<u64>> = LazyLock::new(|| NUMBER_AUDIT_VERIFIED.gauge());
static BROKEN: LazyLock<Counter<u64>> = LazyLock::new(|| NUMBER_AUDIT_BROKEN.counter());

/// Tells to which position the audit table of numbers is known to follow from the ledger; 0 if that is not known.
pub fn number_audit_verified(position: u64) {
    VERIFIED.record(position, &[]);
}

pub(crate) fn number_audit_broken() {
    BROKEN.add(1, &[]);
}

fn of(projection: Projection, ledger: LedgerId) -> [KeyValue; 2] {
    [KeyValue::new("peyk.projection", projection.name()), KeyValue::new("peyk.ledger", ledger.to_string())]
}

pub(crate) fn failed(projection: Projection, ledger: LedgerId, kind: &'static str) {
    let [projection, ledger] = of(projection, ledger);
    FAILED.add(1, &[projection, ledger, KeyValue::new("error.type", kind)]);
}

type Projectors = Vec<watch::Receiver<ProjectorStatus>>;

static BOARDS: Mutex<Vec<Weak<Projectors>>> = Mutex::new(Vec::new());
static OBSERVED: Once = Once::new();

/// Reports the projectors of a board as long as somebody holds it.
pub(crate) fn observe(board: &StatusBoard) {
    // No lock is held here: whoever observes takes that of the boards.
    OBSERVED.call_once(|| {
        LAG.observe(|found| each(|status| found(status.lag(), &of(status.projection, status.ledger))));
        STATE.observe(|found| {
            each(|status| {
                for name in STATES {
                    let [projection, ledger] = of(status.projection, status.ledger);
                    let is_in = u64::from(status.state.name() == name);
                    found(is_in, &[projection, ledger, KeyValue::new("peyk.state", name)]);
                }
            });
        });
        STALLED.observe_seconds(|found| {
            let now = Instant::now();
            each(|status| found(status.stalled(now).as_secs_f64(), &of(status.projection, status.ledger)));
        });
    });
    BOARDS.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&board.0));
}

fn each(mut tell: impl FnMut(&ProjectorStatus)) {
    let boards: Vec<Arc<Projectors>> = {
        let mut boards = BOARDS.lock().unwrap_or_else(PoisonError::into_inner);
        boards.retain(|board| board.strong_count() > 0);
        boards.iter().filter_map(Weak::upgrade).collect()
    };
    for projector in boards.iter().flat_map(|board| board.iter()) {
        tell(&projector.borrow());
    }
}
