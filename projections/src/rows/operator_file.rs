use super::word::words;
use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::numbering::FileHash;
use peyk_domain::{ActorId, ApprovalId, At, BlockId, ImportKeyId};

words! {
    /// Where a file of numbers stands.
    FileState {
        /// On its way; nobody sees its numbers.
        Open = "open",
        /// Given up; what was staged is taken away, and nobody sees it.
        Clearing = "clearing",
        /// Given up, and nothing of it is left.
        Abandoned = "abandoned",
        /// All its numbers are in the inventory.
        Closed = "closed",
    }
}

/// A file of numbers that an operator handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorFile {
    pub file: FileHash,
    pub block: BlockId,
    /// The operator that owns the block.
    pub mno: String,
    pub rows: u32,
    /// How many of them are staged; all of them, once it is closed.
    pub staged: u32,
    pub state: FileState,
    /// The key that vouches for it, or the approval that does in an emergency.
    pub key: Option<ImportKeyId>,
    pub approval: Option<ApprovalId>,
    pub importer: ActorId,
    pub opened_at: At,
    /// When it was closed or given up.
    pub ended_at: Option<At>,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "operator_files",
    columns: &[
        ("file", Kind::Bytes),
        ("block", Kind::Uuid),
        ("mno", Kind::Text),
        ("rows", Kind::Integer),
        ("staged", Kind::Integer),
        ("state", Kind::Text),
        ("key", Kind::Uuid),
        ("approval", Kind::Uuid),
        ("importer", Kind::Uuid),
        ("opened_ms", Kind::BigInt),
        ("ended_ms", Kind::BigInt),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl From<FileHash> for Cell {
    fn from(file: FileHash) -> Self {
        file.to_bytes().into()
    }
}

impl Row for OperatorFile {
    type Key = FileHash;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> FileHash {
        self.file
    }

    fn cells(&self) -> Vec<Cell> {
        cells![
            self.file,
            self.block,
            &self.mno,
            self.rows,
            self.staged,
            self.state.name(),
            self.key,
            self.approval,
            self.importer,
            self.opened_at,
            self.ended_at,
            self.position,
            self.updated_position,
        ]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        let file = fields.hash_or_null("file")?.ok_or_else(|| fields.corrupt("file"))?;
        Ok(Self {
            file: FileHash::from_bytes(file),
            block: fields.id("block")?,
            mno: fields.text("mno")?,
            rows: fields.small("rows")?,
            staged: fields.small("staged")?,
            state: fields.word("state", FileState::named)?,
            key: fields.id_or_null("key")?,
            approval: fields.id_or_null("approval")?,
            importer: fields.id("importer")?,
            opened_at: fields.at("opened_ms")?,
            ended_at: fields.at_or_null("ended_ms")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}
