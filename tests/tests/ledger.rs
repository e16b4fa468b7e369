//! The ledger against a real NATS server: who may append, what becomes of what others append, and what is certain.
use anyhow::{Result, anyhow};
use async_nats::{HeaderMap, jetstream};
use ed25519_dalek::SigningKey;
use futures::future::join_all;
use peyk_domain::numbering::{Numbering, NumberingCommand};
use peyk_domain::{CommandId, DeploymentId, LeaseId, SenderId, Span, TenantId};
use peyk_ledger::nats::provision;
use peyk_ledger::witness::WitnessError;
use peyk_ledger::writer::{ReplayError, replay};
use peyk_ledger::{
    Clock, Durability, FileWitness, LedgerReader, Ledgers, Names, ReadError, Replica, Request, Segment, SubmitError,
    WriterConfig,
};
use peyk_schemas::{ControlEvent, Draft, EventSchema, Hash, Head, LedgerId, Record, VerifiedRecord};
use peyk_tests::{Answer, LedgerWriter, Listing, NatsServer, accepted, eventually, hold_against, verified};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const LEDGER: LedgerId = LedgerId::NUMBERING;

/// A deployment's numbering ledger on a server of its own.
struct Place {
    nats: NatsServer,
    names: Names,
    root: SigningKey,
    witness: TempDir,
}

impl Place {
    async fn open() -> Result<Self> {
        let nats = NatsServer::start().await?;
        let names = Names::new("t")?;
        let place = Self { nats, names, root: SigningKey::from_bytes(&[5; 32]), witness: tempfile::tempdir()? };
        place.provision().await?;
        Ok(place)
    }

    async fn provision(&self) -> Result<()> {
        let context = jetstream::new(self.nats.user("migrate").connect("migrate").await?);
        provision(&context, &self.names, &[LEDGER], 1).await?;
        Ok(())
    }

    async fn ledgers(&self, user: &str) -> Result<Ledgers> {
        let client = self.nats.user(user).connect(user).await?;
        let deployment = DeploymentId::from_bytes([9; 16]);
        Ok(Ledgers::new(client, self.names.clone(), deployment, self.root.verifying_key()))
    }

    async fn writer(&self) -> Result<LedgerWriter> {
        Ok(LedgerWriter::start(WriterConfig {
            ledger: LEDGER,
            server: self.nats.user("core"),
            ledgers: self.ledgers("core").await?,
            root: self.root.clone(),
            witness: FileWitness::new(self.witness.path())?,
            bookmarks: None,
            durability: Durability::single(),
            clock: Clock::system(),
            snapshots: None,
            stop: CancellationToken::new(),
        }))
    }

    async fn leading(&self) -> Result<LedgerWriter> {
        let writer = self.writer().await?;
        writer.leads(true).await?;
        Ok(writer)
    }

    async fn records(&self) -> Result<Vec<VerifiedRecord>> {
        verified(&self.ledgers("audit").await?, LEDGER).await
    }
}

fn id(number: u64) -> CommandId {
    Listing(number).id()
}

fn request(number: u64, seconds: u64, command: NumberingCommand) -> Request<NumberingCommand> {
    Listing(number).asking(seconds, command)
}

fn number(index: u64) -> SenderId {
    Listing(index).number()
}

fn list(index: u64) -> NumberingCommand {
    Listing(index).command()
}

