//! One bound session: what comes in, what goes out, and what time does to both.
mod inbound;
mod receiving;
mod submitting;

use super::deliveries::Deliveries;
use super::early::EarlyReceipts;
use super::entry::{DeliveryAnswer, Entry, Taken};
use super::error::SessionError;
use super::line::Line;
use super::outstanding::Outstanding;
use super::pace::Pace;
use super::sequence::Sequence;
use super::stats::count;
use crate::wire::{Inbound, Wire};
use peyk_domain::messages::Outcome;
use rusmpp::pdus::SubmitSm;
use rusmpp::{CommandId, CommandStatus, Pdu};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Receipts that may wait for the ledger at once; the operator is asked to send further ones again.
pub(crate) const DELIVERIES_MAX: usize = 2_000;
const UNBIND_TIMEOUT: Duration = Duration::from_secs(1);

/// A message cut into its parts, waiting for room in the window.
#[derive(Debug)]
struct Head {
    taken: Taken,
    parts: Vec<SubmitSm>,
}

/// One bound session, run by one task that reads, writes and waits in a single place.
#[derive(Debug)]
pub(crate) struct Session<'l> {
    line: &'l mut Line,
    wire: Wire,
    sequence: Sequence,
    outstanding: Outstanding,
    head: Option<Head>,
    pace: Pace,
    early: EarlyReceipts,
    deliveries: Deliveries,
    answers: (mpsc::Sender<DeliveryAnswer>, mpsc::Receiver<DeliveryAnswer>),
    heard: Instant,
    /// An enquire_link without an answer, and when it was sent.
    probe: Option<(u32, Instant)>,
    /// Set once the connector is to stop: nothing new is written.
    draining: Option<Instant>,
    unbound: bool,
}

impl<'l> Session<'l> {
    pub fn new(line: &'l mut Line, wire: Wire, sequence: Sequence) -> Self {
        let now = Instant::now();
        Self {
            pace: Pace::new(line.config.tps, now),
            line,
            wire,
            sequence,
            outstanding: Outstanding::default(),
            head: None,
            early: EarlyReceipts::default(),
            deliveries: Deliveries::default(),
            answers: mpsc::channel(DELIVERIES_MAX),
            heard: now,
            probe: None,
            draining: None,
            unbound: false,
        }
    }

    /// Works until told to stop or the connection is lost, and accounts for every message either way.
    pub async fn run(mut self, stop: &CancellationToken) -> Result<(), SessionError> {
        let mut ended = self.work(stop).await;
        if ended.is_ok() {
            ended = self.unbind().await;
        } else if self.unbound {
            // The operator is owed the answer to its unbind; that it does not take it changes nothing.
            let _ = timeout(UNBIND_TIMEOUT, self.wire.finish()).await;
        }
        if let Some(head) = self.head.take() {
            self.line.ended(head.taken, Outcome::NotSent);
        }
        for finished in std::mem::take(&mut self.outstanding).lost(self.wire.written()) {
            self.line.exchanged(finished.taken, finished.outcome, finished.sent);
        }
        self.line.stats.window.store(0, Ordering::Relaxed);
        ended
    }

    async fn work(&mut self, stop: &CancellationToken) -> Result<(), SessionError> {
        loop {
            self.read()?;
            let now = Instant::now();
            self.expire(now)?;
            if self.draining.is_some() {
                self.line.give_back_waiting();
                if self.outstanding.is_empty() && self.deliveries.is_empty() {
                    return Ok(());
                }
            } else {
                self.submit(now);
            }
            self.line.stats.window.store(self.outstanding.parts() as u64, Ordering::Relaxed);
            let wake = tokio::time::Instant::from_std(self.wake(now));
            let takes_work = self.head.is_none() && self.draining.is_none();
            tokio::select! {
                turned = self.wire.turn() => turned?,
                Some(answer) = self.answers.1.recv() => self.answer(answer),
                Some(taken) = self.line.work.recv(), if takes_work => self.prepare(taken),
                () = tokio::time::sleep_until(wake) => {}
                () = stop.cancelled(), if self.draining.is_none() => {
                    self.draining = Some(Instant::now() + self.line.config.drain());
                    if let Some(head) = self.head.take() {
                        self.line.ended(head.taken, Outcome::NotSent);
                    }
                }
            }
        }
    }

    /// Lets time act: answers that did not come, receipts held or waiting too long, a quiet line.
    fn expire(&mut self, now: Instant) -> Result<(), SessionError> {
        while let Some(expired) = self.outstanding.expire(now) {
            if let Some(finished) = expired {
                self.finished(finished);
            }
        }
        for receipt in self.early.released(now) {
            self.line.tell(Entry::Receipt(receipt));
        }
        while let Some(request) = self.deliveries.expire(now) {
            count(&self.line.stats.receipts_deferred);
            self.respond(request, CommandStatus::EsmeRxTAppn);
        }
        if self.draining.is_some_and(|until| until <= now) {
            return Err(SessionError::DrainTimeout);
        }
        match self.probe {
            Some((_, sent)) if self.heard < sent && now >= sent + self.line.config.response_timeout() => {
                return Err(SessionError::Silent);
            }
            Some((_, sent)) if self.heard >= sent => self.probe = None,
            None if now >= self.heard + self.line.config.enquire_link() => {
                let sequence = self.sequence.next(|taken| self.outstanding.holds(taken));
                self.wire.queue(CommandStatus::EsmeRok, sequence, Pdu::EnquireLink);
                self.probe = Some((sequence, now));
            }
            _ => {}
        }
        Ok(())
    }

    /// The next moment something is due.
    fn wake(&mut self, now: Instant) -> Instant {
        let line = match self.probe {
            Some((_, sent)) => sent + self.line.config.response_timeout(),
            None => self.heard + self.line.config.enquire_link(),
        };
        let parts = self.head.as_ref().map(|head| head.parts.len());
        [
            self.outstanding.next_deadline(),
            self.early.next_release(),
            self.deliveries.next_deadline(),
            self.draining,
            parts.and_then(|parts| self.pace.ready_at(parts, now)),
        ]
        .into_iter()
        .flatten()
        .fold(line, Instant::min)
    }

    /// Says goodbye, and waits briefly to hear it said back.
    async fn unbind(&mut self) -> Result<(), SessionError> {
        let sequence = self.sequence.next(|_| false);
        self.wire.queue(CommandStatus::EsmeRok, sequence, Pdu::Unbind);
        let farewell = async {
            loop {
                while let Some(inbound) = self.wire.next_pdu()? {
                    if let Inbound::Pdu(command) = inbound
                        && command.id() == CommandId::UnbindResp
                    {
                        return self.wire.finish().await;
                    }
                }
                self.wire.turn().await?;
            }
        };
        // Everything is accounted for by now, so an operator that hangs up instead of answering does no harm.
        let _ = timeout(UNBIND_TIMEOUT, farewell).await;
        Ok(())
    }
}
