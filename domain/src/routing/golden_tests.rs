use super::*;
use crate::kept::golden;
use crate::{ConnectorId, OperatorId, RouteId};

const OPERATOR: OperatorId = OperatorId::from_bytes([1; 16]);
const OPEN: ConnectorId = ConnectorId::from_bytes([2; 16]);
const CLOSED: ConnectorId = ConnectorId::from_bytes([3; 16]);

fn connector(connector: ConnectorId, name: &str) -> RoutingEvent {
    RoutingEvent::ConnectorRegistered { connector, operator: OPERATOR, name: name.to_owned() }
}

fn route(route: u8, digits: u64, connector: ConnectorId, priority: u16) -> RoutingEvent {
    let prefix = Prefix::from_digits(digits).expect("a prefix");
    RoutingEvent::RouteSet {
        route: RouteId::from_bytes([route; 16]),
        prefix,
        connector,
        priority,
        weight: 3,
        cost: 12_000,
    }
}

/// Two connectors, one closed and opened and one closed; three routes left of four.
#[test]
fn the_routing_table_keeps_its_bytes() {
    let history = vec![
        RoutingEvent::OperatorRegistered { operator: OPERATOR, name: "Roshan".into(), country: "AF".into() },
        connector(OPEN, "north"),
        connector(CLOSED, "south"),
        route(4, 9370, OPEN, 1),
        route(5, 9370, CLOSED, 0),
        route(6, 937, CLOSED, 2),
        route(7, 93, OPEN, 2),
        RoutingEvent::RouteRemoved { route: RouteId::from_bytes([7; 16]) },
        RoutingEvent::ConnectorClosed { connector: OPEN },
        RoutingEvent::ConnectorOpened { connector: OPEN },
        RoutingEvent::ConnectorClosed { connector: CLOSED },
    ];
    golden::<Routing>("routing", vec![history]);
}
