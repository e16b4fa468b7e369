use super::{Limit, Page, QueryError, ReadModels};
use crate::checkpoint::bigint;
use crate::rows::{Lease, Number, NumberState};
use peyk_domain::{LeaseId, Msisdn, TenantId};
use uuid::Uuid;

/// Which numbers to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NumberFilter {
    pub state: Option<NumberState>,
    /// Only numbers the tenant holds, not those that are anybody's to take.
    pub held: bool,
}

impl ReadModels {
    /// A number the tenant holds or that is nobody's; one that another tenant holds is not found.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn number(&self, tenant: TenantId, number: Msisdn) -> Result<Option<Number>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.numbers WHERE number = $1 AND (tenant = $2 OR tenant IS NULL)")
            .bind(bigint(number.digits()))
            .bind(uuid(tenant.to_bytes()));
        self.one(tenant, query).await
    }

    /// Numbers the tenant holds and numbers that are nobody's, ascending, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn numbers(
        &self,
        tenant: TenantId,
        filter: NumberFilter,
        after: Option<Msisdn>,
        limit: Limit,
    ) -> Result<Page<Number, Msisdn>, QueryError> {
        let query = sqlx::query(
            "SELECT * FROM read.numbers
                WHERE number > $1 AND ($2::text IS NULL OR state = $2) AND (tenant = $3 OR (tenant IS NULL AND NOT $4))
                ORDER BY number LIMIT $5",
        )
        .bind(after.map_or(0, |number| bigint(number.digits())))
        .bind(filter.state.map(NumberState::name))
        .bind(uuid(tenant.to_bytes()))
        .bind(filter.held)
        .bind(limit.probe());
        Ok(Page::cut(self.all::<Number>(tenant, query).await?, limit, |number| number.number))
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
