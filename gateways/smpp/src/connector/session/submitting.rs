//! Messages to the operator, and its answers to them.
use super::{Head, Session};
use crate::connector::entry::{Entry, Taken};
use crate::connector::ids::Named;
use crate::connector::outstanding::{Answer, Finished};
use crate::connector::stats::count;
use crate::connector::submission::submissions;
use peyk_domain::messages::Outcome;
use rusmpp::CommandStatus;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// New messages are not written while this much waits in front of them.
const UNWRITTEN_OCTETS_MAX: usize = 64 * 1024;
/// ESME_RMSGQFUL and ESME_RTHROTTLED (SMPP 3.4 section 5.1.3).
const QUEUE_FULL: u32 = 0x14;
const THROTTLED: u32 = 0x58;

impl Session<'_> {
    /// Cuts a message into its parts, or ends it where that cannot be.
    pub(super) fn prepare(&mut self, taken: Taken) {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        if taken.work.expires.0 <= now_ms {
            // Its time has run out; the ledger expires it when it comes back.
            return self.line.ended(taken, Outcome::NotSent);
        }
        self.line.reference = self.line.reference.wrapping_add(1);
        match submissions(&self.line.config, &taken.work, self.line.reference) {
            Ok(parts) => self.head = Some(Head { taken, parts }),
            Err(_) => self.line.ended(taken, Outcome::Rejected { status: CommandStatus::EsmeRinvmsglen.into() }),
        }
    }

    /// Writes messages while window and pace have room, each with all its parts at once.
    pub(super) fn submit(&mut self, now: Instant) {
        loop {
            if self.head.is_none() {
                match self.line.work.try_recv() {
                    Ok(taken) => self.prepare(taken),
                    Err(_) => return,
                }
                continue;
            }
            let Some(head) = self.head.take_if(|head| {
                let parts = head.parts.len();
                let room = self.outstanding.parts() + parts <= usize::from(self.line.config.window)
                    || self.outstanding.is_empty();
                room && self.wire.unwritten() < UNWRITTEN_OCTETS_MAX && self.pace.ready(parts, now)
            }) else {
                return;
            };
            let deadline = now + self.line.config.response_timeout();
            let parts = head.parts.len();
            let message = self.outstanding.open(head.taken, parts, now);
            for (index, part) in head.parts.into_iter().enumerate() {
                let sequence = self.sequence.next(|taken| self.outstanding.holds(taken));
                // Registered before it is written, so that no answer can come too early.
                self.outstanding.register(message, sequence, index + 1 == parts, self.wire.queued(), deadline);
                self.wire.queue(CommandStatus::EsmeRok, sequence, part);
            }
            self.pace.spent(parts, now);
        }
    }

    /// The answer to a submit_sm.
    pub(super) fn submitted(&mut self, sequence: u32, status: u32, id: &str) {
        let Some(last) = self.outstanding.is_last(sequence) else {
            count(&self.line.stats.unmatched);
            return;
        };
        let answer = match status {
            0 => Answer::Accepted { id: id.trim().to_owned() },
            THROTTLED | QUEUE_FULL => {
                self.pace.throttled(Instant::now());
                Answer::Throttled
            }
            status => Answer::Refused { status },
        };
        if let (Answer::Accepted { id }, false) = (&answer, last) {
            let id = self.line.config.ids_in_responses.canonical(id);
            self.line.recent.remember(&id, Named::Part);
            // Not asked for, and it says nothing about the whole message.
            for receipt in self.early.claim(&id) {
                receipt.answered(true);
            }
        }
        if let Some(finished) = self.outstanding.answered(sequence, answer) {
            self.finished(finished);
        }
    }

    pub(super) fn finished(&mut self, Finished { taken, outcome, sent }: Finished) {
        let (partition, message, id) = (
            taken.partition,
            taken.work.message,
            match &outcome {
                Outcome::Submitted { smsc_id } => Some(self.line.config.ids_in_responses.canonical(smsc_id)),
                _ => None,
            },
        );
        self.line.exchanged(taken, outcome, sent);
        if let Some(id) = id {
            self.line.recent.remember(&id, Named::Message { partition, message });
            for mut receipt in self.early.claim(&id) {
                receipt.partition = Some(partition);
                receipt.message = Some(message);
                self.line.tell(Entry::Receipt(receipt));
            }
        }
    }
}
