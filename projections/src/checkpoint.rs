//! How far a slot of a projection has come in a ledger, kept in the transaction that writes the rows.
use crate::error::ProjectionError;
use crate::projection::{Projection, Slot};
use peyk_schemas::{Head, LedgerId};
use sqlx::PgConnection;

/// The first key of every advisory lock around a projection: the word "peyk", as in migrations/0005.
pub(crate) const LOCK_SPACE: i32 = 0x7065_796b;

/// One row of the checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark {
    pub(crate) projection: Projection,
    pub(crate) slot: Slot,
    pub(crate) ledger: LedgerId,
}

/// Puts the slot's schema in front of the transaction, so that statements are the same for both.
pub(crate) async fn enter(connection: &mut PgConnection, slot: Slot) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('search_path', $1, true)").bind(slot.schema()).execute(connection).await?;
    Ok(())
}

/// Keeps whichever slot serves serving until the transaction ends; a switch waits for it.
pub(crate) async fn hold_slots(connection: &mut PgConnection, projection: Projection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared($1, lock) FROM peyk.active_slot WHERE projection = $2")
        .bind(LOCK_SPACE)
        .bind(projection.name())
        .execute(connection)
        .await?;
    Ok(())
}

/// The slot that serves.
pub(crate) async fn active_slot(
    connection: &mut PgConnection,
    projection: Projection,
) -> Result<Slot, ProjectionError> {
    let slot: Option<String> = sqlx::query_scalar("SELECT slot FROM peyk.active_slot WHERE projection = $1")
        .bind(projection.name())
        .fetch_optional(connection)
        .await?;
    slot.as_deref().and_then(Slot::named).ok_or(ProjectionError::NoSlot(projection))
}

impl Mark {
    /// Where to read on; none: from the first record.
    pub(crate) async fn head(self, connection: &mut PgConnection) -> Result<Option<Head>, ProjectionError> {
        let bytes: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT head FROM peyk.checkpoints WHERE projection = $1 AND slot = $2 AND ledger = $3 AND partition = $4",
        )
        .bind(self.projection.name())
        .bind(self.slot.name())
        .bind(self.ledger.ledger.name())
        .bind(i32::from(self.ledger.partition))
        .fetch_optional(connection)
        .await?;
        let Self { projection, slot, ledger } = self;
        bytes
            .map(|bytes| {
                Head::from_bytes(&bytes).map_err(|_| ProjectionError::CorruptCheckpoint { projection, slot, ledger })
            })
            .transpose()
    }

    /// Moves the checkpoint from the position `from` (0: none yet) to `to`. Done first in a transaction, it makes others
    /// wait who would write the same rows.
    ///
    /// # Errors
    /// [`ProjectionError::Overtaken`] if it does not stand at `from`.
    pub(crate) async fn advance(
        self,
        connection: &mut PgConnection,
        from: u64,
        to: &Head,
    ) -> Result<(), ProjectionError> {
        let statement = if from == 0 {
            "INSERT INTO peyk.checkpoints (projection, slot, ledger, partition, position, hash, head)
                VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        } else {
            "UPDATE peyk.checkpoints SET position = $5, hash = $6, head = $7, updated_at = now()
                WHERE projection = $1 AND slot = $2 AND ledger = $3 AND partition = $4 AND position = $8"
        };
        let query = sqlx::query(statement)
            .bind(self.projection.name())
            .bind(self.slot.name())
            .bind(self.ledger.ledger.name())
            .bind(i32::from(self.ledger.partition))
            .bind(bigint(to.position))
            .bind(to.hash.0.to_vec())
            .bind(to.to_bytes());
        let query = if from == 0 { query } else { query.bind(bigint(from)) };
        match query.execute(connection).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(ProjectionError::Overtaken),
        }
    }
}

/// Stream sequences never come near the limit of a bigint.
pub(crate) fn bigint(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
