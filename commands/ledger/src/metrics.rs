//! What is measured of ledgers. The writer's own figures are kept in plain cells that are read when somebody asks, and
//! what is recorded is recorded for a commit, never for a record: a command costs nothing more.
use crate::writer::{Deposed, Outcome};
use opentelemetry::KeyValue;
use peyk_domain::{At, Span};
use peyk_schemas::LedgerId;
use peyk_telemetry::{Counter, Gauge, Histogram, Kind, Metric};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

const LEDGER: &[&str] = &["peyk.ledger"];

pub const RECORDS: Metric =
    Metric::new("peyk.ledger.records", Kind::Counter, "{record}", LEDGER, "Records made durable by this process.");
pub const COMMIT_DURATION: Metric = Metric::new(
    "peyk.ledger.commit.duration",
    Kind::Histogram,
    "s",
    LEDGER,
    "From the sending of a commit to the log's answer that it is durable.",
);
pub const COMMIT_RECORDS: Metric =
    Metric::new("peyk.ledger.commit.records", Kind::Histogram, "{record}", LEDGER, "Records in one commit.");
pub const UNRESOLVED: Metric = Metric::new(
    "peyk.ledger.commit.unresolved",
    Kind::Counter,
    "{commit}",
    &["peyk.ledger", "error.type"],
    "Answers of the log that left open whether a commit landed: refused, or unknown.",
);
pub const EPOCHS: Metric = Metric::new(
    "peyk.ledger.epochs",
    Kind::Counter,
    "{epoch}",
    LEDGER,
    "Epochs this process opened: each is a change of the writer.",
);
pub const DEPOSED: Metric = Metric::new(
    "peyk.ledger.deposed",
    Kind::Counter,
    "{epoch}",
    &["peyk.ledger", "error.type"],
    "Epochs that ended because the writer was replaced, or its state did not follow from the ledger.",
);
pub const QUARANTINED: Metric = Metric::new(
    "peyk.ledger.quarantined",
    Kind::Counter,
    "{message}",
    LEDGER,
    "Messages in the ledger's stream that are not its writer's. Any increase is critical.",
);
pub const SUPERSEDED: Metric = Metric::new(
    "peyk.ledger.superseded",
    Kind::Counter,
    "{message}",
    LEDGER,
    "Records that a writer had on its way when another took its place, and that landed after that; they are passed over.",
);
pub const SEGMENTS_AHEAD: Metric = Metric::new(
    "peyk.ledger.segments.ahead",
    Kind::Gauge,
    "{segment}",
    LEDGER,
    "Segments that are there behind the one this writer writes. At the end of the last nothing goes on, so 0 is critical.",
);
pub const MISPLACED: Metric = Metric::new(
    "peyk.ledger.misplaced",
    Kind::Gauge,
    "{message}",
    LEDGER,
    "Messages behind the end of a segment, or in one that is not begun. They are not the writer's: any is critical.",
);
pub const LEADING: Metric =
    Metric::new("peyk.ledger.leading", Kind::Gauge, "{writer}", LEDGER, "1 where this process is the writer, or 0.");
pub const POSITION: Metric =
    Metric::new("peyk.ledger.position", Kind::Gauge, "{record}", LEDGER, "The position of the newest durable record.");
