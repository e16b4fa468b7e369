//! Performs what the core decides against NATS.
use super::action::{Action, Deposed, Outcome};
use super::core::Core;
use super::handle::{Mail, Ticket};
use super::machine::Machine;
use super::request::{Committed, SubmitError};
use super::segment_watch::SegmentWatch;
use super::witnessing::Witnessing;
use crate::clock::Clock;
use crate::metrics::WriterMetrics;
use crate::nats::{AppendReport, Appender, Ledgers, ReadError, Server, Tape};
use crate::witness::FileWitness;
use bytes::Bytes;
use eventually::aggregate::Aggregate;
use peyk_domain::CommandId;
use peyk_schemas::{EventSchema, Hash, LedgerId, Receipt, Record};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How long an append may stay without an answer before its outcome is found out.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the log may be silent before no more commands are taken up.
const SILENCE: Duration = Duration::from_secs(1);
/// The first pause before a resend; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// An idle ledger's sign of life.
pub const TICK: Duration = Duration::from_secs(10);
/// How often the witness is told.
const WITNESSING: Duration = Duration::from_secs(1);
/// Commands taken from the inbox at once.
const GULP: usize = 256;
/// Messages read to see what stands in the way.
const FOUND_MAX: usize = 200_000;

type Todo<A> = Vec<Action<Ticket<A>, <A as Aggregate>::Event, <A as Aggregate>::Error>>;

/// What a driver works with, from the opening of an epoch to its end.
pub(super) struct Driver<A: Machine> {
    pub ledger: LedgerId,
    pub core: Core<A, Ticket<A>>,
    pub server: Server,
    pub ledgers: Ledgers,
    pub witness: Witnessing,
    pub clock: Clock,
    pub leading: watch::Sender<bool>,
    /// Notified when another process may have taken over.
    pub doubt: Arc<Notify>,
    pub stop: CancellationToken,
    segments: SegmentWatch,
    /// Whether all positions are taken, and no segment was ready when last looked.
    full: bool,
    appender: Option<Appender>,
    reports: (mpsc::Sender<AppendReport>, mpsc::Receiver<AppendReport>),
    lost: (mpsc::Sender<()>, mpsc::Receiver<()>),
    found: (mpsc::Sender<Found>, mpsc::Receiver<Found>),
    /// When the first commit in flight was last sent.
    sent: Instant,
    retry_at: Option<Instant>,
    pause: Duration,
    last_activity: Instant,
    /// Room for actions, kept from turn to turn.
    spare: Todo<A>,
    metrics: WriterMetrics,
}

struct Found {
    after: u64,
    messages: Option<Vec<(u64, Bytes)>>,
}

