use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::{At, LeaseId, SenderId, TenantId};

words! {
    /// Where a lease stands.
    LeaseState {
        Reserved = "reserved",
        Held = "held",
        Assigned = "assigned",
        Released = "released",
        /// The reservation, the hold or the term ran out.
        Expired = "expired",
        /// Taken back by the platform; may be reinstated.
        Recalled = "recalled",
    }
}

/// One lease of one number, from reservation to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub id: LeaseId,
    pub number: SenderId,
    pub tenant: TenantId,
    pub state: LeaseState,
    pub reserved_at: At,
    /// When the reservation, the hold or the term ends.
    pub until: Option<At>,
    pub assigned_at: Option<At>,
    pub ended_at: Option<At>,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "leases",
    columns: &[
        ("id", Kind::Uuid),
        ("number", Kind::Text),
        ("tenant", Kind::Uuid),
        ("state", Kind::Text),
        ("reserved_at_ms", Kind::BigInt),
        ("until_ms", Kind::BigInt),
        ("assigned_at_ms", Kind::BigInt),
        ("ended_at_ms", Kind::BigInt),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Lease {
    type Key = LeaseId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> LeaseId {
        self.id
    }

    fn is_settled(&self) -> bool {
        matches!(self.state, LeaseState::Released | LeaseState::Expired)
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.id,
            self.number,
            self.tenant,
            self.state.name(),
            self.reserved_at,
            self.until,
            self.assigned_at,
            self.ended_at,
            self.position,
            self.updated_position,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: fields.id("id")?,
            number: fields.sender("number")?,
            tenant: fields.id("tenant")?,
            state: fields.word("state", LeaseState::named)?,
            reserved_at: fields.at("reserved_at_ms")?,
            until: fields.at_or_null("until_ms")?,
            assigned_at: fields.at_or_null("assigned_at_ms")?,
            ended_at: fields.at_or_null("ended_at_ms")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
