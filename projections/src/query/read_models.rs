use super::QueryError;
use crate::status::StatusBoard;
use crate::store::{Fields, Row};
use peyk_domain::TenantId;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgPool, PgTransaction, Postgres};

/// The read models as a reader sees them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReadModels {
    pool: PgPool,
    pub(super) status: StatusBoard,
}

impl ReadModels {
    /// `pool` logs in as `peyk_reader`, see [`crate::reader_pool`]. With the board of projectors in the same process,
    /// waiting for a position takes no polling; an empty one is fine.
    #[must_use]
    pub const fn new(pool: PgPool, status: StatusBoard) -> Self {
        Self { pool, status }
    }

    /// A transaction that sees what `tenant` may see. The platform, nil, sees no tenant's rows.
    pub(super) async fn begin(&self, tenant: TenantId) -> Result<PgTransaction<'static>, QueryError> {
        let mut transaction = self.pool.begin_with("BEGIN READ ONLY").await?;
        sqlx::query("SELECT set_config('app.current_tenant_id', $1, true)")
            .bind(tenant.to_string())
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }

    pub(super) async fn all<R: Row>(
        &self,
        tenant: TenantId,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<R>, QueryError> {
        let mut transaction = self.begin(tenant).await?;
        let rows = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn one<R: Row>(
        &self,
        tenant: TenantId,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Option<R>, QueryError> {
        let mut transaction = self.begin(tenant).await?;
        let row = query.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        row.as_ref().map(read).transpose()
    }
}

fn read<R: Row>(row: &PgRow) -> Result<R, QueryError> {
    Ok(R::read(&Fields::new(row, R::TABLE.name))?)
}
