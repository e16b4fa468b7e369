use super::chain::Chains;
use crate::checkpoint::{Mark, active_slot, bigint, enter};
use crate::error::ProjectionError;
use crate::feed::{Feed, FeedError, Feeds};
use crate::metrics;
use crate::projection::Projection;
use crate::rebuild::{lone_connection, take_rebuild_lock};
use crate::rows::{ChainedTransition, NumberTransition};
use crate::store::{CorruptRow, Fields, Row};
use crate::supervisor::ProjectionsConfig;
use crate::views::{Place, transitions};
use peyk_domain::numbering::NumberingEvent;
use peyk_schemas::{LedgerId, VerifiedRecord};
use sqlx::{Connection, PgConnection};
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// Records and rows taken at a time.
const RECORDS: usize = 2_048;
const PAGE: u32 = 5_000;
/// How long the log may be silent before a position that was read already.
const SILENCE: Duration = Duration::from_secs(30);

/// In what way the table is not what follows from the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The row of a transition is not there.
    Missing,
    /// There is a row of no transition.
    Extra,
    /// The named column holds something else.
    Altered { column: &'static str },
    /// The table was made from a log that has other records.
    OtherLedger,
}

/// The first difference between the table and the ledger. Shows numbers masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct Difference {
    pub kind: DifferenceKind,
    pub number: Option<peyk_domain::SenderId>,
    /// The record of `numbering`; 0 where the row does not say.
    pub position: u64,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, number, position } = self;
        let of = number.map_or_else(String::new, |number| format!(" of {}", number.mask()));
        write!(out, "number_audit is not what follows from numbering/0: at record {position}")?;
        match kind {
            DifferenceKind::Missing => write!(out, " the row{of} is missing"),
            DifferenceKind::Extra => write!(out, " there is a row{of} that no record led to"),
            DifferenceKind::Altered { column } => write!(out, " the row{of} has another {column}"),
            DifferenceKind::OtherLedger => write!(out, " it stands on another ledger"),
        }
    }
}

/// Why the table was not found to be what follows from the ledger.
#[derive(Debug, thiserror::Error)]
pub enum NumberAuditError {
    /// Somebody changed the table, or the log under it.
    #[error(transparent)]
    Differs(#[from] Difference),
    /// It could not be looked at, which says nothing of it.
    #[error(transparent)]
    Unseen(#[from] ProjectionError),
}

impl NumberAuditError {
    /// Whether it says something of the table, and not only that it could not be looked at now.
    #[must_use]
    pub const fn condemns(&self) -> bool {
        matches!(self, Self::Differs(_))
    }

    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Differs(_) => "NUMBER_AUDIT_BROKEN",
            Self::Unseen(_) => "NUMBER_AUDIT_UNSEEN",
        }
    }
}

impl From<sqlx::Error> for NumberAuditError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unseen(error.into())
    }
}

impl From<FeedError> for NumberAuditError {
    fn from(error: FeedError) -> Self {
        Self::Unseen(error.into())
    }
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberAuditChecked {
    /// Up to here in `numbering`: where the table stood.
    pub position: u64,
    pub rows: u64,
}

/// Makes every row and every hash of the table that serves anew from the ledger, and compares them with what is stored. One
/// snapshot of the table is read a page at a time; the last hash of every number is kept in memory. No rebuild begins
/// meanwhile; projectors go on. No more than `pace` records a second are read. `progress` hears of the position read and the one
/// to be read up to. What came of it is counted; to say it is the caller's.
///
/// # Errors
/// [`NumberAuditError::Differs`] naming the first difference.
pub async fn verify_number_audit<F: Feeds>(
    config: &ProjectionsConfig<F>,
    pace: Option<NonZeroU32>,
    progress: impl FnMut(u64, u64) + Send,
) -> Result<NumberAuditChecked, NumberAuditError> {
    let outcome = compare(config, pace, progress).await;
    match &outcome {
        Ok(checked) => metrics::number_audit_verified(checked.position),
        Err(error) if error.condemns() => metrics::number_audit_broken(),
        Err(_) => {}
    }
    outcome
}

async fn compare<F: Feeds>(
    config: &ProjectionsConfig<F>,
    pace: Option<NonZeroU32>,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<NumberAuditChecked, NumberAuditError> {
    let began = Instant::now();
    // As long as it holds the lock, no rebuild empties what is compared.
    let mut lock = lone_connection(&config.pool).await?;
    take_rebuild_lock(&mut lock, Projection::NumberAudit).await?;
    let mut connection = lone_connection(&config.pool).await?;
    let mut snapshot = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    // Between two pages the log is read, and a loaded one may take its time.
    sqlx::query("SET LOCAL idle_in_transaction_session_timeout = '10min'").execute(&mut *snapshot).await?;
    let slot = active_slot(&mut snapshot, Projection::NumberAudit).await?;
    enter(&mut snapshot, slot).await?;
    let mark = Mark { projection: Projection::NumberAudit, slot, ledger: LedgerId::NUMBERING };
    let head = mark.head(&mut snapshot).await?;
    let end = head.as_ref().map_or(0, |head| head.position);
    let mut stored = Stored { connection: &mut snapshot, page: VecDeque::new(), after: 0, more: true };
    let mut feed = config.feeds.open(LedgerId::NUMBERING, None).await?;
    let (mut chains, mut position, mut rows) = (Chains::default(), 0, 0);
    while position < end {
        let records = feed.next(RECORDS, SILENCE).await?;
        if records.is_empty() {
            let reason = format!("{} gave no record behind {position} although {end} was read", LedgerId::NUMBERING);
            return Err(FeedError::Unavailable(reason).into());
        }
        for record in records.iter().take_while(|record| record.position <= end) {
            for expected in of_record(record)? {
                stored.expect(&chains.chain(expected)).await?;
                rows += 1;
            }
            if record.position == end && head.as_ref().is_some_and(|head| head.hash != record.hash) {
                return Err(Difference { kind: DifferenceKind::OtherLedger, number: None, position: end }.into());
            }
        }
        position = records.last().map_or(position, |record| record.position);
        progress(position.min(end), end);
        if let Some(per_second) = pace {
            tokio::time::sleep_until(began + Duration::from_secs_f64(position as f64 / f64::from(per_second.get())))
                .await;
        }
    }
    stored.expect_end().await?;
    drop(stored);
    snapshot.commit().await?;
    for connection in [connection, lock] {
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "a connection of the verification did not close in order");
        }
    }
    Ok(NumberAuditChecked { position: end, rows })
}

