//! A past of mixed messages, decided by the writer like any other: accepted, refused, handed out, taken, thrown back,
//! failed, received, expired.
use crate::bench::place::Place;
use anyhow::{Context, Result};
use futures::stream::{self, StreamExt, TryStreamExt};
use peyk_domain::messages::{
    AttemptReport, DecidedOn, DoubtPolicy, Encoding, Lane, MessageCommand, MessageEvent, MonthKey, Outcome,
    ReceiptReport, ReceiptState, RetentionClass, RouteFact, SenderFact, Submission,
};
use peyk_domain::{ActorId, CommandId, ConnectorId, MessageId, Msisdn, Span, TenantId};
use peyk_keyring::{Field, TenantKeys};
use peyk_ledger::{Clock, Request};
use peyk_projections::rows::MessageState;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

const MONTH: MonthKey = MonthKey(2026 * 12 + 10);
const TEXT: &[u8] = b"Your parcel arrives today between nine and ten. Reply STOP to end these messages.";
/// Messages of a tenant on their way together.
const ROUND: u64 = 1_000;
/// Commands each tenant keeps on their way.
const OUTSTANDING: usize = 1_000;
/// One message in so many is remembered with its state.
const REMEMBERED: u64 = 50;
/// Long enough to be accepted, short enough to be over by one of the ticks that follow.
const SHORT: Span = Span::seconds(5);

/// How the past is made up.
#[derive(Debug, Clone, Copy)]
pub struct Mixture {
    pub records: u64,
    pub tenants: u64,
    pub recipients: u64,
    /// Messages one record hands out, reports on or brings receipts for.
    pub together: usize,
}

/// What was written, and what must be read of it.
#[derive(Debug, Default)]
pub struct Past {
    pub messages: u64,
    pub events: u64,
    pub remembered: Vec<Known>,
}

/// Whose message it is, and where it stands in the end.
pub type Known = (TenantId, MessageId, MessageState);

pub const fn tenant(number: u64) -> TenantId {
    TenantId::from_bytes([number as u8 + 1; 16])
}

/// Writes until the ledger has as many records.
pub async fn write(place: &Place, mixture: Mixture) -> Result<Past> {
    let mut authors = Vec::new();
    for number in 0..mixture.tenants.max(1) {
        let keys = place.keyrings.for_writing(tenant(number), MONTH).await?;
        authors.push(Author::new(place, keys, number, mixture));
    }
    let mut past = Past::default();
    while place.ledgers.tail(place.ledger).await? < mixture.records {
        let round: Vec<_> = authors
            .drain(..)
            .map(|mut author| tokio::spawn(async move { author.round().await.map(|()| author) }))
            .collect();
        for task in round {
            authors.push(task.await??);
        }
    }
    let expired: HashSet<_> = authors.iter().flat_map(|author| &author.expired).copied().collect();
    for author in authors {
        past.messages += author.submitted;
        past.events += author.events;
        let last = |(message, state)| {
            if expired.contains(&message) { (message, MessageState::Expired) } else { (message, state) }
        };
        let remembered = author.remembered.into_iter().map(last);
        past.remembered.extend(remembered.map(|(message, state)| (author.tenant, message, state)));
    }
    Ok(past)
}

struct Author {
    tenant: TenantId,
    connector: ConnectorId,
    /// Takes messages that nobody asks for: they expire.
    deaf: ConnectorId,
    keys: Arc<TenantKeys>,
    writer: peyk_ledger::WriterHandle<peyk_domain::messages::Messages>,
    mixture: Mixture,
    dice: Dice,
    submitted: u64,
    events: u64,
    remembered: HashMap<MessageId, MessageState>,
    expired: HashSet<MessageId>,
}

impl Author {
    fn new(place: &Place, keys: Arc<TenantKeys>, number: u64, mixture: Mixture) -> Self {
        let [connector, deaf] = [0x40, 0x80].map(|base| ConnectorId::from_bytes([base + number as u8; 16]));
        Self {
            tenant: tenant(number),
            connector,
            deaf,
            keys,
            writer: place.writer.clone(),
            mixture,
            dice: Dice(number + 1),
            submitted: 0,
            events: 0,
            remembered: HashMap::new(),
            expired: HashSet::new(),
        }
    }

    /// Messages come in one by one; then a connector takes what waits, reports on it and brings receipts.
    async fn round(&mut self) -> Result<()> {
        let submissions = (0..ROUND).map(|_| self.submission()).collect::<Result<Vec<_>>>()?;
        let tenant = self.tenant;
        let submit = |submission| MessageCommand::Submit { tenant, limit: None, submissions: vec![submission] };
        let accepted = self.all(submissions.into_iter().map(submit).collect()).await?;
        let waiting = accepted.iter().filter(|event| matches!(event, MessageEvent::MessageAccepted { .. })).count();
        let together = self.mixture.together.max(1);
        let take = MessageCommand::TakeWork { connector: self.connector, lanes: Lane::ALL.to_vec(), count: together };
        let taken = self.all(vec![take; waiting.div_ceil(together)]).await?;
        let attempts: Vec<(MessageId, u32)> = taken.iter().filter_map(dispatched).collect();
        let reports = attempts.chunks(together).map(|attempts| self.report(attempts)).collect();
        let reported = self.all(reports).await?;
        let taken: Vec<&str> = reported.iter().filter_map(taken_as).collect();
        let receipts = taken.chunks(together).map(|ids| self.receipts(ids)).collect();
        self.all(receipts).await?;
        self.all(vec![MessageCommand::Tick]).await.map(drop)
    }

