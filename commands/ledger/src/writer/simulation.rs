//! Writers and a log that loses, repeats, delays and reorders, with forgers, crashes and rivals, from one seed. The log is
//! cut into streams of a few positions, each with an expected sequence of its own, and made one by one. What must hold in the end: every acknowledged command stands in the chain once, where its receipt says; what was refused does
//! not stand there; nothing stands there twice; and the chain verifies.
use super::action::{Action, Outcome};
use super::core::{Core, Opening, Replayed};
use super::idempotency::Idempotency;
use super::request::{Request, SubmitError};
use crate::segments::{Segment, Segments};
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use eventually::aggregate::Aggregate;
use futures::future::{BoxFuture, FutureExt, ready};
use peyk_domain::{ActorId, At, CommandId, Dated, DeploymentId, TenantId};
use peyk_schemas::cbor::Writer;
use peyk_schemas::{
    Draft, EventSchema, Hash, LedgerId, RawEvent, Receipt, Record, SchemaError, VerifiedRecord, Verifier,
};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

const LEDGER: LedgerId = LedgerId::NUMBERING;
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);
const SEEDS: u64 = 3_000;
const STEPS: usize = 300;

/// Adds numbers up; a number that was added before is refused, so that a command applied twice would show.
#[derive(Debug, Default, Clone, Copy)]
struct Tally;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Added(u64);

impl peyk_domain::Fold for Tally {
    const VERSION: u32 = 1;
}

impl Aggregate for Tally {
    type Id = &'static str;
    type State = HashSet<u64>;
    type Event = Added;
    type Command = Dated<u64>;
    type Error = u64;

    fn apply(mut state: Self::State, Added(number): Added) -> Result<Self::State, u64> {
        if state.insert(number) { Ok(state) } else { Err(number) }
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _: &'s Self::Id,
        state: &'s Self::State,
        command: Dated<u64>,
    ) -> BoxFuture<'a, Result<Option<Vec<Added>>, u64>> {
        let number = command.command;
        ready(if state.contains(&number) { Err(number) } else { Ok(Some(vec![Added(number)])) }).boxed()
    }
}

impl EventSchema for Added {
    fn to_raw(&self) -> RawEvent {
        let mut data = Writer::new();
        data.array(1).unsigned(self.0);
        RawEvent { kind: Cow::Borrowed("test.added"), version: 1, data: data.into_bytes().into() }
    }

    fn from_raw(raw: &RawEvent) -> Result<Self, SchemaError> {
        let shape = |source| SchemaError::Shape { kind: raw.kind.to_string(), source };
        let mut data = raw.reader();
        data.array_of(1).map_err(shape)?;
        data.unsigned().map(Self).map_err(shape)
    }
}

/// `SplitMix64`: enough chance for a simulation, the same for a seed everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }
}

enum Packet {
    Append { writer: usize, commit: u64, attempt: u32, after: u64, records: Vec<Bytes> },
    Report { writer: usize, commit: u64, attempt: u32, outcome: Outcome },
    Found { writer: usize, after: u64, messages: Option<Vec<(u64, Bytes)>> },
}

struct World {
    chance: Chance,
    root: SigningKey,
    segments: Segments,
    /// What each stream holds, of the segments that were made.
    streams: Vec<Vec<Bytes>>,
    /// Whether a stream takes no more than the positions of its segment, as they are set up to.
    capped: bool,
    network: Vec<Packet>,
    /// Writers by incarnation; a crashed one is gone and what comes for it is lost.
    writers: Vec<Option<Core<Tally, CommandId>>>,
    retries: HashSet<usize>,
    asked: Vec<u64>,
    acked: HashMap<CommandId, Receipt>,
    /// How often a command was taken up by a writer, and how often one said that it did not land.
    offered: HashMap<CommandId, u64>,
    refused: HashMap<CommandId, u64>,
    quarantined: u64,
    /// Those of them that were laid to a writer whose place was taken.
    superseded: u64,
    /// All that was stored by forgers, where it is.
    forged: HashSet<(u64, Bytes)>,
    fenced: u64,
    /// Forgeries where no record can be.
    misplaced: u64,
    now: u64,
    faulty: bool,
}

