use super::leases::uuid;
use super::{Limit, Page, QueryError, ReadModels};
use crate::checkpoint::bigint;
use crate::rows::{ChainedTransition, NumberTransition, TransitionId};
use crate::store::{Fields, Row};
use peyk_domain::{SenderId, TenantId};
use sqlx::postgres::PgRow;

/// Whose part of the history of a number is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryScope {
    /// All of it.
    Platform,
    /// What concerns one tenant's leases.
    Tenant(TenantId),
}

impl ReadModels {
    /// What became of a number, oldest first, behind `after`. Nothing where the number never was, or was never the tenant's.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn number_history(
        &self,
        scope: HistoryScope,
        number: SenderId,
        after: Option<TransitionId>,
        limit: Limit,
    ) -> Result<Page<ChainedTransition, TransitionId>, QueryError> {
        let (viewer, own) = match scope {
            HistoryScope::Platform => (TenantId::NIL, None),
            HistoryScope::Tenant(tenant) => (tenant, Some(uuid(tenant.to_bytes()))),
        };
        let mut transaction = self.begin(viewer).await?;
        if scope == HistoryScope::Platform {
            sqlx::query("SELECT set_config('app.all_tenants', 'number_audit', true)")
                .execute(&mut *transaction)
                .await?;
        }
        let found: Vec<PgRow> = sqlx::query(
            "SELECT * FROM read.number_audit
                WHERE number = $1 AND id > $2 AND ($3::uuid IS NULL OR tenant = $3) ORDER BY id LIMIT $4",
        )
        .bind(number.text())
        .bind(after.map_or(0, |id| bigint(id.value())))
        .bind(own)
        .bind(limit.probe())
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let rows = found.iter().map(|row| ChainedTransition::read(&Fields::new(row, NumberTransition::TABLE.name)));
        Ok(Page::cut(rows.collect::<Result<_, _>>()?, limit, |row| row.transition.id))
    }
}
