use super::{Limit, Page, QueryError, ReadModels};
use crate::rows::{Lease, Number, NumberState};
use crate::store::{Fields, Row};
use peyk_domain::numbering::NumberType;
use peyk_domain::{LeaseId, SenderId, TenantId};
use sqlx::PgTransaction;
use uuid::Uuid;

/// Which numbers to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NumberFilter {
    pub state: Option<NumberState>,
    pub number_type: Option<NumberType>,
    /// Only numbers the tenant holds, not those that are anybody's to take.
    pub held: bool,
}

/// Through whose eyes numbers are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberScope {
    /// A tenant's: its own, and those that it could take.
    Tenant(TenantId),
    /// The platform's people's, as to one tenant: its own, and all that are nobody's.
    Platform(TenantId),
}

impl NumberScope {
    #[must_use]
    pub const fn tenant(self) -> TenantId {
        match self {
            Self::Tenant(tenant) | Self::Platform(tenant) => tenant,
        }
    }
}

impl ReadModels {
    /// A number, if it may be seen.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn number(&self, scope: NumberScope, number: SenderId) -> Result<Option<Number>, QueryError> {
        let query = sqlx::query(
            "SELECT * FROM read.numbers
                WHERE number = $1 AND (tenant = $2 OR (tenant IS NULL AND (state = 'available' OR $3)))",
        )
        .bind(number.text())
        .bind(uuid(scope.tenant().to_bytes()))
        .bind(matches!(scope, NumberScope::Platform(_)));
        let mut transaction = self.begin_in(scope).await?;
        let row = query.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(row.map(|row| Number::read(&Fields::new(&row, Number::TABLE.name))).transpose()?)
    }

    /// The numbers that may be seen, ascending as texts, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn numbers(
        &self,
        scope: NumberScope,
        filter: NumberFilter,
        after: Option<SenderId>,
        limit: Limit,
    ) -> Result<Page<Number, SenderId>, QueryError> {
        let query = sqlx::query(
            "SELECT * FROM read.numbers
                WHERE number > $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR type = $3)
                    AND (tenant = $4 OR (tenant IS NULL AND NOT $5 AND (state = 'available' OR $6)))
                ORDER BY number LIMIT $7",
        )
        .bind(after.map(SenderId::text).unwrap_or_default())
        .bind(filter.state.map(NumberState::name))
        .bind(filter.number_type.map(NumberType::name))
        .bind(uuid(scope.tenant().to_bytes()))
        .bind(filter.held)
        .bind(matches!(scope, NumberScope::Platform(_)))
        .bind(limit.probe());
        let mut transaction = self.begin_in(scope).await?;
        let rows = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let rows = rows.iter().map(|row| Number::read(&Fields::new(row, Number::TABLE.name)));
        Ok(Page::cut(rows.collect::<Result<_, _>>()?, limit, |number| number.number))
    }

    async fn begin_in(&self, scope: NumberScope) -> Result<PgTransaction<'static>, QueryError> {
        let mut transaction = self.begin(scope.tenant()).await?;
        if let NumberScope::Platform(_) = scope {
            sqlx::query("SELECT set_config('app.all_tenants', 'numbers', true)").execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }

    /// One of the tenant's leases, running or ended.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn lease(&self, tenant: TenantId, lease: LeaseId) -> Result<Option<Lease>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.leases WHERE id = $1 AND tenant = $2")
            .bind(uuid(lease.to_bytes()))
            .bind(uuid(tenant.to_bytes()));
        self.one(tenant, query).await
    }

    /// The tenant's leases, running and ended, by id, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn leases(
        &self,
        tenant: TenantId,
        after: Option<LeaseId>,
        limit: Limit,
    ) -> Result<Page<Lease, LeaseId>, QueryError> {
        let query = sqlx::query(
            "SELECT * FROM read.leases WHERE tenant = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        )
        .bind(uuid(tenant.to_bytes()))
        .bind(after.map(|lease| uuid(lease.to_bytes())))
        .bind(limit.probe());
        Ok(Page::cut(self.all::<Lease>(tenant, query).await?, limit, |lease| lease.id))
    }
}

pub(super) const fn uuid(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}