fn command(number: u64) -> CommandId {
    let mut bytes = [1; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    CommandId::from_bytes(bytes)
}

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        // From boundaries everywhere to none within reach.
        let segments = Segments::tiny([3, 12, 40, 120, 10_000][chance.below(5)]);
        let capped = chance.percent(70);
        Self {
            chance,
            root: SigningKey::from_bytes(&[5; 32]),
            segments,
            streams: vec![Vec::new()],
            capped,
            network: Vec::new(),
            writers: Vec::new(),
            retries: HashSet::new(),
            asked: Vec::new(),
            acked: HashMap::new(),
            offered: HashMap::new(),
            refused: HashMap::new(),
            quarantined: 0,
            superseded: 0,
            forged: HashSet::new(),
            fenced: 0,
            misplaced: 0,
            now: 1_000,
            faulty: true,
        }
    }

    /// The ledger: each segment up to its last position, as long as the one before is full.
    fn log(&self) -> impl Iterator<Item = &Bytes> {
        let positions = self.segments.positions() as usize;
        let full = self.streams.iter().take_while(|stream| stream.len() >= positions).count();
        self.streams.iter().take(full + 1).flat_map(move |stream| stream.iter().take(positions))
    }

    fn tail(&self) -> u64 {
        self.log().count() as u64
    }

    fn at(&self, position: u64) -> &Bytes {
        self.log().nth(position as usize - 1).expect("a message")
    }

    /// The last sequence of a segment's stream, where there is one.
    fn last(&self, segment: Segment) -> Option<u64> {
        let stream = self.streams.get(segment.number() as usize - 1)?;
        Some(self.segments.first(segment) - 1 + stream.len() as u64)
    }

    fn store(&mut self, segment: Segment, messages: &[Bytes]) -> bool {
        let positions = self.segments.positions() as usize;
        let Some(stream) = self.streams.get_mut(segment.number() as usize - 1) else { return false };
        let fits = !self.capped || stream.len() + messages.len() <= positions;
        if fits {
            stream.extend_from_slice(messages);
        }
        fits
    }

    /// Makes segments up to some behind the one that is written.
    fn migrate(&mut self) {
        let written = self.segments.behind(self.tail()).number() as usize;
        let wanted = written + 1 + self.chance.below(6);
        self.streams.resize(wanted.max(self.streams.len()), Vec::new());
    }

    /// A writer hears how far it can go.
    fn look(&mut self, writer: usize) {
        let reach = self.streams.len() as u64 * self.segments.positions();
        let Some(core) = &mut self.writers[writer] else { return };
        let mut actions = Vec::new();
        core.reaches(reach);
        core.flush(&mut actions);
        self.perform(writer, actions);
    }

    fn verify(&self) -> (Verifier, Vec<VerifiedRecord>) {
        let mut verifier = Verifier::from_genesis(self.root.verifying_key(), DEPLOYMENT, LEDGER);
        let mut passed = Vec::new();
        for (index, bytes) in self.log().enumerate() {
            verifier.push(index as u64 + 1, bytes.clone(), &mut passed).expect("positions follow");
        }
        verifier.settle(&mut passed);
        (verifier, passed)
    }

    fn start(&mut self) {
        let (verifier, passed) = self.verify();
        let mut state = HashSet::new();
        let mut idempotency = Idempotency::default();
        for record in &passed {
            for event in record.domain_events::<Added>().expect("our events") {
                state = Tally::apply(state, event).expect("no number twice in the chain");
            }
            idempotency.remember(record.command, record.fingerprint, record.position, record.at);
        }
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.chance.next().to_be_bytes());
        let replayed = Replayed { state, idempotency, verifier, began: 0 };
        let key = SigningKey::from_bytes(&seed);
        let opening = Opening {
            ledger: LEDGER,
            deployment: DEPLOYMENT,
            segments: self.segments,
            root: self.root.clone(),
            key,
            command: CommandId::NIL,
            now: At(self.now),
            recovery: None,
        };
        let (core, actions) = Core::open(replayed, opening);
        self.writers.push(Some(core));
        self.look(self.writers.len() - 1);
        self.perform(self.writers.len() - 1, actions);
    }

    fn perform(&mut self, writer: usize, actions: Vec<Action<CommandId, Added, u64>>) {
        for action in actions {
            match action {
                Action::Publish { commit, attempt, after, records } => {
                    self.network.push(Packet::Append { writer, commit, attempt, after, records });
                }
                Action::Read { after } => {
                    let stale = self.faulty && self.chance.percent(10);
                    let messages = (!stale).then(|| self.stretch(after));
                    self.network.push(Packet::Found { writer, after, messages });
                }
                Action::RetryLater => drop(self.retries.insert(writer)),
                Action::Recall { ticket, position } => {
                    let record = Record::decode(self.at(position)).expect("a record");
                    assert_eq!(record.command, ticket, "a recalled record bears the id");
                    let hash = Hash::of(self.at(position));
                    self.acked.insert(ticket, Receipt { ledger: LEDGER, position, hash });
                }
                Action::Answer { ticket, verdict: Ok(committed) } => {
                    let before = self.acked.insert(ticket, committed.receipt);
                    assert!(before.is_none_or(|before| before == committed.receipt), "one command, one receipt");
                }
                Action::Answer { ticket, verdict: Err(SubmitError::NotLeader) } => {
                    *self.refused.entry(ticket).or_default() += 1;
                }
                // Decided against, or under way already: the first asking decides.
                Action::Answer { .. } => {}
                Action::Quarantined { from, to, superseded } => {
                    self.quarantined += to - from + 1;
                    if superseded {
                        self.superseded += to - from + 1;
                        let forged =
                            (from..=to).any(|position| self.forged.contains(&(position, self.at(position).clone())));
                        assert!(!forged, "a forgery is never laid to a writer");
                    }
                }
                Action::StepDown(_) => {
                    self.fenced += 1;
                    self.depose(writer);
                }
            }
        }
    }

    fn stretch(&self, after: u64) -> Vec<(u64, Bytes)> {
        let stands = self.log().enumerate().skip(after as usize);
        stands.map(|(index, bytes)| (index as u64 + 1, bytes.clone())).collect()
    }

    fn depose(&mut self, writer: usize) {
        let mut answers = Vec::new();
        if let Some(mut core) = self.writers[writer].take() {
            core.abandon(&SubmitError::NotLeader, &mut answers);
        }
        self.perform(writer, answers);
    }

    fn offer(&mut self, writer: usize, number: u64) {
        let Some(core) = self.writers[writer].as_mut().filter(|core| core.has_room()) else { return };
        let id = command(number);
        let request = Request {
            id,
            fingerprint: [3; 16],
            actor: ActorId::NIL,
            tenant: TenantId::NIL,
            deadline: tokio::time::Instant::now(),
            command: number,
        };
        *self.offered.entry(id).or_default() += 1;
        let mut actions: Vec<_> = core.offer(request, id, At(self.now)).into_iter().collect();
        core.flush(&mut actions);
        self.perform(writer, actions);
    }

    fn burst(&mut self, writer: usize) {
        for _ in 0..1 + self.chance.below(40) {
            // Now and then somebody asks again under the same id.
            let again = !self.asked.is_empty() && self.chance.percent(15);
            let number = if again { self.asked[self.chance.below(self.asked.len())] } else { self.asked.len() as u64 };
            if !again && self.writers[writer].as_ref().is_some_and(Core::has_room) {
                self.asked.push(number);
            }
            self.offer(writer, number);
        }
    }

    fn arrive(&mut self) {
        if self.network.is_empty() {
            return;
        }
        let index = self.chance.below(self.network.len());
        let packet = self.network.swap_remove(index);
        if self.faulty && self.chance.percent(8) {
            return;
        }
        match packet {
            Packet::Append { writer, commit, attempt, after, records } => {
                let segment = self.segments.behind(after);
                let last = after + records.len() as u64;
                assert_eq!(self.segments.of(last), segment, "a commit is in one segment");
                assert!(
                    self.tail() >= self.segments.first(segment) - 1,
                    "a segment is begun when the one before is full"
                );
                let outcome = match self.last(segment) {
                    None => Outcome::Unknown,
                    Some(end) if end == after && self.store(segment, &records) => Outcome::Acked { last },
                    Some(_) => Outcome::Refused,
                };
                self.network.push(Packet::Report { writer, commit, attempt, outcome });
                if self.faulty && self.chance.percent(10) {
                    self.network.push(Packet::Append { writer, commit, attempt, after, records });
                }
            }
            Packet::Report { writer, commit, attempt, outcome } => {
                let Some(core) = &mut self.writers[writer] else { return };
                let mut actions = Vec::new();
                core.outcome(commit, attempt, outcome, &mut actions);
                core.flush(&mut actions);
                if self.faulty && self.chance.percent(5) {
                    self.network.push(Packet::Report { writer, commit, attempt, outcome });
                }
                self.perform(writer, actions);
            }
            Packet::Found { writer, after, messages } => {
                let Some(core) = &mut self.writers[writer] else { return };
                let mut actions = Vec::new();
                core.found(after, messages, &mut actions);
                core.flush(&mut actions);
                self.perform(writer, actions);
            }
        }
    }

    fn retry(&mut self) {
        let Some(&writer) = self.retries.iter().min() else { return };
        self.retries.remove(&writer);
        let Some(core) = &mut self.writers[writer] else { return };
        let mut actions = Vec::new();
        core.retry(&mut actions);
        self.perform(writer, actions);
    }

    fn time_out(&mut self, writer: usize) {
        let Some(core) = &mut self.writers[writer] else { return };
        let Some((commit, attempt)) = core.first_in_flight() else { return };
        let mut actions = Vec::new();
        core.outcome(commit, attempt, Outcome::Unknown, &mut actions);
        self.perform(writer, actions);
    }

    /// Mostly where the writer would go on; now and then in a segment that is not begun, or one that is full.
    fn forge(&mut self) {
        let next = self.segments.behind(self.tail());
        let segment = match self.chance.below(10) {
            0..=6 => next,
            7..=8 => next.next(),
            _ => next.previous().unwrap_or(next),
        };
        let Some(end) = self.last(segment) else { return };
        let message = match self.chance.below(3) {
            0 => Bytes::from_static(b"not a record"),
            // Chained and placed right, but by one who cannot sign.
            1 => {
                let (verifier, _) = self.verify();
                let prev = self.log().last().map_or(LEDGER.chain_seed(DEPLOYMENT), |bytes| Hash::of(bytes));
                let events =
                    Draft::encode_events([Added(u64::MAX)].iter().map(EventSchema::to_raw).collect::<Vec<_>>().iter());
                let draft = Draft {
                    at: At(self.now),
                    command: CommandId::NIL,
                    fingerprint: [0; 16],
                    actor: ActorId::NIL,
                    tenant: TenantId::NIL,
                    events,
                };
                let epoch = verifier.head().map_or(1, |head| head.certificate.epoch);
                let forger = SigningKey::from_bytes(&[66; 32]);
                let signer = self.chance.percent(50).then_some(&forger);
                draft.seal(end + 1, prev, epoch, signer).0
            }
            _ if self.tail() == 0 => Bytes::new(),
            _ => {
                let position = 1 + self.chance.below(self.tail() as usize) as u64;
                self.at(position).clone()
            }
        };
        if !self.store(segment, std::slice::from_ref(&message)) {
            return;
        }
        if segment == next {
            self.forged.insert((end + 1, message));
        } else {
            self.misplaced += 1;
        }
    }

    fn step(&mut self) {
        self.now += self.chance.next() % 5;
        let newest = self.writers.len().saturating_sub(1);
        let any = self.chance.below(self.writers.len());
        let mostly_newest = if self.chance.percent(80) { newest } else { any };
        if self.chance.percent(5) {
            self.migrate();
        }
        if !self.writers.is_empty() && self.chance.percent(20) {
            self.look(mostly_newest);
        }
        match self.chance.below(100) {
            _ if self.writers.is_empty() => self.start(),
            0..=24 => self.burst(mostly_newest),
            25..=74 => self.arrive(),
            75..=84 => self.retry(),
            85..=90 => self.time_out(any),
            91..=94 => self.forge(),
            95..=96 => self.writers[any] = None,
            _ => self.start(),
        }
    }

    /// No more faults: a last writer takes over and everything under way arrives, however late.
    fn heal(&mut self) {
        self.faulty = false;
        self.start();
        for round in 0..100_000 {
            if self.writers.last().is_some_and(Option::is_none) {
                self.start();
            }
            let last = self.writers.len() - 1;
            self.migrate();
            if self.network.is_empty() && self.retries.is_empty() {
                let settled = self.writers[last].as_ref().is_some_and(|core| core.is_leading() && core.is_idle());
                if settled && self.verify().0.finish().is_ok() {
                    return;
                }
                // A sign of life meets whatever stands in the way.
                self.look(last);
                if let Some(core) = &mut self.writers[last] {
                    let mut actions = Vec::new();
                    core.tick(CommandId::NIL, At(self.now));
                    core.flush(&mut actions);
                    self.perform(last, actions);
                }
            }
            self.arrive();
            self.retry();
            assert!(round < 99_999, "the ledger settles");
        }
    }

    fn check(&self) {
        let (verifier, passed) = self.verify();
        verifier.finish().expect("the chain verifies");
        let mut stands: HashMap<CommandId, Receipt> = HashMap::new();
        for VerifiedRecord { position, hash, command, fingerprint, .. } in &passed {
            if *fingerprint != [0; 16] {
                let receipt = Receipt { ledger: LEDGER, position: *position, hash: *hash };
                assert_eq!(stands.insert(*command, receipt), None, "a command stands once");
            }
        }
        for (id, receipt) in &self.acked {
            assert_eq!(stands.get(id), Some(receipt), "what was acknowledged stands where the receipt says");
        }
        // One that was asked for several times may be refused by one writer and stand through another.
        let refused = self.refused.iter().filter(|(id, times)| self.offered.get(id) == Some(times));
        for (id, _) in refused {
            assert_eq!(stands.get(id), None, "what was refused does not stand");
        }
        let forged = passed.iter().flat_map(|record| record.domain_events::<Added>().expect("our events"));
        assert!(forged.into_iter().all(|Added(number)| number != u64::MAX), "no forgery is believed");
    }
}

