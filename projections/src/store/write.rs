//! The three statements a table needs. Table and column names are constants of this crate; every value is a parameter.
use super::copy::copy;
use super::{Cell, Changes, Fields, Kind, Row, StoreError};
use serde_json::Value;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres};
use uuid::Uuid;

/// How rows that are not in the table yet get there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// One statement for a table.
    Upsert,
    /// COPY BINARY: for filling a slot.
    Copy,
}

/// Binds one array, of the cells in one column.
fn bind<'q>(
    query: Query<'q, Postgres, PgArguments>,
    kind: Kind,
    column: impl Iterator<Item = Cell>,
) -> Query<'q, Postgres, PgArguments> {
    macro_rules! array {
        ($variant:ident, $type:ty) => {
            query.bind(
                column
                    .map(|cell| match cell {
                        Cell::$variant(value) => value.map(<$type>::from),
                        _ => None,
                    })
                    .collect::<Vec<Option<$type>>>(),
            )
        };
    }
    match kind {
        Kind::Uuid => query.bind(
            column
                .map(|cell| match cell {
                    Cell::Uuid(value) => value.map(Uuid::from_bytes),
                    _ => None,
                })
                .collect::<Vec<Option<Uuid>>>(),
        ),
        Kind::BigInt => array!(BigInt, i64),
        Kind::Integer => array!(Integer, i32),
        Kind::Text => array!(Text, String),
        Kind::Bytes => array!(Bytes, Vec<u8>),
        Kind::Json => array!(Json, Value),
    }
}

/// Loads what is stored under the keys that were touched.
pub(crate) async fn load<R: Row>(connection: &mut PgConnection, changes: &mut Changes<R>) -> Result<(), StoreError> {
    let keys = changes.unknown();
    if keys.is_empty() {
        return Ok(());
    }
    let (key, kind) = R::TABLE.key();
    let sql = format!("SELECT * FROM {} WHERE {key} = ANY($1::{})", R::TABLE.name, kind.array());
    let query = bind(sqlx::query(AssertSqlSafe(sql)), kind, keys.into_iter().map(Into::into));
    let rows = query.fetch_all(connection).await?;
    let rows = rows.iter().map(|row| R::read(&Fields::new(row, R::TABLE.name)));
    changes.found(rows.collect::<Result<_, _>>()?);
    Ok(())
}

/// Writes what the batch left behind: each key once, one statement for all that changed.
pub(crate) async fn write<R: Row>(
    connection: &mut PgConnection,
    changes: &Changes<R>,
    how: How,
) -> Result<(), StoreError> {
    let mut pending = changes.pending();
    // A row that begins anew may still be there from its first life; then all of them go the slower way.
    if how == How::Upsert || !copied(connection, &pending.new).await? {
        pending.changed.append(&mut pending.new);
    }
    upsert(connection, &pending.changed).await?;
    remove::<R>(connection, pending.gone).await
}

/// Copies rows; false, with nothing done, if one of them is stored already.
async fn copied<R: Row>(connection: &mut PgConnection, rows: &[&R]) -> Result<bool, StoreError> {
    if rows.is_empty() {
        return Ok(true);
    }
    let mut attempt = connection.begin().await?;
    match copy(&mut attempt, rows).await {
        Ok(()) => {
            attempt.commit().await?;
            Ok(true)
        }
        Err(StoreError::Postgres(sqlx::Error::Database(error))) if error.is_unique_violation() => {
            attempt.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn upsert<R: Row>(connection: &mut PgConnection, rows: &[&R]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let table = R::TABLE;
    let arrays: Vec<String> =
        table.columns.iter().enumerate().map(|(at, (_, kind))| format!("${}::{}", at + 1, kind.array())).collect();
    let updates: Vec<String> = table.columns[1..].iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
    let how = if R::ONLY_ADDED {
        // Rows that are only added may build on each other.
        "ORDER BY 1".to_owned()
    } else {
        format!("ON CONFLICT ({}) DO UPDATE SET {}", table.key().0, updates.join(", "))
    };
    let sql = format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}) {how}",
        table.name,
        table.column_list(),
        arrays.join(", "),
    );
    let mut columns: Vec<Vec<Cell>> = table.columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row.cells()) {
            column.push(cell);
        }
    }
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for ((_, kind), column) in table.columns.iter().zip(columns) {
        query = bind(query, *kind, column.into_iter());
    }
    query.execute(connection).await?;
    Ok(())
}

async fn remove<R: Row>(connection: &mut PgConnection, keys: Vec<R::Key>) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let (key, kind) = R::TABLE.key();
    let sql = format!("DELETE FROM {} WHERE {key} = ANY($1::{})", R::TABLE.name, kind.array());
    bind(sqlx::query(AssertSqlSafe(sql)), kind, keys.into_iter().map(Into::into)).execute(connection).await?;
    Ok(())
}
