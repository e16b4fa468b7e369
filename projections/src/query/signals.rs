use super::{Limit, Page, QueryError, ReadModels};
use crate::checkpoint::bigint;
use crate::rows::{Signal, SignalId};
use crate::store::{Fields, Row};
use peyk_domain::TenantId;

impl ReadModels {
    /// Signs of fraud of all tenants, newest first, before `before`. For the platform's own people.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn signals(&self, before: Option<SignalId>, limit: Limit) -> Result<Page<Signal, SignalId>, QueryError> {
        let mut transaction = self.begin(TenantId::NIL).await?;
        sqlx::query("SELECT set_config('app.all_tenants', 'signals', true)").execute(&mut *transaction).await?;
        let found = sqlx::query("SELECT * FROM read.signals WHERE id < $1 ORDER BY id DESC LIMIT $2")
            .bind(before.map_or(i64::MAX, |id| bigint(id.value())))
            .bind(limit.probe())
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let rows = found.iter().map(|row| Signal::read(&Fields::new(row, Signal::TABLE.name)));
        Ok(Page::cut(rows.collect::<Result<_, _>>()?, limit, |signal| signal.id))
    }
}