#[test]
fn no_fault_loses_forks_or_repeats_what_was_acknowledged() {
    let (mut acked, mut quarantined, mut superseded, mut fenced, mut begun, mut misplaced) = (0, 0, 0, 0, 0, 0);
    for seed in 0..SEEDS {
        let run = std::panic::AssertUnwindSafe(|| {
            let mut world = World::new(seed);
            (0..STEPS).for_each(|_| world.step());
            world.heal();
            world.check();
            let begun = world.streams.iter().skip(1).filter(|stream| !stream.is_empty()).count() as u64;
            let named = (world.quarantined, world.superseded);
            (world.acked.len() as u64, named, world.fenced, begun, world.misplaced)
        });
        let (more, (named, late), deposed, crossed, out_of_place) =
            std::panic::catch_unwind(run).unwrap_or_else(|_| panic!("the simulation fails with seed {seed}"));
        acked += more;
        quarantined += named;
        superseded += late;
        fenced += deposed;
        begun += crossed;
        misplaced += out_of_place;
    }
    // A simulation in which nothing happens proves nothing.
    assert!(acked > SEEDS * 20 && quarantined > SEEDS && fenced > SEEDS, "{acked} {quarantined} {fenced}");
    assert!(superseded > SEEDS / 30, "{superseded}: writers that are replaced have something on their way");
    assert!(begun > SEEDS * 3 && misplaced > SEEDS, "{begun} {misplaced}");
}
