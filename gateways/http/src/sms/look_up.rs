use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, encoding_name, lane_name, rfc3339};
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use peyk_domain::{MessageId, Msisdn};
use peyk_projections::query::MessageCursor;
use peyk_projections::rows::{Message, Step, StepKind};
use peyk_schemas::{Hash, LedgerId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    min_position: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    cursor: Option<String>,
    limit: Option<u16>,
    min_position: Option<u64>,
}

/// GET /v1/sms/{id}.
pub(crate) async fn show(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    Ok(Answer::ok(shown(&find(&api, &request).await?)))
}

/// GET /v1/sms/{id}/timeline: when the message came to each of its states.
pub(crate) async fn timeline(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let row = find(&api, &request).await?;
    let steps: Vec<Value> = row.timeline().iter().map(step).collect();
    Ok(Answer::ok(json!({ "message_id": row.id.to_string(), "state": row.state.name(), "steps": steps })))
}

/// GET /v1/sms: the tenant's messages, newest first.
pub(crate) async fn list(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Which { cursor, limit: rows, min_position } = request.query()?;
    let after: Option<MessageCursor> =
        cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    reached(&api, &request, min_position).await?;
    let page = api.reads.messages(request.identity()?.tenant, after, limit).await?;
    let items: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(Answer::ok(json!({ "items": items, "next": page.next.map(|next| next.to_string()) })))
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

fn step(step: &Step) -> Value {
    let mut shown = json!({ "at": rfc3339(step.at), "position": step.position });
    match step.kind {
        StepKind::Accepted => shown["state"] = "accepted".into(),
        StepKind::Dispatched { attempt } => {
            shown["state"] = "dispatched".into();
            shown["attempt"] = attempt.into();
        }
        StepKind::Submitted => shown["state"] = "submitted".into(),
        StepKind::Final(state) => shown["state"] = state.name().into(),
    }
    shown
}

fn shown(row: &Message) -> Value {
    json!({
        "message_id": row.id.to_string(),
        "state": row.state.name(),
        "reason": row.reason,
        "from": row.sender.map(Msisdn::e164),
        "to_mask": row.recipient_mask,
        "to_hash": row.recipient_hash.map(|hash| Hash(hash).to_string()),
        "lane": row.lane.map(lane_name),
        "encoding": row.encoding.map(encoding_name),
        "segments": row.segments,
        "attempts": row.attempts,
        "error": row.receipt_error,
        "accepted_at": rfc3339(row.accepted_at),
        "expires_at": row.expires_at.map(rfc3339),
        "dispatched_at": row.dispatched_at.map(rfc3339),
        "submitted_at": row.submitted_at.map(rfc3339),
        "final_at": row.final_at.map(rfc3339),
        "position": row.position,
    })
}