fn of_record(record: &VerifiedRecord) -> Result<Vec<NumberTransition>, ProjectionError> {
    let VerifiedRecord { position, at, actor, tenant, .. } = *record;
    let ledger = LedgerId::NUMBERING;
    let events = record.domain_events::<NumberingEvent>();
    let events = events.map_err(|source| ProjectionError::Record { ledger, position, source })?;
    let place = |item| Place { ledger, position, item, at, actor, tenant };
    Ok((0..).zip(events).flat_map(|(item, event)| transitions(&event, &place(item))).collect())
}

/// The rows of the table, ascending.
struct Stored<'c> {
    connection: &'c mut PgConnection,
    page: VecDeque<ChainedTransition>,
    after: u64,
    more: bool,
}

impl Stored<'_> {
    async fn next(&mut self) -> Result<Option<ChainedTransition>, NumberAuditError> {
        if self.page.is_empty() && self.more {
            let found = sqlx::query("SELECT * FROM number_audit WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(bigint(self.after))
                .bind(i64::from(PAGE))
                .fetch_all(&mut *self.connection)
                .await?;
            self.more = found.len() == PAGE as usize;
            for row in &found {
                let fields = Fields::new(row, NumberTransition::TABLE.name);
                let read = ChainedTransition::read(&fields).map_err(|CorruptRow { column, .. }| Difference {
                    kind: DifferenceKind::Altered { column },
                    number: None,
                    position: fields.unsigned("position").unwrap_or(0),
                })?;
                self.after = read.transition.id.value();
                self.page.push_back(read);
            }
        }
        Ok(self.page.pop_front())
    }

    async fn expect(&mut self, expected: &ChainedTransition) -> Result<(), NumberAuditError> {
        let stored = self.next().await?;
        match stored {
            Some(stored) if stored == *expected => Ok(()),
            Some(stored) if stored.transition.id < expected.transition.id => {
                Err(of(DifferenceKind::Extra, &stored).into())
            }
            Some(stored) if stored.transition.id == expected.transition.id => {
                let column = altered(&stored, expected);
                Err(of(DifferenceKind::Altered { column }, expected).into())
            }
            _ => Err(of(DifferenceKind::Missing, expected).into()),
        }
    }

    async fn expect_end(&mut self) -> Result<(), NumberAuditError> {
        match self.next().await? {
            None => Ok(()),
            Some(stored) => Err(of(DifferenceKind::Extra, &stored).into()),
        }
    }
}

fn of(kind: DifferenceKind, row: &ChainedTransition) -> Difference {
    Difference { kind, number: Some(row.transition.number), position: row.transition.id.position() }
}

/// The first column that differs.
fn altered(stored: &ChainedTransition, expected: &ChainedTransition) -> &'static str {
    let (was, is) = (&expected.transition, &stored.transition);
    let columns = [
        ("number", was.number == is.number),
        ("seq", expected.seq == stored.seq),
        ("from_state", expected.from == stored.from),
        ("to_state", was.to == is.to),
        ("reason_code", was.reason == is.reason),
        ("tenant", was.tenant == is.tenant),
        ("lease", was.lease == is.lease),
        ("actor", was.actor == is.actor),
        ("actor_tenant", was.actor_tenant == is.actor_tenant),
        ("at_ms", was.at == is.at),
        ("position", was.position == is.position),
        ("item", was.item == is.item),
        ("prev_hash", expected.prev_hash == stored.prev_hash),
    ];
    columns.into_iter().find(|(_, same)| !same).map_or("row_hash", |(name, _)| name)
}