async fn listed(writer: &LedgerWriter, index: u64) -> Answer {
    writer.list(index, 20).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_reserves_of_one_number_one_wins() -> Result<()> {
    let place = Place::open().await?;
    let writer = place.leading().await?;
    accepted(listed(&writer, 0).await)?;
    let claims = (1..=100_u64).map(|claimant| {
        let command = NumberingCommand::Reserve {
            number: number(0),
            lease: LeaseId::from_bytes(u128::from(claimant).to_be_bytes()),
            tenant: TenantId::from_bytes(u128::from(claimant).to_be_bytes()),
            ttl: Span::hours(1),
            vanity: false,
        };
        let handle = writer.handle.clone();
        async move { handle.submit(request(claimant, 20, command)).await }
    });
    let answers = join_all(claims).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let conflicts =
        answers.iter().filter(|answer| matches!(answer, Err(SubmitError::Refused(why)) if why.code() == "CONFLICT"));
    assert_eq!(conflicts.count(), 99);
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_gives_the_same_record_and_another_request_under_it_is_refused() -> Result<()> {
    let place = Place::open().await?;
    let writer = place.leading().await?;
    let first = accepted(listed(&writer, 0).await)?;
    let again = accepted(listed(&writer, 0).await)?;
    assert_eq!((again.receipt, again.events, again.repeated), (first.receipt, first.events.clone(), true));
    let other = Request { fingerprint: [8; 16], ..request(0, 20, list(0)) };
    assert_eq!(writer.handle.submit(other).await, Err(SubmitError::KeyReused));
    // A successor knows it too.
    writer.end().await?;
    let successor = place.leading().await?;
    assert_eq!(accepted(listed(&successor, 0).await)?.receipt, first.receipt);
    let bears = place.records().await?.iter().filter(|record| record.command == id(0)).count();
    assert_eq!(bears, 1);
    successor.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_one_is_fenced_and_nothing_forks() -> Result<()> {
    let place = Place::open().await?;
    let old = place.leading().await?;
    accepted(listed(&old, 0).await)?;
    // Somebody takes the lease away; the log, not the lease, decides what follows.
    let context = jetstream::new(place.nats.user("migrate").connect("thief").await?);
    let leases = context.get_key_value(place.names.writers_bucket()).await?;
    let stolen = async || {
        leases.purge(Names::lease_key(LEDGER)).await?;
        let writer = place.writer().await?;
        let mut leadership = writer.handle.leadership();
        let led = tokio::time::timeout(Duration::from_secs(3), leadership.wait_for(|&leading| leading)).await;
        anyhow::Ok((writer, led.is_ok()))
    };
    // The old writer renews every two seconds and may be quicker; then the thief tries again.
    let new = loop {
        match stolen().await? {
            (writer, true) => break writer,
            (writer, false) => writer.end().await?,
        }
    };
    let through_old = listed(&old, 1).await;
    assert_eq!(through_old, Err(SubmitError::NotLeader), "the old writer is refused by the log");
    accepted(listed(&new, 2).await)?;
    let records = place.records().await?;
    let standing = |index| records.iter().filter(|record| record.command == id(index)).count();
    assert_eq!((standing(0), standing(1), standing(2)), (1, 0, 1));
    let epochs: Vec<u64> = records.iter().map(|record| record.epoch).collect();
    assert!(epochs.is_sorted(), "no record of the old epoch stands behind one of the new");
    new.end().await?;
    old.end().await
}

/// The last record again, chained and placed right, signed by somebody else.
async fn forged(ledgers: &Ledgers) -> Result<Vec<u8>> {
    let tail = ledgers.tail(LEDGER).await?;
    let last = ledgers.message(LEDGER, tail).await?.ok_or_else(|| anyhow!("no record"))?;
    let record = Record::decode(&last)?;
    let events = Draft::encode_events(record.events.iter());
    let Record { at, actor, tenant, epoch, .. } = record;
    let draft = Draft { at, command: id(666), fingerprint: [6; 16], actor, tenant, events };
    Ok(draft.seal(tail + 1, Hash::of(&last), epoch, Some(&SigningKey::from_bytes(&[66; 32]))).0.to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_messages_are_named_and_passed_over() -> Result<()> {
    let place = Place::open().await?;
    let writer = place.leading().await?;
    let core = place.ledgers("core").await?;
    let mut following = LedgerReader::open(&core, LEDGER, None).await?;
    accepted(listed(&writer, 0).await)?;
    let mut foreign = Vec::new();
    for (index, message) in [b"garbage".to_vec(), forged(&core).await?, Vec::new()].into_iter().enumerate() {
        let ack =
            core.context().publish(place.names.subject(LEDGER, Segment::FIRST), message.clone().into()).await?.await?;
        foreign.push((ack.sequence, Hash::of(&message)));
        accepted(listed(&writer, index as u64 + 1).await)?;
    }
    let records = place.records().await?;
    assert_eq!(records.iter().filter(|record| record.command == id(666)).count(), 0, "the forgery is not believed");
    for index in 0..4 {
        assert_eq!(records.iter().filter(|record| record.command == id(index)).count(), 1);
    }
    let named =
        records.iter().flat_map(|record| &record.events).filter_map(|event| match ControlEvent::from_raw(event) {
            Ok(ControlEvent::Quarantined(quarantine)) => Some((quarantine.from, quarantine.hashes[0])),
            _ => None,
        });
    assert_eq!(named.collect::<Vec<_>>(), foreign);
    // One who follows sees the same as one who reads later.
    let mut seen = Vec::new();
    while seen.len() < records.len() {
        seen.extend(following.next(100, Duration::from_secs(10)).await?);
    }
    assert_eq!(seen, records);
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_message_before_the_start_is_named_by_the_opening_record() -> Result<()> {
    let place = Place::open().await?;
    let core = place.ledgers("core").await?;
    core.context().publish(place.names.subject(LEDGER, Segment::FIRST), "first!".into()).await?.await?;
    let writer = place.leading().await?;
    accepted(listed(&writer, 0).await)?;
    let records = place.records().await?;
    assert_eq!(records.iter().map(|record| record.position).collect::<Vec<_>>(), [2, 3]);
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_led_into_the_ledger_changes_nothing() -> Result<()> {
    let place = Place::open().await?;
    let writer = place.leading().await?;
    accepted(listed(&writer, 0).await)?;
    let subject = place.names.subject(LEDGER, Segment::FIRST);
    // CORE may ask JetStream and name the ledger as the place for the answer.
    let core = place.nats.user("core").connect("insider").await?;
    core.publish_with_reply(
        format!("$JS.API.STREAM.INFO.{}", place.names.stream(LEDGER, Segment::FIRST)),
        subject.clone(),
        "".into(),
    )
    .await?;
    let get = format!("$JS.API.DIRECT.GET.{}", place.names.stream(LEDGER, Segment::FIRST));
    core.publish_with_reply(get, subject.clone(), "{\"seq\":1}".into()).await?;
    core.flush().await?;
    let ledgers = place.ledgers("core").await?;
    let before = 2;
    eventually("an answer stands in the stream", Duration::from_secs(10), || async {
        ledgers.tail(LEDGER).await.is_ok_and(|tail| tail > before)
    })
    .await;
    // EDGE has no ledgers: what it has answered there goes nowhere.
    let edge = place.nats.user("smpp").connect("outsider").await?;
    edge.publish_with_reply("t.cmd.messages.0", subject.clone(), "".into()).await?;
    edge.publish(subject, "from the edge".into()).await?;
    edge.flush().await?;
    accepted(listed(&writer, 1).await)?;
    let records = place.records().await?;
    assert_eq!(records.iter().filter(|record| !record.fingerprint.iter().all(|byte| *byte == 0)).count(), 2);
    let stored = ledgers.tail(LEDGER).await?;
    for position in 1..=stored {
        let message = ledgers.message(LEDGER, position).await?.unwrap_or_default();
        assert_ne!(&message[..], b"from the edge");
    }
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_runtime_user_may_change_a_stream() -> Result<()> {
    let place = Place::open().await?;
    for stream in [place.names.stream(LEDGER, Segment::FIRST), place.names.snapshots_stream()] {
        for user in ["core", "audit", "smpp"] {
            let client = place.nats.user(user).connect(user).await?;
            for subject in ["DELETE", "UPDATE", "CREATE", "PURGE", "RESTORE", "MSG.DELETE", "SNAPSHOT"] {
                let asked = client.request(format!("$JS.API.STREAM.{subject}.{stream}"), "{}".into());
                let answer = tokio::time::timeout(Duration::from_millis(300), asked).await;
                assert!(!matches!(answer, Ok(Ok(_))), "{user} gets an answer to {subject} of {stream}");
            }
        }
    }
    let ledgers = place.ledgers("core").await?;
    assert_eq!(ledgers.tail(LEDGER).await?, 0, "the stream is there as it was");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_paused_killed_and_restarted_under_load_loses_nothing_and_lands_nothing_refused() -> Result<()> {
    let mut place = Place::open().await?;
    let writer = place.leading().await?;
    let stop = CancellationToken::new();
    let refusals = Arc::new(AtomicU64::new(0));
    let askers = (0..16_u64).map(|asker| {
        let (handle, stop, refusals) = (writer.handle.clone(), stop.clone(), refusals.clone());
        tokio::spawn(async move {
            let mut answers = HashMap::new();
            for index in (asker..).step_by(16) {
                if stop.is_cancelled() {
                    break;
                }
                let answer = handle.submit(request(index, 2, list(index))).await;
                if answer == Err(SubmitError::Unavailable) {
                    refusals.fetch_add(1, Ordering::Relaxed);
                }
                answers.insert(index, answer);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            answers
        })
    });
    let askers: Vec<_> = askers.collect();
    let ledgers = place.ledgers("audit").await?;
    let grows = async |by: u64| {
        let from = ledgers.tail(LEDGER).await.unwrap_or(0);
        eventually("the ledger grows", Duration::from_secs(60), || async {
            ledgers.tail(LEDGER).await.is_ok_and(|tail| tail >= from + by)
        })
        .await;
    };
    grows(500).await;
    place.nats.pause()?;
    // Until commands run out of patience without having been taken up.
    let refused_by_now = async || refusals.load(Ordering::Relaxed);
    eventually("commands are refused", Duration::from_secs(60), || async { refused_by_now().await >= 16 }).await;
    place.nats.resume()?;
    grows(500).await;
    place.nats.kill()?;
    eventually("commands are refused again", Duration::from_secs(60), || async { refused_by_now().await >= 64 }).await;
    place.nats.restart().await?;
    grows(500).await;
    stop.cancel();
    let mut answers = HashMap::new();
    for asker in askers {
        answers.extend(asker.await?);
    }
    // What is still on its way comes to its end before the count.
    writer.end().await?;
    let (acknowledged, refused) = hold_against(place.records().await?, answers);
    assert!(acknowledged >= 1_500 && refused > 0, "{acknowledged} acknowledged, {refused} refused");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lost_what_the_witness_saw_is_refused() -> Result<()> {
    let place = Place::open().await?;
    let writer = place.leading().await?;
    for index in 0..5 {
        accepted(listed(&writer, index).await)?;
    }
    writer.end().await?;
    let witness = FileWitness::new(place.witness.path())?;
    let seen = witness.load(LEDGER)?.ok_or_else(|| anyhow!("the witness saw nothing"))?;
    assert_eq!(seen.position, place.ledgers("core").await?.tail(LEDGER).await?);
    // An administrator restores nothing at all.
    let context = jetstream::new(place.nats.user("migrate").connect("administrator").await?);
    context.delete_stream(place.names.stream(LEDGER, Segment::FIRST)).await?;
    place.provision().await?;
    let ledgers = place.ledgers("core").await?;
    let replayed = replay::<Numbering>(&ledgers, LEDGER, &witness, None).await;
    let behind = matches!(replayed, Err(ReplayError::Witness(WitnessError::Behind { found: 0, witnessed, .. })) if witnessed == seen.position);
    assert!(behind, "{replayed:?}");
    // And a ledger that grew again to that length is another one.
    let elsewhere = tempfile::tempdir()?;
    let forgetful = Place { witness: elsewhere, ..place };
    let writer = forgetful.leading().await?;
    for index in 10..20 {
        accepted(listed(&writer, index).await)?;
    }
    writer.end().await?;
    let replayed = replay::<Numbering>(&ledgers, LEDGER, &witness, None).await;
    assert!(matches!(replayed, Err(ReplayError::Witness(WitnessError::Diverged { .. }))), "{replayed:?}");
    let checkpoint = LedgerReader::open(&ledgers, LEDGER, Some(seen)).await;
    assert!(matches!(checkpoint, Err(ReadError::Diverged { .. })), "a checkpoint of the lost ledger is refused");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_of_another_deployment_is_not_taken_over() -> Result<()> {
    let place = Place::open().await?;
    let writer = place.leading().await?;
    accepted(listed(&writer, 0).await)?;
    writer.end().await?;
    let client = place.nats.user("core").connect("newcomer").await?;
    let other = DeploymentId::from_bytes([10; 16]);
    let elsewhere = tempfile::tempdir()?;
    let witness = FileWitness::new(elsewhere.path())?;
    let stranger = SigningKey::from_bytes(&[6; 32]).verifying_key();
    for (deployment, root) in [(other, place.root.verifying_key()), (DeploymentId::from_bytes([9; 16]), stranger)] {
        let ledgers = Ledgers::new(client.clone(), place.names.clone(), deployment, root);
        let replayed = replay::<Numbering>(&ledgers, LEDGER, &witness, None).await;
        let refused = matches!(replayed, Err(ReplayError::Read(ReadError::AnotherDeployment { .. })));
        assert!(refused, "{replayed:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_goes_on_from_any_head_and_a_replica_follows() -> Result<()> {
    let place = Place::open().await?;
    let ledgers = place.ledgers("core").await?;
    let stop = CancellationToken::new();
    let replica = Replica::<Numbering>::spawn(ledgers.clone(), LEDGER, Clock::system(), None, stop.clone());
    for epoch in 0..2 {
        let writer = place.leading().await?;
        for index in 0..20 {
            accepted(listed(&writer, epoch * 20 + index).await)?;
        }
        writer.end().await?;
    }
    let all = place.records().await?;
    assert_eq!(all.last().map(|record| record.epoch), Some(2));
    // Record by record, so that a head is taken at every place, across the change of epoch too.
    let mut heads: Vec<Head> = Vec::new();
    let mut reader = LedgerReader::open(&ledgers, LEDGER, None).await?;
    while heads.len() < all.len() {
        assert_eq!(reader.next(1, Duration::from_secs(10)).await?.len(), 1);
        heads.extend(reader.head().cloned());
    }
    for (index, head) in heads.into_iter().enumerate() {
        let head = Head::from_bytes(&head.to_bytes())?;
        let mut reader = LedgerReader::open(&ledgers, LEDGER, Some(head)).await?;
        let mut rest = Vec::new();
        while rest.len() < all.len() - index - 1 {
            rest.extend(reader.next(1_000, Duration::from_secs(10)).await?);
        }
        assert!(rest == all[index + 1..], "what follows position {}", index + 1);
    }
    assert!(replica.caught_up(Duration::from_secs(10)).await);
    let (position, free) =
        replica.read(|inventory, freshness| (freshness.position, inventory.lifecycle(number(39)).is_some()));
    assert_eq!((position, free), (all.len() as u64, true));
    stop.cancel();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_another_hand_with_the_right_sequence_does_not_pass_for_ours() -> Result<()> {
    let place = Place::open().await?;
    let writer = place.leading().await?;
    let core = place.ledgers("core").await?;
    let tail = core.tail(LEDGER).await?;
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Sequence", tail.to_string().as_str());
    let ack = core
        .context()
        .publish_with_headers(place.names.subject(LEDGER, Segment::FIRST), headers, "quicker".into())
        .await?
        .await?;
    assert_eq!(ack.sequence, tail + 1);
    // A full batch of commands meets it.
    let answers = join_all((0..200).map(|index| listed(&writer, index))).await;
    assert!(answers.iter().all(Result::is_ok), "all of them land behind it");
    let records = place.records().await?;
    for index in 0..200 {
        assert_eq!(records.iter().filter(|record| record.command == id(index)).count(), 1);
    }
    writer.end().await
}