pub const SEGMENT: Metric = Metric::new(
    "peyk.ledger.segment",
    Kind::Gauge,
    "{segment}",
    LEDGER,
    "The number of the segment the newest durable record is in.",
);
pub const IN_FLIGHT: Metric = Metric::new(
    "peyk.ledger.in_flight",
    Kind::Gauge,
    "{commit}",
    LEDGER,
    "Commits sent and not answered, as of about a second ago.",
);
pub const INBOX: Metric = Metric::new(
    "peyk.ledger.inbox",
    Kind::Gauge,
    "{command}",
    LEDGER,
    "Commands waiting for the writer, as of about a second ago.",
);
pub const REACH: Metric = Metric::new(
    "peyk.ledger.idempotency.reach",
    Kind::Gauge,
    "s",
    LEDGER,
    "How far back command ids are known: a day, or less where their bound cuts it short.",
);
pub const WITNESS_AGE: Metric = Metric::new(
    "peyk.ledger.witness.age",
    Kind::Gauge,
    "s",
    LEDGER,
    "How long ago the witness last had the newest durable record.",
);
pub const DURABLE: Metric = Metric::new(
    "peyk.ledger.durable",
    Kind::Gauge,
    "{ledger}",
    LEDGER,
    "1 where every server that is to keep the ledger was there when last looked and keeps what is declared, or 0.",
);
pub const DIFFERENCES: Metric = Metric::new(
    "peyk.ledger.stream.differences",
    Kind::Gauge,
    "{field}",
    LEDGER,
    "Fields of the ledger's streams that are not as they were made. Any is critical.",
);
pub const REPLICA_AGE: Metric = Metric::new(
    "peyk.ledger.replica.age",
    Kind::Gauge,
    "s",
    LEDGER,
    "The age of the newest record this process folded of a ledger it reads. An idle writer ticks every 10 s.",
);
pub const REPLICA_CONFIRMED_AGE: Metric = Metric::new(
    "peyk.ledger.replica.confirmed_age",
    Kind::Gauge,
    "s",
    LEDGER,
    "How long ago this process asked where a ledger ends, of the times its replica then got there. Beyond 2 s the replica of `access` is stale and requests with a credential are refused.",
);
pub const SNAPSHOTS: Metric =
    Metric::new("peyk.ledger.snapshots", Kind::Counter, "{snapshot}", LEDGER, "Snapshots this process took.");
pub const SNAPSHOTS_REFUSED: Metric = Metric::new(
    "peyk.ledger.snapshots.refused",
    Kind::Counter,
    "{snapshot}",
    &["peyk.ledger", "error.type"],
    "Snapshots that were not used, and why. Other than `fold_version` after an upgrade, an increase wants looking into.",
);

pub const CHECKPOINT_SIZE: Metric = Metric::new(
    "peyk.ledger.checkpoint.size",
    Kind::Gauge,
    "{record}",
    LEDGER,
    "The last position under the newest checkpoint this process signed.",
);
pub const CHECKPOINTS_REFUSED: Metric = Metric::new(
    "peyk.ledger.checkpoints.refused",
    Kind::Counter,
    "{checkpoint}",
    LEDGER,
    "Checkpoints not signed because the ledger or the checkpoints before cannot be believed. Any increase is critical.",
);
pub const VERIFIED_POSITION: Metric = Metric::new(
    "peyk.ledger.verified.position",
    Kind::Gauge,
    "{record}",
    LEDGER,
    "The position to which this process last verified the ledger.",
);
pub const VERIFICATIONS_FAILED: Metric = Metric::new(
    "peyk.ledger.verifications.failed",
    Kind::Counter,
    "{verification}",
    LEDGER,
    "Verifications that found something wrong with the ledger. Any increase is critical.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    RECORDS,
    COMMIT_DURATION,
    COMMIT_RECORDS,
    UNRESOLVED,
    EPOCHS,
    DEPOSED,
    QUARANTINED,
    SUPERSEDED,
    SEGMENTS_AHEAD,
    MISPLACED,
    LEADING,
    POSITION,
    SEGMENT,
    IN_FLIGHT,
    INBOX,
    REACH,
    WITNESS_AGE,
    DURABLE,
    DIFFERENCES,
    REPLICA_AGE,
    REPLICA_CONFIRMED_AGE,
    SNAPSHOTS,
    SNAPSHOTS_REFUSED,
    CHECKPOINT_SIZE,
    CHECKPOINTS_REFUSED,
    VERIFIED_POSITION,
    VERIFICATIONS_FAILED,
];

struct Instruments {
    records: Counter<u64>,
    duration: Histogram<f64>,
    size: Histogram<u64>,
    unresolved: Counter<u64>,
    epochs: Counter<u64>,
    deposed: Counter<u64>,
    quarantined: Counter<u64>,
    superseded: Counter<u64>,
    checkpoint_size: Gauge<u64>,
    checkpoints_refused: Counter<u64>,
    verified_position: Gauge<u64>,
    verifications_failed: Counter<u64>,
    snapshots: Counter<u64>,
    refused: Counter<u64>,
}

