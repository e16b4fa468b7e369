use super::smsc_id::SmscId;
use crate::{ConnectorId, MessageId};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// How many names of ended messages are remembered, so that a receipt sent twice is known for what it is.
const ENDED_KEPT: usize = 50_000;

/// Whose receipt is it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Message(MessageId),
    /// A message that is over: the receipt says nothing new.
    Ended,
    Nobody,
}

/// Messages by the name their operator gave them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Matching {
    bearers: HashMap<SmscId, Vec<(ConnectorId, MessageId)>>,
    ended: HashMap<(ConnectorId, SmscId), u64>,
    ended_order: VecDeque<(u64, ConnectorId, SmscId)>,
    next: u64,
}

impl Matching {
    pub fn name(&mut self, connector: ConnectorId, id: SmscId, message: MessageId) {
        // An operator that counts round again means the new message by an old id.
        self.ended.remove(&(connector, id.clone()));
        self.bearers.entry(id).or_insert_with(|| Vec::with_capacity(1)).push((connector, message));
    }

    pub fn end(&mut self, connector: ConnectorId, id: SmscId, message: MessageId) {
        if let Some(bearers) = self.bearers.get_mut(&id) {
            bearers.retain(|bearer| *bearer != (connector, message));
            if bearers.is_empty() {
                self.bearers.remove(&id);
            }
        }
        if self.ended_order.len() >= ENDED_KEPT
            && let Some((place, connector, id)) = self.ended_order.pop_front()
        {
            let oldest = (connector, id);
            if self.ended.get(&oldest) == Some(&place) {
                self.ended.remove(&oldest);
            }
        }
        self.ended.insert((connector, id.clone()), self.next);
        self.ended_order.push_back((self.next, connector, id));
        self.next += 1;
    }

    /// By the id as it is, then by its spelling in the other base, then on another connector; the latter two only if
    /// a single message comes into question.
    pub fn find(&self, connector: ConnectorId, id: &SmscId) -> Match {
        if let Some(message) = self.on(connector, id) {
            return Match::Message(message);
        }
        if self.ended.contains_key(&(connector, id.clone())) {
            return Match::Ended;
        }
        let mut others = id.counterparts().filter_map(|other| self.on(connector, &other));
        match (others.next(), others.next()) {
            (Some(message), None) => return Match::Message(message),
            (Some(_), Some(_)) => return Match::Nobody,
            (None, _) => {}
        }
        match self.bearers.get(id).map(Vec::as_slice) {
            Some([(_, message)]) if id.is_distinctive() => Match::Message(*message),
            _ => Match::Nobody,
        }
    }

    /// The newest bearer: an id that comes round again is its last bearer's.
    fn on(&self, connector: ConnectorId, id: &SmscId) -> Option<MessageId> {
        let bearers = self.bearers.get(id)?;
        bearers.iter().rev().find(|(on, _)| *on == connector).map(|(_, message)| *message)
    }
}
