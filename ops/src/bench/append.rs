use super::history::History;
use super::place::{Ground, Place};
use super::raw::RawStream;
use super::{BenchArgs, median, print_with};
use anyhow::{Result, ensure};
use clap::Args;
use futures::poll;
use peyk_domain::messages::{
    DecidedOn, DoubtPolicy, Encoding, Lane, MessageCommand, Messages, MonthKey, RetentionClass, RouteFact, SenderFact,
    Submission,
};
use peyk_domain::{ActorId, CommandId, ConnectorId, MessageId, Msisdn, Span, TenantId};
use peyk_keyring::{Field, TenantKeys};
use peyk_ledger::{Request, WriterHandle};
use serde_json::json;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

const TENANT: TenantId = TenantId::from_bytes([1; 16]);
const MONTH: MonthKey = MonthKey(2026 * 12 + 10);
const TEXT: &[u8] = b"Your parcel arrives today between nine and ten. Reply STOP to end these messages.";
/// Commands each asker keeps on their way.
const OUTSTANDING: usize = 3_000;
/// Commands an asker hands in before others have their turn.
const TURN: u64 = 32;
const ASKERS: u64 = 2;
const LONE: u64 = 2_000;

#[derive(Debug, Clone, Args)]
pub struct AppendArgs {
    #[command(flatten)]
    bench: BenchArgs,
    /// Appends on top of so many records of history instead, beside an empty ledger in the same run.
    #[arg(long)]
    history: Option<u64>,
    /// Servers that keep each record, ours and the raw ones: a cluster of so many has to be there.
    #[arg(long, default_value_t = 1, conflicts_with = "history")]
    replicas: usize,
    /// Without a limit of the tenant's, which costs an event in each command's record.
    #[arg(long)]
    no_limit: bool,
}

/// The most a tenant may be allowed a minute; no round comes near it.
const LIMIT: u32 = 10_000_000;

pub async fn run(args: &AppendArgs) -> Result<()> {
    let limit = (!args.no_limit).then_some(LIMIT);
    match args.history {
        Some(records) => on_history(&args.bench, records, limit).await,
        None => beside_raw(&args.bench, args.replicas, limit).await,
    }
}

/// Nothing takes the messages of a round away, and a ledger accepts only so many that wait.
const WAITING_MAX: u64 = peyk_domain::messages::MAX_BACKLOG as u64 * 9 / 10;

async fn on_history(args: &BenchArgs, records: u64, limit: Option<u32>) -> Result<()> {
    let rounds = args.rounds.max(1) as u64;
    ensure!(rounds * args.records <= WAITING_MAX, "--rounds times --records is at most {WAITING_MAX} here");
    let ground = Ground::prepare(&args.nats, records + rounds * args.records, 1).await?;
    History::of(&ground, records).write(&ground, records).await?;
    let long = ground.lead(None).await?;
    let mut pairs = Vec::new();
    for round in 0..rounds {
        let ours = fresh(&long, args, limit, round * args.records).await?;
        let empty = Place::open(&args.nats, 1).await?;
        pairs.push((ours, fresh(&empty, args, limit, 0).await?));
        empty.close().await?;
    }
    long.close().await?;
    // The limit is the empty ledger.
    print_with("append_history", "commands/s", &pairs, json!({ "history": records, "limited": limit.is_some() }));
    Ok(())
}

/// A round with no key in memory, so that one round is like another.
async fn fresh(place: &Place, args: &BenchArgs, limit: Option<u32>, first: u64) -> Result<f64> {
    let keys = place.keyrings().await?.for_writing(TENANT, MONTH).await?;
    load(place, &keys, args, limit, first).await
}

async fn beside_raw(args: &BenchArgs, replicas: usize, limit: Option<u32>) -> Result<()> {
    let (mut batches, mut lone) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        let place = Place::open(&args.nats, replicas).await?;
        let keys = place.keyrings.for_writing(TENANT, MONTH).await?;
        let ours = load(&place, &keys, args, limit, 0).await?;
        let stored = place.stored().await?;
        let mut raw = RawStream::open(&place.ledgers, replicas).await?;
        let bare = raw.batches(&stored[1..]).await?;
        batches.push((ours, bare));
        let alone = alone(&place, &keys, args, limit).await?;
        lone.push((median(alone), median(raw.singles(&stored[1..=LONE as usize]).await?)));
        raw.close().await?;
        place.close().await?;
    }
    let kept = json!({ "replicas": replicas, "limited": limit.is_some() });
    print_with("append", "commands/s", &batches, kept.clone());
    // Less is better here: the ratio is how many times the raw publish one command takes.
    print_with("append_lone", "ms", &lone, kept);
    Ok(())
}

