//! Snapshots against a real NATS server: a start from one is a start from the first record, and one that is damaged, stale
//! or somebody else's is refused, visibly, and changes nothing.
use anyhow::{Context, Result, anyhow};
use async_nats::jetstream::object_store::ObjectStore;
use async_nats::{HeaderMap, jetstream};
use ed25519_dalek::SigningKey;
use eventually::aggregate::Aggregate;
use futures::StreamExt;
use futures::future::{BoxFuture, join_all};
use peyk_domain::numbering::{
    Expected, IMPORT_MAX, Inventory, Numbering, NumberingCommand, NumberingError, NumberingEvent,
};
use peyk_domain::routing::Routing;
use peyk_domain::{ActorId, BlockId, CommandId, Dated, DeploymentId, Fold, LeaseId, SenderId, Span, TenantId};
use peyk_ledger::nats::provision;
use peyk_ledger::snapshot::{Cadence, Refusal};
use peyk_ledger::witness::WitnessError;
use peyk_ledger::writer::{Machine, ReplayError, Replayed, replay, spawn};
use peyk_ledger::{
    Clock, Durability, FileWitness, Ledgers, Names, Replica, Request, Segment, Snapshots, WriterConfig, WriterHandle,
    snapshot,
};
use peyk_schemas::{Hash, Head, LedgerId};
use peyk_tests::{NatsServer, eventually, verified};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LEDGER: LedgerId = LedgerId::NUMBERING;
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);
const CHUNK: usize = 256 * 1024;
/// What stands before the first chunk.
const START: usize = 35;
const PATIENCE: Duration = Duration::from_secs(60);

/// A namespace with its ledgers on a server.
struct Place<'a> {
    nats: &'a NatsServer,
    names: Names,
    deployment: DeploymentId,
    root: SigningKey,
    witness: TempDir,
}

