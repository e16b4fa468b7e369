use super::{DiffProgress, TableDiff};
use crate::projection::Projection;
use crate::rows::{
    AuditEvent, AuditSubject, Block, Connector, Contract, Lease, Message, Number, NumberTransition, Operator,
    OperatorFile, Pool, Route, Signal,
};
use crate::store::{Kind, Row as _, Table};
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// Keys of one page.
const PAGE: u32 = 20_000;
const EXAMPLES_MAX: usize = 10;

const fn tables_of(projection: Projection) -> &'static [&'static Table] {
    match projection {
        Projection::Leases => &[
            Number::TABLE,
            Lease::TABLE,
            Signal::TABLE,
            OperatorFile::TABLE,
            Contract::TABLE,
            Block::TABLE,
            Pool::TABLE,
        ],
        Projection::Messages => &[Message::TABLE],
        Projection::Routes => &[Operator::TABLE, Connector::TABLE, Route::TABLE],
        Projection::Audit => &[AuditEvent::TABLE, AuditSubject::TABLE],
        Projection::NumberAudit => &[NumberTransition::TABLE],
    }
}

/// Compares every table of a projection in the snapshot of the transaction.
pub(super) async fn tables(
    snapshot: &mut PgConnection,
    projection: Projection,
    progress: &mut (dyn FnMut(DiffProgress) + Send),
) -> Result<Vec<TableDiff>, sqlx::Error> {
    let mut compared = Vec::new();
    for table in tables_of(projection) {
        compared.push(compare(snapshot, table, progress).await?);
    }
    Ok(compared)
}

/// Page by page, so that neither side ever holds more than a page of rows.
async fn compare(
    snapshot: &mut PgConnection,
    table: &'static Table,
    progress: &mut (dyn FnMut(DiffProgress) + Send),
) -> Result<TableDiff, sqlx::Error> {
    let mut found = TableDiff { table: table.name, compared: 0, differing: 0, examples: Vec::new() };
    let mut after = None;
    loop {
        let until = end_of_page(snapshot, table, after.as_deref()).await?;
        page(snapshot, table, after.as_deref(), until.as_deref(), &mut found).await?;
        progress(DiffProgress::Comparing { table: table.name, compared: found.compared });
        match until {
            Some(until) => after = Some(until),
            None => return Ok(found),
        }
    }
}

/// The type of a key, in which a bound is compared.
const fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid",
        Kind::BigInt => "int8",
        Kind::Integer => "int4",
        Kind::Bytes => "bytea",
        Kind::Text | Kind::Json => "text",
    }
}

/// The last key of the page behind `after`; none if what is left fits in one.
async fn end_of_page(
    snapshot: &mut PgConnection,
    table: &'static Table,
    after: Option<&str>,
) -> Result<Option<String>, sqlx::Error> {
    let ((key, kind), name) = (table.key(), table.name);
    let of = type_of(kind);
    let last = |slot| {
        let behind = format!("$1::text IS NULL OR {key} > $1::text::{of}");
        format!("(SELECT {key} FROM {slot}.{name} WHERE {behind} ORDER BY {key} OFFSET {PAGE} LIMIT 1)")
    };
    // Of a slot that ends before, there is no such key, and `least` passes it over.
    let sql = format!("SELECT least({}, {})::text", last("read_a"), last("read_b"));
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(after).fetch_one(snapshot).await
}

async fn page(
    snapshot: &mut PgConnection,
    table: &'static Table,
    after: Option<&str>,
    until: Option<&str>,
    found: &mut TableDiff,
) -> Result<(), sqlx::Error> {
    let ((key, kind), name) = (table.key(), table.name);
    let of = type_of(kind);
    // Numbers are personal data once somebody leases them.
    let shown = match key {
        "number" => "left(key, CASE WHEN left(key, 1) = '+' THEN 3 ELSE 1 END) || '***'",
        _ => "key::text",
    };
    let rows = |slot| {
        let within =
            format!("($1::text IS NULL OR {key} > $1::text::{of}) AND ($2::text IS NULL OR {key} <= $2::text::{of})");
        format!("(SELECT * FROM {slot}.{name} WHERE {within})")
    };
    let sql = format!(
        "SELECT count(*) AS compared, count(*) FILTER (WHERE differs) AS differing,
            coalesce((array_agg({shown} ORDER BY key) FILTER (WHERE differs))[1:{EXAMPLES_MAX}], '{{}}') AS examples
            FROM (SELECT coalesce(a.{key}, b.{key}) AS key, a IS DISTINCT FROM b AS differs
                FROM {} a FULL JOIN {} b ON a.{key} = b.{key}) pairs",
        rows("read_a"),
        rows("read_b"),
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(until).fetch_one(snapshot).await?;
    found.compared += row.try_get::<i64, _>("compared")?.unsigned_abs();
    found.differing += row.try_get::<i64, _>("differing")?.unsigned_abs();
    let examples: Vec<String> = row.try_get("examples")?;
    found.examples.extend(examples.into_iter().take(EXAMPLES_MAX - found.examples.len()));
    Ok(())
}
