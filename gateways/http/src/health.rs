use crate::answer::Answer;
use crate::api::Api;
use crate::problem::{Problem, kind};
use crate::readiness::LogState;
use crate::request::Request;
use serde_json::json;
use std::sync::Arc;

/// GET /healthz: the process runs.
pub(crate) async fn live(_api: Arc<Api>, _request: Request) -> Result<Answer, Problem> {
    Ok(Answer::ok(json!({ "state": "ok" })))
}

/// GET /readyz: commands can be taken. Postgres is told and does not count: only reads need it.
pub(crate) async fn ready(api: Arc<Api>, _request: Request) -> Result<Answer, Problem> {
    let readiness = *api.readiness.borrow();
    let postgres = match readiness.postgres {
        Some(true) => "up",
        Some(false) => "down",
        None => "unknown",
    };
    let state = readiness.log.name();
    if readiness.log == LogState::Ready {
        return Ok(Answer::ok(json!({ "state": state, "postgres": postgres })));
    }
    let problem = Problem::of(&kind::NOT_READY).detail(state).reason(readiness.log.reason());
    Err(problem.member("state", state).member("postgres", postgres))
}
