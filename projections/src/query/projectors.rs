use super::{QueryError, ReadModels};
use crate::projection::Projection;
use crate::store::CorruptRow;
use peyk_domain::TenantId;
use peyk_schemas::{Ledger, LedgerId};
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::time::Duration;

/// A projector that has not been seen for so long does not run any more, or cannot reach Postgres.
pub const UNSEEN_AFTER: Duration = Duration::from_secs(20);

/// A projector of some process, as that process last said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenProjector {
    pub projection: Projection,
    pub ledger: LedgerId,
    /// The process, by the id it logs when it starts.
    pub process: String,
    /// As [`crate::ProjectorState::name`] words it.
    pub state: String,
    pub reason: Option<String>,
    /// The record it cannot apply.
    pub record: Option<u64>,
    pub position: u64,
    /// When the state began, in RFC 3339 form.
    pub since: String,
    /// How long ago it came forward or had nothing left to read.
    pub progressed: Duration,
    /// How long ago it was seen.
    pub seen: Duration,
}

impl SeenProjector {
    /// Whether the process that runs it has spoken lately.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.seen < UNSEEN_AFTER
    }
}

impl ReadModels {
    /// Every projector of every process seen in the last day, those seen last first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn projectors(&self) -> Result<Vec<SeenProjector>, QueryError> {
        let mut transaction = self.begin(TenantId::NIL).await?;
        let rows = sqlx::query(
            "SELECT projection, ledger, partition, process::text, state, reason, record, position,
                to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS since,
                (extract(epoch FROM clock_timestamp() - progressed_at) * 1000)::int8 AS progressed_ms,
                (extract(epoch FROM clock_timestamp() - seen_at) * 1000)::int8 AS seen_ms
                FROM peyk.projector_states ORDER BY projection, ledger, partition, seen_at DESC",
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        rows.iter().map(seen).collect()
    }
}

fn seen(row: &PgRow) -> Result<SeenProjector, QueryError> {
    let corrupt = |column| CorruptRow { table: "projector_states", column };
    let unsigned = |column: &'static str| {
        Ok::<_, QueryError>(u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| corrupt(column))?)
    };
    let name = row.try_get::<&str, _>("ledger")?;
    let ledger = Ledger::ALL.into_iter().find(|ledger| ledger.name() == name).ok_or(corrupt("ledger"))?;
    let partition = u16::try_from(row.try_get::<i32, _>("partition")?).map_err(|_| corrupt("partition"))?;
    let record = row.try_get::<Option<i64>, _>("record")?;
    // A clock that was set back must not make a fresh state look old.
    let age = |column| Ok::<_, QueryError>(Duration::from_millis(row.try_get::<i64, _>(column)?.max(0).unsigned_abs()));
    Ok(SeenProjector {
        projection: row.try_get::<&str, _>("projection")?.parse().map_err(|_| corrupt("projection"))?,
        ledger: LedgerId { ledger, partition },
        process: row.try_get("process")?,
        state: row.try_get("state")?,
        reason: row.try_get("reason")?,
        record: record.map(|record| u64::try_from(record).map_err(|_| corrupt("record"))).transpose()?,
        position: unsigned("position")?,
        since: row.try_get("since")?,
        progressed: age("progressed_ms")?,
        seen: age("seen_ms")?,
    })
}
