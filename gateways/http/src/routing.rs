//! Operators, connectors and routes over HTTP; for the platform's own people.
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::{Request, limit};
use peyk_domain::access::AuditKind;
use peyk_domain::routing::{Prefix, RoutingCommand};
use peyk_domain::{CommandId, ConnectorId, OperatorId, RouteId};
use peyk_handlers::{Call, Done, derived_id};
use peyk_projections::query::{Limit, Page};
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOperator {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    #[schemars(with = "values::Label")]
    name: String,
    #[schemars(with = "values::Country")]
    country: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConnector {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    #[schemars(with = "values::Id")]
    operator_id: String,
    #[schemars(with = "values::Label")]
    name: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoute {
    /// The route to set anew; a new one if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    #[schemars(with = "values::PrefixDigits")]
    prefix: String,
    #[schemars(with = "values::Id")]
    connector_id: String,
    /// Routes of a prefix are tried from the lowest on.
    priority: u16,
    /// How much of the traffic it takes among routes of one priority.
    weight: u16,
    /// What a message costs over it, in the smallest unit the deployment reckons in.
    cost: u64,
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

#[derive(Serialize, JsonSchema)]
pub(crate) struct Registered {
    #[schemars(with = "values::Id")]
    id: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RoutingChange")]
pub(crate) struct Switched {
    #[schemars(with = "values::Id")]
    id: String,
    /// `open`, `closed` or `removed`, as was asked.
    state: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Operator")]
pub(crate) struct ShownOperator {
    #[schemars(with = "values::Id")]
    id: String,
    name: String,
    #[schemars(with = "values::Country")]
    country: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Connector")]
pub(crate) struct ShownConnector {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::Id")]
    operator_id: String,
    name: String,
    #[schemars(with = "values::ConnectorStateName")]
    state: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Route")]
pub(crate) struct ShownRoute {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::PrefixDigits")]
    prefix: String,
    #[schemars(with = "values::Id")]
    connector_id: String,
    priority: u16,
    weight: u16,
    cost: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}s")]
pub(crate) struct Listed<T> {
    items: Vec<T>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// POST /v1/operators.
pub(crate) async fn register_operator(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewOperator { id, name, country } = request.json()?;
    let (name, country) = (field::label("name", name)?, field::country(country)?);
    let command = request.names()?.single()?;
    let created = OperatorId::from_bytes(derived_id(command, 0));
    let operator = field::id_or(id.as_deref(), created)?;
    let done = ask(&api, &request, command, RoutingCommand::RegisterOperator { operator, name, country }).await?;
    let mark = Mark::of(AuditKind::Created, "operator", operator);
    Ok(Answer::created(&Registered { id: operator.to_string() }).done(&done).marked(mark))
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
    let mark = Mark::of(AuditKind::Created, "connector", connector);
    Ok(Answer::created(&Switched { id: connector.to_string(), state: "open" }).done(&done).marked(mark))
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
    // One that is named may be there.
    let change = if id.is_some() { AuditKind::Updated } else { AuditKind::Created };
    let set = RoutingCommand::SetRoute { route, prefix, connector, priority, weight, cost };
    let done = ask(&api, &request, command, set).await?;
    let mark = Mark::of(change, "route", route);
    Ok(Answer::created(&Registered { id: route.to_string() }).done(&done).marked(mark))
}

/// DELETE /v1/routes/{id}.
pub(crate) async fn remove_route(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let route: RouteId = request.path_id(0)?;
    let command = request.names()?.single()?;
    let done = ask(&api, &request, command, RoutingCommand::RemoveRoute { route }).await?;
    let mark = Mark::of(AuditKind::Deleted, "route", route);
    Ok(Answer::ok(&Switched { id: route.to_string(), state: "removed" }).done(&done).marked(mark))
}

/// POST /v1/connectors/{id}/close: send nothing new through it.
pub(crate) async fn close_connector(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let connector: ConnectorId = request.path_id(0)?;
    let command = request.names()?.single()?;
    let done = ask(&api, &request, command, RoutingCommand::CloseConnector { connector }).await?;
    let mark = Mark::of(AuditKind::Updated, "connector", connector);
    Ok(Answer::ok(&Switched { id: connector.to_string(), state: "closed" }).done(&done).marked(mark))
}

/// POST /v1/connectors/{id}/open.
pub(crate) async fn open_connector(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let connector: ConnectorId = request.path_id(0)?;
    let command = request.names()?.single()?;
    let done = ask(&api, &request, command, RoutingCommand::OpenConnector { connector }).await?;
    let mark = Mark::of(AuditKind::Updated, "connector", connector);
    Ok(Answer::ok(&Switched { id: connector.to_string(), state: "open" }).done(&done).marked(mark))
}

/// GET /v1/operators.
pub(crate) async fn operators(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.operators(after, limit).await?;
    Ok(listed(&page, |row| ShownOperator {
        id: row.id.to_string(),
        name: row.name.clone(),
        country: row.country.clone(),
    }))
}

/// GET /v1/connectors.
pub(crate) async fn connectors(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.connectors(after, limit).await?;
    Ok(listed(&page, |row| ShownConnector {
        id: row.id.to_string(),
        operator_id: row.operator.to_string(),
        name: row.name.clone(),
        state: row.state.name(),
    }))
}

/// GET /v1/routes.
pub(crate) async fn routes(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (after, limit) = which(&api, &request).await?;
    let page = api.reads.routes(after, limit).await?;
    Ok(listed(&page, |row| ShownRoute {
        id: row.id.to_string(),
        prefix: row.prefix.to_string(),
        connector_id: row.connector.to_string(),
        priority: row.priority,
        weight: row.weight,
        cost: row.cost,
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

fn listed<T, S: Serialize, C: Display>(page: &Page<T, C>, shown: fn(&T) -> S) -> Answer {
    let items = page.rows.iter().map(shown).collect();
    Answer::ok(&Listed { items, next: page.next.as_ref().map(ToString::to_string) })
}

async fn ask(api: &Api, request: &Request, id: CommandId, command: RoutingCommand) -> Result<Done, Problem> {
    let call = Call { id, caller: request.identity()?.caller(), patience: api.settings.patience, command };
    Ok(api.commands.routing(call).await?)
}
