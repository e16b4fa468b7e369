use crate::clients::Client;
use crate::proto::lease_service_server::LeaseService;
use crate::proto::{
    AsOf, LeaseAnswer, LeaseVerdict, NumberState, ValidateLeaseRequest, ValidateLeaseResponse, ValidateLeasesRequest,
    ValidateLeasesResponse,
};
use crate::refusal::Refusal;
use peyk_domain::numbering::{self, Lifecycle};
use peyk_domain::{SenderId, TenantId};
use peyk_handlers::{Leases, NOT_REGISTERED_CACHEABLE, Validated};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Extensions, Request, Response, Status};

/// Numbers in one call at most.
pub const NUMBERS_MAX: usize = 1_000;
/// How long a call waits for the position it was asked to have reached.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Answers out of memory. Who calls was let in before and is an extension of the request.
#[derive(Clone)]
pub(crate) struct LeaseDesk {
    leases: Arc<dyn Leases>,
}

impl LeaseDesk {
    pub(crate) fn new(leases: Arc<dyn Leases>) -> Self {
        Self { leases }
    }

    async fn validated(
        &self,
        client: &Client,
        tenant: &str,
        numbers: &[SenderId],
        min_position: Option<u64>,
    ) -> Result<Validated, Refusal> {
        let tenant: TenantId = tenant.parse().map_err(|_| Refusal::InvalidTenant)?;
        if let Some(position) = min_position
            && !self.leases.reached(position, PATIENCE).await
        {
            return Err(Refusal::Behind);
        }
        let validated = self.leases.validate(tenant, numbers).map_err(|_| Refusal::Stale)?;
        let unknown = |verdict: &&numbering::LeaseVerdict| matches!(verdict, numbering::LeaseVerdict::NotRegistered);
        let unknown = validated.verdicts.iter().filter(unknown).count();
        client.unknown(u32::try_from(unknown).unwrap_or(u32::MAX));
        Ok(validated)
    }
}

#[tonic::async_trait]
impl LeaseService for LeaseDesk {
    async fn validate_lease(
        &self,
        request: Request<ValidateLeaseRequest>,
    ) -> Result<Response<ValidateLeaseResponse>, Status> {
        let (_, extensions, ValidateLeaseRequest { number, tenant_id, min_position }) = request.into_parts();
        let client = caller(&extensions)?;
        let validated = self.validated(client, &tenant_id, &[read(&number)?], min_position).await?;
        let answer = validated.verdicts.first().map(answer);
        Ok(Response::new(ValidateLeaseResponse { answer, as_of: Some(as_of(&validated)) }))
    }

    async fn validate_leases(
        &self,
        request: Request<ValidateLeasesRequest>,
    ) -> Result<Response<ValidateLeasesResponse>, Status> {
        let (_, extensions, ValidateLeasesRequest { numbers, tenant_id, min_position }) = request.into_parts();
        let client = caller(&extensions)?;
        if numbers.is_empty() || numbers.len() > NUMBERS_MAX {
            return Err(Refusal::InvalidCount { max: NUMBERS_MAX }.into());
        }
        // The first was taken when the call was let in.
        if let Some(more) = u32::try_from(numbers.len() - 1).ok().and_then(NonZeroU32::new) {
            client.take(more).map_err(Refusal::from)?;
        }
        let numbers = numbers.iter().map(|number| read(number)).collect::<Result<Vec<_>, _>>()?;
        let validated = self.validated(client, &tenant_id, &numbers, min_position).await?;
        let answers = validated.verdicts.iter().map(answer).collect();
        Ok(Response::new(ValidateLeasesResponse { answers, as_of: Some(as_of(&validated)) }))
    }
}

fn caller(extensions: &Extensions) -> Result<&Arc<Client>, Refusal> {
    extensions.get::<Arc<Client>>().ok_or(Refusal::ClientNotAllowed)
}

fn read(number: &str) -> Result<SenderId, Refusal> {
    number.parse().map_err(|_| Refusal::InvalidNumber)
}

fn as_of(validated: &Validated) -> AsOf {
    let age_ms = u64::try_from(validated.age.as_millis()).unwrap_or(u64::MAX);
    AsOf { position: validated.position, age_ms }
}

fn answer(verdict: &numbering::LeaseVerdict) -> LeaseAnswer {
    let (verdict, state, lease, cacheable) = match verdict {
        numbering::LeaseVerdict::Leased { lease } => {
            (LeaseVerdict::Leased, NumberState::Assigned, Some(*lease), Duration::ZERO)
        }
        numbering::LeaseVerdict::NotLeased { stands } => {
            (LeaseVerdict::NotLeased, state(stands), stands.lease(), Duration::ZERO)
        }
        numbering::LeaseVerdict::NotRegistered => {
            (LeaseVerdict::NotRegistered, NumberState::Unspecified, None, NOT_REGISTERED_CACHEABLE)
        }
    };
    LeaseAnswer {
        verdict: verdict.into(),
        state: state.into(),
        lease_id: lease.map(|lease| lease.to_string()).unwrap_or_default(),
        cacheable_seconds: u32::try_from(cacheable.as_secs()).unwrap_or(u32::MAX),
    }
}

const fn state(stands: &Lifecycle) -> NumberState {
    match stands {
        Lifecycle::Available => NumberState::Available,
        Lifecycle::Reserved { .. } => NumberState::Reserved,
        Lifecycle::Held { .. } => NumberState::Held,
        Lifecycle::Assigned { .. } => NumberState::Assigned,
        Lifecycle::Quarantined { .. } => NumberState::Quarantined,
        Lifecycle::Recalled { .. } => NumberState::Recalled,
        Lifecycle::Retired => NumberState::Retired,
    }
}
