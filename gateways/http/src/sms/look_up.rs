use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, encoding_name, lane_name, rfc3339};
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use peyk_domain::{MessageId, Msisdn};
use peyk_projections::query::MessageCursor;
use peyk_projections::rows::{Message, Step, StepKind};
use peyk_schemas::{Hash, LedgerId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct One {
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

/// A message without its text and recipient: those are sealed, and only mask and hash of the number are kept outside.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub(crate) struct ShownMessage {
    #[schemars(with = "values::Id")]
    message_id: String,
    #[schemars(with = "values::MessageStateName")]
    state: &'static str,
    /// Why it was refused or failed.
    reason: Option<String>,
    #[schemars(with = "Option<values::E164>")]
    from: Option<String>,
    to_mask: Option<String>,
    /// SHA-256 of the number and a salt of the tenant, in hexadecimal.
    #[schemars(with = "Option<values::Hex256>")]
    to_hash: Option<String>,
    #[schemars(with = "Option<values::LaneName>")]
    lane: Option<&'static str>,
    #[schemars(with = "Option<values::EncodingName>")]
    encoding: Option<&'static str>,
    segments: Option<u8>,
    attempts: u32,
    /// The operator's error code, as its receipt had it.
    error: Option<String>,
    #[schemars(with = "values::Instant")]
    accepted_at: String,
    #[schemars(with = "Option<values::Instant>")]
    expires_at: Option<String>,
    #[schemars(with = "Option<values::Instant>")]
    dispatched_at: Option<String>,
    #[schemars(with = "Option<values::Instant>")]
    submitted_at: Option<String>,
    #[schemars(with = "Option<values::Instant>")]
    final_at: Option<String>,
    /// Where in its partition of the `messages` ledger it was accepted.
    position: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Messages")]
pub(crate) struct ShownMessages {
    items: Vec<ShownMessage>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Timeline {
    #[schemars(with = "values::Id")]
    message_id: String,
    #[schemars(with = "values::MessageStateName")]
    state: &'static str,
    steps: Vec<TimelineStep>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct TimelineStep {
    #[schemars(with = "values::MessageStateName")]
    state: &'static str,
    #[schemars(with = "values::Instant")]
    at: String,
    position: Option<u64>,
    /// Which attempt it was, where it was dispatched.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
}

/// GET /v1/sms/{id}.
pub(crate) async fn show(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    Ok(Answer::ok(&shown(&find(&api, &request).await?)))
}

/// GET /v1/sms/{id}/timeline: when the message came to each of its states.
pub(crate) async fn timeline(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let row = find(&api, &request).await?;
    let steps = row.timeline().iter().map(step).collect();
    Ok(Answer::ok(&Timeline { message_id: row.id.to_string(), state: row.state.name(), steps }))
}

/// GET /v1/sms: the tenant's messages, newest first.
pub(crate) async fn list(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Which { cursor, limit: rows, min_position } = request.query()?;
    let after: Option<MessageCursor> =
        cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    reached(&api, &request, min_position).await?;
    let page = api.reads.messages(request.identity()?.tenant, after, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    Ok(Answer::ok(&ShownMessages { items, next: page.next.map(|next| next.to_string()) }))
}

async fn find(api: &Api, request: &Request) -> Result<Message, Problem> {
    let One { min_position } = request.query()?;
    let message: MessageId = request.path_id(0)?;
    reached(api, request, min_position).await?;
    let found = api.reads.message(request.identity()?.tenant, message).await?;
    found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))
}

async fn reached(api: &Api, request: &Request, min_position: Option<u64>) -> Result<(), Problem> {
    let partition = api.commands.partition_of(request.identity()?.tenant);
    request.reached(api, LedgerId::messages(partition), min_position).await
}

fn step(step: &Step) -> TimelineStep {
    let (state, attempt) = match step.kind {
        StepKind::Accepted => ("accepted", None),
        StepKind::Dispatched { attempt } => ("dispatched", Some(attempt)),
        StepKind::Submitted => ("submitted", None),
        StepKind::Final(state) => (state.name(), None),
    };
    TimelineStep { state, at: rfc3339(step.at), position: step.position, attempt }
}

fn shown(row: &Message) -> ShownMessage {
    ShownMessage {
        message_id: row.id.to_string(),
        state: row.state.name(),
        reason: row.reason.clone(),
        from: row.sender.map(Msisdn::e164),
        to_mask: row.recipient_mask.clone(),
        to_hash: row.recipient_hash.map(|hash| Hash(hash).to_string()),
        lane: row.lane.map(lane_name),
        encoding: row.encoding.map(encoding_name),
        segments: row.segments,
        attempts: row.attempts,
        error: row.receipt_error.clone(),
        accepted_at: rfc3339(row.accepted_at),
        expires_at: row.expires_at.map(rfc3339),
        dispatched_at: row.dispatched_at.map(rfc3339),
        submitted_at: row.submitted_at.map(rfc3339),
        final_at: row.final_at.map(rfc3339),
        position: row.position,
    }
}