static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| Instruments {
    records: RECORDS.counter(),
    duration: COMMIT_DURATION.seconds(),
    size: COMMIT_RECORDS.counts(),
    unresolved: UNRESOLVED.counter(),
    epochs: EPOCHS.counter(),
    deposed: DEPOSED.counter(),
    quarantined: QUARANTINED.counter(),
    superseded: SUPERSEDED.counter(),
    checkpoint_size: CHECKPOINT_SIZE.gauge(),
    checkpoints_refused: CHECKPOINTS_REFUSED.counter(),
    verified_position: VERIFIED_POSITION.gauge(),
    verifications_failed: VERIFICATIONS_FAILED.counter(),
    snapshots: SNAPSHOTS.counter(),
    refused: SNAPSHOTS_REFUSED.counter(),
});

/// The figures of one writer that are looked up rather than recorded.
#[derive(Debug)]
struct Board {
    of: [KeyValue; 1],
    position: AtomicU64,
    segments_ahead: AtomicU64,
    misplaced: AtomicU64,
    segment: AtomicU64,
    in_flight: AtomicUsize,
    inbox: AtomicUsize,
    reach_ms: AtomicU64,
    /// When the witness had the newest record; Unix ms.
    witnessed_ms: AtomicU64,
}

/// What is measured of one writer, from the opening of an epoch to its end.
#[derive(Debug)]
pub(crate) struct WriterMetrics {
    board: Arc<Board>,
    of: [KeyValue; 1],
    /// Commits without an answer: which, when it was first sent, and its records.
    sent: VecDeque<(u64, Instant, u64)>,
}

/// More commits than a writer may have on their way; what is older was abandoned.
const SENT_MAX: usize = 64;

impl WriterMetrics {
    pub(crate) fn of(ledger: LedgerId) -> Self {
        let of = [of(ledger)];
        let board = Arc::new(Board {
            of: of.clone(),
            position: AtomicU64::new(0),
            segments_ahead: AtomicU64::new(0),
            misplaced: AtomicU64::new(0),
            segment: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            inbox: AtomicUsize::new(0),
            reach_ms: AtomicU64::new(0),
            witnessed_ms: AtomicU64::new(now_ms()),
        });
        register(&BOARDS, &board);
        // Who waits for an increase has to have seen the zero before it.
        INSTRUMENTS.quarantined.add(0, &of);
        INSTRUMENTS.superseded.add(0, &of);
        INSTRUMENTS.records.add(0, &of);
        Self { board, of, sent: VecDeque::new() }
    }

    pub(crate) fn leads(&self) {
        INSTRUMENTS.epochs.add(1, &self.of);
    }

    pub(crate) fn sent(&mut self, commit: u64, records: usize) {
        if self.sent.iter().any(|(sent, ..)| *sent == commit) {
            return;
        }
        if self.sent.len() >= SENT_MAX {
            self.sent.pop_front();
        }
        self.sent.push_back((commit, Instant::now(), records as u64));
    }

    /// What the log said of a commit.
    pub(crate) fn answered(&mut self, commit: u64, outcome: Outcome) {
        let unresolved = match outcome {
            Outcome::Acked { .. } => return self.landed(commit),
            Outcome::Refused => "refused",
            Outcome::Unknown => "unknown",
        };
        INSTRUMENTS.unresolved.add(1, &[self.of[0].clone(), KeyValue::new("error.type", unresolved)]);
    }

    fn landed(&mut self, commit: u64) {
        let Some(index) = self.sent.iter().position(|(sent, ..)| *sent == commit) else { return };
        let Some((_, sent, records)) = self.sent.remove(index) else { return };
        INSTRUMENTS.duration.record(sent.elapsed().as_secs_f64(), &self.of);
        INSTRUMENTS.size.record(records, &self.of);
        INSTRUMENTS.records.add(records, &self.of);
    }

    pub(crate) fn quarantined(&self, messages: u64) {
        INSTRUMENTS.quarantined.add(messages, &self.of);
    }

    pub(crate) fn superseded(&self, messages: u64) {
        INSTRUMENTS.superseded.add(messages, &self.of);
    }

    pub(crate) fn deposed(&self, why: &Deposed) {
        let why = match why {
            Deposed::Fenced { .. } => "fenced",
            Deposed::Overtaken => "overtaken",
            Deposed::Corrupt(_) => "corrupt",
        };
        INSTRUMENTS.deposed.add(1, &[self.of[0].clone(), KeyValue::new("error.type", why)]);
    }

