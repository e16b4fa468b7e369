use super::browse::viewer;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind, reason};
use crate::request::Request;
use peyk_domain::numbering::{LeaseVerdict, Lifecycle};
use peyk_handlers::{Leases, LeasesStale, NOT_REGISTERED_CACHEABLE};
use peyk_projections::rows::NumberState;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Whose lease it would be; only the platform's own people may name another tenant than the token.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeaseAnswer")]
pub(crate) struct ShownLease {
    /// `not_registered` where there is no such number and where another tenant has it: which of the two is nobody's business.
    #[schemars(with = "values::LeaseVerdictName")]
    verdict: &'static str,
    /// Where the number stands; null if it is not registered.
    #[schemars(with = "Option<values::NumberStateName>")]
    state: Option<&'static str>,
    /// The lease, reservation or hold, or the lease that was recalled; null if the tenant has none.
    #[schemars(with = "Option<values::Id>")]
    lease_id: Option<String>,
    /// For how long the answer may be used again; 0: not at all.
    cacheable_seconds: u64,
    /// The last record of the `numbering` ledger that it rests on.
    position: u64,
    /// How long ago it was certain that there was no later one.
    age_ms: u64,
}

/// GET /v1/numbers/{number}/lease: whether the number is leased to the tenant now, out of memory.
pub(crate) async fn validate(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Asked { tenant_id, min_position } = request.query()?;
    let number = field::number(request.parameter(0))?;
    let tenant = viewer(&request, tenant_id.as_deref())?;
    let leases = known_leases(&api, &request, min_position).await?;
    let validated = leases.validate(tenant, &[number])?;
    let verdict = validated.verdicts.first().ok_or_else(|| Problem::of(&kind::INTERNAL))?;
    let (verdict, state, lease) = match verdict {
        LeaseVerdict::Leased { lease } => ("leased", Some(NumberState::Assigned), Some(*lease)),
        LeaseVerdict::NotLeased { stands } => ("not_leased", Some(state(stands)), stands.lease()),
        LeaseVerdict::NotRegistered => ("not_registered", None, None),
    };
    let shown = ShownLease {
        verdict,
        state: state.map(NumberState::name),
        lease_id: lease.map(|lease| lease.to_string()),
        cacheable_seconds: if state.is_none() { NOT_REGISTERED_CACHEABLE.as_secs() } else { 0 },
        position: validated.position,
        age_ms: u64::try_from(validated.age.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(Answer::ok(&shown).marked(Mark::read(tenant, "number").one(number.mask())))
}

/// What is known of leases in this process, once that is what the client has seen committed.
pub(super) async fn known_leases<'a>(
    api: &'a Api,
    request: &Request,
    min_position: Option<u64>,
) -> Result<&'a dyn Leases, Problem> {
    let leases = api.leases.as_deref().ok_or_else(|| Problem::from(LeasesStale))?;
    if let Some(position) = request.wanted(LedgerId::NUMBERING, min_position)?
        && !leases.reached(position, api.settings.read_wait).await
    {
        return Err(Problem::of(&kind::READ_MODEL_BEHIND).member("position", position));
    }
    Ok(leases)
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

impl From<LeasesStale> for Problem {
    fn from(stale: LeasesStale) -> Self {
        Self::because(&reason::NUMBERING_STALE).detail(stale.to_string())
    }
}
