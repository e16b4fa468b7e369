use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::OperatorId;

/// A mobile network operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    pub id: OperatorId,
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "operators",
    columns: &[
        ("id", Kind::Uuid),
        ("name", Kind::Text),
        ("country", Kind::Text),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Operator {
    type Key = OperatorId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> OperatorId {
        self.id
    }

    fn cells(&self) -> Vec<Cell> {
        cells![self.id, &self.name, &self.country, self.position, self.updated_position]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: fields.id("id")?,
            name: fields.text("name")?,
            country: fields.text("country")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