    /// How things stand, about once a second.
    pub(crate) fn stands(&self, position: u64, segment: u64, in_flight: usize, inbox: usize, reach: Span) {
        self.board.position.store(position, Ordering::Relaxed);
        self.board.segment.store(segment, Ordering::Relaxed);
        self.board.in_flight.store(in_flight, Ordering::Relaxed);
        self.board.inbox.store(inbox, Ordering::Relaxed);
        self.board.reach_ms.store(reach.0, Ordering::Relaxed);
    }

    /// The segments, whenever they were looked at.
    pub(crate) fn segments(&self, ahead: u64, misplaced: u64) {
        self.board.segments_ahead.store(ahead, Ordering::Relaxed);
        self.board.misplaced.store(misplaced, Ordering::Relaxed);
    }

    /// The witness has the newest record.
    pub(crate) fn witnessed(&self) {
        self.board.witnessed_ms.store(now_ms(), Ordering::Relaxed);
    }
}

/// Whether a process leads, from its first candidacy on.
#[derive(Debug)]
pub(crate) struct Leadership {
    of: [KeyValue; 1],
    leading: watch::Receiver<bool>,
}

impl Leadership {
    /// Reported as long as the candidate stands, which is as long as it holds this.
    pub(crate) fn of(ledger: LedgerId, leading: watch::Receiver<bool>) -> Arc<Self> {
        let leadership = Arc::new(Self { of: [of(ledger)], leading });
        register(&CANDIDATES, &leadership);
        leadership
    }
}

/// What a look at servers and streams found.
#[derive(Debug)]
pub(crate) struct WatchMetrics {
    of: [KeyValue; 1],
    durable: AtomicU64,
    differences: AtomicU64,
}

impl WatchMetrics {
    /// Reported while the writer leads or asks whether it may.
    pub(crate) fn of(ledger: LedgerId) -> Arc<Self> {
        let metrics = Arc::new(Self { of: [of(ledger)], durable: AtomicU64::new(0), differences: AtomicU64::new(0) });
        register(&WATCHES, &metrics);
        metrics
    }

    pub(crate) fn durable(&self, durable: bool) {
        self.durable.store(u64::from(durable), Ordering::Relaxed);
    }

    pub(crate) fn differing(&self, fields: usize) {
        self.differences.store(fields as u64, Ordering::Relaxed);
    }
}

/// The newest record a replica folded, by its date.
#[derive(Debug)]
pub(crate) struct ReplicaMetrics {
    of: [KeyValue; 1],
    at_ms: AtomicU64,
}

impl ReplicaMetrics {
    pub(crate) fn of(ledger: LedgerId) -> Arc<Self> {
        let metrics = Arc::new(Self { of: [of(ledger)], at_ms: AtomicU64::new(0) });
        register(&REPLICAS, &metrics);
        metrics
    }

    pub(crate) fn folded(&self, at: At) {
        self.at_ms.store(at.0, Ordering::Relaxed);
    }
}

pub(crate) struct ConfirmedMetrics {
    of: [KeyValue; 1],
    at_ms: AtomicU64,
}

impl ConfirmedMetrics {
    /// Counts from now on, as if confirmed: a replica that never is grows old from its beginning.
    pub(crate) fn of(ledger: LedgerId) -> Arc<Self> {
        let metrics = Arc::new(Self { of: [of(ledger)], at_ms: AtomicU64::new(now_ms()) });
        register(&CONFIRMED, &metrics);
        metrics
    }

    /// The log was asked so long ago.
    pub(crate) fn confirmed(&self, ago: Duration) {
        self.at_ms.store(now_ms().saturating_sub(ago.as_millis() as u64), Ordering::Relaxed);
    }
}

pub(crate) fn snapshot_taken(ledger: LedgerId) {
    INSTRUMENTS.snapshots.add(1, &[of(ledger)]);
}

pub(crate) fn snapshot_refused(ledger: LedgerId, reason: &'static str) {
    INSTRUMENTS.refused.add(1, &[of(ledger), KeyValue::new("error.type", reason)]);
}

