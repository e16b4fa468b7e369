use super::{WhichVersion, added, changed, found, removed, which};
use crate::answer::Answer;
use crate::api::Api;
use crate::field;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::numbering::{AllocationCommand, BlockTerms, BlockUse, NumberRange, NumberType};
use peyk_domain::{BlockId, SenderId};
use peyk_handlers::derived_id;
use peyk_projections::rows::Block;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewNumberBlock")]
pub(crate) struct NewBlock {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    /// The operator that owns it.
    #[schemars(with = "values::Label")]
    operator: String,
    /// The type of all its numbers; a mix if left out.
    #[serde(rename = "type")]
    #[schemars(with = "Option<values::ListedTypeName>")]
    number_type: Option<String>,
    /// The first of its numbers, if it is a range; then with `last`.
    #[schemars(with = "Option<values::ListedNumber>")]
    first: Option<String>,
    /// The last of its numbers.
    #[schemars(with = "Option<values::ListedNumber>")]
    last: Option<String>,
    /// The contract it is under, if that is known.
    #[schemars(with = "Option<values::Id>")]
    contract_id: Option<String>,
    #[schemars(with = "Option<values::NumberRegionName>")]
    region: Option<String>,
    /// The pool its numbers are in; the one that serves every tenant if left out.
    #[schemars(with = "Option<values::Id>")]
    pool_id: Option<String>,
    /// `own` if left out.
    #[schemars(with = "Option<values::BlockUseName>")]
    purpose: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NumberBlockChange")]
pub(crate) struct ChangingBlock {
    #[schemars(with = "values::ExpectedVersion")]
    version: u32,
    /// The contract it is under, if that is known.
    #[schemars(with = "Option<values::Id>")]
    contract_id: Option<String>,
    #[schemars(with = "Option<values::NumberRegionName>")]
    region: Option<String>,
    /// The pool its numbers are in; the one that serves every tenant if left out.
    #[schemars(with = "Option<values::Id>")]
    pool_id: Option<String>,
    #[schemars(with = "values::BlockUseName")]
    purpose: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberBlock")]
pub(crate) struct ShownBlock {
    #[schemars(with = "values::Id")]
    id: String,
    mno: String,
    /// Null for a mix.
    #[serde(rename = "type")]
    #[schemars(with = "Option<values::ListedTypeName>")]
    number_type: Option<&'static str>,
    #[schemars(with = "Option<values::ListedNumber>")]
    first: Option<String>,
    #[schemars(with = "Option<values::ListedNumber>")]
    last: Option<String>,
    #[schemars(with = "Option<values::Id>")]
    contract_id: Option<String>,
    #[schemars(with = "Option<values::NumberRegionName>")]
    region: Option<String>,
    /// Null for the pool that serves every tenant.
    #[schemars(with = "Option<values::Id>")]
    pool_id: Option<String>,
    #[schemars(with = "values::BlockUseName")]
    purpose: &'static str,
    version: u32,
    /// The position in the `numbering` ledger that brought it here.
    position: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberBlocks")]
pub(crate) struct ShownBlocks {
    items: Vec<ShownBlock>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// POST /v1/numbering/blocks.
pub(crate) async fn add_block(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewBlock { id, operator, number_type, first, last, contract_id, region, pool_id, purpose } = request.json()?;
    let mno = field::label("operator", operator)?;
    let number_type = number_type.as_deref().map(listed_type).transpose()?;
    let range = range(first.as_deref(), last.as_deref())?;
    let purpose = purpose.as_deref().unwrap_or(BlockUse::Own.name());
    let terms = terms(contract_id.as_deref(), region.as_deref(), pool_id.as_deref(), purpose)?;
    let command = request.names()?.single()?;
    let block = field::id_or(id.as_deref(), BlockId::from_bytes(derived_id(command, 0)))?;
    let add = AllocationCommand::AddBlock { block, mno, number_type, range, terms };
    added(&api, &request, command, ("block", block), add).await
}

/// PUT /v1/numbering/blocks/{id}.
pub(crate) async fn change_block(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ChangingBlock { version, contract_id, region, pool_id, purpose } = request.json()?;
    let block: BlockId = request.path_id(0)?;
    let terms = terms(contract_id.as_deref(), region.as_deref(), pool_id.as_deref(), &purpose)?;
    let change = AllocationCommand::ChangeBlock { block, version, terms };
    changed(&api, &request, ("block", block), version, change).await
}

/// DELETE /v1/numbering/blocks/{id}.
pub(crate) async fn remove_block(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WhichVersion { version } = request.query()?;
    let block: BlockId = request.path_id(0)?;
    removed(&api, &request, ("block", block), AllocationCommand::RemoveBlock { block, version }).await
}

/// GET /v1/numbering/blocks.
pub(crate) async fn blocks(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.blocks(after, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    Ok(Answer::ok(&ShownBlocks { items, next: page.next.map(|id| id.to_string()) }))
}

/// GET /v1/numbering/blocks/{id}.
pub(crate) async fn show_block(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let block = request.path_id(0)?;
    request.reached(&api, LedgerId::NUMBERING, None).await?;
    found(api.reads.block(block).await?, shown)
}

fn listed_type(text: &str) -> Result<NumberType, Problem> {
    let number_type = text.parse().ok().filter(|number_type| *number_type != NumberType::Alpha);
    number_type.ok_or_else(|| Problem::invalid("type", "expected msisdn, short_code or vanity"))
}

fn range(first: Option<&str>, last: Option<&str>) -> Result<Option<NumberRange>, Problem> {
    let end = |name: &'static str, text: &str| -> Result<SenderId, Problem> {
        text.parse().map_err(|_| Problem::invalid(name, "expected an E.164 number or a short code"))
    };
    match (first, last) {
        (None, None) => Ok(None),
        (Some(first), Some(last)) => {
            let range = NumberRange::new(end("first", first)?, end("last", last)?);
            range.map(Some).map_err(|error| Problem::invalid("last", &error.to_string()))
        }
        (Some(_), None) => Err(Problem::invalid("last", "expected the last number of the range that `first` begins")),
        (None, Some(_)) => Err(Problem::invalid("first", "expected the first number of the range that `last` ends")),
    }
}

fn terms(
    contract: Option<&str>,
    region: Option<&str>,
    pool: Option<&str>,
    purpose: &str,
) -> Result<BlockTerms, Problem> {
    let why = "expected a country in two capitals, a hyphen, and 1 to 16 of a-z and 0-9, as AF-kbl";
    let region = region.map(|text| text.parse().map_err(|_| Problem::invalid("region", why))).transpose()?;
    let purpose = BlockUse::named(purpose);
    Ok(BlockTerms {
        contract: contract.map(|text| field::id("contract_id", text)).transpose()?,
        region,
        pool: pool.map(|text| field::id("pool_id", text)).transpose()?,
        purpose: purpose.ok_or_else(|| Problem::invalid("purpose", "expected own or intermediate"))?,
    })
}

fn shown(row: &Block) -> ShownBlock {
    ShownBlock {
        id: row.id.to_string(),
        mno: row.mno.clone(),
        number_type: row.number_type.map(NumberType::name),
        first: row.range.map(|range| range.first().text()),
        last: row.range.map(|range| range.last().text()),
        contract_id: row.terms.contract.map(|contract| contract.to_string()),
        region: row.terms.region.as_ref().map(ToString::to_string),
        pool_id: row.terms.pool.map(|pool| pool.to_string()),
        purpose: row.terms.purpose.name(),
        version: row.version,
        position: row.updated_position,
    }
}
