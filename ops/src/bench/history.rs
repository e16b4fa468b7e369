//! A history of messages, written as a writer would have left it: every record chained, every batch signed under a certified key.
//! It is made without deciding anything, so millions of records take no longer than the log takes for them.
use super::place::Ground;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::messages::{
    DecidedOn, DoubtPolicy, Encoding, Generation, Lane, Leaf, MessageEvent, MonthKey, ReceiptState, RecipientToken,
    RetentionClass, Sealed, SealedFor,
};
use peyk_domain::{ActorId, At, CommandId, ConnectorId, MessageId, Msisdn, Span, TenantId};
use peyk_ledger::nats::{AppendReport, Appender};
use peyk_ledger::writer::{BATCH_MAX, Outcome};
use peyk_ledger::{Clock, Segments};
use peyk_schemas::{ControlEvent, Draft, EpochCertificate, EventSchema, Hash, RawEvent};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;

const CONNECTOR: ConnectorId = ConnectorId::from_bytes([3; 16]);
const SENDER: Msisdn = match Msisdn::from_digits(93_799_999_999) {
    Ok(number) => number,
    Err(_) => panic!("eleven digits are a number"),
};
const BATCHES_IN_FLIGHT: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages between the acceptance and the dispatch of one, and between that and its submission.
const QUEUE: u64 = 500;
/// Messages that wait for a receipt, in a history long enough.
const AWAITING: u64 = 100_000;
/// All of it happened within the window of command ids, so that as many as may be are remembered.
const SPAN: Span = Span::hours(20);

/// Whole lives of messages, one event a record: accepted, dispatched, submitted, received.
pub struct History {
    key: SigningKey,
    segments: Segments,
    records: u64,
    began: At,
    awaiting: u64,
    position: u64,
    prev: Hash,
    /// The message accepted next, and what is still to be told of the others before it.
    message: u64,
    due: VecDeque<MessageEvent>,
}

impl History {
    /// A history that will have `records` records.
    pub fn of(ground: &Ground, records: u64) -> Self {
        Self {
            key: SigningKey::from_bytes(&[6; 32]),
            segments: ground.ledgers.names().segments(),
            records,
            began: At(Clock::system().now().0.saturating_sub(SPAN.0)),
            awaiting: AWAITING.min(records / 20),
            position: 0,
            prev: ground.ledger.chain_seed(ground.ledgers.deployment()),
            message: 0,
            due: VecDeque::new(),
        }
    }

    /// Writes the next `count` records and waits until all are durable.
    pub async fn write(mut self, ground: &Ground, count: u64) -> Result<Self> {
        let client = ground.server.connect("peyk bench history").await?;
        let (reports, mut answers) = mpsc::channel(64);
        let mut appender = Appender::new(client, ground.ledgers.names(), ground.ledger, reports).await?;
        let end = self.position + count;
        let opening = self.opening(ground);
        let (batches, mut made) = mpsc::channel(BATCHES_IN_FLIGHT);
        let making = tokio::task::spawn_blocking(move || {
            let mut opening = opening;
            while self.position < end {
                let after = self.position;
                if batches.blocking_send((after, self.batch(end, &mut opening))).is_err() {
                    break;
                }
            }
            self
        });
        let segments = ground.ledgers.names().segments();
        let mut commit = 0;
        let mut flying = VecDeque::new();
        while let Some((after, records)) = made.recv().await {
            // Nothing goes into a segment before all in the one before is durable.
            let crosses = segments.first(segments.behind(after)) == after + 1;
            while flying.len() >= if crosses { 1 } else { BATCHES_IN_FLIGHT } {
                landed(&mut answers, &mut flying).await?;
            }
            let last = after + records.len() as u64;
            appender.append(commit, 0, after, records).await?;
            flying.push_back((commit, last));
            commit += 1;
        }
        while !flying.is_empty() {
            landed(&mut answers, &mut flying).await?;
        }
        Ok(making.await?)
    }

    /// What the first record of a ledger says.
    fn opening(&self, ground: &Ground) -> Vec<RawEvent> {
        if self.position > 0 {
            return Vec::new();
        }
        let (deployment, ledger) = (ground.ledgers.deployment(), ground.ledger);
        let deployment_key = ground.root.verifying_key().to_bytes();
        let writer_key = self.key.verifying_key().to_bytes();
        let certificate = EpochCertificate::issue(&ground.root, deployment, ledger, 1, writer_key);
        let genesis = ControlEvent::Genesis { deployment, ledger, deployment_key };
        vec![genesis.to_raw(), ControlEvent::EpochStarted(certificate).to_raw()]
    }

