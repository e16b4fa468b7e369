use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::messages::{Encoding, Lane, ReceiptState};
use peyk_domain::{At, ConnectorId, MessageId, Msisdn, TenantId};

words! {
    /// Where a message stands.
    MessageState {
        /// Waiting in its lane, for the first or a further attempt.
        Accepted = "accepted",
        Refused = "refused",
        Dispatched = "dispatched",
        Submitted = "submitted",
        /// Sent or not, nobody knows.
        InDoubt = "in_doubt",
        Delivered = "delivered",
        /// The operator's receipt says it did not arrive.
        Undelivered = "undelivered",
        Failed = "failed",
        Expired = "expired",
    }
}

impl MessageState {
    /// Whether nothing is being done about it any more; a late receipt may still change it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Refused | Self::Delivered | Self::Undelivered | Self::Failed | Self::Expired)
    }
}

/// One message to one recipient. What is known only of accepted messages is absent of refused ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub tenant: TenantId,
    pub sender: Option<Msisdn>,
    /// What may be shown of the recipient, and the salted hash to search by; both gone once the keys are.
    pub recipient_mask: Option<String>,
    pub recipient_hash: Option<[u8; 32]>,
    pub lane: Option<Lane>,
    pub encoding: Option<Encoding>,
    pub segments: Option<u8>,
    pub state: MessageState,
    /// Why it was refused, failed, did not arrive or waits again: a stable code.
    pub reason: Option<String>,
    /// The connector it is to take, or took last.
    pub connector: Option<ConnectorId>,
    /// The operator's name for it.
    pub smsc_id: Option<String>,
    pub attempts: u32,
    /// The newest receipt, and the operator's code in it.
    pub receipt: Option<ReceiptState>,
    pub receipt_error: Option<String>,
    /// When it was accepted, or refused.
    pub accepted_at: At,
    pub expires_at: Option<At>,
    /// When the last attempt began, and when the operator took it.
    pub dispatched_at: Option<At>,
    pub submitted_at: Option<At>,
    pub final_at: Option<At>,
    /// The partition of the `messages` ledger its records stand in.
    pub partition: u16,
    /// The record that accepted or refused it, and which event in there.
    pub position: u64,
    pub item: u32,
    pub updated_position: u64,
}

/// The word of a lane, in columns and towards clients.
pub(crate) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Otp => "otp",
        Lane::Transactional => "transactional",
        Lane::Bulk => "bulk",
    }
}

fn lane_named(word: &str) -> Option<Lane> {
    Lane::ALL.into_iter().find(|lane| lane_name(*lane) == word)
}

const fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
    }
}

fn encoding_named(word: &str) -> Option<Encoding> {
    [Encoding::Gsm7, Encoding::Ucs2].into_iter().find(|encoding| encoding_name(*encoding) == word)
}

const fn receipt_name(state: ReceiptState) -> &'static str {
    match state {
        ReceiptState::Enroute => "enroute",
        ReceiptState::Delivered => "delivered",
        ReceiptState::Expired => "expired",
        ReceiptState::Deleted => "deleted",
        ReceiptState::Undeliverable => "undeliverable",
        ReceiptState::Accepted => "accepted",
        ReceiptState::Unknown => "unknown",
        ReceiptState::Rejected => "rejected",
    }
}

fn receipt_named(word: &str) -> Option<ReceiptState> {
    use ReceiptState::{Accepted, Deleted, Delivered, Enroute, Expired, Rejected, Undeliverable, Unknown};
    let all = [Enroute, Delivered, Expired, Deleted, Undeliverable, Accepted, Unknown, Rejected];
    all.into_iter().find(|state| receipt_name(*state) == word)
}

static TABLE: Table = Table {
    name: "messages",
    columns: &[
        ("id", Kind::Uuid),
        ("tenant", Kind::Uuid),
        ("sender", Kind::BigInt),
        ("recipient_mask", Kind::Text),
        ("recipient_hash", Kind::Bytes),
        ("lane", Kind::Text),
        ("encoding", Kind::Text),
        ("segments", Kind::Integer),
        ("state", Kind::Text),
        ("reason", Kind::Text),
        ("connector", Kind::Uuid),
        ("smsc_id", Kind::Text),
        ("attempts", Kind::Integer),
        ("receipt", Kind::Text),
        ("receipt_error", Kind::Text),
        ("accepted_at_ms", Kind::BigInt),
        ("expires_at_ms", Kind::BigInt),
        ("dispatched_at_ms", Kind::BigInt),
        ("submitted_at_ms", Kind::BigInt),
        ("final_at_ms", Kind::BigInt),
        ("partition", Kind::Integer),
        ("position", Kind::BigInt),
        ("item", Kind::Integer),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Message {
    type Key = MessageId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> MessageId {
        self.id
    }

    fn is_settled(&self) -> bool {
        self.state.is_final()
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.id,
            self.tenant,
            self.sender,
            self.recipient_mask.as_deref(),
            self.recipient_hash,
            self.lane.map(lane_name),
            self.encoding.map(encoding_name),
            self.segments,
            self.state.name(),
            self.reason.as_deref(),
            self.connector,
            self.smsc_id.as_deref(),
            self.attempts,
            self.receipt.map(receipt_name),
            self.receipt_error.as_deref(),
            self.accepted_at,
            self.expires_at,
            self.dispatched_at,
            self.submitted_at,
            self.final_at,
            self.partition,
            self.position,
            self.item,
            self.updated_position,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: fields.id("id")?,
            tenant: fields.id("tenant")?,
            sender: fields.number_or_null("sender")?,
            recipient_mask: fields.text_or_null("recipient_mask")?,
            recipient_hash: fields.hash_or_null("recipient_hash")?,
            lane: fields.word_or_null("lane", lane_named)?,
            encoding: fields.word_or_null("encoding", encoding_named)?,
            segments: fields.small_or_null("segments")?,
            state: fields.word("state", MessageState::named)?,
            reason: fields.text_or_null("reason")?,
            connector: fields.id_or_null("connector")?,
            smsc_id: fields.text_or_null("smsc_id")?,
            attempts: fields.small("attempts")?,
            receipt: fields.word_or_null("receipt", receipt_named)?,
            receipt_error: fields.text_or_null("receipt_error")?,
            accepted_at: fields.at("accepted_at_ms")?,
            expires_at: fields.at_or_null("expires_at_ms")?,
            dispatched_at: fields.at_or_null("dispatched_at_ms")?,
            submitted_at: fields.at_or_null("submitted_at_ms")?,
            final_at: fields.at_or_null("final_at_ms")?,
            partition: fields.small("partition")?,
            position: fields.unsigned("position")?,
            item: fields.small("item")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
