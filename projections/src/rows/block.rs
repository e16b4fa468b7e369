use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::numbering::{BlockTerms, BlockUse, FileHash, NumberRange, NumberType};
use peyk_domain::{BlockId, SenderId};

/// Numbers that an operator hands over together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub id: BlockId,
    /// The operator that owns it.
    pub mno: String,
    /// The type of all its numbers; none for a mix.
    pub number_type: Option<NumberType>,
    pub range: Option<NumberRange>,
    pub terms: BlockTerms,
    /// The file that added it; none if somebody added it before its numbers joined, or they came in without a file.
    pub file: Option<FileHash>,
    pub version: u32,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "blocks",
    columns: &[
        ("id", Kind::Uuid),
        ("mno", Kind::Text),
        ("type", Kind::Text),
        ("first_number", Kind::Text),
        ("last_number", Kind::Text),
        ("contract", Kind::Uuid),
        ("region", Kind::Text),
        ("pool", Kind::Uuid),
        ("purpose", Kind::Text),
        ("file", Kind::Bytes),
        ("version", Kind::Integer),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Block {
    type Key = BlockId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> BlockId {
        self.id
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.id,
            &self.mno,
            self.number_type.map(NumberType::name),
            self.range.map(NumberRange::first),
            self.range.map(NumberRange::last),
            self.terms.contract,
            self.terms.region.as_ref().map(ToString::to_string).as_deref(),
            self.terms.pool,
            self.terms.purpose.name(),
            self.file.map(FileHash::to_bytes),
            self.version,
            self.position,
            self.updated_position,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        let ends: Option<(SenderId, SenderId)> =
            fields.sender_or_null("first_number")?.zip(fields.sender_or_null("last_number")?);
        let range = ends.map(|(first, last)| NumberRange::new(first, last)).transpose();
        let terms = BlockTerms {
            contract: fields.id_or_null("contract")?,
            region: fields.word_or_null("region", |text| text.parse().ok())?,
            pool: fields.id_or_null("pool")?,
            purpose: fields.word("purpose", BlockUse::named)?,
        };
        Ok(Self {
            id: fields.id("id")?,
            mno: fields.text("mno")?,
            number_type: fields.word_or_null("type", |word| word.parse().ok())?,
            range: range.map_err(|_| fields.corrupt("first_number"))?,
            terms,
            file: fields.hash_or_null("file")?.map(FileHash::from_bytes),
            version: fields.small("version")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
