//! Records as they are shown to people and programs, and which of them are asked for.
use crate::output;
use peyk_domain::{MessageId, TenantId};
use peyk_schemas::{LedgerId, RawEvent, Record, VerifiedRecord};
use serde_json::{Value, json};

/// Which records to show; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// An event of this kind is among its events.
    pub kind: Option<String>,
    pub tenant: Option<TenantId>,
    pub message: Option<MessageId>,
}

impl Wanted {
    pub fn is(&self, record: &VerifiedRecord) -> bool {
        // An id stands in an event as sixteen bytes; so many do not come about by chance.
        let concerns = |id: MessageId| {
            let bytes = id.to_bytes();
            record.events.iter().any(|event| event.data.windows(bytes.len()).any(|window| window == bytes))
        };
        self.tenant.is_none_or(|tenant| record.tenant == tenant)
            && self.kind.as_ref().is_none_or(|kind| record.events.iter().any(|event| event.kind == *kind))
            && self.message.is_none_or(concerns)
    }
}

/// The record as one JSON object, the data of its events as `data` shows it.
pub fn record(ledger: LedgerId, record: &VerifiedRecord, data: fn(&RawEvent) -> Value) -> Value {
    let events: Vec<_> = record
        .events
        .iter()
        .map(|event| json!({ "kind": event.kind, "version": event.version, "data": data(event) }))
        .collect();
    json!({ "ledger": ledger.to_string(), "position": record.position, "at": at(record),
        "hash": record.hash.to_string(), "epoch": record.epoch, "command": record.command.to_string(),
        "actor": record.actor.to_string(), "tenant": record.tenant.to_string(), "signed": record.signed,
        "events": events })
}

/// When the record was made (RFC 3339).
pub fn at(record: &VerifiedRecord) -> String {
    jiff::Timestamp::from_millisecond(i64::try_from(record.at.0).unwrap_or(i64::MAX))
        .map_or_else(|_| record.at.to_string(), |at| at.to_string())
}

/// The kinds of its events, in their order.
pub fn kinds(record: &VerifiedRecord) -> Vec<&str> {
    record.events.iter().map(|event| event.kind.as_ref()).collect()
}

/// The signature the record bears itself, in hexadecimal; none where a later one covers it.
pub fn signature(record: &VerifiedRecord) -> Option<String> {
    let stored = Record::decode(&record.bytes).ok()?;
    stored.signature.map(|signature| output::hexadecimal(&signature))
}