    fn submission(&mut self) -> Result<Submission> {
        self.submitted += 1;
        let message = MessageId::from_bytes(self.dice.bytes());
        let recipient = Msisdn::from_digits(93_700_000_000 + self.dice.below(self.mixture.recipients.max(1)))?;
        let keys = &self.keys;
        let sealed_for = keys.sealed_for(RetentionClass::Message, MONTH, recipient)?;
        let sealed_recipient = keys.seal(&sealed_for, Field::Recipient, message, recipient.e164().as_bytes())?;
        let fate = self.dice.below(100);
        let (connector, validity) = if fate < 3 { (self.deaf, SHORT) } else { (self.connector, Span::hours(1)) };
        Ok(Submission {
            message,
            sender: Msisdn::from_digits(93_799_999_999)?,
            token: keys.token(recipient)?,
            sealed_for,
            recipient: sealed_recipient,
            body: keys.seal(&sealed_for, Field::Body, message, TEXT)?,
            encoding: Encoding::Gsm7,
            segments: 1,
            lane: Lane::ALL[self.dice.below(3) as usize],
            expires: Clock::system().now().plus(validity),
            on_doubt: DoubtPolicy::Fail,
            sender_fact: if fate < 95 { SenderFact::LeasedTo(self.tenant) } else { SenderFact::NotLeased },
            route_fact: RouteFact::Via(connector),
            decided_on: DecidedOn { numbering: 1, routing: 1 },
        })
    }

    fn report(&mut self, attempts: &[(MessageId, u32)]) -> MessageCommand {
        let reports = attempts.iter().map(|&(message, attempt)| {
            let outcome = match self.dice.below(100) {
                0..3 => Outcome::Rejected { status: 0x45 },
                3..6 => Outcome::Throttled,
                6..8 => Outcome::InDoubt,
                _ => Outcome::Submitted { smsc_id: format!("{:032x}", u128::from_be_bytes(message.to_bytes())) },
            };
            AttemptReport { message, attempt, outcome }
        });
        MessageCommand::Report { connector: self.connector, reports: reports.collect() }
    }

    fn receipts(&mut self, ids: &[&str]) -> MessageCommand {
        let receipts = ids.iter().map(|id| {
            let fate = self.dice.below(100);
            let state = if fate < 5 { ReceiptState::Undeliverable } else { ReceiptState::Delivered };
            let smsc_id = if fate == 99 { format!("{id}00") } else { (*id).to_owned() };
            ReceiptReport { smsc_id, state, error: Some("000".to_owned()) }
        });
        MessageCommand::Receipts { connector: self.connector, receipts: receipts.collect() }
    }

    /// Has commands decided, many at a time; what followed, in the order of the commands.
    async fn all(&mut self, commands: Vec<MessageCommand>) -> Result<Vec<MessageEvent>> {
        let requests: Vec<_> = commands
            .into_iter()
            .map(|command| Request {
                id: CommandId::from_bytes(self.dice.bytes()),
                fingerprint: [0; 16],
                actor: ActorId::from_bytes([4; 16]),
                tenant: self.tenant,
                deadline: tokio::time::Instant::now() + Duration::from_secs(60),
                command,
            })
            .collect();
        let writer = self.writer.clone();
        let events: Vec<Vec<MessageEvent>> = stream::iter(requests)
            .map(|request| {
                let writer = writer.clone();
                async move {
                    let committed = writer.submit(request).await.map_err(|error| anyhow::anyhow!("{error}"));
                    committed.map(|committed| committed.events)
                }
            })
            .buffered(OUTSTANDING)
            .try_collect()
            .await
            .context("writing the past")?;
        let events: Vec<_> = events.into_iter().flatten().collect();
        self.events += events.len() as u64;
        events.iter().for_each(|event| self.remember(event));
        Ok(events)
    }

    /// Where a message stands, told independently of what the projection makes of it.
    fn remember(&mut self, event: &MessageEvent) {
        use MessageState::{Accepted, Delivered, Dispatched, Failed, InDoubt, Refused, Submitted, Undelivered};
        let (message, state) = match event {
            MessageEvent::MessageAccepted { message, .. } => (message, Accepted),
            MessageEvent::MessageRefused { message, .. } => (message, Refused),
            MessageEvent::MessageDispatched { message, .. } => (message, Dispatched),
            MessageEvent::MessageSubmitted { message, .. } => (message, Submitted),
            MessageEvent::MessageRequeued { message, .. } => (message, Accepted),
            MessageEvent::MessageInDoubt { message, .. } => (message, InDoubt),
            MessageEvent::MessageFailed { message, .. } => (message, Failed),
            MessageEvent::ReceiptReceived { message, state: ReceiptState::Delivered, .. } => (message, Delivered),
            MessageEvent::ReceiptReceived { message, .. } => (message, Undelivered),
            // One tick is for the messages of all tenants; nothing follows after it.
            MessageEvent::MessageExpired { message } => {
                self.expired.insert(*message);
                return;
            }
            MessageEvent::ReceiptUnmatched { .. }
            | MessageEvent::QuotaDrawn { .. }
            | MessageEvent::TenantErased { .. } => return,
        };
        if u64::from(message.to_bytes()[15]) % REMEMBERED == 0 {
            self.remembered.insert(*message, state);
        }
    }
}

fn dispatched(event: &MessageEvent) -> Option<(MessageId, u32)> {
    match event {
        MessageEvent::MessageDispatched { message, attempt, .. } => Some((*message, *attempt)),
        _ => None,
    }
}

fn taken_as(event: &MessageEvent) -> Option<&str> {
    match event {
        MessageEvent::MessageSubmitted { smsc_id, .. } => Some(smsc_id),
        _ => None,
    }
}

/// SplitMix64: the same past every time, and ids that lie as random ones do.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes()
    }
}
