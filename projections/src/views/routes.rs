use super::{Misfit, Opened, Place, View};
use crate::projection::Projection;
use crate::rows::{Connector, ConnectorState, Operator, Route};
use crate::store::{Changes, How, StoreError, Which, load, write};
use peyk_domain::ConnectorId;
use peyk_domain::routing::RoutingEvent;
use sqlx::PgConnection;

/// Operators, the connectors that reach them, and which prefix goes which way.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    operators: Changes<Operator>,
    connectors: Changes<Connector>,
    routes: Changes<Route>,
}

impl Routes {
    fn turn(&mut self, connector: ConnectorId, state: ConnectorState, place: &Place) -> Result<(), Misfit> {
        let row = self.connectors.get_mut(connector).ok_or(Misfit("a connector was never registered"))?;
        (row.state, row.updated_position) = (state, place.position);
        Ok(())
    }
}

impl View for Routes {
    const PROJECTION: Projection = Projection::Routes;

    type Event = RoutingEvent;

    fn touch(&mut self, event: &RoutingEvent) {
        match event {
            RoutingEvent::OperatorRegistered { operator, .. } => self.operators.begin(*operator),
            RoutingEvent::ConnectorRegistered { connector, .. } => self.connectors.begin(*connector),
            RoutingEvent::ConnectorClosed { connector } | RoutingEvent::ConnectorOpened { connector } => {
                self.connectors.touch(*connector)
            }
            RoutingEvent::RouteSet { route, .. } | RoutingEvent::RouteRemoved { route } => self.routes.touch(*route),
        }
    }

    fn fold(&mut self, event: &RoutingEvent, place: &Place, _: &Opened) -> Result<(), Misfit> {
        let (position, updated_position) = (place.position, place.position);
        match *event {
            RoutingEvent::OperatorRegistered { operator, ref name, ref country } => self.operators.put(Operator {
                id: operator,
                name: name.clone(),
                country: country.clone(),
                position,
                updated_position,
            }),
            RoutingEvent::ConnectorRegistered { connector, operator, ref name } => self.connectors.put(Connector {
                id: connector,
                operator,
                name: name.clone(),
                state: ConnectorState::Open,
                position,
                updated_position,
            }),
            RoutingEvent::RouteSet { route, prefix, connector, priority, weight, cost } => {
                let position = self.routes.get_mut(route).map_or(position, |row| row.position);
                self.routes.put(Route {
                    id: route,
                    prefix,
                    connector,
                    priority,
                    weight,
                    cost,
                    position,
                    updated_position,
                });
            }
            RoutingEvent::RouteRemoved { route } => {
                if !self.routes.remove(route) {
                    return Err(Misfit("a route was never set"));
                }
            }
            RoutingEvent::ConnectorClosed { connector } => self.turn(connector, ConnectorState::Closed, place)?,
            RoutingEvent::ConnectorOpened { connector } => self.turn(connector, ConnectorState::Open, place)?,
        }
        Ok(())
    }

    fn lacks_rows(&self) -> bool {
        self.operators.unknown_count() + self.connectors.unknown_count() + self.routes.unknown_count() > 0
    }

    fn count(&self) -> usize {
        self.operators.count() + self.connectors.count() + self.routes.count()
    }

    fn take(&mut self, which: Which) -> Self {
        Self {
            operators: self.operators.take(which),
            connectors: self.connectors.take(which),
            routes: self.routes.take(which),
        }
    }

    async fn load(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        load(connection, &mut self.operators).await?;
        load(connection, &mut self.connectors).await?;
        load(connection, &mut self.routes).await
    }

    async fn write(&self, connection: &mut PgConnection, how: How) -> Result<(), StoreError> {
        write(connection, &self.operators, how).await?;
        write(connection, &self.connectors, how).await?;
        write(connection, &self.routes, how).await
    }
}
