//! What numbers are held by: contracts with operators, blocks of numbers, pools of blocks. For the platform's own people.
mod blocks;
mod contracts;
mod pools;

pub(crate) use blocks::{
    ChangingBlock, NewBlock, ShownBlock, ShownBlocks, add_block, blocks, change_block, remove_block, show_block,
};
pub(crate) use contracts::{
    ChangingContract, NewContract, ShownContract, ShownContracts, add_contract, change_contract, contracts,
    remove_contract, show_contract,
};
pub(crate) use pools::{
    ChangingPool, NewPool, ShownPool, ShownPools, add_pool, change_pool, pools, remove_pool, show_pool,
};

use super::lease::ask;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::{Request, limit};
use peyk_domain::CommandId;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{AllocationCommand, NumberingCommand};
use peyk_projections::query::Limit;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::str::FromStr;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichAllocations {
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichVersion {
    #[schemars(with = "values::ExpectedVersion")]
    version: u32,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AllocationChange")]
pub(crate) struct Allocated {
    #[schemars(with = "values::Id")]
    id: String,
    /// What a change of it names as its version from now on; 0 once it is removed.
    version: u32,
}

/// Where the page begins and how long it is; the cursor is the id the last page ended with.
async fn which<C: FromStr>(api: &Api, request: &Request) -> Result<(Option<C>, Limit), Problem> {
    let WhichAllocations { cursor, limit: rows, min_position } = request.query()?;
    let after = cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    request.reached(api, LedgerId::NUMBERING, min_position).await?;
    Ok((after, limit))
}

/// One that was asked for, or that there is none.
fn found<R, S: Serialize>(row: Option<R>, shown: impl FnOnce(&R) -> S) -> Result<Answer, Problem> {
    let row = row.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    Ok(Answer::ok(&shown(&row)))
}

async fn added(
    api: &Api,
    request: &Request,
    command: CommandId,
    (what, id): (&'static str, impl Display + Copy),
    allocation: AllocationCommand,
) -> Result<Answer, Problem> {
    let done = ask(api, request, command, NumberingCommand::Allocation(allocation)).await?;
    let mark = Mark::of(AuditKind::Created, what, id);
    Ok(Answer::created(&Allocated { id: id.to_string(), version: 1 }).done(&done).marked(mark))
}

async fn changed(
    api: &Api,
    request: &Request,
    (what, id): (&'static str, impl Display + Copy),
    version: u32,
    allocation: AllocationCommand,
) -> Result<Answer, Problem> {
    let command = request.names()?.single()?;
    let done = ask(api, request, command, NumberingCommand::Allocation(allocation)).await?;
    let mark = Mark::of(AuditKind::Updated, what, id);
    let version = version.saturating_add(1);
    Ok(Answer::ok(&Allocated { id: id.to_string(), version }).done(&done).marked(mark))
}

async fn removed(
    api: &Api,
    request: &Request,
    (what, id): (&'static str, impl Display + Copy),
    allocation: AllocationCommand,
) -> Result<Answer, Problem> {
    let command = request.names()?.single()?;
    let done = ask(api, request, command, NumberingCommand::Allocation(allocation)).await?;
    let mark = Mark::of(AuditKind::Deleted, what, id);
    Ok(Answer::ok(&Allocated { id: id.to_string(), version: 0 }).done(&done).marked(mark))
}