/// What a driver is made of.
pub(super) struct Parts<A: Machine> {
    pub ledger: LedgerId,
    pub core: Core<A, Ticket<A>>,
    pub server: Server,
    pub ledgers: Ledgers,
    pub witness: FileWitness,
    pub clock: Clock,
    pub leading: watch::Sender<bool>,
    /// Notified when another process may have taken over.
    pub doubt: Arc<Notify>,
    pub stop: CancellationToken,
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// A random command id for what the ledger does by itself.
pub(super) fn own_command() -> CommandId {
    let mut bytes = [0; 16];
    // Without entropy there is no unique id, but nothing of the ledger's own is looked up by it.
    let _ = getrandom::fill(&mut bytes);
    CommandId::from_bytes(bytes)
}

impl<A: Machine> Driver<A>
where
    A::Error: Clone,
{
    pub fn new(parts: Parts<A>) -> Self {
        let Parts { ledger, core, server, ledgers, witness, clock, leading, doubt, stop } = parts;
        let now = Instant::now();
        let segments = SegmentWatch::new(ledgers.clone(), ledger);
        Self {
            ledger,
            core,
            server,
            ledgers,
            witness: Witnessing::new(witness, ledger),
            clock,
            leading,
            doubt,
            stop,
            segments,
            full: false,
            appender: None,
            reports: mpsc::channel(1_024),
            lost: mpsc::channel(1),
            found: mpsc::channel(4),
            sent: now,
            retry_at: None,
            pause: PAUSE,
            last_activity: now,
            spare: Vec::new(),
            metrics: WriterMetrics::of(ledger),
        }
    }

    /// Leads until deposed or stopped. On a stop it drains what is decided.
    pub async fn run(&mut self, mut todo: Todo<A>, inbox: &mut mpsc::Receiver<Mail<A>>) -> Option<Deposed> {
        let mut witnessing = every(WITNESSING);
        let mut mail = Vec::with_capacity(GULP);
        loop {
            if let Some(why) = self.perform(&mut todo).await {
                self.end(&why);
                return Some(why);
            }
            if self.core.is_leading() && !*self.leading.borrow() {
                self.leading.send_replace(true);
                self.metrics.leads();
            }
            if self.stop.is_cancelled() && self.core.is_idle() {
                self.leading.send_replace(false);
                self.keep_witness().await;
                return None;
            }
            let waiting = !self.core.is_idle();
            // What is not taken up while the log is silent can still be refused for certain.
            let silent = waiting && self.sent.elapsed() > SILENCE;
            let room = self.core.has_room() && !silent && !self.stop.is_cancelled();
            let answer_due = self.sent + ANSWER_TIMEOUT;
            let retry_at = self.retry_at.unwrap_or(answer_due);
            let tick_due = self.last_activity + TICK;
            let left = self.core.positions_left();
            self.full &= left == 0;
            let gulp = if self.full { GULP } else { usize::try_from(left).unwrap_or(GULP).min(GULP) };
            tokio::select! {
                biased;
                Some(report) = self.reports.1.recv() => {
                    self.report(report, &mut todo);
                    while let Ok(report) = self.reports.1.try_recv() {
                        self.report(report, &mut todo);
                    }
                }
                Some(()) = self.lost.1.recv() => self.disconnect(&mut todo),
                Some(Found { after, messages }) = self.found.1.recv() => self.core.found(after, messages, &mut todo),
                () = tokio::time::sleep_until(retry_at), if self.retry_at.is_some() => {
                    self.retry_at = None;
                    self.core.retry(&mut todo);
                }
                () = tokio::time::sleep_until(answer_due), if waiting && self.retry_at.is_none() => {
                    self.sent = Instant::now();
                    // The server at the other end may hang; the next attempt goes to whichever takes a connection.
                    self.appender = None;
                    self.unknown(&mut todo);
                }
                // Before the inbox, which may never be empty.
                _ = witnessing.tick() => {
                    self.keep_witness().await;
                    let (position, in_flight) = (self.core.head().position, self.core.in_flight());
                    let segment = self.ledgers.names().segments().of(position).number();
                    self.metrics.stands(position, segment, in_flight, inbox.len(), self.core.reach(self.clock.now()));
                }
                standing = self.segments.look(left) => {
                    self.core.reaches(standing.reach);
                    self.full = self.core.positions_left() == 0;
                    self.metrics.segments(standing.ahead, standing.misplaced);
                }
                count = inbox.recv_many(&mut mail, gulp), if room || self.full => {
                    if count == 0 {
                        self.stop.cancel();
                    }
                    self.take(&mut mail, &mut todo);
                }
                // If somebody took over, the log refuses the tick, and the writer learns of it now and not at the next command.
                () = self.doubt.notified(), if room && !waiting => self.core.tick(own_command(), self.clock.now()),
                () = tokio::time::sleep_until(tick_due), if room && !waiting => {
                    self.last_activity = Instant::now();
                    self.core.tick(own_command(), self.clock.now());
                }
                () = self.stop.cancelled(), if room => {}
            }
            self.core.flush(&mut todo);
        }
    }

    fn take(&mut self, mail: &mut Vec<Mail<A>>, todo: &mut Todo<A>) {
        let now = self.clock.now();
        for mail in mail.drain(..) {
            match mail {
                Mail::Submit { ticket, claim, .. } if self.full && claim.take() => {
                    drop(ticket.send(Err(SubmitError::Unavailable)));
                }
                Mail::Submit { request, ticket, claim } if claim.take() => {
                    todo.extend(self.core.offer(request, ticket, now))
                }
                Mail::Submit { .. } => {}
                Mail::Ask(question) => {
                    if let Some(state) = self.core.state() {
                        question(state);
                    }
                }
            }
        }
    }

    fn report(&mut self, report: AppendReport, todo: &mut Todo<A>) {
        let AppendReport { commit, attempt, outcome } = report;
        self.metrics.answered(commit, outcome);
        if matches!(outcome, Outcome::Acked { .. }) {
            self.pause = PAUSE;
            self.retry_at = None;
            self.sent = Instant::now();
            self.last_activity = self.sent;
        }
        self.core.outcome(commit, attempt, outcome, todo);
    }

    fn unknown(&mut self, todo: &mut Todo<A>) {
        if let Some((commit, attempt)) = self.core.first_in_flight() {
            self.metrics.answered(commit, Outcome::Unknown);
            self.core.outcome(commit, attempt, Outcome::Unknown, todo);
        }
    }

    fn disconnect(&mut self, todo: &mut Todo<A>) {
        self.appender = None;
        self.unknown(todo);
    }

    /// Performs what is to be done, and what follows from it.
    async fn perform(&mut self, todo: &mut Todo<A>) -> Option<Deposed> {
        while !todo.is_empty() {
            // The two lists change places, so that thousands of answers at once find room without asking for it.
            let mut turn = std::mem::replace(todo, std::mem::take(&mut self.spare));
            for action in turn.drain(..) {
                match action {
                    Action::Publish { commit, attempt, after, records } => {
                        self.sent = Instant::now();
                        self.metrics.sent(commit, records.len());
                        if !self.publish(commit, attempt, after, records).await {
                            self.appender = None;
                            self.core.outcome(commit, attempt, Outcome::Unknown, todo);
                        }
                    }
                    Action::Read { after } => self.read(after),
                    Action::RetryLater => {
                        self.retry_at = Some(Instant::now() + self.pause);
                        self.pause = (self.pause * 2).min(PAUSE_MAX);
                    }
                    Action::Answer { ticket, verdict } => drop(ticket.send(verdict)),
                    Action::Recall { ticket, position } => self.recall(ticket, position),
                    Action::Quarantined { from, to, superseded: true } => {
                        self.metrics.superseded(to - from + 1);
                        let ledger = self.ledger;
                        tracing::warn!(%ledger, from, to, "what the writer before had on its way came after its place was taken; it is passed over");
                    }
                    Action::Quarantined { from, to, superseded: false } => {
                        self.metrics.quarantined(to - from + 1);
                        let ledger = self.ledger;
                        tracing::error!(severity = "CRITICAL", %ledger, from, to, "foreign messages in the ledger are quarantined");
                    }
                    Action::StepDown(why) => return Some(why),
                }
            }
            self.spare = turn;
        }
        None
    }

    async fn publish(&mut self, commit: u64, attempt: u32, after: u64, records: Vec<Bytes>) -> bool {
        if self.appender.is_none() && self.connect().await.is_none() {
            return false;
        }
        let Some(appender) = &mut self.appender else { return false };
        let sending = appender.append(commit, attempt, after, records);
        matches!(tokio::time::timeout(ANSWER_TIMEOUT, sending).await, Ok(Ok(())))
    }

    async fn connect(&mut self) -> Option<()> {
        // What the old connection still has to say of its end is of no interest.
        while self.lost.1.try_recv().is_ok() {}
        self.lost = mpsc::channel(1);
        let client =
            self.server.connect_once(&format!("peyk writer {}", self.ledger), self.lost.0.clone()).await.ok()?;
        let names = self.ledgers.names();
        self.appender = Some(Appender::new(client, names, self.ledger, self.reports.0.clone()).await.ok()?);
        Some(())
    }

    fn read(&self, after: u64) {
        let (ledgers, ledger, found) = (self.ledgers.clone(), self.ledger, self.found.0.clone());
        tokio::spawn(async move {
            let messages = stretch(&ledgers, ledger, after).await.ok();
            // A driver that ended wants to know nothing more.
            let _ = found.send(Found { after, messages }).await;
        });
    }

    fn recall(&self, ticket: Ticket<A>, position: u64) {
        let (ledgers, ledger) = (self.ledgers.clone(), self.ledger);
        tokio::spawn(async move {
            let verdict = match ledgers.message(ledger, position).await {
                Ok(Some(bytes)) => recalled::<A>(ledger, position, &bytes),
                _ => Err(SubmitError::OutcomeUnknown),
            };
            drop(ticket.send(verdict));
        });
    }

    async fn keep_witness(&mut self) {
        if !self.core.is_leading() {
            return;
        }
        if self.witness.tell(self.core.head()).await {
            self.metrics.witnessed();
        } else if self.witness.is_overdue() {
            self.stop.cancel();
        }
    }

    fn end(&mut self, why: &Deposed) {
        self.leading.send_replace(false);
        self.metrics.deposed(why);
        let ledger = self.ledger;
        tracing::warn!(%ledger, %why, "the writer steps down");
        // Fenced or overtaken, another record stands where ours would have to: it cannot land any more.
        let verdict = match why {
            Deposed::Corrupt(reason) => SubmitError::Corrupt(reason.clone()),
            Deposed::Fenced { .. } | Deposed::Overtaken => SubmitError::NotLeader,
        };
        let mut answers = Vec::new();
        self.core.abandon(&verdict, &mut answers);
        for action in answers {
            if let Action::Answer { ticket, verdict } = action {
                drop(ticket.send(verdict));
            }
        }
    }
}

/// What stands behind `after` up to the end of the log now.
async fn stretch(ledgers: &Ledgers, ledger: LedgerId, after: u64) -> Result<Vec<(u64, Bytes)>, ReadError> {
    let end = ledgers.tail(ledger).await?;
    let mut messages = Vec::new();
    if end <= after {
        return Ok(messages);
    }
    let mut tape = Tape::open(ledgers, ledger, after).await?;
    while messages.last().is_none_or(|(position, _)| *position < end) && messages.len() < FOUND_MAX {
        match tape.next(ANSWER_TIMEOUT).await? {
            Some(message) => messages.push(message),
            None => return Err(ReadError::Unavailable { ledger, reason: "the log fell silent".into() }),
        }
    }
    Ok(messages)
}

fn recalled<A: Machine>(
    ledger: LedgerId,
    position: u64,
    bytes: &Bytes,
) -> Result<Committed<A::Event>, SubmitError<A::Error>> {
    let corrupt = |reason: String| SubmitError::Corrupt(reason);
    let record = Record::decode(bytes).map_err(|error| corrupt(error.to_string()))?;
    let events: Result<Vec<_>, _> =
        record.events.iter().filter(|event| !event.is_control()).map(A::Event::from_raw).collect();
    let events = events.map_err(|error| corrupt(error.to_string()))?;
    let receipt = Receipt { ledger, position, hash: Hash::of(bytes) };
    Ok(Committed { receipt, repeated: true, events })
}
