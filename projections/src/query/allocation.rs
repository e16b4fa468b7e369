use super::leases::uuid;
use super::{Limit, Page, QueryError, ReadModels};
use crate::rows::{Block, Contract, Pool};
use crate::store::{Fields, Row};
use peyk_domain::{BlockId, ContractId, PoolId, TenantId};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

/// For the platform's own people; whether the caller may see them is for the gateway to say.
impl ReadModels {
    /// Contracts with operators, by id, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn contracts(
        &self,
        after: Option<ContractId>,
        limit: Limit,
    ) -> Result<Page<Contract, ContractId>, QueryError> {
        let query =
            sqlx::query("SELECT * FROM read.contracts WHERE ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2")
                .bind(after.map(|id| uuid(id.to_bytes())))
                .bind(limit.probe());
        Ok(Page::cut(self.allocated::<Contract>(query).await?, limit, |contract| contract.id))
    }

    /// One of them.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn contract(&self, contract: ContractId) -> Result<Option<Contract>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.contracts WHERE id = $1").bind(uuid(contract.to_bytes()));
        Ok(self.allocated(query).await?.pop())
    }

    /// Blocks of numbers, by id, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn blocks(&self, after: Option<BlockId>, limit: Limit) -> Result<Page<Block, BlockId>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.blocks WHERE ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2")
            .bind(after.map(|id| uuid(id.to_bytes())))
            .bind(limit.probe());
        Ok(Page::cut(self.allocated::<Block>(query).await?, limit, |block| block.id))
    }

    /// One of them.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn block(&self, block: BlockId) -> Result<Option<Block>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.blocks WHERE id = $1").bind(uuid(block.to_bytes()));
        Ok(self.allocated(query).await?.pop())
    }

    /// Pools of blocks, by id, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn pools(&self, after: Option<PoolId>, limit: Limit) -> Result<Page<Pool, PoolId>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.pools WHERE ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2")
            .bind(after.map(|id| uuid(id.to_bytes())))
            .bind(limit.probe());
        Ok(Page::cut(self.allocated::<Pool>(query).await?, limit, |pool| pool.id))
    }

    /// One of them.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn pool(&self, pool: PoolId) -> Result<Option<Pool>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.pools WHERE id = $1").bind(uuid(pool.to_bytes()));
        Ok(self.allocated(query).await?.pop())
    }

    async fn allocated<R: Row>(&self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<R>, QueryError> {
        let mut transaction = self.begin(TenantId::NIL).await?;
        sqlx::query("SELECT set_config('app.all_tenants', 'allocation', true)").execute(&mut *transaction).await?;
        let rows = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(rows.iter().map(|row| R::read(&Fields::new(row, R::TABLE.name))).collect::<Result<_, _>>()?)
    }
}
