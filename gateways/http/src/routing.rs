//! Operators, connectors and routes over HTTP; for the platform's own people.
use crate::answer::Answer;
use crate::api::Api;
use crate::field;
use crate::problem::Problem;
use crate::request::{Request, limit};
use peyk_domain::routing::{Prefix, RoutingCommand};
use peyk_domain::{CommandId, ConnectorId, OperatorId, RouteId};
use peyk_handlers::{Call, Done, derived_id};
use peyk_projections::query::{Limit, Page};
use peyk_schemas::LedgerId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOperator {
    id: Option<String>,
    name: String,
    country: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewConnector {
    id: Option<String>,
    operator_id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRoute {
    id: Option<String>,
    prefix: String,
    connector_id: String,
    priority: u16,
    weight: u16,
    cost: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    cursor: Option<String>,
    limit: Option<u16>,
    min_position: Option<u64>,
}

/// POST /v1/operators.
pub(crate) async fn register_operator(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewOperator { id, name, country } = request.json()?;
    let (name, country) = (field::label("name", name)?, field::country(country)?);
    let command = request.names()?.single()?;
    let created = OperatorId::from_bytes(derived_id(command, 0));
    let operator = field::id_or(id.as_deref(), created)?;
    let done = ask(&api, &request, command, RoutingCommand::RegisterOperator { operator, name, country }).await?;
    Ok(Answer::created(json!({ "id": operator.to_string() })).done(&done))
}

/// POST /v1/connectors.
pub(crate) async fn register_connector(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewConnector { id, operator_id, name } = request.json()?;
    let operator: OperatorId = field::id("operator_id", &operator_id)?;
    let name = field::label("name", name)?;
    let command = request.names()?.single()?;
    let created = ConnectorId::from_bytes(derived_id(command, 0));
    let connector = field::id_or(id.as_deref(), created)?;
    let done = ask(&api, &request, command, RoutingCommand::RegisterConnector { connector, operator, name }).await?;
    Ok(Answer::created(json!({ "id": connector.to_string(), "state": "open" })).done(&done))
}

/// POST /v1/routes: set the route with the id, or a new one.
pub(crate) async fn set_route(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewRoute { id, prefix, connector_id, priority, weight, cost } = request.json()?;
    let why = "expected 1 to 15 digits without a plus sign, the first not zero";
    let prefix: Prefix = prefix.parse().map_err(|_| Problem::invalid("prefix", why))?;
    let connector: ConnectorId = field::id("connector_id", &connector_id)?;
    let command = request.names()?.single()?;
    let created = RouteId::from_bytes(derived_id(command, 0));
    let route = field::id_or(id.as_deref(), created)?;
    let set = RoutingCommand::SetRoute { route, prefix, connector, priority, weight, cost };
    let done = ask(&api, &request, command, set).await?;
    Ok(Answer::created(json!({ "id": route.to_string() })).done(&done))
}

/// DELETE /v1/routes/{id}.
pub(crate) async fn remove_route(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let route: RouteId = request.path_id(0)?;
    let command = request.names()?.single()?;
    let done = ask(&api, &request, command, RoutingCommand::RemoveRoute { route }).await?;
    Ok(Answer::ok(json!({ "id": route.to_string(), "state": "removed" })).done(&done))
}

/// POST /v1/connectors/{id}/close: send nothing new through it.
pub(crate) async fn close_connector(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let connector: ConnectorId = request.path_id(0)?;
    let command = request.names()?.single()?;
    let done = ask(&api, &request, command, RoutingCommand::CloseConnector { connector }).await?;
    Ok(Answer::ok(json!({ "id": connector.to_string(), "state": "closed" })).done(&done))
}

/// POST /v1/connectors/{id}/open.
pub(crate) async fn open_connector(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let connector: ConnectorId = request.path_id(0)?;
    let command = request.names()?.single()?;
    let done = ask(&api, &request, command, RoutingCommand::OpenConnector { connector }).await?;
    Ok(Answer::ok(json!({ "id": connector.to_string(), "state": "open" })).done(&done))
}

/// GET /v1/operators.
pub(crate) async fn operators(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.operators(after, limit).await?;
    Ok(listed(&page, |row| json!({ "id": row.id.to_string(), "name": row.name, "country": row.country })))
}

/// GET /v1/connectors.
pub(crate) async fn connectors(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.connectors(after, limit).await?;
    Ok(listed(&page, |row| {
        json!({
            "id": row.id.to_string(),
            "operator_id": row.operator.to_string(),
            "name": row.name,
            "state": row.state.name(),
        })
    }))
}

/// GET /v1/routes.
pub(crate) async fn routes(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.routes(after, limit).await?;
    Ok(listed(&page, |row| {
        json!({
            "id": row.id.to_string(),
            "prefix": row.prefix.to_string(),
            "connector_id": row.connector.to_string(),
            "priority": row.priority,
            "weight": row.weight,
            "cost": row.cost,
        })
    }))
}

/// Where the page begins and how long it is; the cursor is the id the last page ended with.
async fn which<C: FromStr>(api: &Api, request: &Request) -> Result<(Option<C>, Limit), Problem> {
    let Which { cursor, limit: rows, min_position } = request.query()?;
    let after = cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    request.reached(api, LedgerId::ROUTING, min_position).await?;
    Ok((after, limit))
}

fn listed<T, C: Display>(page: &Page<T, C>, shown: fn(&T) -> Value) -> Answer {
    let items: Vec<Value> = page.rows.iter().map(shown).collect();
    Answer::ok(json!({ "items": items, "next": page.next.as_ref().map(ToString::to_string) }))
}

async fn ask(api: &Api, request: &Request, id: CommandId, command: RoutingCommand) -> Result<Done, Problem> {
    let call = Call { id, caller: request.identity()?.caller(), patience: api.settings.patience, command };
    Ok(api.commands.routing(call).await?)
}
