use super::{QueryError, ReadModels};
use crate::projection::Projection;
use peyk_domain::TenantId;
use peyk_schemas::{Hash, Ledger, LedgerId};
use sqlx::Row;
use std::time::Duration;
use tokio::time::Instant;

/// The longest a query waits for a position.
pub const PATIENCE_MAX: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

/// How far what is served has come in one ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub projection: Projection,
    pub ledger: LedgerId,
    pub position: u64,
    pub hash: Hash,
}

impl ReadModels {
    /// How far each projection has come in each ledger it read anything of, for `peyk projections status`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn progress(&self) -> Result<Vec<Progress>, QueryError> {
        let mut transaction = self.begin(TenantId::NIL).await?;
        let rows = sqlx::query(
            "SELECT projection, ledger, partition, position, hash FROM read.checkpoints
                ORDER BY projection, ledger, partition",
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let projection = row.try_get::<&str, _>("projection")?.parse::<Projection>();
            let name = row.try_get::<&str, _>("ledger")?;
            let ledger = Ledger::ALL.into_iter().find(|ledger| ledger.name() == name);
            let partition = u16::try_from(row.try_get::<i32, _>("partition")?);
            let position = u64::try_from(row.try_get::<i64, _>("position")?);
            let hash = <[u8; 32]>::try_from(row.try_get::<&[u8], _>("hash")?);
            let (Ok(projection), Some(ledger), Ok(partition), Ok(position), Ok(hash)) =
                (projection, ledger, partition, position, hash)
            else {
                return Err(crate::store::CorruptRow { table: "checkpoints", column: "position" }.into());
            };
            let ledger = LedgerId { ledger, partition };
            found.push(Progress { projection, ledger, position, hash: Hash(hash) });
        }
        Ok(found)
    }

    /// Waits until the projection has got to `min_position` of the ledger, no longer than `patience` and never longer
    /// than [`PATIENCE_MAX`]. Tells where it stands then.
    ///
    /// # Errors
    /// [`QueryError::Behind`] if it did not get there in time.
    pub async fn wait_for(
        &self,
        projection: Projection,
        ledger: LedgerId,
        min_position: u64,
        patience: Duration,
    ) -> Result<u64, QueryError> {
        let until = Instant::now() + patience.min(PATIENCE_MAX);
        if let Some(mut receiver) = self.status.receiver(projection, ledger) {
            let reached = receiver.wait_for(|status| status.position >= min_position);
            if let Ok(Ok(status)) = tokio::time::timeout_at(until, reached).await {
                return Ok(status.position);
            }
        }
        // Projectors run elsewhere, or this process's one has stopped while another's goes on.
        loop {
            let position = self.position(projection, ledger).await?;
            if position >= min_position {
                return Ok(position);
            }
            if Instant::now() >= until {
                return Err(QueryError::Behind { position, wanted: min_position });
            }
            tokio::time::sleep_until((Instant::now() + POLL).min(until)).await;
        }
    }

    async fn position(&self, projection: Projection, ledger: LedgerId) -> Result<u64, QueryError> {
        let mut transaction = self.begin(TenantId::NIL).await?;
        let position: Option<i64> = sqlx::query_scalar(
            "SELECT position FROM read.checkpoints WHERE projection = $1 AND ledger = $2 AND partition = $3",
        )
        .bind(projection.name())
        .bind(ledger.ledger.name())
        .bind(i32::from(ledger.partition))
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0))
    }
}
