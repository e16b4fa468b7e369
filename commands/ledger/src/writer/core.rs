//! The writer as a state machine without IO: what comes in, what is to be done. The driver performs it against NATS, the
//! simulation against a log that lies in every way a log may.
use super::action::{Action, Deposed, Outcome};
use super::commit::{Commit, Entry, Link};
use super::idempotency::Idempotency;
use super::machine::Machine;
use super::predecessor::Predecessor;
use super::request::{Committed, Request, SubmitError};
use crate::segments::Segments;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use eventually::aggregate::Aggregate;
use foldhash::HashMap;
use futures::FutureExt;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, Span, TenantId};
use peyk_schemas::{
    ControlEvent, Draft, EVENTS_MAX, EpochCertificate, EventSchema, Head, LedgerId, Quarantine, RECORD_MAX, RawEvent,
    Receipt, Recovered, Verifier,
};
use std::collections::VecDeque;

/// Records in one atomic batch.
pub const BATCH_MAX: usize = 1_000;
/// Bytes in one atomic batch, so that a resend stays short.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Fewer than these go as plain publishes, which are faster one by one than a batch is as a whole.
const BATCH_MIN: usize = 10;
/// Batches on their way at once.
const BATCHES_MAX: usize = 4;
/// Decided commands that make another batch worth sending while one is on its way. A batch costs the log some
/// milliseconds whatever its size, so under load only full ones are sent ahead of an answer.
const BATCH_WORTH: usize = BATCH_MAX;
/// Plain publishes on their way at once.
const SINGLES_MAX: usize = 8;
/// Room a record needs beside its events.
const RECORD_OVERHEAD: usize = 320;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The epoch's first record is not acknowledged: nothing is answered.
    Opening,
    Leading,
    /// The outcome of the first commit in flight is being found out; nothing new is sent.
    Resolving,
    Down,
}

/// What a replay left: where the ledger stands.
pub struct Replayed<A: Machine> {
    pub state: A::State,
    pub idempotency: Idempotency,
    pub verifier: Verifier,
    /// The position of the snapshot it began from, 0 if from the first record.
    pub began: u64,
}

impl<A: Machine> std::fmt::Debug for Replayed<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Replayed")
            .field("verifier", &self.verifier)
            .field("began", &self.began)
            .finish_non_exhaustive()
    }
}

/// Who opens an epoch, of which ledger.
#[derive(Debug)]
pub struct Opening {
    pub ledger: LedgerId,
    pub deployment: DeploymentId,
    pub segments: Segments,
    /// The deployment's secret key.
    pub root: SigningKey,
    /// The epoch's own.
    pub key: SigningKey,
    pub command: CommandId,
    pub now: At,
    /// What is to be said of records that were lost.
    pub recovery: Option<Recovery>,
}

/// A loss that the first record of an epoch speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Recovery {
    pub recovered: Recovered,
    /// The last epoch among what was lost.
    pub epoch: u64,
}

type Actions<A, T> = Vec<Action<T, <A as Aggregate>::Event, <A as Aggregate>::Error>>;

pub struct Core<A: Machine, T> {
    aggregate: A,
    ledger: LedgerId,
    segments: Segments,
    name: &'static str,
    root: SigningKey,
    key: SigningKey,
    certificate: EpochCertificate,
    predecessor: Option<Predecessor>,
    state: Option<A::State>,
    idempotency: Idempotency,
    /// Command ids decided and not durable.
    flying: HashMap<CommandId, [u8; 16]>,
    durable: Link,
    /// Where the chain ends once all in flight has landed.
    end: Link,
    /// The last position there is a segment for, as far as is known.
    reach: u64,
    staged: VecDeque<Entry<T, A::Event>>,
    in_flight: VecDeque<Commit<T, A::Event>>,
    phase: Phase,
    opened: bool,
    commits: u64,
    decided_at: At,
}

