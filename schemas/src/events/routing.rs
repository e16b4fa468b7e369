use super::table::event_schema;
use peyk_domain::routing::{Prefix, RoutingEvent};
use peyk_domain::{ConnectorId, OperatorId, RouteId};

event_schema! {
    RoutingEvent {
        OperatorRegistered = "routing.operator_registered" version 1 {
            operator: OperatorId => Internal,
            name: String => Public,
            country: String => Public,
        }
        ConnectorRegistered = "routing.connector_registered" version 1 {
            connector: ConnectorId => Internal,
            operator: OperatorId => Internal,
            name: String => Internal,
        }
        RouteSet = "routing.route_set" version 1 {
            route: RouteId => Internal,
            prefix: Prefix => Public,
            connector: ConnectorId => Internal,
            priority: u16 => Internal,
            weight: u16 => Internal,
            cost: u64 => Internal,
        }
        RouteRemoved = "routing.route_removed" version 1 {
            route: RouteId => Internal,
        }
        ConnectorClosed = "routing.connector_closed" version 1 {
            connector: ConnectorId => Internal,
        }
        ConnectorOpened = "routing.connector_opened" version 1 {
            connector: ConnectorId => Internal,
        }
    }
}
