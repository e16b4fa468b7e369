use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::numbering::{ContractState, SignatureRef};
use peyk_domain::{At, ContractId};

/// An agreement with an operator about numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub id: ContractId,
    pub mno: String,
    pub name: String,
    pub starts: At,
    pub ends: Option<At>,
    /// As recorded: the end of its term is on record within seconds.
    pub state: ContractState,
    pub signature: Option<SignatureRef>,
    pub version: u32,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "contracts",
    columns: &[
        ("id", Kind::Uuid),
        ("mno", Kind::Text),
        ("name", Kind::Text),
        ("starts_ms", Kind::BigInt),
        ("ends_ms", Kind::BigInt),
        ("state", Kind::Text),
        ("signature_ref", Kind::Text),
        ("version", Kind::Integer),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Contract {
    type Key = ContractId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> ContractId {
        self.id
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.id,
            &self.mno,
            &self.name,
            self.starts,
            self.ends,
            self.state.name(),
            self.signature.as_ref().map(SignatureRef::as_str),
            self.version,
            self.position,
            self.updated_position,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        let signature = fields.text_or_null("signature_ref")?;
        let signature = signature.map(|text| SignatureRef::new(&text)).transpose();
        Ok(Self {
            id: fields.id("id")?,
            mno: fields.text("mno")?,
            name: fields.text("name")?,
            starts: fields.at("starts_ms")?,
            ends: fields.at_or_null("ends_ms")?,
            state: fields.word("state", ContractState::named)?,
            signature: signature.map_err(|_| fields.corrupt("signature_ref"))?,
            version: fields.small("version")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
