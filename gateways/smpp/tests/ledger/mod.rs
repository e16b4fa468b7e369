//! A ledger in memory behind the connector's port, and nothing else in memory: everything below it is the real thing.
#![allow(dead_code, reason = "each test binary uses its part of it")]
use peyk_domain::messages::{AttemptReport, Encoding, Outcome, ReceiptReport};
use peyk_domain::{At, ConnectorId, MessageId, Msisdn};
use peyk_handlers::{CommandError, TakeWork, Work};
use peyk_smpp::WorkSource;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

pub const CONNECTOR: ConnectorId = ConnectorId::from_bytes([7; 16]);

/// What the ledger learned, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learned {
    Attempt { partition: u16, message: MessageId, attempt: u32, outcome: Outcome },
    Receipt { partition: u16, receipt: ReceiptReport },
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<VecDeque<(Work, u32)>>,
    in_flight: HashMap<MessageId, (u16, u32, Work)>,
    learned: Vec<Learned>,
    lose_next_answer: bool,
    taken: usize,
}

/// Hands work out once, takes reports in, and puts back what was throttled or not sent, as the writer would.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
    changed: Notify,
    partitions: u16,
    /// Reports and receipts fail while set.
    pub unavailable: AtomicBool,
}

pub fn message_id(number: usize) -> MessageId {
    MessageId::from_bytes((number as u128 + 1).to_be_bytes())
}

pub fn work(number: usize, body: String) -> Work {
    Work {
        message: message_id(number),
        attempt: 1,
        connector: CONNECTOR,
        sender: Msisdn::from_digits(93_700_000_001).expect("a number"),
        recipient: Msisdn::from_digits(93_790_000_000 + number as u64).expect("a number"),
        encoding: Encoding::of(&body),
        body,
        expires: At(4_000_000_000_000),
    }
}

impl MemoryLedger {
    pub fn new(partitions: u16) -> Arc<Self> {
        let state = State { waiting: vec![VecDeque::new(); usize::from(partitions)], ..State::default() };
        Arc::new(Self { state: Mutex::new(state), partitions, ..Self::default() })
    }

    /// A ledger of one partition with that many short messages waiting.
    pub fn with_messages(count: usize) -> Arc<Self> {
        let ledger = Self::new(1);
        for number in 0..count {
            ledger.accept(0, work(number, format!("message {number}")));
        }
        ledger
    }

    pub fn accept(&self, partition: u16, work: Work) {
        self.with(|state| state.waiting[usize::from(partition)].push_back((work, 1)));
        self.changed.notify_waiters();
    }

    /// An attempt that a process before this one took and never reported on.
    pub fn in_flight_from_before(&self, partition: u16, work: Work) {
        self.with(|state| state.in_flight.insert(work.message, (partition, work.attempt, work)));
    }

    /// The next work is recorded as handed out, and the answer does not arrive.
    pub fn lose_next_answer(&self) {
        self.with(|state| state.lose_next_answer = true);
    }

    pub fn learned(&self) -> Vec<Learned> {
        self.with(|state| state.learned.clone())
    }

    /// The outcomes, in order.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |learned| match learned {
            Learned::Attempt { outcome, .. } => Some(outcome),
            Learned::Receipt { .. } => None,
        };
        self.learned().into_iter().filter_map(outcome).collect()
    }

    pub fn count(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes().iter().filter(|outcome| wanted(outcome)).count()
    }

    pub fn submitted(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Submitted { .. }))
    }

    pub fn receipts(&self) -> Vec<ReceiptReport> {
        let receipt = |learned| match learned {
            Learned::Receipt { receipt, .. } => Some(receipt),
            Learned::Attempt { .. } => None,
        };
        self.learned().into_iter().filter_map(receipt).collect()
    }

    pub fn in_flight_now(&self) -> usize {
        self.with(|state| state.in_flight.len())
    }

    /// Units of work handed out, lost answers included.
    pub fn taken(&self) -> usize {
        self.with(|state| state.taken)
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().expect("no test panics while holding it"))
    }

    fn hand_out(&self, partition: u16, count: usize) -> Result<Vec<Work>, CommandError> {
        self.with(|state| {
            let waiting = &mut state.waiting[usize::from(partition)];
            let mut handed = Vec::new();
            while handed.len() < count
                && let Some((mut work, attempt)) = waiting.pop_front()
            {
                work.attempt = attempt;
                handed.push(work);
            }
            for work in &handed {
                let doubled = state.in_flight.insert(work.message, (partition, work.attempt, work.clone()));
                assert!(doubled.is_none(), "a message is handed out once at a time");
            }
            state.taken += handed.len();
            if !handed.is_empty() && std::mem::take(&mut state.lose_next_answer) {
                return Err(CommandError::OutcomeUnknown);
            }
            Ok(handed)
        })
    }
}

impl WorkSource for MemoryLedger {
    fn partitions(&self) -> u16 {
        self.partitions
    }

    async fn take(&self, partition: u16, request: TakeWork) -> Result<Vec<Work>, CommandError> {
        assert!((1..=200).contains(&request.count), "asked for {}", request.count);
        assert_eq!(request.connector, CONNECTOR);
        let until = tokio::time::Instant::now() + request.wait;
        loop {
            let changed = self.changed.notified();
            let handed = self.hand_out(partition, usize::from(request.count))?;
            if !handed.is_empty() || tokio::time::timeout_at(until, changed).await.is_err() {
                return Ok(handed);
            }
        }
    }

    async fn report(&self, partition: u16, _: ConnectorId, reports: Vec<AttemptReport>) -> Result<(), CommandError> {
        if self.unavailable.load(Ordering::Relaxed) {
            return Err(CommandError::Unavailable);
        }
        assert!(reports.len() <= 500);
        self.with(|state| {
            for AttemptReport { message, attempt, outcome } in reports {
                let Some((at, current, work)) = state.in_flight.get(&message).cloned() else {
                    panic!("a report for what is not in flight: {message} {attempt} {outcome:?}");
                };
                assert_eq!((at, current), (partition, attempt), "the report went to where the work came from");
                state.in_flight.remove(&message);
                if matches!(outcome, Outcome::Throttled | Outcome::NotSent) {
                    state.waiting[usize::from(partition)].push_back((work, attempt + 1));
                }
                state.learned.push(Learned::Attempt { partition, message, attempt, outcome });
            }
        });
        self.changed.notify_waiters();
        Ok(())
    }

    async fn receipts(&self, partition: u16, _: ConnectorId, receipts: Vec<ReceiptReport>) -> Result<(), CommandError> {
        if self.unavailable.load(Ordering::Relaxed) {
            return Err(CommandError::Unavailable);
        }
        assert!(receipts.len() <= 500);
        self.with(|state| {
            state.learned.extend(receipts.into_iter().map(|receipt| Learned::Receipt { partition, receipt }));
        });
        Ok(())
    }

    async fn in_flight(&self, partition: u16, _: ConnectorId) -> Result<Vec<(MessageId, u32)>, CommandError> {
        let here = |(message, (at, attempt, _)): (&MessageId, &(u16, u32, Work))| {
            (*at == partition).then_some((*message, *attempt))
        };
        Ok(self.with(|state| state.in_flight.iter().filter_map(here).collect()))
    }
}

/// Waits until `holds`, looking often, and fails with `what` if it does not come true.
pub async fn eventually(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + within;
    while !holds() {
        assert!(Instant::now() < until, "did not come true within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
