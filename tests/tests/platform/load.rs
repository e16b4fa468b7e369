//! Many commands at once over HTTP, each with a key of its own, and what became of each of them.
use crate::setting::{FIRST, Tenant};
use anyhow::Result;
use peyk_domain::numbering::NumberingEvent;
use peyk_schemas::VerifiedRecord;
use peyk_tests::{Http, Reply, eventually};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What comes between two commands of an asker that is not told to hurry.
const PACE: Duration = Duration::from_millis(5);
/// How long to wait before a command is repeated.
const PAUSE: Duration = Duration::from_millis(20);

/// What became of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With its receipt, and the lease it was promised.
    Acknowledged { position: u64, hash: String, lease: String },
    /// A problem came back.
    Refused { status: u16, code: String },
    /// The connection broke before an answer.
    Lost,
}

impl Outcome {
    fn of(answer: Result<Reply>) -> Self {
        match answer {
            Ok(reply) if reply.status == 201 => Self::Acknowledged {
                position: reply.number("/receipt/position").unwrap_or_default(),
                hash: reply.text("/receipt/hash").to_owned(),
                lease: reply.text("/lease_id").to_owned(),
            },
            Ok(reply) => Self::Refused { status: reply.status, code: reply.code().to_owned() },
            Err(_) => Self::Lost,
        }
    }

    const fn is_acknowledged(&self) -> bool {
        matches!(self, Self::Acknowledged { .. })
    }

    /// Whether asking again with the same key is the thing to do.
    fn is_open(&self) -> bool {
        match self {
            Self::Acknowledged { .. } => false,
            Self::Refused { status, code } => matches!((status, code.as_str()), (503 | 504, _) | (409, "IN_FLIGHT")),
            Self::Lost => true,
        }
    }
}

/// How a load goes about it.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// Each command once, at an easy pace, whatever the answer.
    Once,
    /// As fast as answers come; what has no positive answer is repeated with the same key.
    UntilAnswered,
}

/// Reservations of different numbers, the first `count` from [`FIRST`] on, under way.
pub struct Load {
    progress: Arc<Progress>,
    askers: Vec<JoinHandle<BTreeMap<u64, Outcome>>>,
}

#[derive(Default)]
struct Progress {
    next: AtomicU64,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    stop: CancellationToken,
}

impl Load {
    pub fn start(tenant: &Tenant, count: u64, askers: usize, manner: Manner) -> Self {
        let progress = Arc::new(Progress::default());
        let ask = |_| tokio::spawn(ask(tenant.http.clone(), progress.clone(), count, manner));
        let askers = (0..askers).map(ask).collect();
        Self { progress, askers }
    }

    pub fn acknowledged(&self) -> u64 {
        self.progress.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until so many commands more were acknowledged.
    pub async fn goes_on(&self, more: u64) {
        let from = self.acknowledged();
        eventually("commands are acknowledged", Duration::from_secs(60), || async {
            self.acknowledged() >= from + more
        })
        .await;
    }

    /// Waits until another command was refused.
    pub async fn is_refused(&self) {
        let refused = || self.progress.refused.load(Ordering::Relaxed);
        let from = refused();
        eventually("a command is refused", Duration::from_secs(60), || async { refused() > from }).await;
    }

    /// Begins no further command.
    pub fn stop(&self) {
        self.progress.stop.cancel();
    }

    /// What became of every command that was begun, by its place.
    pub async fn outcomes(self) -> Result<BTreeMap<u64, Outcome>> {
        let mut outcomes = BTreeMap::new();
        for asker in self.askers {
            outcomes.extend(asker.await?);
        }
        Ok(outcomes)
    }
}

async fn ask(http: Http, progress: Arc<Progress>, count: u64, manner: Manner) -> BTreeMap<u64, Outcome> {
    let mut outcomes = BTreeMap::new();
    while !progress.stop.is_cancelled() {
        let place = progress.next.fetch_add(1, Ordering::Relaxed);
        if place >= count {
            break;
        }
        let mut outcome = reserve(&http, place).await;
        match manner {
            Manner::Once => tokio::time::sleep(PACE).await,
            Manner::UntilAnswered => {
                while outcome.is_open() && !progress.stop.is_cancelled() {
                    tokio::time::sleep(PAUSE).await;
                    outcome = reserve(&http, place).await;
                }
            }
        }
        let counter = if outcome.is_acknowledged() { &progress.acknowledged } else { &progress.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        outcomes.insert(place, outcome);
    }
    outcomes
}

async fn reserve(http: &Http, place: u64) -> Outcome {
    let path = format!("/v1/numbers/{}/reserve", FIRST + place);
    Outcome::of(http.post(&path, &format!("reservation-{place}"), &json!({ "ttl_seconds": 3_600 })).await)
}

/// Holds the answers against the ledger: what was acknowledged stands there once, where its receipt says; what was
/// refused does not stand there; what is open stands there at most once.
pub fn hold_against(records: &[VerifiedRecord], outcomes: &BTreeMap<u64, Outcome>) -> Result<Tally> {
    let mut standing: BTreeMap<u64, Vec<Outcome>> = BTreeMap::new();
    let mut commands = HashSet::new();
    for record in records {
        let events = record.domain_events::<NumberingEvent>()?;
        if events.is_empty() {
            continue;
        }
        assert!(commands.insert(record.command), "a command has two records, the second at {}", record.position);
        for event in events {
            if let NumberingEvent::NumberReserved { number, lease, .. } = event {
                let (position, hash, lease) = (record.position, record.hash.to_string(), lease.to_string());
                let stands = Outcome::Acknowledged { position, hash, lease };
                standing.entry(number.digits().expect("a telephone number") - FIRST).or_default().push(stands);
            }
        }
    }
    let mut tally = Tally::default();
    for (place, outcome) in outcomes {
        let stands = standing.remove(place).unwrap_or_default();
        match outcome {
            Outcome::Acknowledged { .. } => {
                tally.acknowledged += 1;
                assert_eq!(stands, std::slice::from_ref(outcome), "reservation {place} was acknowledged");
            }
            Outcome::Refused { status: 504, .. } | Outcome::Lost => {
                tally.open += 1;
                tally.unanswered += stands.len() as u64;
                assert!(stands.len() <= 1, "reservation {place} stands twice: {stands:?}");
            }
            Outcome::Refused { code, .. } => {
                tally.refused += 1;
                assert_eq!(stands, [], "reservation {place} was refused: {code}");
            }
        }
    }
    assert!(standing.is_empty(), "nobody asked for these reservations: {standing:?}");
    Ok(tally)
}

/// How many commands had which sort of answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub acknowledged: u64,
    pub refused: u64,
    pub open: u64,
    /// Those open that stand in the ledger after all.
    pub unanswered: u64,
}