struct Writer<A: Machine> {
    handle: WriterHandle<A>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl<A: Machine> Writer<A> {
    async fn end(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}

impl<'a> Place<'a> {
    async fn open(nats: &'a NatsServer, namespace: &str) -> Result<Self> {
        let (names, root) = (Names::new(namespace)?, SigningKey::from_bytes(&[5; 32]));
        let place = Self { nats, names, deployment: DEPLOYMENT, root, witness: tempfile::tempdir()? };
        place.provision().await?;
        Ok(place)
    }

    async fn provision(&self) -> Result<()> {
        let context = jetstream::new(self.nats.user("migrate").connect("migrate").await?);
        provision(&context, &self.names, &[LEDGER, LedgerId::ROUTING], 1).await?;
        Ok(())
    }

    /// As a process knows them that runs all day.
    async fn ledgers(&self) -> Result<Ledgers> {
        let client = self.nats.user("core").connect("core").await?;
        Ok(Ledgers::new(client, self.names.clone(), self.deployment, self.root.verifying_key()))
    }

    async fn snapshots(&self) -> Result<Snapshots> {
        Ok(Snapshots::new(self.ledgers().await?, &self.root))
    }

    fn witness(&self) -> Result<FileWitness> {
        Ok(FileWitness::new(self.witness.path())?)
    }

    async fn leading<A: Machine<Error: Clone>>(&self, ledger: LedgerId) -> Result<Writer<A>> {
        let stop = CancellationToken::new();
        let (handle, task) = spawn(WriterConfig {
            ledger,
            server: self.nats.user("core"),
            ledgers: self.ledgers().await?,
            root: self.root.clone(),
            witness: self.witness()?,
            bookmarks: None,
            durability: Durability::single(),
            clock: Clock::system(),
            snapshots: Some(self.snapshots().await?),
            stop: stop.clone(),
        });
        let mut leadership = handle.leadership();
        tokio::time::timeout(PATIENCE, leadership.wait_for(|&leading| leading)).await??;
        Ok(Writer { handle, stop, task })
    }

    async fn replayed(&self, with: bool) -> Result<Replayed<Numbering>, ReplayError> {
        let ledgers = self.ledgers().await.expect("a connection");
        let snapshots = Snapshots::new(ledgers.clone(), &self.root);
        let witness = self.witness().expect("a witness");
        replay::<Numbering>(&ledgers, LEDGER, &witness, with.then_some(&snapshots)).await
    }

    async fn store(&self) -> Result<ObjectStore> {
        let context = jetstream::new(self.nats.user("core").connect("store").await?);
        Ok(context.get_object_store(&self.names.snapshots_bucket()).await?)
    }

    /// The stored snapshots, oldest first.
    async fn stored(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let store = self.store().await?;
        let mut names: Vec<String> = Vec::new();
        let mut listed = store.list().await?;
        while let Some(object) = listed.next().await {
            names.push(object?.name);
        }
        names.sort();
        let mut stored = Vec::new();
        for name in names {
            let mut bytes = Vec::new();
            store.get(&name).await?.read_to_end(&mut bytes).await?;
            stored.push((name, bytes));
        }
        Ok(stored)
    }

    /// Puts bytes under a name that passes for the newest snapshot of the ledger, another one each time.
    async fn plant(&self, bytes: &[u8]) -> Result<String> {
        static PLANTED: AtomicU64 = AtomicU64::new(0);
        let name = Names::snapshot(LEDGER, u64::from(u32::MAX), PLANTED.fetch_add(1, Ordering::Relaxed));
        self.store().await?.put(name.as_str(), &mut &bytes[..]).await?;
        Ok(name)
    }

    /// Without what `plant` put there; that one may purge is why this is an operator.
    async fn uproot(&self, name: &str) -> Result<()> {
        let context = jetstream::new(self.nats.user("migrate").connect("gardener").await?);
        Ok(context.get_object_store(&self.names.snapshots_bucket()).await?.delete(name).await?)
    }

    /// That these bytes in place of the newest snapshot are refused for this reason, and that the next older one, or the
    /// first record where there is none, leads to the same state.
    async fn refuses(&self, bytes: &[u8], why: &Refusal, older: u64) -> Result<()> {
        let name = self.plant(bytes).await?;
        let search = self.snapshots().await?.search::<Numbering>(LEDGER).await?;
        assert_eq!(search.refused, [(name.clone(), why.clone())]);
        let (with, without) = (self.replayed(true).await?, self.replayed(false).await?);
        assert_eq!((with.began, without.began), (older, 0));
        same(&with, &without);
        self.uproot(&name).await
    }
}

fn same(one: &Replayed<Numbering>, other: &Replayed<Numbering>) {
    assert!(one.state == other.state, "{:?} is not {:?}", one.state, other.state);
    assert!(one.idempotency == other.idempotency, "the same command ids lead to the same records");
    assert_eq!(one.verifier.head(), other.verifier.head());
}

fn id(number: u64) -> CommandId {
    CommandId::from_bytes((u128::from(number) + 1).to_be_bytes())
}

fn request(number: u64, command: NumberingCommand) -> Request<NumberingCommand> {
    Request {
        id: id(number),
        fingerprint: [7; 16],
        actor: ActorId::from_bytes([1; 16]),
        tenant: TenantId::from_bytes([2; 16]),
        deadline: tokio::time::Instant::now() + PATIENCE,
        command,
    }
}

fn number(index: u64) -> SenderId {
    SenderId::from_digits(93_700_000_000 + index).expect("a number")
}

/// Lists `count` numbers from `first` on; the command's id follows from the first.
async fn list(writer: &Writer<Numbering>, first: u64, count: u64) -> Result<()> {
    let block = BlockId::from_bytes(u128::from(first).to_be_bytes());
    let numbers = (first..first + count).map(|index| number(index).into()).collect();
    let command = NumberingCommand::Import { block, mno: "test".into(), numbers };
    writer.handle.submit(request(first, command)).await.map(drop).map_err(|error| anyhow!("{error}"))
}

/// `SplitMix64`.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn command(&mut self, step: u64) -> NumberingCommand {
        let (number, tenant) = (number(self.below(40)), TenantId::from_bytes([self.below(3) as u8 + 1; 16]));
        match self.below(10) {
            0..4 => {
                let lease = LeaseId::from_bytes(u128::from(step).to_be_bytes());
                NumberingCommand::Reserve { number, lease, tenant, ttl: Span::hours(1), vanity: false }
            }
            4..6 => NumberingCommand::Hold { number, tenant, ttl: Span::days(2), expected: Expected::default() },
            6..8 => {
                NumberingCommand::Assign { number, tenant, period: None, vanity: false, expected: Expected::default() }
            }
            _ => NumberingCommand::Release { number, tenant, expected: Expected::default() },
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_from_a_snapshot_is_a_start_from_the_first_record() -> Result<()> {
    let nats = NatsServer::start().await?;
    for seed in 1..=3 {
        let place = Place::open(&nats, &format!("t{seed}")).await?;
        let snapshots = place.snapshots().await?;
        let (mut chance, mut step, mut taken) = (Chance(seed), 1_000, Vec::new());
        let mut writer = place.leading::<Numbering>(LEDGER).await?;
        list(&writer, 0, 40).await?;
        for _ in 0..4 {
            for _ in 0..3 {
                let commands = (0..chance.below(120)).map(|_| {
                    step += 1;
                    writer.handle.submit(request(step, chance.command(step)))
                });
                join_all(commands.collect::<Vec<_>>()).await;
                if chance.below(2) == 0 {
                    taken.extend(snapshots.take::<Numbering>(LEDGER).await?);
                }
            }
            writer.end().await?;
            let (with, without) = (place.replayed(true).await?, place.replayed(false).await?);
            assert_eq!((with.began, without.began), (taken.last().copied().unwrap_or(0), 0), "seed {seed}");
            same(&with, &without);
            // The next writer of the four begins there, and knows every command.
            writer = place.leading(LEDGER).await?;
            let again = writer.handle.submit(request(0, NumberingCommand::Tick)).await;
            let again = again.map_err(|error| anyhow!("{error}"))?;
            assert_eq!((again.repeated, again.events.len()), (true, 1), "the command that listed the numbers");
        }
        assert!(taken.len() > 2 && taken.is_sorted(), "seed {seed} took snapshots at {taken:?}");
        assert_eq!(place.stored().await?.len(), 2, "two are kept");
        // Whoever reads the ledger without the key reads it whole.
        verified(&place.ledgers().await?, LEDGER).await?;
        writer.end().await?;
    }
    Ok(())
}

/// The same rules under an older version, as a build before this one had them.
#[derive(Debug, Default)]
struct Older;

/// Rules that forget everything, under the version of those that do not.
#[derive(Debug, Default)]
struct Blind;

macro_rules! numbering_as {
    ($type:ident, $version:expr, $apply:expr) => {
        impl Fold for $type {
            const VERSION: u32 = $version;
        }

        impl Aggregate for $type {
            type Id = &'static str;
            type State = Inventory;
            type Event = NumberingEvent;
            type Command = Dated<NumberingCommand>;
            type Error = NumberingError;

            fn apply(state: Inventory, event: NumberingEvent) -> Result<Inventory, NumberingError> {
                $apply(state, event)
            }

            fn handle<'a, 's: 'a>(
                &'a self,
                ledger: &'s Self::Id,
                state: &'s Inventory,
                command: Self::Command,
            ) -> BoxFuture<'a, Result<Option<Vec<NumberingEvent>>, NumberingError>> {
                Numbering.handle(ledger, state, command)
            }
        }
    };
}

numbering_as!(Older, Numbering::VERSION - 1, Numbering::apply);
numbering_as!(Blind, Numbering::VERSION, |state, _| Ok(state));

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_or_foreign_snapshot_is_refused_and_the_ledger_is_folded_without_it() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::open(&nats, "t").await?;
    let writer = place.leading::<Numbering>(LEDGER).await?;
    let count = IMPORT_MAX as u64;
    for first in (0..24_000).step_by(IMPORT_MAX) {
        list(&writer, first, count).await?;
    }
    writer.end().await?;
    let older = place.snapshots().await?.take::<Older>(LEDGER).await?.context("a snapshot")?;
    let [(name, of_another_version)] = &place.stored().await?[..] else { panic!("one snapshot") };
    place.uproot(name).await?;
    // A snapshot of all but the last records is there throughout, and takes over.
    let good = place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot")?;
    assert_eq!(good, older);
    let writer = place.leading::<Numbering>(LEDGER).await?;
    list(&writer, 50_000, 1).await?;
    writer.end().await?;
    let [(_, sound)] = &place.stored().await?[..] else { panic!("one snapshot") };
    assert!(sound.len() > START + 2 * CHUNK, "it has several chunks: {}", sound.len());

