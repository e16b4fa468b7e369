use super::NumberState;
use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::{ActorId, At, LeaseId, SenderId, TenantId};
use std::fmt;
use std::str::FromStr;

words! {
    /// What brought a number from one state to the next.
    TransitionReason {
        Listed = "listed",
        /// In a file that is on its way: it is listed from the file's close on.
        Staged = "staged",
        /// The file was given up, so the number never was in the inventory.
        Unstaged = "unstaged",
        Reserved = "reserved",
        Held = "held",
        Assigned = "assigned",
        /// The lease goes on for another term.
        Renewed = "renewed",
        Released = "released",
        ReservationExpired = "reservation_expired",
        LeaseExpired = "lease_expired",
        Recalled = "recalled",
        /// Back to the tenant it was recalled from.
        Reinstated = "reinstated",
        /// From its recall to the pool.
        Returned = "returned",
        CoolOffChanged = "cool_off_changed",
        CoolOffEnded = "cool_off_ended",
        Retired = "retired",
    }
}

/// Events a record may hold, and numbers an event may hold, each fit in so many bits.
const ITEM_BITS: u32 = 12;

/// Names a transition: which number of which event of which record of `numbering`. Ascends as the ledger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransitionId(u64);

/// Text that names no transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name of a transition")]
pub struct NoSuchTransition;

impl TransitionId {
    #[must_use]
    pub const fn new(position: u64, item: u32, place: u32) -> Self {
        Self(position << (2 * ITEM_BITS) | (item as u64) << ITEM_BITS | place as u64)
    }

    pub(crate) const fn value(self) -> u64 {
        self.0
    }

    /// The record.
    #[must_use]
    pub const fn position(self) -> u64 {
        self.0 >> (2 * ITEM_BITS)
    }
}

impl fmt::Display for TransitionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl FromStr for TransitionId {
    type Err = NoSuchTransition;

    fn from_str(text: &str) -> Result<Self, NoSuchTransition> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Self).ok_or(NoSuchTransition)
    }
}

impl From<TransitionId> for Cell {
    fn from(id: TransitionId) -> Self {
        id.0.into()
    }
}

/// What a record of `numbering` says of one number. Its row in `number_audit` is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberTransition {
    pub id: TransitionId,
    pub number: SenderId,
    pub to: NumberState,
    pub reason: TransitionReason,
    /// Whose matter it is, with the lease; nobody's where no lease is.
    pub tenant: Option<TenantId>,
    pub lease: Option<LeaseId>,
    /// None for what happens by itself.
    pub actor: Option<ActorId>,
    pub actor_tenant: TenantId,
    pub at: At,
    pub position: u64,
    /// Which event of the record, from 0.
    pub item: u32,
}

/// What Postgres adds as the row comes in; see migrations/0015.
static TABLE: Table = Table {
    name: "number_audit",
    columns: &[
        ("id", Kind::BigInt),
        ("number", Kind::Text),
        ("to_state", Kind::Text),
        ("reason_code", Kind::Text),
        ("tenant", Kind::Uuid),
        ("lease", Kind::Uuid),
        ("actor", Kind::Uuid),
        ("actor_tenant", Kind::Uuid),
        ("at_ms", Kind::BigInt),
        ("position", Kind::BigInt),
        ("item", Kind::Integer),
    ],
};

impl Row for NumberTransition {
    type Key = TransitionId;

    const TABLE: &'static Table = &TABLE;
    const ONLY_ADDED: bool = true;

    fn key(&self) -> TransitionId {
        self.id
    }

    fn is_settled(&self) -> bool {
        true
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.id,
            self.number,
            self.to.name(),
            self.reason.name(),
            self.tenant,
            self.lease,
            self.actor,
            self.actor_tenant,
            self.at,
            self.position,
            self.item,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: TransitionId(fields.unsigned("id")?),
            number: fields.sender("number")?,
            to: fields.word("to_state", NumberState::named)?,
            reason: fields.word("reason_code", TransitionReason::named)?,
            tenant: fields.id_or_null("tenant")?,
            lease: fields.id_or_null("lease")?,
            actor: fields.id_or_null("actor")?,
            actor_tenant: fields.id("actor_tenant")?,
            at: fields.at("at_ms")?,
            position: fields.unsigned("position")?,
            item: fields.small("item")?,
        })
    }
}

/// A row of `number_audit`: a transition and its place in the chain of its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedTransition {
    pub transition: NumberTransition,
    /// From 1.
    pub seq: u32,
    /// None for the first one.
    pub from: Option<NumberState>,
    pub prev_hash: [u8; 32],
    pub row_hash: [u8; 32],
}

impl ChainedTransition {
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            transition: NumberTransition::read(fields)?,
            seq: fields.small("seq")?,
            from: fields.word_or_null("from_state", NumberState::named)?,
            prev_hash: fields.hash("prev_hash")?,
            row_hash: fields.hash("row_hash")?,
        })
    }
}
