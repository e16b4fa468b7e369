use super::matching::{Match, Matching};
use super::outbox::Outbox;
use super::quota::{NoBucket, Quotas};
use super::smsc_id::SmscId;
use super::unmatched::{KeptReceipt, Unmatched};
use super::{DoubtPolicy, Encoding, FailureReason, Lane, Lifecycle, MessageError, MessageEvent, Sealed, SealedFor};
use crate::{At, ConnectorId, MessageId, Msisdn, Span, TenantId};
use foldhash::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How long after its validity a submitted message waits for a receipt before it is given up.
pub const RECEIPT_WAIT: Span = Span::hours(72);

/// What is needed to hand a message out: kept until the operator took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub message: MessageId,
    pub tenant: TenantId,
    pub sender: Msisdn,
    pub sealed_for: SealedFor,
    pub recipient: Sealed,
    pub body: Sealed,
    pub encoding: Encoding,
    pub expires: At,
    /// The attempt last handed out; 0 before the first.
    pub attempt: u32,
}

/// How many messages stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    pub waiting: usize,
    pub dispatched: usize,
    pub submitted: usize,
}

/// A message the operator has not taken yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outgoing {
    pub waiting: Waiting,
    pub lane: Lane,
    pub connector: ConnectorId,
    pub on_doubt: DoubtPolicy,
    /// Its place in the order of acceptance.
    place: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    Waiting(Box<Outgoing>),
    Dispatched(Box<Outgoing>),
    Submitted { connector: ConnectorId, smsc_id: String, gives_up: At },
}

/// Every message of the partition that is not final. State of a `messages` ledger.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exchange {
    messages: HashMap<MessageId, Standing>,
    outboxes: HashMap<ConnectorId, Outbox>,
    /// When waiting messages expire.
    expiries: BTreeSet<(At, MessageId)>,
    /// When submitted messages are given up.
    awaiting: BTreeSet<(At, MessageId)>,
    matching: Matching,
    unmatched: Unmatched,
    accepted: u64,
    quotas: Quotas,
    /// At most as many as a deployment has tenants.
    erased: BTreeSet<TenantId>,
}

impl Exchange {
    /// What is needed to hand the message out or to open its seals, as long as the operator has not taken it.
    #[must_use]
    pub fn waiting(&self, message: MessageId) -> Option<&Waiting> {
        match self.messages.get(&message)? {
            Standing::Waiting(outgoing) | Standing::Dispatched(outgoing) => Some(&outgoing.waiting),
            Standing::Submitted { .. } => None,
        }
    }

    /// Where the message stands; none if it is unknown or final.
    #[must_use]
    pub fn lifecycle(&self, message: MessageId) -> Option<Lifecycle> {
        Some(match self.messages.get(&message)? {
            Standing::Waiting(_) => Lifecycle::Waiting,
            Standing::Dispatched(outgoing) => {
                Lifecycle::Dispatched { attempt: outgoing.waiting.attempt, connector: outgoing.connector }
            }
            Standing::Submitted { connector, smsc_id, .. } => {
                Lifecycle::Submitted { connector: *connector, smsc_id: smsc_id.clone() }
            }
        })
    }

    /// The attempts the connector has not reported on, in the order in which their messages were accepted.
    #[must_use]
    pub fn in_flight(&self, connector: ConnectorId) -> Vec<(MessageId, u32)> {
        let outbox = self.outboxes.get(&connector).into_iter();
        let messages = outbox.flat_map(|outbox| outbox.in_flight().values());
        messages.filter_map(|message| Some((*message, self.waiting(*message)?.attempt))).collect()
    }

