use super::{Limit, Page, QueryError, ReadModels};
use crate::checkpoint::bigint;
use crate::rows::OperatorFile;
use peyk_domain::TenantId;
use peyk_domain::numbering::FileHash;

/// For the platform's own people; whether the caller may see them is for the gateway to say.
impl ReadModels {
    /// Files of numbers that operators handed over, newest first, from before the position `before`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn operator_files(
        &self,
        before: Option<u64>,
        limit: Limit,
    ) -> Result<Page<OperatorFile, u64>, QueryError> {
        let query =
            sqlx::query("SELECT * FROM read.operator_files WHERE position < $1 ORDER BY position DESC LIMIT $2")
                .bind(before.map_or(i64::MAX, bigint))
                .bind(limit.probe());
        Ok(Page::cut(self.all::<OperatorFile>(TenantId::NIL, query).await?, limit, |file| file.position))
    }

    /// One of them.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn operator_file(&self, file: FileHash) -> Result<Option<OperatorFile>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.operator_files WHERE file = $1").bind(file.to_bytes().to_vec());
        self.one(TenantId::NIL, query).await
    }
}
