use super::{Route, RoutingCommand, RoutingError, RoutingEvent, RoutingTable};
use crate::{ConnectorId, Dated, Fold};
use eventually::aggregate::Aggregate;
use futures::future::{BoxFuture, FutureExt, ready};

/// How long the name of an operator or a connector may be.
pub const NAME_MAX_CHARS: usize = 100;
pub const OPERATORS_MAX: usize = 10_000;
pub const CONNECTORS_MAX: usize = 10_000;
pub const ROUTES_MAX: usize = 1_000_000;

/// The routing table as one aggregate.
#[derive(Debug, Default, Clone, Copy)]
pub struct Routing;

impl RoutingTable {
    /// What follows from a command. A command that asks for what is so already is fine, and nothing follows from it.
    ///
    /// # Errors
    /// Why the command is refused; then nothing follows from it.
    pub fn decide(&self, command: RoutingCommand) -> Result<Vec<RoutingEvent>, RoutingError> {
        match command {
            RoutingCommand::RegisterOperator { operator, name, country } => {
                proper_name(&name)?;
                if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                    return Err(RoutingError::InvalidValue("the country is two capital letters (ISO 3166-1 alpha-2)"));
                }
                absent(self.operator(operator).is_none(), "operator")?;
                room(self.operators().len() < OPERATORS_MAX, "operators")?;
                Ok(vec![RoutingEvent::OperatorRegistered { operator, name, country }])
            }
            RoutingCommand::RegisterConnector { connector, operator, name } => {
                proper_name(&name)?;
                present(self.operator(operator).is_some(), "operator")?;
                absent(self.connector(connector).is_none(), "connector")?;
                room(self.connectors().len() < CONNECTORS_MAX, "connectors")?;
                Ok(vec![RoutingEvent::ConnectorRegistered { connector, operator, name }])
            }
            RoutingCommand::SetRoute { route, prefix, connector, priority, weight, cost } => {
                if weight == 0 {
                    return Err(RoutingError::InvalidValue(
                        "the weight is at least 1; remove a route that is not to be used",
                    ));
                }
                present(self.connector(connector).is_some(), "connector")?;
                match self.route(route) {
                    Some(now) if *now == (Route { prefix, connector, priority, weight, cost }) => return Ok(vec![]),
                    Some(_) => {}
                    None => room(self.routes().len() < ROUTES_MAX, "routes")?,
                }
                Ok(vec![RoutingEvent::RouteSet { route, prefix, connector, priority, weight, cost }])
            }
            RoutingCommand::RemoveRoute { route } => {
                present(self.route(route).is_some(), "route")?;
                Ok(vec![RoutingEvent::RouteRemoved { route }])
            }
            RoutingCommand::CloseConnector { connector } => {
                self.switch_to(connector, false, RoutingEvent::ConnectorClosed { connector })
            }
            RoutingCommand::OpenConnector { connector } => {
                self.switch_to(connector, true, RoutingEvent::ConnectorOpened { connector })
            }
            RoutingCommand::Tick => Ok(vec![]),
        }
    }

    fn switch_to(
        &self,
        connector: ConnectorId,
        open: bool,
        event: RoutingEvent,
    ) -> Result<Vec<RoutingEvent>, RoutingError> {
        let now = self.connector(connector).ok_or(RoutingError::NotFound("connector"))?.open;
        Ok(if now == open { vec![] } else { vec![event] })
    }
}

fn proper_name(name: &str) -> Result<(), RoutingError> {
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(RoutingError::InvalidValue("a name has 1 to 100 characters, none of them a control character"));
    }
    Ok(())
}

const fn present(is: bool, what: &'static str) -> Result<(), RoutingError> {
    if is { Ok(()) } else { Err(RoutingError::NotFound(what)) }
}

const fn absent(is: bool, what: &'static str) -> Result<(), RoutingError> {
    if is { Ok(()) } else { Err(RoutingError::AlreadyExists(what)) }
}

const fn room(is: bool, what: &'static str) -> Result<(), RoutingError> {
    if is { Ok(()) } else { Err(RoutingError::TooMany(what)) }
}

impl Fold for Routing {
    const VERSION: u32 = 1;
}

impl Aggregate for Routing {
    type Id = &'static str;
    type State = RoutingTable;
    type Event = RoutingEvent;
    type Command = Dated<RoutingCommand>;
    type Error = RoutingError;

    fn apply(mut table: RoutingTable, event: RoutingEvent) -> Result<RoutingTable, RoutingError> {
        table.evolve(event)?;
        Ok(table)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _ledger: &'s Self::Id,
        table: &'s RoutingTable,
        command: Dated<RoutingCommand>,
    ) -> BoxFuture<'a, Result<Option<Vec<RoutingEvent>>, RoutingError>> {
        ready(table.decide(command.command).map(Some)).boxed()
    }
}
