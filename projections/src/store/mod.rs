//! Rows of read models on their way to and from Postgres: one generic path for every table.
mod cell;
mod changes;
mod copy;
mod fields;
mod row;
mod write;

pub(crate) use cell::{Cell, Kind, cells};
pub(crate) use changes::{Changes, Which};
pub use fields::CorruptRow;
pub(crate) use fields::Fields;
pub(crate) use row::{Row, Table};
pub(crate) use write::{How, load, write};

/// Why rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("postgres: {0}")]
    Postgres(#[from] sqlx::Error),
    #[error(transparent)]
    Corrupt(#[from] CorruptRow),
}