pub(crate) fn checkpoint_signed(ledger: LedgerId, size: u64) {
    INSTRUMENTS.checkpoint_size.record(size, &[of(ledger)]);
}

pub(crate) fn checkpoint_refused(ledger: LedgerId) {
    INSTRUMENTS.checkpoints_refused.add(1, &[of(ledger)]);
}

pub(crate) fn verified(ledger: LedgerId, position: u64) {
    INSTRUMENTS.verified_position.record(position, &[of(ledger)]);
}

pub(crate) fn verification_failed(ledger: LedgerId) {
    INSTRUMENTS.verifications_failed.add(1, &[of(ledger)]);
}

fn of(ledger: LedgerId) -> KeyValue {
    KeyValue::new("peyk.ledger", ledger.to_string())
}

type Registered<T> = Mutex<Vec<Weak<T>>>;

static BOARDS: Registered<Board> = Mutex::new(Vec::new());
static CANDIDATES: Registered<Leadership> = Mutex::new(Vec::new());
static WATCHES: Registered<WatchMetrics> = Mutex::new(Vec::new());
static REPLICAS: Registered<ReplicaMetrics> = Mutex::new(Vec::new());
static CONFIRMED: Registered<ConfirmedMetrics> = Mutex::new(Vec::new());
static OBSERVED: Once = Once::new();

fn register<T>(registered: &Registered<T>, one: &Arc<T>) {
    // No lock is held here: whoever observes takes those of the registers.
    OBSERVED.call_once(|| {
        gauge(LEADING, &CANDIDATES, |one| (&one.of, u64::from(*one.leading.borrow())));
        gauge(POSITION, &BOARDS, |board| (&board.of, board.position.load(Ordering::Relaxed)));
        gauge(SEGMENTS_AHEAD, &BOARDS, |board| (&board.of, board.segments_ahead.load(Ordering::Relaxed)));
        gauge(MISPLACED, &BOARDS, |board| (&board.of, board.misplaced.load(Ordering::Relaxed)));
        gauge(SEGMENT, &BOARDS, |board| (&board.of, board.segment.load(Ordering::Relaxed)));
        gauge(IN_FLIGHT, &BOARDS, |board| (&board.of, board.in_flight.load(Ordering::Relaxed) as u64));
        gauge(INBOX, &BOARDS, |board| (&board.of, board.inbox.load(Ordering::Relaxed) as u64));
        seconds(REACH, &BOARDS, |board| (&board.of, board.reach_ms.load(Ordering::Relaxed)));
        seconds(WITNESS_AGE, &BOARDS, |board| (&board.of, age_ms(&board.witnessed_ms)));
        gauge(DURABLE, &WATCHES, |watch| (&watch.of, watch.durable.load(Ordering::Relaxed)));
        gauge(DIFFERENCES, &WATCHES, |watch| (&watch.of, watch.differences.load(Ordering::Relaxed)));
        seconds(REPLICA_CONFIRMED_AGE, &CONFIRMED, |one| (&one.of, age_ms(&one.at_ms)));
        seconds(REPLICA_AGE, &REPLICAS, |replica| (&replica.of, age_ms(&replica.at_ms)));
    });
    registered.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(one));
}

type Reading<T> = fn(&T) -> (&[KeyValue], u64);

fn gauge<T: Send + Sync>(metric: Metric, registered: &'static Registered<T>, value: Reading<T>) {
    metric.observe(move |found| {
        for one in alive(registered) {
            let (of, value) = value(&one);
            found(value, of);
        }
    });
}

fn seconds<T: Send + Sync>(metric: Metric, registered: &'static Registered<T>, ms: Reading<T>) {
    metric.observe_seconds(move |found| {
        for one in alive(registered) {
            let (of, ms) = ms(&one);
            found(Duration::from_millis(ms).as_secs_f64(), of);
        }
    });
}

/// Those that still run. What ended is no longer reported.
fn alive<T>(registered: &Registered<T>) -> Vec<Arc<T>> {
    let mut registered = registered.lock().unwrap_or_else(PoisonError::into_inner);
    registered.retain(|one| one.strong_count() > 0);
    registered.iter().filter_map(Weak::upgrade).collect()
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn age_ms(since: &AtomicU64) -> u64 {
    now_ms().saturating_sub(since.load(Ordering::Relaxed))
}
