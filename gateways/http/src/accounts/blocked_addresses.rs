//! Addresses nobody is served from: /v1/blocked-addresses.
use super::asking::{Asking, Page, range};
use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::Problem;
use crate::registry::look;
use crate::request::{Request, limit};
use peyk_domain::Span;
use peyk_domain::access::AccessAction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewBlock")]
pub(crate) struct Block {
    #[schemars(with = "values::AddressRangeText")]
    range: String,
    /// For how long; until it is lifted if left out.
    #[schemars(range(min = 1))]
    lasts_seconds: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhichBlock")]
pub(crate) struct Range {
    #[schemars(with = "values::AddressRangeText")]
    range: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BlockChange")]
pub(crate) struct Blocked {
    range: String,
    /// `blocked` or `unblocked`, as was asked.
    state: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Block")]
pub(crate) struct ShownBlock {
    range: String,
    /// Null if it stays until it is lifted.
    #[schemars(with = "Option<values::Instant>")]
    until: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct BlockedAddresses {
    items: Vec<ShownBlock>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// POST /v1/blocked-addresses
pub(crate) async fn block(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Block { range: text, lasts_seconds } = request.json()?;
    let range = range("range", &text)?;
    let lasts = lasts_seconds.map(|seconds| Span::seconds(seconds.into()));
    let command = request.names()?.single()?;
    let action = AccessAction::BlockAddresses { range, lasts };
    let done = Asking::of(&api, &request)?.named(command, action, [0; 16]).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::created(&Blocked { range: range.to_string(), state: "blocked" }).decided(&done))
}

/// DELETE /v1/blocked-addresses
pub(crate) async fn unblock(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Range { range: text } = request.query()?;
    let range = range("range", &text)?;
    let command = request.names()?.single()?;
    let action = AccessAction::UnblockAddresses { range };
    let done = Asking::of(&api, &request)?.named(command, action, [0; 16]).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::ok(&Blocked { range: range.to_string(), state: "unblocked" }).decided(&done))
}

/// GET /v1/blocked-addresses
pub(crate) async fn list_blocked(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Page { cursor, limit: rows } = request.query()?;
    let after = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let rows = usize::from(limit(rows)?.rows());
    let mut page: Vec<_> = look(&*api.registry, |directory| directory.blocks(after).take(rows + 1).collect())?;
    let next =
        (page.len() > rows).then(|| page.truncate(rows)).and_then(|()| page.last().map(|(range, _)| range.to_string()));
    let items = page
        .into_iter()
        .map(|(range, until)| ShownBlock { range: range.to_string(), until: until.map(rfc3339) })
        .collect();
    Ok(Answer::ok(&BlockedAddresses { items, next }))
}
