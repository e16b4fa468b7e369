//! What the platform's own people do with numbers. The endpoints' roles say who; each has to say why.
use super::lease::{Leased, ask, expected};
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{NumberingCommand, Reason, Reinstatement};
use peyk_domain::{SenderId, Span};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recall {
    /// Why; kept as evidence.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    #[schemars(with = "Option<values::ExpectedLease>")]
    expected_lease_id: Option<String>,
    #[schemars(with = "Option<values::ExpectedUntil>")]
    expected_until: Option<String>,
}

/// Where a recalled number goes.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum To {
    /// Back to the tenant it was recalled from, under the same lease.
    Tenant,
    /// To anybody, once it has cooled off from the recall.
    Pool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reinstate {
    to: To,
    #[schemars(with = "values::Justification")]
    justification: String,
    #[schemars(with = "Option<values::ExpectedLease>")]
    expected_lease_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retire {
    #[schemars(with = "values::Justification")]
    justification: String,
    #[schemars(with = "Option<values::ExpectedUntil>")]
    expected_until: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoolOff {
    /// How long it lasts, counted from the end of the lease.
    #[schemars(range(min = 1, max = 1825))]
    days: u16,
    #[schemars(with = "values::Justification")]
    justification: String,
    #[schemars(with = "Option<values::ExpectedUntil>")]
    expected_until: Option<String>,
}

/// POST /v1/numbers/{number}/recall: take a leased number back from whoever holds it.
pub(crate) async fn recall(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Recall { reason, expected_lease_id, expected_until } = request.json()?;
    let number = field::number(request.parameter(0))?;
    let reason = why("reason", &reason)?;
    let expected = expected(expected_lease_id.as_deref(), expected_until.as_deref())?;
    let command = NumberingCommand::Recall { number, reason, expected };
    carried_out(&api, &request, number, command, "recalled").await
}

/// POST /v1/numbers/{number}/reinstate: undo a recall.
pub(crate) async fn reinstate(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Reinstate { to, justification, expected_lease_id } = request.json()?;
    let number = field::number(request.parameter(0))?;
    let justification = why("justification", &justification)?;
    let expected = expected(expected_lease_id.as_deref(), None)?;
    let (to, state) = match to {
        To::Tenant => (Reinstatement::Tenant, "reinstated"),
        To::Pool => (Reinstatement::Pool, "returned"),
    };
    let command = NumberingCommand::Reinstate { number, to, justification, expected };
    carried_out(&api, &request, number, command, state).await
}

/// POST /v1/numbers/{number}/retire: take a number that nobody holds out of use for ever.
pub(crate) async fn retire(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Retire { justification, expected_until } = request.json()?;
    let number = field::number(request.parameter(0))?;
    let justification = why("justification", &justification)?;
    let expected = expected(None, expected_until.as_deref())?;
    carried_out(&api, &request, number, NumberingCommand::Retire { number, justification, expected }, "retired").await
}

/// PUT /v1/numbers/{number}/cool-off: let a cool-off last for another length of time.
pub(crate) async fn set_cool_off(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let CoolOff { days, justification, expected_until } = request.json()?;
    let number = field::number(request.parameter(0))?;
    let justification = why("justification", &justification)?;
    let expected = expected(None, expected_until.as_deref())?;
    let lasts = Span::days(days.into());
    let command = NumberingCommand::OverrideCoolOff { number, lasts, justification, expected };
    carried_out(&api, &request, number, command, "cooling_off").await
}

fn why(name: &'static str, text: &str) -> Result<Reason, Problem> {
    let expected = "expected at most 500 characters, none of them a control character";
    Reason::new(text).map_err(|_| Problem::invalid(name, expected))
}

async fn carried_out(
    api: &Api,
    request: &Request,
    number: SenderId,
    command: NumberingCommand,
    state: &'static str,
) -> Result<Answer, Problem> {
    let id = request.names()?.single()?;
    let done = ask(api, request, id, command).await?;
    // Whose it was, the record says: the trail leads there by the receipt.
    let mark = Mark::of(AuditKind::Updated, "number", number.mask());
    Ok(Answer::ok(&Leased { state }).done(&done).marked(mark))
}