impl<A: Machine, T> std::fmt::Debug for Core<A, T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Core")
            .field("ledger", &self.ledger)
            .field("epoch", &self.certificate.epoch)
            .field("durable", &self.durable.position)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl<A: Machine, T> Core<A, T> {
    /// Takes over a replayed ledger: the first thing to do is to append the record that opens the next epoch, which also
    /// names what stands after the last good record.
    #[must_use]
    pub fn open(replayed: Replayed<A>, opening: Opening) -> (Self, Actions<A, T>) {
        let Opening { ledger, deployment, segments, root, key, command, now, recovery } = opening;
        let Replayed { state, idempotency, verifier, .. } = replayed;
        let (head, verifying) = (verifier.head().cloned(), root.verifying_key());
        // The epochs that were lost bore numbers too.
        let lost = recovery.as_ref().map_or(0, |recovery| recovery.epoch);
        let epoch = head.as_ref().map_or(0, |head| head.certificate.epoch).max(lost) + 1;
        let certificate = EpochCertificate::issue(&root, deployment, ledger, epoch, key.verifying_key().to_bytes());
        let durable = match &head {
            Some(Head { position, hash, at, .. }) => Link { position: *position, hash: *hash, at: *at },
            None => Link { position: 0, hash: ledger.chain_seed(deployment), at: At::default() },
        };
        let quarantine = Quarantine::of(verifier.position() + 1, &verifier.pending_hashes());
        let mut events = Vec::new();
        if head.is_none() {
            let deployment_key = root.verifying_key().to_bytes();
            events.push(ControlEvent::Genesis { deployment, ledger, deployment_key }.to_raw());
        }
        let mut actions = Vec::new();
        if let Some(quarantine) = quarantine {
            let Quarantine { from, to, .. } = quarantine;
            actions.push(Action::Quarantined { from, to, superseded: false });
            events.push(ControlEvent::Quarantined(quarantine).to_raw());
        }
        if let Some(Recovery { recovered, .. }) = recovery {
            events.push(ControlEvent::Recovered(recovered).to_raw());
        }
        events.push(ControlEvent::EpochStarted(certificate.clone()).to_raw());
        let mut core = Self {
            aggregate: A::default(),
            ledger,
            segments,
            name: ledger.ledger.name(),
            root,
            key,
            certificate,
            predecessor: head.and_then(|head| Predecessor::new(&head.certificate, &verifying)),
            state: Some(state),
            idempotency,
            flying: HashMap::default(),
            durable,
            end: Link { position: verifier.seen(), ..durable },
            reach: 0,
            staged: VecDeque::new(),
            in_flight: VecDeque::new(),
            phase: Phase::Opening,
            opened: false,
            commits: 0,
            decided_at: recovery.map_or(durable.at, |recovery| durable.at.max(recovery.recovered.witnessed_at)),
        };
        let entry = core.control(&events, command, now);
        core.send(vec![entry], &mut actions);
        (core, actions)
    }

    #[must_use]
    pub fn is_leading(&self) -> bool {
        self.opened && self.phase != Phase::Down
    }

    /// Whether commands may be offered now.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.phase == Phase::Leading && self.staged.len() < BATCH_MAX && self.positions_left() > 0
    }

    /// Positions that are there and not spoken for. Each command takes one at most, and one more would be taken up without
    /// a place to go to.
    #[must_use]
    pub fn positions_left(&self) -> u64 {
        self.reached().saturating_sub(self.end.position + self.staged.len() as u64)
    }

    /// The last position there is a segment for. Where a record is durable, there is its segment.
    fn reached(&self) -> u64 {
        self.reach.max(self.segments.last(self.segments.of(self.durable.position)))
    }

    /// Says up to which position there are segments; nothing is told yet to a new writer.
    pub const fn reaches(&mut self, reach: u64) {
        self.reach = reach;
    }

    /// The commit whose outcome is awaited first, and its latest attempt.
    #[must_use]
    pub fn first_in_flight(&self) -> Option<(u64, u32)> {
        self.in_flight.front().map(|commit| (commit.id, commit.attempt))
    }

    /// Commits sent and not known to be durable.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How far back command ids are known now.
    #[must_use]
    pub fn reach(&self, now: At) -> Span {
        self.idempotency.reach(now)
    }

    /// Whether nothing is decided that is not durable.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.staged.is_empty() && self.in_flight.is_empty()
    }

    #[must_use]
    pub fn state(&self) -> Option<&A::State> {
        self.state.as_ref()
    }

    /// The newest durable record, as a place to go on from.
    #[must_use]
    pub fn head(&self) -> Head {
        let Link { position, hash, at } = self.durable;
        Head { position, hash, at, certificate: self.certificate.clone() }
    }

    fn control(&mut self, events: &[RawEvent], command: CommandId, now: At) -> Entry<T, A::Event> {
        let at = now.max(self.decided_at);
        self.decided_at = at;
        let events = Draft::encode_events(events.iter());
        let draft = Draft { at, command, fingerprint: [0; 16], actor: ActorId::NIL, tenant: TenantId::NIL, events };
        Entry { draft, events: Vec::new(), ticket: None }
    }

    /// Records that the ledger is alive although nothing happens.
    pub fn tick(&mut self, command: CommandId, now: At) {
        if self.has_room() && self.is_idle() {
            let entry = self.control(&[ControlEvent::Ticked.to_raw()], command, now);
            self.staged.push_back(entry);
        }
    }

    /// Decides a command at once; if something follows, it is on its way with the next [`Core::flush`].
    pub fn offer(&mut self, request: Request<A::Order>, ticket: T, now: At) -> Option<Action<T, A::Event, A::Error>> {
        let Request { id, fingerprint, actor, tenant, command, .. } = request;
        let refuse = |ticket, error| Some(Action::Answer { ticket, verdict: Err(error) });
        let Some(state) = self.state.as_ref().filter(|_| self.phase == Phase::Leading) else {
            return refuse(ticket, SubmitError::NotLeader);
        };
        if fingerprint != [0; 16] {
            if let Some(&other) = self.flying.get(&id) {
                return refuse(
                    ticket,
                    if other == fingerprint { SubmitError::InFlight } else { SubmitError::KeyReused },
                );
            }
            match self.idempotency.find(id) {
                Some((position, other)) if other == fingerprint => return Some(Action::Recall { ticket, position }),
                Some(_) => return refuse(ticket, SubmitError::KeyReused),
                None => {}
            }
        }
        let at = now.max(self.decided_at);
        let decided = self.aggregate.handle(&self.name, state, A::dated(at, command)).now_or_never();
        let events = match decided {
            Some(Ok(events)) => events.unwrap_or_default(),
            Some(Err(why)) => return refuse(ticket, SubmitError::Refused(why)),
            None => return refuse(ticket, SubmitError::Corrupt("a decision did not resolve at once".into())),
        };
        if events.is_empty() {
            let receipt = Receipt { ledger: self.ledger, position: self.durable.position, hash: self.durable.hash };
            return Some(Action::Answer { ticket, verdict: Ok(Committed { receipt, repeated: false, events }) });
        }
        let raw: Vec<RawEvent> = events.iter().map(EventSchema::to_raw).collect();
        let encoded = Draft::encode_events(raw.iter());
        if encoded.len() + RECORD_OVERHEAD > RECORD_MAX || raw.len() > EVENTS_MAX {
            return refuse(ticket, SubmitError::TooLarge);
        }
        let folded = self.state.take().map(|state| events.iter().cloned().try_fold(state, A::apply));
        match folded {
            Some(Ok(state)) => self.state = Some(state),
            Some(Err(why)) => return Some(self.corrupt(format!("{why:?}"))),
            None => return refuse(ticket, SubmitError::NotLeader),
        }
        self.decided_at = at;
        if fingerprint != [0; 16] {
            self.flying.insert(id, fingerprint);
        }
        let draft = Draft { at, command: id, fingerprint, actor, tenant, events: encoded };
        self.staged.push_back(Entry { draft, events, ticket: Some(ticket) });
        None
    }

    fn corrupt(&mut self, why: String) -> Action<T, A::Event, A::Error> {
        self.phase = Phase::Down;
        Action::StepDown(Deposed::Corrupt(why))
    }

    /// Sends what is decided, as far as the windows allow.
    pub fn flush(&mut self, actions: &mut Actions<A, T>) {
        while self.phase == Phase::Leading && !self.staged.is_empty() {
            let batches = self.in_flight.iter().any(|commit| commit.records.len() > 1);
            let waiting = self.staged.len();
            let end = self.end.position;
            // Only in one stream does the log see to it that nothing lands before what was sent before it. So nothing goes
            // into a segment before all in the one before it is durable.
            if self.segments.end_at(end) && !self.in_flight.is_empty() {
                return;
            }
            let room = self.reached().min(self.segments.last(self.segments.behind(end))).saturating_sub(end);
            if room == 0 {
                return;
            }
            let take = if waiting < BATCH_MIN {
                if batches || self.in_flight.len() >= SINGLES_MAX {
                    return;
                }
                1
            } else if self.in_flight.is_empty() || (waiting >= BATCH_WORTH && self.in_flight.len() < BATCHES_MAX) {
                self.batch_length()
            } else {
                return;
            };
            let entries = self.staged.drain(..take.min(usize::try_from(room).unwrap_or(take))).collect();
            self.send(entries, actions);
        }
    }

    fn batch_length(&self) -> usize {
        let mut bytes = 0;
        let fits = self.staged.iter().take(BATCH_MAX).take_while(|entry| {
            bytes += entry.draft.events.len() + RECORD_OVERHEAD;
            bytes <= BATCH_BYTES_MAX
        });
        fits.count().max(1)
    }

    fn send(&mut self, entries: Vec<Entry<T, A::Event>>, actions: &mut Actions<A, T>) {
        self.commits += 1;
        let (commit, end) = Commit::form(self.commits, entries, self.end, self.certificate.epoch, &self.key);
        self.end = end;
        debug_assert_eq!(
            self.segments.behind(commit.after),
            self.segments.of(commit.last()),
            "a commit is in one segment"
        );
        self.in_flight.push_back(commit);
        let last = self.in_flight.len() - 1;
        actions.push(self.publish(last));
    }

    fn publish(&self, index: usize) -> Action<T, A::Event, A::Error> {
        let commit = &self.in_flight[index];
        let records = commit.records.iter().map(|(bytes, _)| bytes.clone()).collect();
        Action::Publish { commit: commit.id, attempt: commit.attempt, after: commit.after, records }
    }

    /// Takes in what the log said of an append.
    pub fn outcome(&mut self, commit: u64, attempt: u32, outcome: Outcome, actions: &mut Actions<A, T>) {
        let Some(index) = self.in_flight.iter().position(|flying| flying.id == commit) else { return };
        match outcome {
            // However late, whichever attempt: our bytes stand there. But only behind the durable head is it certain what
            // stands before them: the log counts positions, and a foreign message may have taken that of an earlier commit.
            Outcome::Acked { last } if last == self.in_flight[index].last() => {
                self.in_flight[index].acked = true;
                if index == 0 {
                    self.landed(actions);
                }
            }
            Outcome::Acked { last } => {
                let wanted = self.in_flight[index].last();
                let action = self.corrupt(format!("the log put position {wanted} at {last}"));
                actions.push(action);
            }
            _ if self.phase == Phase::Down => {}
            Outcome::Refused | Outcome::Unknown if self.phase != Phase::Resolving => {
                self.phase = Phase::Resolving;
                self.resolve(outcome, actions);
            }
            // While resolving only the latest attempt of the first commit tells something new.
            _ if index == 0 && attempt == self.in_flight[0].attempt => self.resolve(outcome, actions),
            _ => {}
        }
    }

    fn resolve(&self, outcome: Outcome, actions: &mut Actions<A, T>) {
        match (outcome, self.in_flight.front()) {
            (Outcome::Refused, Some(_)) => actions.push(Action::Read { after: self.durable.position }),
            _ => actions.push(Action::RetryLater),
        }
    }

    /// Sends the first commit in flight again: the same bytes at the same place, as a new attempt.
    pub fn retry(&mut self, actions: &mut Actions<A, T>) {
        if self.phase != Phase::Resolving {
            return;
        }
        if let Some(first) = self.in_flight.front_mut() {
            first.attempt += 1;
            actions.push(self.publish(0));
        }
    }

    /// The first commit in flight stands in its place, and with it all that are known to stand right behind it.
    fn landed(&mut self, actions: &mut Actions<A, T>) {
        let count = 1 + self.in_flight.iter().skip(1).take_while(|commit| commit.acked).count();
        actions.reserve(self.in_flight.iter().take(count).map(|commit| commit.entries.len()).sum());
        for commit in self.in_flight.drain(..count) {
            let mut position = commit.after;
            for (entry, (_, hash)) in commit.entries.into_iter().zip(&commit.records) {
                position += 1;
                let Entry { draft, events, ticket } = entry;
                self.durable = Link { position, hash: *hash, at: draft.at };
                self.flying.remove(&draft.command);
                self.idempotency.remember(draft.command, draft.fingerprint, position, draft.at);
                if let Some(ticket) = ticket {
                    let receipt = Receipt { ledger: self.ledger, position, hash: *hash };
                    actions
                        .push(Action::Answer { ticket, verdict: Ok(Committed { receipt, repeated: false, events }) });
                }
            }
        }
        self.opened = true;
        match self.phase {
            Phase::Down => {}
            Phase::Resolving if !self.in_flight.is_empty() => self.retry(actions),
            _ => self.phase = Phase::Leading,
        }
    }

    /// Takes in what stands behind the durable head, up to the end of the log; `None` if that could not be read.
    /// Nothing at the place of the first commit proves nothing: the append may still be on its way.
    pub fn found(&mut self, after: u64, messages: Option<Vec<(u64, Bytes)>>, actions: &mut Actions<A, T>) {
        if self.phase != Phase::Resolving || after != self.durable.position {
            return;
        }
        let Some(first) = self.in_flight.front() else { return };
        let messages = messages.unwrap_or_default();
        let Some((_, theirs)) = messages.iter().find(|(position, _)| *position == first.after + 1) else {
            return actions.push(Action::RetryLater);
        };
        // A batch lands whole, so its first record stands for all.
        if first.records.first().is_some_and(|(ours, _)| ours == theirs) {
            return self.landed(actions);
        }
        if !self.opened {
            self.phase = Phase::Down;
            return actions.push(Action::StepDown(Deposed::Overtaken));
        }
        let EpochCertificate { deployment, .. } = self.certificate;
        let verifier = Verifier::from_head(self.root.verifying_key(), deployment, self.ledger, self.head());
        let Ok(mut verifier) = verifier else {
            let action = self.corrupt("the writer's own certificate does not verify".into());
            return actions.push(action);
        };
        let mut passed = Vec::new();
        for (position, bytes) in &messages {
            if verifier.push(*position, bytes.clone(), &mut passed).is_err() {
                return actions.push(Action::RetryLater);
            }
        }
        verifier.settle(&mut passed);
        if let Some(epoch) = passed.last().map(|record| record.epoch) {
            self.phase = Phase::Down;
            return actions.push(Action::StepDown(Deposed::Fenced { epoch }));
        }
        let ours = |position: u64, bytes: &Bytes| {
            let commit = self.in_flight.iter().find(|commit| (commit.after + 1..=commit.last()).contains(&position));
            commit.is_some_and(|commit| commit.records[(position - commit.after - 1) as usize].0 == bytes)
        };
        let superseded = self.predecessor.as_ref().is_some_and(|predecessor| predecessor.sent(&messages, ours));
        self.quarantine(&verifier, superseded, actions);
    }

    /// Names what is not ours, chained over the last good record, and puts all that was pending behind it again.
    fn quarantine(&mut self, verifier: &Verifier, superseded: bool, actions: &mut Actions<A, T>) {
        let Some(quarantine) = Quarantine::of(verifier.position() + 1, &verifier.pending_hashes()) else {
            return actions.push(Action::RetryLater);
        };
        let (from, to) = (quarantine.from, quarantine.to);
        let pending: Vec<_> = self.in_flight.drain(..).flat_map(|commit| commit.entries).collect();
        // An earlier quarantine that did not land names too little now.
        for entry in pending.into_iter().rev().filter(|entry| entry.ticket.is_some()) {
            self.staged.push_front(entry);
        }
        self.end = Link { position: to, ..self.durable };
        // Dated like the last durable record: what is pending was dated after it and follows.
        let command = CommandId::from_bytes([0; 16]);
        let events = [ControlEvent::Quarantined(quarantine).to_raw()];
        let draft = Draft {
            at: self.durable.at,
            command,
            fingerprint: [0; 16],
            actor: ActorId::NIL,
            tenant: TenantId::NIL,
            events: Draft::encode_events(events.iter()),
        };
        self.send(vec![Entry { draft, events: Vec::new(), ticket: None }], actions);
        actions.push(Action::Quarantined { from, to, superseded });
    }

    /// Ends the writer: what is decided and not durable is answered. While outcomes are open nothing certain can be said.
    pub fn abandon(&mut self, why: &SubmitError<A::Error>, actions: &mut Actions<A, T>)
    where
        A::Error: Clone,
    {
        self.phase = Phase::Down;
        let pending = self.in_flight.drain(..).flat_map(|commit| commit.entries).chain(self.staged.drain(..));
        for ticket in pending.filter_map(|entry| entry.ticket) {
            actions.push(Action::Answer { ticket, verdict: Err(why.clone()) });
        }
        self.flying.clear();
    }
}
