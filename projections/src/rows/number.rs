use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::numbering::NumberType;
use peyk_domain::{At, BlockId, LeaseId, SenderId, TenantId};

words! {
    /// Where a number stands.
    NumberState {
        Available = "available",
        Reserved = "reserved",
        Held = "held",
        Assigned = "assigned",
        /// Released and cooling off.
        Quarantined = "quarantined",
        /// Taken back by the platform.
        Recalled = "recalled",
        /// Out of use for ever.
        Retired = "retired",
    }
}

words! {
    /// What happens when the term of a lease ends.
    Renewal {
        Automatic = "automatic",
        OnRequest = "on_request",
    }
}

/// One number of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub number: SenderId,
    pub number_type: NumberType,
    /// None of an alphanumeric sender.
    pub block: Option<BlockId>,
    /// The operator that owns the block.
    pub mno: Option<String>,
    pub state: NumberState,
    /// Whoever holds it or had it recalled, with the lease; nobody while it is available, cools off or is retired.
    pub tenant: Option<TenantId>,
    pub lease: Option<LeaseId>,
    /// When the reservation, the hold, the term of the lease or the cool-off ends.
    pub until: Option<At>,
    /// The billing period of the lease in calendar months, and what happens when it ends; none for a lease without end.
    pub term_months: Option<u8>,
    pub renewal: Option<Renewal>,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "numbers",
    columns: &[
        ("number", Kind::Text),
        ("block", Kind::Uuid),
        ("mno", Kind::Text),
        ("state", Kind::Text),
        ("tenant", Kind::Uuid),
        ("lease", Kind::Uuid),
        ("until_ms", Kind::BigInt),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
        ("term_months", Kind::Integer),
        ("renewal", Kind::Text),
        ("type", Kind::Text),
    ],
};

impl Row for Number {
    type Key = SenderId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> SenderId {
        self.number
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.number,
            self.block,
            self.mno.as_deref(),
            self.state.name(),
            self.tenant,
            self.lease,
            self.until,
            self.position,
            self.updated_position,
            self.term_months,
            self.renewal.map(Renewal::name),
            self.number_type.name(),
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            number: fields.sender("number")?,
            number_type: fields.word("type", |word| word.parse().ok())?,
            block: fields.id_or_null("block")?,
            mno: fields.text_or_null("mno")?,
            state: fields.word("state", NumberState::named)?,
            tenant: fields.id_or_null("tenant")?,
            lease: fields.id_or_null("lease")?,
            until: fields.at_or_null("until_ms")?,
            term_months: fields.small_or_null("term_months")?,
            renewal: fields.word_or_null("renewal", Renewal::named)?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
