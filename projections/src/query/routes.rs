use super::leases::uuid;
use super::{Limit, Page, QueryError, ReadModels};
use crate::rows::{Connector, Operator, Route};
use peyk_domain::{ConnectorId, OperatorId, RouteId, TenantId};

/// The platform's own tables. No tenant stands in them; whether the caller may see them is for the gateway to say.
impl ReadModels {
    /// Operators by id, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn operators(
        &self,
        after: Option<OperatorId>,
        limit: Limit,
    ) -> Result<Page<Operator, OperatorId>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.operators WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2")
            .bind(after.map(|operator| uuid(operator.to_bytes())))
            .bind(limit.probe());
        Ok(Page::cut(self.all::<Operator>(TenantId::NIL, query).await?, limit, |operator| operator.id))
    }

    /// Connectors by id, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn connectors(
        &self,
        after: Option<ConnectorId>,
        limit: Limit,
    ) -> Result<Page<Connector, ConnectorId>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.connectors WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2")
            .bind(after.map(|connector| uuid(connector.to_bytes())))
            .bind(limit.probe());
        Ok(Page::cut(self.all::<Connector>(TenantId::NIL, query).await?, limit, |connector| connector.id))
    }

    /// Routes by id, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn routes(&self, after: Option<RouteId>, limit: Limit) -> Result<Page<Route, RouteId>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.routes WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2")
            .bind(after.map(|route| uuid(route.to_bytes())))
            .bind(limit.probe());
        Ok(Page::cut(self.all::<Route>(TenantId::NIL, query).await?, limit, |route| route.id))
    }
}
