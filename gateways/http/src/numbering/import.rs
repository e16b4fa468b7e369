use super::block_file;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::idempotency::CommandNames;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use futures::{StreamExt, stream};
use peyk_domain::BlockId;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{IMPORT_MAX, NumberingCommand};
use peyk_handlers::{Call, CommandError, Done};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Commands of one request on their way at once.
const AT_ONCE: usize = 4;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    /// Names the block; a repeat under the same name goes on where the request before it ended.
    #[schemars(with = "values::Id")]
    block: String,
    /// The operator that owns the numbers.
    #[schemars(with = "values::Label")]
    mno: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Imported {
    #[schemars(with = "values::Id")]
    block: String,
    mno: String,
    /// How many numbers of the file are in the inventory now.
    listed: usize,
    /// How many commands that took.
    commands: usize,
    /// How many of them had been carried out by an earlier request.
    repeated: usize,
}

/// POST /v1/numbering/blocks: add the numbers of a CSV file to the inventory.
///
/// A file of more than [`IMPORT_MAX`] numbers takes several commands, each named after the block and its place in it:
/// a request that broke off is repeated as it was, and goes on where it ended.
pub(crate) async fn import(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Block { block, mno } = request.query()?;
    let block: BlockId = field::id("block", &block)?;
    let mno = field::label("mno", mno)?;
    let numbers = block_file::read(&request.body)?;
    let caller = request.identity()?.caller();
    // Not after the client's key: a block is imported once, whatever key a repeat comes with.
    let names = CommandNames::after(caller.tenant, request.endpoint.name, &block.to_bytes());

    let calls = numbers.chunks(IMPORT_MAX).enumerate().map(|(index, numbers)| {
        let command = NumberingCommand::Import { block, mno: mno.clone(), numbers: numbers.to_vec() };
        Ok((index, Call { id: names.chunk(index)?, caller, patience: api.settings.patience, command }))
    });
    let calls = calls.collect::<Result<Vec<_>, Problem>>()?;
    let commands = calls.len();
    let asked = stream::iter(calls).map(|(index, call)| {
        let answer = api.commands.numbering(call);
        async move { (index, answer.await) }
    });
    let mut answers = asked.buffered(AT_ONCE);
    let (mut last, mut listed, mut repeated) = (None::<Done>, 0, 0);
    while let Some((index, answer)) = answers.next().await {
        let first = index * IMPORT_MAX;
        let end = (first + IMPORT_MAX).min(numbers.len());
        let done = answer.map_err(|error| {
            let problem = broke_off(error, first, end, listed);
            match &last {
                Some(Done { receipt, .. }) => problem.marked(imported(block)).after(*receipt),
                None => problem,
            }
        })?;
        listed += end - first;
        repeated += usize::from(done.repeated);
        last = Some(done);
    }
    let answer = Answer::created(&Imported { block: block.to_string(), mno, listed, commands, repeated });
    let answer = answer.marked(imported(block));
    Ok(match last {
        Some(done) => answer.receipt(done.receipt, repeated == commands),
        None => answer,
    })
}

fn imported(block: BlockId) -> Mark {
    Mark::of(AuditKind::Created, "block", block)
}

/// Lines are counted from 1, and the header is one.
fn broke_off(error: CommandError, first: usize, end: usize, listed: usize) -> Problem {
    let refused = matches!(error, CommandError::Refused { .. });
    let problem = Problem::from(error);
    let on = if refused {
        "nothing of these lines was imported; send what remains as another block"
    } else {
        "repeat the request with the same block to go on"
    };
    let (from, to, why) = (first + 2, end + 1, problem.says());
    let detail = format!("lines {from} to {to}: {why}. The {listed} numbers before them are listed; {on}");
    problem.detail(detail).member("listed", listed)
}
