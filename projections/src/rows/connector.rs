use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::{ConnectorId, OperatorId};

words! {
    /// Whether anything new is sent through a connector.
    ConnectorState { Open = "open", Closed = "closed" }
}

/// One configured way to an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    pub id: ConnectorId,
    pub operator: OperatorId,
    pub name: String,
    pub state: ConnectorState,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "connectors",
    columns: &[
        ("id", Kind::Uuid),
        ("operator", Kind::Uuid),
        ("name", Kind::Text),
        ("state", Kind::Text),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Connector {
    type Key = ConnectorId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> ConnectorId {
        self.id
    }

    fn cells(&self) -> Vec<Cell> {
        cells![self.id, self.operator, &self.name, self.state.name(), self.position, self.updated_position]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: fields.id("id")?,
            operator: fields.id("operator")?,
            name: fields.text("name")?,
            state: fields.word("state", ConnectorState::named)?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
