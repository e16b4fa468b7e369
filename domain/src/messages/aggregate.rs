use super::exchange::{Outgoing, Standing};
use super::matching::Match;
use super::smsc_id::SmscId;
use super::{
    AttemptReport, DISPATCH_MAX, DoubtPolicy, Exchange, FailureReason, Lane, MAX_SEGMENTS, MessageCommand,
    MessageError, MessageEvent, Outcome, REPORT_MAX, ReceiptReport, RefusalReason, RequeueReason, RouteFact,
    SUBMIT_MAX, SenderFact, Submission,
};
use crate::{At, ConnectorId, Dated, Fold, MessageId, Span, TenantId};
use eventually::aggregate::Aggregate;
use futures::future::{BoxFuture, FutureExt, ready};
use std::collections::HashSet;

/// Messages of one partition that wait or are with connectors; beyond that nothing is accepted.
pub const MAX_BACKLOG: usize = 1_000_000;
/// Messages of one partition that wait for a receipt; beyond that the oldest are given up early.
pub const AWAITING_MAX: usize = 4_000_000;
/// The longest a message may wait for the operator.
pub const VALIDITY_MAX: Span = Span::days(7);
/// Octets of sealed fields one command may bring, so that its record stays within what the log takes.
pub const SUBMIT_BYTES_MAX: usize = 512 * 1024;
/// Timers one tick fires, and expired messages one request for work clears away; the rest waits for the next.
pub const TICK_MAX: usize = 500;

/// What the longest `message_id` of SMPP 3.4 and a receipt's error code may take; what is longer is cut.
const SMSC_ID_MAX_CHARS: usize = 64;
const ERROR_MAX_CHARS: usize = 16;

/// One partition of messages as one aggregate.
#[derive(Debug, Default, Clone, Copy)]
pub struct Messages;

impl Exchange {
    /// What follows from a command at its instant. Nothing changes until the events are applied.
    ///
    /// # Errors
    /// Why the command is refused; then nothing follows from it. A single message that may not be sent is no error of
    /// the command but a [`MessageEvent::MessageRefused`].
    pub fn decide(&self, command: Dated<MessageCommand>) -> Result<Vec<MessageEvent>, MessageError> {
        let Dated { at, command } = command;
        match command {
            MessageCommand::Submit { tenant, limit, submissions } => self.submit(at, tenant, limit, submissions),
            MessageCommand::TakeWork { connector, lanes, count } => self.take_work(at, connector, &lanes, count),
            MessageCommand::Report { connector, reports } => self.report(at, connector, reports),
            MessageCommand::Receipts { connector, receipts } => self.receipts(connector, receipts),
            MessageCommand::Unreadable { messages } => self.unreadable(messages),
            MessageCommand::EraseTenant { tenant } if self.has_erased(tenant) => Ok(Vec::new()),
            MessageCommand::EraseTenant { tenant } => Ok(vec![MessageEvent::TenantErased { tenant, at }]),
            MessageCommand::Tick => {
                Ok(self.due(at).take(TICK_MAX).map(|message| MessageEvent::MessageExpired { message }).collect())
            }
        }
    }

    fn submit(
        &self,
        at: At,
        tenant: TenantId,
        limit: Option<u32>,
        submissions: Vec<Submission>,
    ) -> Result<Vec<MessageEvent>, MessageError> {
        if self.has_erased(tenant) {
            return Err(MessageError::InvalidValue("the tenant is erased"));
        }
        at_most(SUBMIT_MAX, submissions.len(), "messages")?;
        let bytes: usize = submissions.iter().map(|one| one.recipient.0.len() + one.body.0.len()).sum();
        at_most(SUBMIT_BYTES_MAX, bytes, "octets of content")?;
        let mut ids = HashSet::with_capacity(submissions.len());
        for submission in &submissions {
            if !ids.insert(submission.message) || self.standing(submission.message).is_some() {
                return Err(MessageError::Conflict(submission.message));
            }
            if submission.expires <= at || submission.expires > at.plus(VALIDITY_MAX) {
                return Err(MessageError::InvalidValue("the validity of a message ends after now and within 7 days"));
            }
            if submission.segments == 0 || submission.segments > MAX_SEGMENTS {
                return Err(MessageError::InvalidValue("a message has from 1 to 10 segments"));
            }
        }
        let backlog = self.backlog();
        within_backlog(backlog.waiting + backlog.dispatched, submissions.len())?;
        let Some(limit) = limit else {
            return Ok(submissions.into_iter().map(|submission| accept_or_refuse(tenant, submission)).collect());
        };
        self.submit_within(at, tenant, limit, submissions)
    }

