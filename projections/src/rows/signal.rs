use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::{At, SenderId, TenantId};
use std::fmt;
use std::str::FromStr;

words! {
    /// What a sign of fraud is one of.
    SignalKind {
        /// A tenant wanted to reserve more numbers within a minute than it may.
        ReservationBurst = "reservation_burst",
        /// A number was leased again after it had been recalled repeatedly.
        RecalledNumberLeasedAgain = "recalled_number_leased_again",
    }
}

/// Events a record may hold fit in so many bits.
const ITEM_BITS: u32 = 12;

/// Names a signal: which event of which record of `numbering`. Ascends as the ledger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalId(u64);

/// Text that names no signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name of a signal")]
pub struct NoSuchSignal;

impl SignalId {
    #[must_use]
    pub const fn new(position: u64, item: u32) -> Self {
        Self(position << ITEM_BITS | item as u64)
    }

    pub(crate) const fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for SignalId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl FromStr for SignalId {
    type Err = NoSuchSignal;

    fn from_str(text: &str) -> Result<Self, NoSuchSignal> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Self).ok_or(NoSuchSignal)
    }
}

impl From<SignalId> for Cell {
    fn from(id: SignalId) -> Self {
        id.0.into()
    }
}

/// A sign of fraud. Never changed once it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    pub id: SignalId,
    pub at: At,
    pub kind: SignalKind,
    /// Whose doing it looks like.
    pub tenant: TenantId,
    pub number: Option<SenderId>,
    /// How often the number was recalled.
    pub recalls: Option<u32>,
    pub position: u64,
}

static TABLE: Table = Table {
    name: "signals",
    columns: &[
        ("id", Kind::BigInt),
        ("at_ms", Kind::BigInt),
        ("kind", Kind::Text),
        ("tenant", Kind::Uuid),
        ("number", Kind::Text),
        ("recalls", Kind::Integer),
        ("position", Kind::BigInt),
    ],
};

impl Row for Signal {
    type Key = SignalId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> SignalId {
        self.id
    }

    fn is_settled(&self) -> bool {
        true
    }

    fn cells(&self) -> Vec<Cell> {
        cells![self.id, self.at, self.kind.name(), self.tenant, self.number, self.recalls, self.position]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: SignalId(fields.unsigned("id")?),
            at: fields.at("at_ms")?,
            kind: fields.word("kind", SignalKind::named)?,
            tenant: fields.id("tenant")?,
            number: fields.sender_or_null("number")?,
            recalls: fields.small_or_null("recalls")?,
            position: fields.unsigned("position")?,
        })
    }
}
