use crate::answer::Answer;
use crate::api::Api;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::Request;
use futures::future::BoxFuture;
use peyk_domain::access::Source;
use peyk_domain::{RequestId, TenantId};
use peyk_handlers::Caller;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use warp::http::header::USER_AGENT;

/// Records of one answer at most.
pub const REPLAY_RECORDS_MAX: u16 = 1_000;
const RECORDS_DEFAULT: u16 = 100;
const KIND_BYTES_MAX: usize = 100;

/// Which records somebody wants to see, and who that is.
#[derive(Debug, Clone)]
pub struct ReplayAsked {
    pub ledger: LedgerId,
    /// The first position.
    pub from: u64,
    /// The last position; the last there is now, if none is named.
    pub to: Option<u64>,
    /// Only records with an event of this kind.
    pub kind: Option<String>,
    /// Only records of this tenant's people.
    pub tenant: Option<TenantId>,
    /// From 1 to [`REPLAY_RECORDS_MAX`].
    pub records_max: u16,
    pub by: Caller,
    pub request: RequestId,
    pub source: Source,
}

/// Why records are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayRefused {
    #[error("there is no such ledger")]
    NoSuchLedger,
    /// As many replays are under way as there may be.
    #[error("too many replays at once")]
    Busy,
    #[error("the log cannot be read now: {0}")]
    Unavailable(String),
    /// What stands there does not verify.
    #[error("the ledger does not verify: {0}")]
    Broken(String),
    /// What nobody can be told of afterwards is not shown.
    #[error("the replay could not be recorded: {0}")]
    NotRecorded(String),
}

/// Whoever reads ledgers for auditors: verifies what it reads, masks it, and records who saw it before anybody sees it.
pub trait Replays: Send + Sync + 'static {
    /// One JSON object a record, and a last one that says how far the answer goes.
    fn replay(&self, asked: ReplayAsked) -> BoxFuture<'static, Result<Vec<String>, ReplayRefused>>;
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplayQuery")]
pub(crate) struct Range {
    /// The first position; 1 if left out.
    #[schemars(with = "Option<values::Position>")]
    from: Option<u64>,
    /// The last position; the last there is, if left out.
    #[schemars(with = "Option<values::Position>")]
    to: Option<u64>,
    /// Only records with an event of this kind, as `access.roles_set`.
    #[schemars(with = "Option<values::EventKind>")]
    kind: Option<String>,
    /// Only records of what this tenant's people did.
    #[schemars(with = "Option<values::Id>")]
    tenant: Option<String>,
    #[schemars(with = "Option<values::RecordLimit>")]
    limit: Option<u16>,
}

/// GET /v1/ledgers/{ledger}/{partition}/records.
pub(crate) async fn replay(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Range { from, to, kind, tenant, limit } = request.query()?;
    let name = format!("{}/{}", request.parameter(0), request.parameter(1));
    let ledger: LedgerId = name.parse().map_err(|_| Problem::of(&kind::NOT_FOUND))?;
    // The number of a partition is written in one way.
    if ledger.to_string() != name {
        return Err(Problem::of(&kind::NOT_FOUND));
    }
    let from = from.unwrap_or(1);
    if from == 0 || to.is_some_and(|to| to < from) {
        return Err(Problem::invalid("from", "expected 1 or more, and no more than to"));
    }
    let records_max = limit.unwrap_or(RECORDS_DEFAULT);
    if !(1..=REPLAY_RECORDS_MAX).contains(&records_max) {
        return Err(Problem::invalid("limit", "expected 1 to 1000"));
    }
    let sound = |kind: &String| (1..=KIND_BYTES_MAX).contains(&kind.len()) && kind.is_ascii();
    if !kind.as_ref().is_none_or(sound) {
        return Err(Problem::invalid("kind", "expected the kind of an event, as access.roles_set"));
    }
    let agent = request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let asked = ReplayAsked {
        ledger,
        from,
        to,
        kind,
        tenant: tenant.as_deref().map(|text| field::id("tenant", text)).transpose()?,
        records_max,
        by: request.identity()?.caller(),
        request: request.id.recorded(),
        source: Source::new(Some(request.address), agent),
    };
    let replays = api.replays.as_ref().ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    Ok(Answer::lines(&replays.replay(asked).await?))
}

impl From<ReplayRefused> for Problem {
    fn from(refused: ReplayRefused) -> Self {
        tracing::warn!(%refused, "a replay was refused");
        match refused {
            ReplayRefused::NoSuchLedger => Self::of(&kind::NOT_FOUND),
            ReplayRefused::Busy => Self::of(&kind::OVERLOADED),
            ReplayRefused::Unavailable(_) => Self::of(&kind::UNAVAILABLE),
            ReplayRefused::Broken(_) => Self::of(&kind::CORRUPT_LEDGER),
            ReplayRefused::NotRecorded(_) => Self::of(&kind::AUDIT_UNAVAILABLE),
        }
    }
}