    /// Accepts what the tenant's bucket has room for. A command of which nothing is accepted for want of room is refused as a
    /// whole, so that a flood of them is not recorded.
    fn submit_within(
        &self,
        at: At,
        tenant: TenantId,
        limit: u32,
        submissions: Vec<Submission>,
    ) -> Result<Vec<MessageEvent>, MessageError> {
        let room = self.quotas().room(tenant, limit, at);
        let (mut sent, mut over) = (0, false);
        let mut events = Vec::with_capacity(submissions.len() + 1);
        for submission in submissions {
            let (message, decided_on) = (submission.message, submission.decided_on);
            let event = accept_or_refuse(tenant, submission);
            events.push(match event {
                MessageEvent::MessageAccepted { .. } if sent == room => {
                    over = true;
                    MessageEvent::MessageRefused { message, tenant, reason: RefusalReason::RateLimited, decided_on }
                }
                event => {
                    sent += u64::from(matches!(event, MessageEvent::MessageAccepted { .. }));
                    event
                }
            });
        }
        if sent > 0 {
            let missing = self.quotas().missing_after(tenant, limit, at, sent);
            events.insert(0, MessageEvent::QuotaDrawn { tenant, at, limit, missing });
        } else if over {
            return Err(MessageError::RateLimited { again: self.quotas().again(tenant, limit, at) });
        }
        Ok(events)
    }

    fn take_work(
        &self,
        at: At,
        connector: ConnectorId,
        lanes: &[Lane],
        count: usize,
    ) -> Result<Vec<MessageEvent>, MessageError> {
        at_most(DISPATCH_MAX, count, "attempts")?;
        let Some(outbox) = self.outbox(connector) else { return Ok(vec![]) };
        let (mut events, mut taken) = (Vec::with_capacity(count), 0);
        let asked = Lane::ALL.into_iter().filter(|lane| lanes.contains(lane));
        for message in asked.flat_map(|lane| outbox.waiting(lane).values().copied()) {
            if taken == count || events.len() - taken == TICK_MAX {
                break;
            }
            let Some(waiting) = self.waiting(message) else { continue };
            events.push(if waiting.expires <= at {
                MessageEvent::MessageExpired { message }
            } else {
                taken += 1;
                MessageEvent::MessageDispatched { message, attempt: waiting.attempt.saturating_add(1), connector }
            });
        }
        Ok(events)
    }

    fn report(
        &self,
        at: At,
        connector: ConnectorId,
        reports: Vec<AttemptReport>,
    ) -> Result<Vec<MessageEvent>, MessageError> {
        at_most(REPORT_MAX, reports.len(), "reports")?;
        let mut events = Vec::with_capacity(reports.len());
        let (mut reported, mut named, mut submitted) = (HashSet::new(), HashSet::new(), 0);
        for AttemptReport { message, attempt, outcome } in reports {
            let Some(Standing::Dispatched(outgoing)) = self.standing(message) else { continue };
            let in_flight = outgoing.connector == connector && outgoing.waiting.attempt == attempt;
            if !in_flight || !reported.insert(message) {
                continue;
            }
            match outcome {
                Outcome::Submitted { smsc_id } => {
                    submitted += 1;
                    let smsc_id = cut(smsc_id, SMSC_ID_MAX_CHARS);
                    let id = SmscId::normalised(&smsc_id);
                    events.push(MessageEvent::MessageSubmitted { message, attempt, connector, smsc_id });
                    if let Some(name) = id.and_then(|id| self.unmatched_receipts().name_of(connector, &id))
                        && named.insert(name.clone())
                    {
                        for kept in self.unmatched_receipts().under(&name) {
                            let (state, error) = (kept.state, kept.error.clone());
                            events.push(MessageEvent::ReceiptReceived { message, state, error });
                            if state.is_final() {
                                break;
                            }
                        }
                    }
                }
                Outcome::Rejected { status } => {
                    events.push(MessageEvent::MessageFailed { message, reason: FailureReason::Rejected { status } });
                }
                Outcome::Throttled => requeue(at, outgoing, RequeueReason::Throttled, &mut events),
                Outcome::NotSent => requeue(at, outgoing, RequeueReason::NotSent, &mut events),
                Outcome::InDoubt => {
                    events.push(MessageEvent::MessageInDoubt { message, attempt });
                    match outgoing.on_doubt {
                        DoubtPolicy::Resend => requeue(at, outgoing, RequeueReason::InDoubt, &mut events),
                        DoubtPolicy::Fail => {
                            events.push(MessageEvent::MessageFailed { message, reason: FailureReason::InDoubt });
                        }
                    }
                }
            }
        }
        // An operator that never sends receipts must not fill the memory: the oldest are given up instead.
        let surplus = surplus(self.awaiting().len(), submitted);
        events.extend(self.awaiting().take(surplus).map(|message| MessageEvent::MessageExpired { message }));
        Ok(events)
    }