    /// The next records, as many as fit into a batch and into the segment, the last of them signed.
    fn batch(&mut self, end: u64, opening: &mut Vec<RawEvent>) -> Vec<Bytes> {
        let segment_end = self.segments.last(self.segments.behind(self.position));
        let last = end.min(segment_end).min(self.position + BATCH_MAX as u64);
        let mut records = Vec::with_capacity(BATCH_MAX);
        while self.position < last {
            // The record that opens the epoch is signed on its own account.
            let opens = !opening.is_empty();
            let events = if opens { std::mem::take(opening) } else { vec![self.event().to_raw()] };
            let position = self.position + 1;
            let draft = self.draft(position, !opens, Draft::encode_events(events.iter()));
            let signed = opens || position == last;
            let (bytes, hash) = draft.seal(position, self.prev, 1, signed.then_some(&self.key));
            (self.position, self.prev) = (position, hash);
            records.push(bytes);
        }
        records
    }

    fn draft(&self, position: u64, remembered: bool, events: Bytes) -> Draft {
        let mut id = [4; 16];
        id[8..].copy_from_slice(&position.to_be_bytes());
        Draft {
            at: self.began.plus(Span(SPAN.0 / self.records.max(1) * position.min(self.records))),
            command: CommandId::from_bytes(id),
            fingerprint: if remembered { [1; 16] } else { [0; 16] },
            actor: ActorId::from_bytes([4; 16]),
            tenant: TenantId::from_bytes([1; 16]),
            events,
        }
    }

    fn event(&mut self) -> MessageEvent {
        if let Some(due) = self.due.pop_front() {
            return due;
        }
        let number = self.message;
        self.message += 1;
        let past = |back: u64| number.checked_sub(back);
        if let Some(number) = past(QUEUE) {
            self.due.push_back(MessageEvent::MessageDispatched {
                message: message(number),
                attempt: 1,
                connector: CONNECTOR,
            });
        }
        if let Some(number) = past(2 * QUEUE) {
            let (message, smsc_id) = (message(number), format!("{number:010x}"));
            self.due.push_back(MessageEvent::MessageSubmitted { message, attempt: 1, connector: CONNECTOR, smsc_id });
        }
        if let Some(number) = past(2 * QUEUE + self.awaiting) {
            let state = ReceiptState::Delivered;
            self.due.push_back(MessageEvent::ReceiptReceived { message: message(number), state, error: None });
        }
        accepted(number, self.began.plus(Span::days(3)))
    }
}

/// Waits until the oldest batch in flight is durable.
async fn landed(answers: &mut mpsc::Receiver<AppendReport>, flying: &mut VecDeque<(u64, u64)>) -> Result<()> {
    let report = tokio::time::timeout(PATIENCE, answers.recv()).await.context("the log fell silent")?;
    let AppendReport { commit, outcome, .. } = report.context("the log fell silent")?;
    let Some(index) = flying.iter().position(|(sent, _)| *sent == commit) else { return Ok(()) };
    match (outcome, flying.remove(index)) {
        (Outcome::Acked { last }, Some((_, wanted))) if last == wanted => Ok(()),
        (outcome, wanted) => bail!("the log says {outcome:?} of a batch that ends at {wanted:?}"),
    }
}

fn message(number: u64) -> MessageId {
    let mut id = [9; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    MessageId::from_bytes(id)
}

/// As many bytes as a sealed number and a sealed sentence have. Nothing that folds opens them.
fn accepted(number: u64, expires: At) -> MessageEvent {
    MessageEvent::MessageAccepted {
        message: message(number),
        tenant: TenantId::from_bytes([1; 16]),
        sender: SENDER,
        token: RecipientToken(u128::from(number).to_be_bytes()),
        sealed_for: SealedFor {
            class: RetentionClass::Message,
            month: MonthKey(2026 * 12 + 10),
            generation: Generation(0),
            leaf: Leaf(number),
        },
        recipient: Sealed([number as u8; 52].into()),
        body: Sealed([number as u8; 121].into()),
        encoding: Encoding::Gsm7,
        segments: 1,
        lane: Lane::Bulk,
        connector: CONNECTOR,
        expires,
        on_doubt: DoubtPolicy::Fail,
        decided_on: DecidedOn { numbering: 1, routing: 1 },
    }
}
