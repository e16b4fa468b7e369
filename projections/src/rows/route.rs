use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::routing::Prefix;
use peyk_domain::{ConnectorId, RouteId};

/// Which connector serves a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub id: RouteId,
    pub prefix: Prefix,
    pub connector: ConnectorId,
    /// A lower one is tried first.
    pub priority: u16,
    /// The share of the load among equals.
    pub weight: u16,
    /// Millionths of the account currency per segment.
    pub cost: u64,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "routes",
    columns: &[
        ("id", Kind::Uuid),
        ("prefix", Kind::Text),
        ("connector", Kind::Uuid),
        ("priority", Kind::Integer),
        ("weight", Kind::Integer),
        ("cost_micros", Kind::BigInt),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Route {
    type Key = RouteId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> RouteId {
        self.id
    }

    fn cells(&self) -> Vec<Cell> {
        let prefix = self.prefix.to_string();
        cells![
            self.id,
            &prefix,
            self.connector,
            self.priority,
            self.weight,
            self.cost,
            self.position,
            self.updated_position,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: fields.id("id")?,
            prefix: fields.word("prefix", |text| text.parse().ok())?,
            connector: fields.id("connector")?,
            priority: fields.small("priority")?,
            weight: fields.small("weight")?,
            cost: fields.unsigned("cost_micros")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
