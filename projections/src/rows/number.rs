use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::{At, BlockId, LeaseId, Msisdn, TenantId};

words! {
    /// Where a number stands.
    NumberState {
        Available = "available",
        Reserved = "reserved",
        Held = "held",
        Assigned = "assigned",
        /// Released and cooling off.
        Quarantined = "quarantined",
    }
}

/// One number of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub number: Msisdn,
    pub block: BlockId,
    /// The operator that owns the block.
    pub mno: String,
    pub state: NumberState,
    /// Whoever holds it, with the lease; nobody while it is available or cools off.
    pub tenant: Option<TenantId>,
    pub lease: Option<LeaseId>,
    /// When the reservation, the hold or the cool-off ends.
    pub until: Option<At>,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "numbers",
    columns: &[
        ("number", Kind::BigInt),
        ("block", Kind::Uuid),
        ("mno", Kind::Text),
        ("state", Kind::Text),
        ("tenant", Kind::Uuid),
        ("lease", Kind::Uuid),
        ("until_ms", Kind::BigInt),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Number {
    type Key = Msisdn;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> Msisdn {
        self.number
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.number,
            self.block,
            &self.mno,
            self.state.name(),
            self.tenant,
            self.lease,
            self.until,
            self.position,
            self.updated_position,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            number: fields.number("number")?,
            block: fields.id("block")?,
            mno: fields.text("mno")?,
            state: fields.word("state", NumberState::named)?,
            tenant: fields.id_or_null("tenant")?,
            lease: fields.id_or_null("lease")?,
            until: fields.at_or_null("until_ms")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
