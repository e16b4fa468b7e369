use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use peyk_projections::rows::OperatorFile;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichFiles {
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberFile")]
pub(crate) struct ShownFile {
    /// SHA-256 of the file.
    #[schemars(with = "values::Hex256")]
    file: String,
    #[schemars(with = "values::Id")]
    block: String,
    mno: String,
    rows: u32,
    staged: u32,
    #[schemars(with = "values::FileStateName")]
    state: &'static str,
    /// The key that signed it; none if it came in by an approval.
    #[schemars(with = "Option<values::Id>")]
    key: Option<String>,
    #[schemars(with = "Option<values::Id>")]
    approval: Option<String>,
    /// Who imported it.
    #[schemars(with = "values::Id")]
    importer: String,
    #[schemars(with = "values::Instant")]
    opened_at: String,
    #[schemars(with = "Option<values::Instant>")]
    ended_at: Option<String>,
    /// The record of the `numbering` ledger that says who vouches for it.
    position: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberFiles")]
pub(crate) struct ShownFiles {
    items: Vec<ShownFile>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// GET /v1/numbering/imports: files of numbers, newest first.
pub(crate) async fn list(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WhichFiles { cursor, limit: rows, min_position } = request.query()?;
    let before = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    request.reached(&api, LedgerId::NUMBERING, min_position).await?;
    let page = api.reads.operator_files(before, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    Ok(Answer::ok(&ShownFiles { items, next: page.next.map(|position| position.to_string()) }))
}

/// GET /v1/numbering/imports/{file}: one of them.
pub(crate) async fn show(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let file = request.parameter(0).parse().map_err(|_| Problem::of(&kind::NOT_FOUND))?;
    request.reached(&api, LedgerId::NUMBERING, None).await?;
    let row = api.reads.operator_file(file).await?.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    Ok(Answer::ok(&shown(&row)))
}

fn shown(row: &OperatorFile) -> ShownFile {
    ShownFile {
        file: row.file.to_string(),
        block: row.block.to_string(),
        mno: row.mno.clone(),
        rows: row.rows,
        staged: row.staged,
        state: row.state.name(),
        key: row.key.map(|key| key.to_string()),
        approval: row.approval.map(|approval| approval.to_string()),
        importer: row.importer.to_string(),
        opened_at: rfc3339(row.opened_at),
        ended_at: row.ended_at.map(rfc3339),
        position: row.position,
    }
}