    /// How many messages wait in a lane of a connector.
    #[must_use]
    pub fn waiting_in(&self, connector: ConnectorId, lane: Lane) -> usize {
        self.outboxes.get(&connector).map_or(0, |outbox| outbox.waiting(lane).len())
    }

    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let (waiting, submitted) = (self.expiries.len(), self.awaiting.len());
        Backlog { waiting, dispatched: self.messages.len() - waiting - submitted, submitted }
    }

    /// How many receipts are kept that name no known message.
    #[must_use]
    pub fn unmatched(&self) -> usize {
        self.unmatched.len()
    }

    /// When the next timer is due.
    #[must_use]
    pub fn next_due(&self) -> Option<At> {
        [self.expiries.first(), self.awaiting.first()].into_iter().flatten().map(|(due, _)| *due).min()
    }

    pub(super) fn standing(&self, message: MessageId) -> Option<&Standing> {
        self.messages.get(&message)
    }

    pub(super) fn outbox(&self, connector: ConnectorId) -> Option<&Outbox> {
        self.outboxes.get(&connector)
    }

    /// Waiting messages whose validity is over and submitted ones given up, earliest first.
    pub(super) fn due(&self, at: At) -> impl Iterator<Item = MessageId> {
        let ended = move |timer: &&(At, MessageId)| timer.0 <= at;
        let due = self.expiries.iter().take_while(ended).chain(self.awaiting.iter().take_while(ended));
        due.map(|(_, message)| *message)
    }

    /// Submitted messages, those to be given up first in front.
    pub(super) fn awaiting(&self) -> impl ExactSizeIterator<Item = MessageId> {
        self.awaiting.iter().map(|(_, message)| *message)
    }

    pub(super) fn match_receipt(&self, connector: ConnectorId, smsc_id: &str) -> Match {
        SmscId::normalised(smsc_id).map_or(Match::Nobody, |id| self.matching.find(connector, &id))
    }

    pub(super) const fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    pub(super) const fn unmatched_receipts(&self) -> &Unmatched {
        &self.unmatched
    }

    /// Lets an event have happened. After an error the state is not to be used.
    ///
    /// # Errors
    /// [`MessageError::CorruptLedger`] if the event cannot follow what happened before.
    pub fn evolve(&mut self, event: MessageEvent) -> Result<(), MessageError> {
        match event {
            MessageEvent::MessageAccepted {
                message,
                tenant,
                sender,
                sealed_for,
                recipient,
                body,
                encoding,
                lane,
                connector,
                expires,
                on_doubt,
                token: _,
                segments: _,
                decided_on: _,
            } => {
                let waiting =
                    Waiting { message, tenant, sender, sealed_for, recipient, body, encoding, expires, attempt: 0 };
                let place = self.accepted;
                self.accepted += 1;
                if self.messages.contains_key(&message) {
                    return corrupt(message, "accepted twice");
                }
                self.wait(Box::new(Outgoing { waiting, lane, connector, on_doubt, place }));
                Ok(())
            }
            MessageEvent::MessageRefused { message, .. } => match self.messages.get(&message) {
                None => Ok(()),
                Some(_) => corrupt(message, "refused after it was accepted"),
            },
            MessageEvent::MessageDispatched { message, attempt, connector } => match self.messages.remove(&message) {
                Some(Standing::Waiting(mut outgoing))
                    if outgoing.connector == connector && outgoing.waiting.attempt.checked_add(1) == Some(attempt) =>
                {
                    self.expiries.remove(&(outgoing.waiting.expires, message));
                    let outbox = self.outboxes.entry(connector).or_default();
                    outbox.unqueue(outgoing.lane, outgoing.place);
                    outbox.take_off(outgoing.place, message);
                    outgoing.waiting.attempt = attempt;
                    self.messages.insert(message, Standing::Dispatched(outgoing));
                    Ok(())
                }
                _ => corrupt(message, "dispatched, but not waiting for this attempt"),
            },
            MessageEvent::MessageSubmitted { message, attempt, connector, smsc_id } => {
                let outgoing = self.land(message, Some(attempt))?;
                if outgoing.connector != connector {
                    return corrupt(message, "submitted by another connector");
                }
                if let Some(id) = SmscId::normalised(&smsc_id) {
                    self.matching.name(connector, id, message);
                }
                let gives_up = outgoing.waiting.expires.plus(RECEIPT_WAIT);
                self.awaiting.insert((gives_up, message));
                self.messages.insert(message, Standing::Submitted { connector, smsc_id, gives_up });
                Ok(())
            }
            MessageEvent::MessageRequeued { message, attempt, reason: _ } => {
                let outgoing = self.land(message, Some(attempt))?;
                self.wait(outgoing);
                Ok(())
            }
            MessageEvent::MessageInDoubt { message, attempt } => match self.messages.get(&message) {
                Some(Standing::Dispatched(outgoing)) if outgoing.waiting.attempt == attempt => Ok(()),
                _ => corrupt(message, "in doubt, but not in flight"),
            },
            MessageEvent::MessageFailed { message, reason: FailureReason::Unreadable } => self.end(message, true),
            MessageEvent::MessageFailed {
                message,
                reason: FailureReason::Rejected { .. } | FailureReason::InDoubt,
            } => self.land(message, None).map(drop),
            MessageEvent::ReceiptReceived { message, state, error: _ } => self.receive(message, state.is_final()),
            MessageEvent::ReceiptUnmatched { connector, smsc_id, state, error } => {
                if let Some(id) = SmscId::normalised(&smsc_id) {
                    self.unmatched.keep(connector, id, KeptReceipt { state, error });
                }
                Ok(())
            }
            MessageEvent::QuotaDrawn { tenant, at, limit, missing } => self
                .quotas
                .draw(tenant, at, limit, missing)
                .or_else(|NoBucket| corrupt(MessageId::NIL, "drawn from a bucket that does not hold so much")),
            MessageEvent::MessageExpired { message } => self.end(message, false),
            MessageEvent::TenantErased { tenant, at: _ } => match self.erased.insert(tenant) {
                true => Ok(()),
                false => corrupt(MessageId::NIL, "of a tenant that was erased twice"),
            },
        }
    }

    /// Whether nothing more is taken of the tenant, for good.
    #[must_use]
    pub fn has_erased(&self, tenant: TenantId) -> bool {
        self.erased.contains(&tenant)
    }

    fn wait(&mut self, outgoing: Box<Outgoing>) {
        let message = outgoing.waiting.message;
        self.expiries.insert((outgoing.waiting.expires, message));
        self.outboxes.entry(outgoing.connector).or_default().queue(outgoing.lane, outgoing.place, message);
        self.messages.insert(message, Standing::Waiting(outgoing));
    }

    /// Takes a message out of flight, from `attempt` if one is named.
    fn land(&mut self, message: MessageId, attempt: Option<u32>) -> Result<Box<Outgoing>, MessageError> {
        match self.messages.remove(&message) {
            Some(Standing::Dispatched(outgoing)) if attempt.is_none_or(|it| it == outgoing.waiting.attempt) => {
                self.outboxes.entry(outgoing.connector).or_default().land(outgoing.place);
                Ok(outgoing)
            }
            _ => corrupt(message, "an outcome of an attempt that is not in flight"),
        }
    }

    fn receive(&mut self, message: MessageId, is_final: bool) -> Result<(), MessageError> {
        let Some(Standing::Submitted { connector, smsc_id, .. }) = self.messages.get(&message) else {
            return corrupt(message, "a receipt, but never submitted");
        };
        if let Some(id) = SmscId::normalised(smsc_id)
            && let Some(name) = self.unmatched.name_of(*connector, &id)
        {
            if is_final { self.unmatched.forget(&name) } else { self.unmatched.take_first(&name) }
        }
        if is_final { self.end(message, false) } else { Ok(()) }
    }

    /// Ends a message that waits, or is submitted, or, if `may_fly`, is in flight.
    fn end(&mut self, message: MessageId, may_fly: bool) -> Result<(), MessageError> {
        match self.messages.remove(&message) {
            Some(Standing::Waiting(outgoing)) => {
                self.expiries.remove(&(outgoing.waiting.expires, message));
                self.outboxes.entry(outgoing.connector).or_default().unqueue(outgoing.lane, outgoing.place);
                Ok(())
            }
            Some(Standing::Dispatched(outgoing)) if may_fly => {
                self.outboxes.entry(outgoing.connector).or_default().land(outgoing.place);
                Ok(())
            }
            Some(Standing::Submitted { connector, smsc_id, gives_up }) if !may_fly => {
                self.awaiting.remove(&(gives_up, message));
                if let Some(id) = SmscId::normalised(&smsc_id) {
                    self.matching.end(connector, id, message);
                }
                Ok(())
            }
            _ => corrupt(message, "ended, but not where it could end so"),
        }
    }
}

const fn corrupt<T>(message: MessageId, what: &'static str) -> Result<T, MessageError> {
    Err(MessageError::CorruptLedger { message, what })
}

impl fmt::Debug for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Exchange")
            .field("backlog", &self.backlog())
            .field("unmatched", &self.unmatched())
            .field("accepted", &self.accepted)
            .finish_non_exhaustive()
    }
}