async fn load(place: &Place, keys: &Arc<TenantKeys>, args: &BenchArgs, limit: Option<u32>, first: u64) -> Result<f64> {
    let started = Instant::now();
    let askers = (0..ASKERS).map(|asker| {
        let (writer, keys, args) = (place.writer.clone(), keys.clone(), args.clone());
        tokio::spawn(async move {
            // One writer answers in the order of asking, so the oldest is always the one to wait for.
            let mut outstanding = VecDeque::with_capacity(OUTSTANDING);
            for number in (asker..args.records).step_by(ASKERS as usize) {
                if outstanding.len() >= OUTSTANDING {
                    settled(outstanding.pop_front()).await?;
                }
                let request = request(&keys, first + number, args.recipients, limit)?;
                let mut answer = Box::pin(submit(writer.clone(), request));
                // The first poll hands the command in.
                match poll!(&mut answer) {
                    Poll::Ready(answer) => answer?,
                    Poll::Pending => outstanding.push_back(answer),
                }
                // Handing in never waits, and the writer shares these threads.
                if (number / ASKERS).is_multiple_of(TURN) {
                    tokio::task::yield_now().await;
                }
            }
            while !outstanding.is_empty() {
                settled(outstanding.pop_front()).await?;
            }
            Ok::<_, anyhow::Error>(())
        })
    });
    for asker in askers.collect::<Vec<_>>() {
        asker.await??;
    }
    Ok(args.records as f64 / started.elapsed().as_secs_f64())
}

async fn submit(writer: WriterHandle<Messages>, request: Request<MessageCommand>) -> Result<()> {
    writer.submit(request).await.map(drop).map_err(|error| anyhow::anyhow!("{error}"))
}

async fn settled(oldest: Option<Pin<Box<impl Future<Output = Result<()>>>>>) -> Result<()> {
    match oldest {
        Some(answer) => answer.await,
        None => Ok(()),
    }
}

async fn alone(place: &Place, keys: &Arc<TenantKeys>, args: &BenchArgs, limit: Option<u32>) -> Result<Vec<f64>> {
    let mut milliseconds = Vec::new();
    for number in args.records..args.records + LONE {
        let started = Instant::now();
        place
            .writer
            .submit(request(keys, number, args.recipients, limit)?)
            .await
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(milliseconds)
}

/// What the handler of a submission does for each message, facts of other ledgers given.
fn request(keys: &TenantKeys, number: u64, recipients: u64, limit: Option<u32>) -> Result<Request<MessageCommand>> {
    let mut id = [2; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    let message = MessageId::from_bytes(id);
    let recipient = Msisdn::from_digits(93_700_000_000 + number % recipients.max(1))?;
    let sealed_for = keys.sealed_for(RetentionClass::Message, MONTH, recipient)?;
    let submission = Submission {
        message,
        sender: Msisdn::from_digits(93_799_999_999)?,
        token: keys.token(recipient)?,
        sealed_for,
        recipient: keys.seal(&sealed_for, Field::Recipient, message, recipient.e164().as_bytes())?,
        body: keys.seal(&sealed_for, Field::Body, message, TEXT)?,
        encoding: Encoding::Gsm7,
        segments: 1,
        lane: Lane::Bulk,
        expires: peyk_ledger::Clock::system().now().plus(Span::hours(1)),
        on_doubt: DoubtPolicy::Fail,
        sender_fact: SenderFact::LeasedTo(TENANT),
        route_fact: RouteFact::Via(ConnectorId::from_bytes([3; 16])),
        decided_on: DecidedOn { numbering: 1, routing: 1 },
    };
    Ok(Request {
        id: CommandId::from_bytes(id),
        fingerprint: keys.fingerprint(&sealed_for, TEXT)?,
        actor: ActorId::from_bytes([4; 16]),
        tenant: TENANT,
        deadline: tokio::time::Instant::now() + Duration::from_secs(60),
        command: MessageCommand::Submit { tenant: TENANT, limit, submissions: vec![submission] },
    })
}

/// Fills a place for the other benchmarks.
pub async fn fill(place: &Place, args: &BenchArgs) -> Result<()> {
    let keys = place.keyrings.for_writing(TENANT, MONTH).await?;
    load(place, &keys, args, Some(LIMIT), 0).await.map(drop)
}
