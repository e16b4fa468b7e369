//! Whether both slots of a projection hold the same rows.
use crate::checkpoint::{Mark, enter};
use crate::error::ProjectionError;
use crate::projection::{Projection, Slot};
use crate::rows::{Connector, Lease, Message, Number, Operator, Route};
use crate::store::{Kind, Row, Table};
use peyk_schemas::LedgerId;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// Rows of one table that differ between the slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDiff {
    pub table: &'static str,
    /// How many keys have another row in the other slot, or none.
    pub count: u64,
    /// The first of them, ascending; a number appears as its mask.
    pub examples: Vec<String>,
}

/// What comparing the slots showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotDiff {
    pub projection: Projection,
    /// Where both slots stand in each ledger. Rows can only be expected to be equal where positions are.
    pub positions: Vec<(LedgerId, u64, u64)>,
    pub tables: Vec<TableDiff>,
}

impl SlotDiff {
    /// Whether both slots stand at the same records and hold the same rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(|table| table.count == 0) && self.positions.iter().all(|(_, a, b)| a == b)
    }
}

const EXAMPLES_MAX: i64 = 10;

fn tables(projection: Projection) -> &'static [&'static Table] {
    match projection {
        Projection::Leases => &[Number::TABLE, Lease::TABLE],
        Projection::Messages => &[Message::TABLE],
        Projection::Routes => &[Operator::TABLE, Connector::TABLE, Route::TABLE],
    }
}

/// Compares the slots of a projection row by row, in one snapshot.
///
/// # Errors
/// [`ProjectionError::Postgres`], [`ProjectionError::CorruptCheckpoint`].
pub async fn diff(pool: &PgPool, projection: Projection, message_partitions: u16) -> Result<SlotDiff, ProjectionError> {
    let mut connection = pool.acquire().await?;
    let mut snapshot = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    // Every row is read, however many there are.
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *snapshot).await?;
    let mut positions = Vec::new();
    for ledger in projection.ledgers(message_partitions) {
        let mut at = [0; 2];
        for (position, slot) in at.iter_mut().zip([Slot::A, Slot::B]) {
            let head = Mark { projection, slot, ledger }.head(&mut snapshot).await?;
            *position = head.map_or(0, |head| head.position);
        }
        positions.push((ledger, at[0], at[1]));
    }
    enter(&mut snapshot, Slot::A).await?;
    let mut differing = Vec::new();
    for table in tables(projection) {
        differing.push(compare(&mut snapshot, table).await?);
    }
    Ok(SlotDiff { projection, positions, tables: differing })
}

async fn compare(connection: &mut PgConnection, table: &'static Table) -> Result<TableDiff, sqlx::Error> {
    let (key, kind) = table.key();
    let name = table.name;
    // Numbers are personal data once somebody leases them.
    let shown = match kind {
        Kind::BigInt => format!("'+' || left({key}::text, 2) || '***'"),
        _ => format!("{key}::text"),
    };
    let differing = format!(
        "SELECT coalesce(a.{key}, b.{key}) AS {key} FROM read_a.{name} a FULL JOIN read_b.{name} b ON a.{key} = b.{key}
            WHERE a IS DISTINCT FROM b"
    );
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM ({differing}) d")))
        .fetch_one(&mut *connection)
        .await?;
    let examples = format!("SELECT {shown} FROM ({differing}) d ORDER BY d.{key} LIMIT $1");
    let examples = sqlx::query_scalar(AssertSqlSafe(examples)).bind(EXAMPLES_MAX).fetch_all(connection).await?;
    Ok(TableDiff { table: name, count: u64::try_from(count).unwrap_or_default(), examples })
}