    for at in (START..sound.len()).step_by(CHUNK) {
        let mut damaged = sound.clone();
        damaged[at + 7] ^= 1;
        place.refuses(&damaged, &Refusal::Unauthentic, good).await?;
    }
    for length in [START + CHUNK, sound.len() - 1] {
        place.refuses(&sound[..length], &Refusal::Unauthentic, good).await?;
    }
    place.refuses(b"a snapshot", &Refusal::Format, good).await?;
    let wanted = Numbering::VERSION;
    place.refuses(of_another_version, &Refusal::FoldVersion { found: wanted - 1, wanted }, good).await?;

    // Made by one who reads the ledger and does not hold the deployment key.
    let elsewhere = Place::open(&nats, "elsewhere").await?;
    let forger = Snapshots::new(place.ledgers().await?, &SigningKey::from_bytes(&[6; 32]));
    forger.take::<Numbering>(LEDGER).await?.context("a forged snapshot")?;
    let forged = place.stored().await?;
    let (name, forged) = forged.last().context("the forged one")?;
    place.uproot(name).await?;
    // The forger could not open the good one, found no use for it, and removed it.
    assert_eq!(place.stored().await?.len(), 0);
    let good = place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot")?;
    place.refuses(forged, &Refusal::Unauthentic, good).await?;

