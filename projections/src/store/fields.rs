use super::cell::Id;
use peyk_domain::{At, Msisdn, SenderId};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};
use uuid::Uuid;

/// A stored row holds what no projector writes: somebody else changed it, or this process is older than the row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} of {table} holds what no projector writes; rebuild the projection")]
pub struct CorruptRow {
    pub table: &'static str,
    pub column: &'static str,
}

/// A row from Postgres, read by column name into types that cannot be wrong.
pub(crate) struct Fields<'r> {
    row: &'r PgRow,
    table: &'static str,
}

impl<'r> Fields<'r> {
    pub(crate) const fn new(row: &'r PgRow, table: &'static str) -> Self {
        Self { row, table }
    }

    pub(crate) const fn corrupt(&self, column: &'static str) -> CorruptRow {
        CorruptRow { table: self.table, column }
    }

    fn get<T: Decode<'r, Postgres> + Type<Postgres>>(&self, column: &'static str) -> Result<Option<T>, CorruptRow> {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    fn present<T>(&self, column: &'static str, value: Option<T>) -> Result<T, CorruptRow> {
        value.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn id_or_null<T: Id>(&self, column: &'static str) -> Result<Option<T>, CorruptRow> {
        Ok(self.get::<Uuid>(column)?.map(|id| T::of(id.into_bytes())))
    }

    pub(crate) fn id<T: Id>(&self, column: &'static str) -> Result<T, CorruptRow> {
        self.present(column, self.id_or_null(column)?)
    }

    pub(crate) fn unsigned_or_null(&self, column: &'static str) -> Result<Option<u64>, CorruptRow> {
        self.get::<i64>(column)?.map(|value| u64::try_from(value).map_err(|_| self.corrupt(column))).transpose()
    }

    pub(crate) fn unsigned(&self, column: &'static str) -> Result<u64, CorruptRow> {
        self.present(column, self.unsigned_or_null(column)?)
    }

    pub(crate) fn at_or_null(&self, column: &'static str) -> Result<Option<At>, CorruptRow> {
        Ok(self.unsigned_or_null(column)?.map(At))
    }

    pub(crate) fn at(&self, column: &'static str) -> Result<At, CorruptRow> {
        self.unsigned(column).map(At)
    }

    pub(crate) fn number_or_null(&self, column: &'static str) -> Result<Option<Msisdn>, CorruptRow> {
        let digits = self.unsigned_or_null(column)?;
        digits.map(|digits| Msisdn::from_digits(digits).map_err(|_| self.corrupt(column))).transpose()
    }

    pub(crate) fn sender_or_null(&self, column: &'static str) -> Result<Option<SenderId>, CorruptRow> {
        self.get::<&str>(column)?.map(|text| text.parse().map_err(|_| self.corrupt(column))).transpose()
    }

    pub(crate) fn sender(&self, column: &'static str) -> Result<SenderId, CorruptRow> {
        self.present(column, self.sender_or_null(column)?)
    }

    pub(crate) fn small_or_null<T: TryFrom<i32>>(&self, column: &'static str) -> Result<Option<T>, CorruptRow> {
        self.get::<i32>(column)?.map(|value| T::try_from(value).map_err(|_| self.corrupt(column))).transpose()
    }

    pub(crate) fn small<T: TryFrom<i32>>(&self, column: &'static str) -> Result<T, CorruptRow> {
        self.present(column, self.small_or_null(column)?)
    }

    pub(crate) fn text_or_null(&self, column: &'static str) -> Result<Option<String>, CorruptRow> {
        self.get(column)
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, CorruptRow> {
        self.present(column, self.get(column)?)
    }

    pub(crate) fn json(&self, column: &'static str) -> Result<Value, CorruptRow> {
        self.present(column, self.get(column)?)
    }

    pub(crate) fn json_or_null(&self, column: &'static str) -> Result<Option<Value>, CorruptRow> {
        self.get(column)
    }

    /// One of a closed list of words.
    pub(crate) fn word_or_null<T>(
        &self,
        column: &'static str,
        read: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, CorruptRow> {
        self.get::<&str>(column)?.map(|word| read(word).ok_or_else(|| self.corrupt(column))).transpose()
    }

    pub(crate) fn word<T>(&self, column: &'static str, read: fn(&str) -> Option<T>) -> Result<T, CorruptRow> {
        self.present(column, self.word_or_null(column, read)?)
    }

    pub(crate) fn hash_or_null(&self, column: &'static str) -> Result<Option<[u8; 32]>, CorruptRow> {
        self.get::<&[u8]>(column)?.map(|bytes| bytes.try_into().map_err(|_| self.corrupt(column))).transpose()
    }

    pub(crate) fn hash(&self, column: &'static str) -> Result<[u8; 32], CorruptRow> {
        self.present(column, self.hash_or_null(column)?)
    }
}