    fn receipts(
        &self,
        connector: ConnectorId,
        receipts: Vec<ReceiptReport>,
    ) -> Result<Vec<MessageEvent>, MessageError> {
        at_most(REPORT_MAX, receipts.len(), "receipts")?;
        let mut events = Vec::with_capacity(receipts.len());
        let mut ended = HashSet::new();
        for ReceiptReport { smsc_id, state, error } in receipts {
            let smsc_id = cut(smsc_id, SMSC_ID_MAX_CHARS);
            let error = error.map(|error| cut(error, ERROR_MAX_CHARS));
            match self.match_receipt(connector, &smsc_id) {
                Match::Message(message) if ended.contains(&message) => {}
                Match::Message(message) => {
                    if state.is_final() {
                        ended.insert(message);
                    }
                    events.push(MessageEvent::ReceiptReceived { message, state, error });
                }
                // A duplicate; unless the operator counts round again and this is for an attempt not yet reported.
                Match::Ended if self.outbox(connector).is_none_or(|outbox| outbox.in_flight().is_empty()) => {}
                Match::Ended | Match::Nobody => {
                    events.push(MessageEvent::ReceiptUnmatched { connector, smsc_id, state, error })
                }
            }
        }
        Ok(events)
    }

    fn unreadable(&self, messages: Vec<MessageId>) -> Result<Vec<MessageEvent>, MessageError> {
        at_most(REPORT_MAX, messages.len(), "messages")?;
        let mut seen = HashSet::with_capacity(messages.len());
        let unsent = messages.into_iter().filter(|message| self.waiting(*message).is_some() && seen.insert(*message));
        let failed = unsent.map(|message| MessageEvent::MessageFailed { message, reason: FailureReason::Unreadable });
        Ok(failed.collect())
    }
}

fn accept_or_refuse(tenant: TenantId, submission: Submission) -> MessageEvent {
    let Submission { message, decided_on, .. } = submission;
    let refused = |reason| MessageEvent::MessageRefused { message, tenant, reason, decided_on };
    if submission.sender_fact != SenderFact::LeasedTo(tenant) {
        return refused(RefusalReason::SenderUnauthorized);
    }
    let connector = match submission.route_fact {
        RouteFact::Via(connector) => connector,
        RouteFact::NoRoute => return refused(RefusalReason::NoRoute),
        RouteFact::Unknown => return refused(RefusalReason::RouteUnknown),
    };
    MessageEvent::MessageAccepted {
        message,
        tenant,
        sender: submission.sender,
        token: submission.token,
        sealed_for: submission.sealed_for,
        recipient: submission.recipient,
        body: submission.body,
        encoding: submission.encoding,
        segments: submission.segments,
        lane: submission.lane,
        connector,
        expires: submission.expires,
        on_doubt: submission.on_doubt,
        decided_on,
    }
}

/// Back into its lane, unless its validity ended while it was away.
fn requeue(at: At, outgoing: &Outgoing, reason: RequeueReason, events: &mut Vec<MessageEvent>) {
    let message = outgoing.waiting.message;
    events.push(MessageEvent::MessageRequeued { message, attempt: outgoing.waiting.attempt, reason });
    if outgoing.waiting.expires <= at {
        events.push(MessageEvent::MessageExpired { message });
    }
}

const fn at_most(max: usize, count: usize, of: &'static str) -> Result<(), MessageError> {
    if count > max { Err(MessageError::TooMany { max, of }) } else { Ok(()) }
}

const fn within_backlog(unsent: usize, more: usize) -> Result<(), MessageError> {
    if unsent + more > MAX_BACKLOG { Err(MessageError::BacklogFull) } else { Ok(()) }
}

const fn surplus(awaiting: usize, more: usize) -> usize {
    (awaiting + more).saturating_sub(AWAITING_MAX)
}

fn cut(mut text: String, max_chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
    }
    text
}

impl Fold for Messages {
    const VERSION: u32 = 3;
}

impl Aggregate for Messages {
    type Id = &'static str;
    /// Boxed: it is handed over with every event, and it is large.
    type State = Box<Exchange>;
    type Event = MessageEvent;
    type Command = Dated<MessageCommand>;
    type Error = MessageError;

    fn apply(mut exchange: Box<Exchange>, event: MessageEvent) -> Result<Box<Exchange>, MessageError> {
        exchange.evolve(event)?;
        Ok(exchange)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _ledger: &'s Self::Id,
        exchange: &'s Box<Exchange>,
        command: Dated<MessageCommand>,
    ) -> BoxFuture<'a, Result<Option<Vec<MessageEvent>>, MessageError>> {
        ready(exchange.decide(command).map(Some)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backlog_is_bounded() {
        assert_eq!(within_backlog(MAX_BACKLOG - 500, 500), Ok(()));
        assert_eq!(within_backlog(MAX_BACKLOG - 499, 500), Err(MessageError::BacklogFull));
        assert_eq!(MessageError::BacklogFull.code(), "BACKLOG_FULL");
    }

    #[test]
    fn what_awaits_a_receipt_is_bounded() {
        assert_eq!(surplus(AWAITING_MAX - 3, 3), 0);
        assert_eq!(surplus(AWAITING_MAX, 3), 3);
    }

    #[test]
    fn what_operators_send_is_cut_between_characters() {
        assert_eq!(cut("šššš".to_owned(), 3), "ššš");
        assert_eq!(cut("abc".to_owned(), 3), "abc");
    }
}
