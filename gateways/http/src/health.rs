use crate::answer::Answer;
use crate::api::Api;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_projections::Condition;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Liveness")]
pub(crate) struct Alive {
    /// Always `ok`.
    state: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Readiness")]
pub(crate) struct Ready {
    /// Always `ready`.
    state: &'static str,
    /// Informational: commands go on without it.
    #[schemars(with = "values::PostgresState")]
    postgres: &'static str,
    /// Informational: whether reads are kept current here. `failed` needs an operator.
    #[schemars(with = "values::ProjectionsState")]
    projections: &'static str,
}

/// GET /healthz: the process runs.
pub(crate) async fn live(_api: Arc<Api>, _request: Request) -> Result<Answer, Problem> {
    Ok(Answer::ok(&Alive { state: "ok" }))
}

/// GET /readyz: commands can be taken. Postgres and projections are told and do not count: only reads need them.
pub(crate) async fn ready(api: Arc<Api>, _request: Request) -> Result<Answer, Problem> {
    let readiness = *api.readiness.borrow();
    let postgres = match readiness.postgres {
        Some(true) => "up",
        Some(false) => "down",
        None => "unknown",
    };
    let projections = match readiness.projections {
        Some(Condition::Running) => "running",
        Some(Condition::Waiting) => "waiting",
        Some(Condition::Failed) => "failed",
        None => "unknown",
    };
    let state = readiness.log.name();
    let Some(reason) = readiness.log.reason() else {
        return Ok(Answer::ok(&Ready { state, postgres, projections }));
    };
    let problem = Problem::because(reason).detail(state);
    Err(problem.member("state", state).member("postgres", postgres).member("projections", projections))
}