    // Sound ones, of another ledger and of another deployment under the same key.
    let writer = place.leading::<Routing>(LedgerId::ROUTING).await?;
    place.snapshots().await?.take::<Routing>(LedgerId::ROUTING).await?.context("a snapshot of routing")?;
    writer.end().await?;
    let stored = place.stored().await?;
    let (name, of_routing) = stored.iter().find(|(name, _)| name.starts_with("routing")).context("of routing")?;
    place.refuses(of_routing, &Refusal::AnotherLedger(LedgerId::ROUTING), good).await?;
    place.uproot(name).await?;
    let other = DeploymentId::from_bytes([10; 16]);
    let elsewhere = Place { deployment: other, ..elsewhere };
    let writer = elsewhere.leading::<Numbering>(LEDGER).await?;
    elsewhere.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot elsewhere")?;
    writer.end().await?;
    place.refuses(&elsewhere.stored().await?[0].1, &Refusal::AnotherDeployment(other), good).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_a_ledger_that_was_restored_from_a_backup_is_refused() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::open(&nats, "t").await?;
    let writer = place.leading::<Numbering>(LEDGER).await?;
    for index in 0..10 {
        list(&writer, index, 1).await?;
    }
    let position = place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot")?;
    writer.end().await?;
    // The log is lost, and grows again beyond that position.
    let context = jetstream::new(nats.user("migrate").connect("disaster").await?);
    context.delete_stream(place.names.stream(LEDGER, Segment::FIRST)).await?;
    place.provision().await?;
    let place = Place { witness: tempfile::tempdir()?, ..place };
    let search = place.snapshots().await?.search::<Numbering>(LEDGER).await?;
    assert!(matches!(&search.refused[..], [(_, Refusal::Diverged(at))] if *at == position), "while the log is empty");
    let writer = place.leading::<Numbering>(LEDGER).await?;
    for index in 100..120 {
        list(&writer, index, 1).await?;
    }
    let search = place.snapshots().await?.search::<Numbering>(LEDGER).await?;
    assert!(matches!(&search.refused[..], [(_, Refusal::Diverged(at))] if *at == position), "{search:?}");
    // The next one that is taken takes its place.
    place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot")?;
    writer.end().await?;
    assert_eq!(place.stored().await?.len(), 1);
    let (with, without) = (place.replayed(true).await?, place.replayed(false).await?);
    assert!(with.began > position);
    same(&with, &without);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_the_ledger_does_not_follow_from_is_refused_and_a_replica_begins_from_a_good_one() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::open(&nats, "t").await?;
    let writer = place.leading::<Numbering>(LEDGER).await?;
    list(&writer, 0, 1).await?;
    // Sealed under the right key, at the right place in the chain, and empty.
    place.snapshots().await?.take::<Blind>(LEDGER).await?.context("a snapshot")?;
    // A replica that begins from it has not seen the number: that is how one knows where it began.
    let stop = CancellationToken::new();
    let (ledgers, snapshots) = (place.ledgers().await?, Some(place.snapshots().await?));
    let replica = Replica::<Numbering>::spawn(ledgers, LEDGER, Clock::system(), snapshots, stop.clone());
    assert!(replica.caught_up(PATIENCE).await);
    assert_eq!(replica.read(|inventory, _| inventory.len()), 0);
    stop.cancel();
    // A reservation does not follow from an empty inventory.
    let tenant = TenantId::from_bytes([1; 16]);
    let command = NumberingCommand::Reserve {
        number: number(0),
        lease: LeaseId::NIL,
        tenant,
        ttl: Span::hours(1),
        vanity: false,
    };
    writer.handle.submit(request(1, command)).await.map_err(|error| anyhow!("{error}"))?;
    writer.end().await?;
    let (with, without) = (place.replayed(true).await?, place.replayed(false).await?);
    assert_eq!((with.began, with.state.len()), (0, 1));
    same(&with, &without);
    // One that is taken now begins with the first record too, and the bad one goes.
    place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot")?;
    assert_eq!(place.stored().await?.len(), 1);
    assert!(place.replayed(true).await?.began > 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_witness_is_heard_however_far_back_it_saw_the_ledger() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::open(&nats, "t").await?;
    let writer = place.leading::<Numbering>(LEDGER).await?;
    for index in 0..10 {
        list(&writer, index, 1).await?;
    }
    let began = place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot")?;
    list(&writer, 10, 1).await?;
    writer.end().await?;
    let records = verified(&place.ledgers().await?, LEDGER).await?;
    let certificate = place.replayed(false).await?.verifier.head().context("a head")?.certificate.clone();
    let witness = place.witness.path().join("numbering-0.head");
    let says = |index: usize, hash: Option<Hash>| {
        let record = &records[index];
        let head = Head {
            position: record.position,
            hash: hash.unwrap_or(record.hash),
            at: record.at,
            certificate: certificate.clone(),
        };
        // A witness goes only forward by itself.
        std::fs::remove_file(&witness)?;
        place.witness()?.save(LEDGER, &head).map_err(anyhow::Error::from)
    };
    let last = records.len() - 1;
    for index in [0, 4, began as usize - 1, began as usize, last] {
        says(index, None)?;
        assert_eq!(place.replayed(true).await?.began, began, "what the witness saw at {index} stands there");
        says(index, Some(Hash([6; 32])))?;
        let replayed = place.replayed(true).await;
        assert!(matches!(replayed, Err(ReplayError::Witness(WitnessError::Diverged { .. }))), "{index}: {replayed:?}");
    }
    let beyond =
        Head { position: records[last].position + 1, hash: records[last].hash, at: records[last].at, certificate };
    place.witness()?.save(LEDGER, &beyond)?;
    let replayed = place.replayed(true).await;
    assert!(matches!(replayed, Err(ReplayError::Witness(WitnessError::Behind { .. }))), "{replayed:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshotter_takes_what_is_due_and_what_was_never_finished_goes() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::open(&nats, "t").await?;
    let snapshots = place.snapshots().await?;
    let stop = CancellationToken::new();
    let cadence = Cadence { records: 20, look: Duration::from_millis(50), ..Cadence::default() };
    let taking = snapshot::spawn::<Numbering>(snapshots.clone(), LEDGER, cadence, stop.clone());
    let writer = place.leading::<Numbering>(LEDGER).await?;
    for index in 0..100 {
        list(&writer, index, 1).await?;
    }
    eventually("a snapshot near the end is there, and no more than two", PATIENCE, || async {
        let stored = place.stored().await.unwrap_or_default();
        let newest = stored.last().and_then(|(name, _)| Names::snapshot_position(name, LEDGER));
        newest.is_some_and(|position| position > 80) && stored.len() == 2
    })
    .await;
    stop.cancel();
    taking.await?;
    writer.end().await?;
    // Chunks of a snapshot whose writer was killed: no object names them.
    let core = jetstream::new(nats.user("core").connect("killed").await?);
    let orphan = format!("$O.{}.C.ORPHAN", place.names.snapshots_bucket());
    core.publish(orphan.clone(), "half a snapshot".into()).await?.await?;
    assert_eq!(snapshots.sweep_orphans(Duration::from_secs(3_600)).await?, 0, "what is young may be on its way");
    assert_eq!(snapshots.sweep_orphans(Duration::ZERO).await?, 1);
    let stream = core.get_stream(place.names.snapshots_stream()).await?;
    assert!(stream.get_last_raw_message_by_subject(&orphan).await?.payload.is_empty());
    assert!(place.replayed(true).await?.began > 80, "those that are named stay");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_whose_chunks_are_gone_keeps_nobody_waiting_for_ever() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::open(&nats, "t").await?;
    let writer = place.leading::<Numbering>(LEDGER).await?;
    list(&writer, 0, 1).await?;
    let good = place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("a snapshot")?;
    list(&writer, 1, 1).await?;
    place.snapshots().await?.take::<Numbering>(LEDGER).await?.context("another")?;
    writer.end().await?;
    let store = place.store().await?;
    let newest = store.info(&place.stored().await?[1].0).await?.nuid;
    // As one who removes it does, right when somebody begins to read.
    let core = jetstream::new(nats.user("core").connect("remover").await?);
    let stream = jetstream::new(nats.user("migrate").connect("purger").await?)
        .get_stream(place.names.snapshots_stream())
        .await?;
    stream.purge().filter(format!("$O.{}.C.{newest}", place.names.snapshots_bucket())).await?;
    let search = tokio::time::timeout(PATIENCE, place.snapshots().await?.search::<Numbering>(LEDGER)).await??;
    assert!(matches!(&search.refused[..], [(_, Refusal::Unreadable(_))]), "{search:?}");
    assert_eq!(search.found.map(|found| found.snapshot.head.position), Some(good));
    // And a mark in the place of the chunks, which is how they are removed.
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Rollup", "sub");
    core.publish_with_headers(format!("$O.{}.C.{newest}", place.names.snapshots_bucket()), headers, "".into())
        .await?
        .await?;
    assert_eq!(place.replayed(true).await?.began, good);
    Ok(())
}
