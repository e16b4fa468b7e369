use super::{WhichVersion, added, changed, found, removed, which};
use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::ContractId;
use peyk_domain::numbering::{AllocationCommand, ContractState, ContractTerms, SignatureRef};
use peyk_handlers::derived_id;
use peyk_projections::rows::Contract;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMnoContract")]
pub(crate) struct NewContract {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    /// The operator, as blocks name it.
    #[schemars(with = "values::Label")]
    operator: String,
    #[schemars(with = "values::Label")]
    name: String,
    #[schemars(with = "values::Instant")]
    starts: String,
    /// The first instant at which it is over; none if it has no end.
    #[schemars(with = "Option<values::Instant>")]
    ends: Option<String>,
    #[schemars(with = "Option<values::SignatureReference>")]
    signature_ref: Option<String>,
    /// A draft if left out.
    #[schemars(with = "Option<values::ContractStateName>")]
    state: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MnoContractChange")]
pub(crate) struct ChangingContract {
    #[schemars(with = "values::ExpectedVersion")]
    version: u32,
    #[schemars(with = "values::Label")]
    name: String,
    #[schemars(with = "values::Instant")]
    starts: String,
    /// The first instant at which it is over; none if it has no end.
    #[schemars(with = "Option<values::Instant>")]
    ends: Option<String>,
    #[schemars(with = "Option<values::SignatureReference>")]
    signature_ref: Option<String>,
    #[schemars(with = "values::ContractStateName")]
    state: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MnoContract")]
pub(crate) struct ShownContract {
    #[schemars(with = "values::Id")]
    id: String,
    mno: String,
    name: String,
    #[schemars(with = "values::Instant")]
    starts: String,
    #[schemars(with = "Option<values::Instant>")]
    ends: Option<String>,
    #[schemars(with = "values::ContractStateName")]
    state: &'static str,
    /// Where the signed document is kept.
    signature_ref: Option<String>,
    version: u32,
    /// The position in the `numbering` ledger that brought it here.
    position: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MnoContracts")]
pub(crate) struct ShownContracts {
    items: Vec<ShownContract>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// POST /v1/numbering/contracts.
pub(crate) async fn add_contract(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewContract { id, operator, name, starts, ends, signature_ref, state } = request.json()?;
    let mno = field::label("operator", operator)?;
    let terms = terms(name, &starts, ends.as_deref(), signature_ref.as_deref(), state.as_deref().unwrap_or("draft"))?;
    let command = request.names()?.single()?;
    let contract = field::id_or(id.as_deref(), ContractId::from_bytes(derived_id(command, 0)))?;
    let add = AllocationCommand::AddContract { contract, mno, terms };
    added(&api, &request, command, ("contract", contract), add).await
}

/// PUT /v1/numbering/contracts/{id}.
pub(crate) async fn change_contract(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ChangingContract { version, name, starts, ends, signature_ref, state } = request.json()?;
    let contract: ContractId = request.path_id(0)?;
    let terms = terms(name, &starts, ends.as_deref(), signature_ref.as_deref(), &state)?;
    let change = AllocationCommand::ChangeContract { contract, version, terms };
    changed(&api, &request, ("contract", contract), version, change).await
}

/// DELETE /v1/numbering/contracts/{id}.
pub(crate) async fn remove_contract(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WhichVersion { version } = request.query()?;
    let contract: ContractId = request.path_id(0)?;
    let remove = AllocationCommand::RemoveContract { contract, version };
    removed(&api, &request, ("contract", contract), remove).await
}

/// GET /v1/numbering/contracts.
pub(crate) async fn contracts(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.contracts(after, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    Ok(Answer::ok(&ShownContracts { items, next: page.next.map(|id| id.to_string()) }))
}

/// GET /v1/numbering/contracts/{id}.
pub(crate) async fn show_contract(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let contract = request.path_id(0)?;
    request.reached(&api, LedgerId::NUMBERING, None).await?;
    found(api.reads.contract(contract).await?, shown)
}

fn terms(
    name: String,
    starts: &str,
    ends: Option<&str>,
    signature: Option<&str>,
    state: &str,
) -> Result<ContractTerms, Problem> {
    let signature = signature.map(SignatureRef::new).transpose();
    let state = ContractState::named(state);
    Ok(ContractTerms {
        name: field::label("name", name)?,
        starts: field::instant("starts", starts)?,
        ends: ends.map(|ends| field::instant("ends", ends)).transpose()?,
        signature: signature.map_err(|error| Problem::invalid("signature_ref", &error.to_string()))?,
        state: state.ok_or_else(|| Problem::invalid("state", "expected draft, active or ended"))?,
    })
}

fn shown(row: &Contract) -> ShownContract {
    ShownContract {
        id: row.id.to_string(),
        mno: row.mno.clone(),
        name: row.name.clone(),
        starts: rfc3339(row.starts),
        ends: row.ends.map(rfc3339),
        state: row.state.name(),
        signature_ref: row.signature.as_ref().map(|pointer| pointer.as_str().to_owned()),
        version: row.version,
        position: row.updated_position,
    }
}
