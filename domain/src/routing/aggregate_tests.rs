use super::RoutingCommand as Ask;
use super::RoutingEvent::*;
use super::*;
use crate::testing::given;
use crate::{At, ConnectorId, Dated, OperatorId, RouteId};

const ROSHAN: OperatorId = OperatorId::from_bytes([1; 16]);
const SMPP: ConnectorId = ConnectorId::from_bytes([2; 16]);
const ROUTE: RouteId = RouteId::from_bytes([3; 16]);

fn now(command: Ask) -> Dated<Ask> {
    Dated { at: At(1), command }
}

fn operator() -> RoutingEvent {
    OperatorRegistered { operator: ROSHAN, name: "Roshan".to_owned(), country: "AF".to_owned() }
}

fn connector() -> RoutingEvent {
    ConnectorRegistered { connector: SMPP, operator: ROSHAN, name: "roshan-1".to_owned() }
}

fn route(priority: u16, weight: u16) -> RoutingEvent {
    RouteSet { route: ROUTE, prefix: prefix("9379"), connector: SMPP, priority, weight, cost: 500 }
}

fn set_route(priority: u16, weight: u16) -> Ask {
    Ask::SetRoute { route: ROUTE, prefix: prefix("9379"), connector: SMPP, priority, weight, cost: 500 }
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

fn register(name: &str, country: &str) -> Ask {
    Ask::RegisterOperator { operator: ROSHAN, name: name.to_owned(), country: country.to_owned() }
}

fn register_connector(name: &str) -> Ask {
    Ask::RegisterConnector { connector: SMPP, operator: ROSHAN, name: name.to_owned() }
}

#[test]
fn operators_then_connectors_then_routes() {
    given::<Routing>([])
        .when(now(register("Roshan", "AF")))
        .then([operator()])
        .when(now(register_connector("roshan-1")))
        .then([connector()])
        .when(now(set_route(10, 1)))
        .then([route(10, 1)])
        .when(now(Ask::RemoveRoute { route: ROUTE }))
        .then([RouteRemoved { route: ROUTE }]);
}

#[test]
fn what_is_not_there_is_not_found() {
    given::<Routing>([]).when(now(register_connector("roshan-1"))).refused(RoutingError::NotFound("operator"));
    given::<Routing>([operator()]).when(now(set_route(1, 1))).refused(RoutingError::NotFound("connector"));
    let ledger = || given::<Routing>([operator(), connector()]);
    ledger().when(now(Ask::RemoveRoute { route: ROUTE })).refused(RoutingError::NotFound("route"));
    let other = ConnectorId::from_bytes([9; 16]);
    ledger().when(now(Ask::CloseConnector { connector: other })).refused(RoutingError::NotFound("connector"));
    ledger().when(now(Ask::OpenConnector { connector: other })).refused(RoutingError::NotFound("connector"));
}

#[test]
fn an_id_is_registered_once() {
    let ledger = || given::<Routing>([operator(), connector()]);
    ledger().when(now(register("Etisalat", "AF"))).refused(RoutingError::AlreadyExists("operator"));
    ledger().when(now(register_connector("roshan-2"))).refused(RoutingError::AlreadyExists("connector"));
}

#[test]
fn values_are_checked() {
    let code = |command| given::<Routing>([operator(), connector()]).when(now(command)).code(RoutingError::code);
    for name in ["", "a\nb", &"x".repeat(101)] {
        assert_eq!(code(register(name, "AF")), "INVALID_VALUE", "{name:?}");
        assert_eq!(code(register_connector(name)), "INVALID_VALUE", "{name:?}");
    }
    for country in ["", "A", "af", "AFG", "Ä", "A1"] {
        assert_eq!(code(register("Roshan", country)), "INVALID_VALUE", "{country:?}");
    }
    assert_eq!(code(set_route(1, 0)), "INVALID_VALUE");
    let longest = "ж".repeat(100);
    given::<Routing>([]).when(now(register(&longest, "AF"))).committed();
}

#[test]
fn a_route_may_be_set_anew_and_what_is_so_already_is_not_recorded() {
    let ledger = given::<Routing>([operator(), connector(), route(10, 1)])
        .when(now(set_route(10, 1)))
        .then_nothing()
        .when(now(set_route(5, 2)))
        .then([route(5, 2)]);
    assert_eq!(ledger.state().routes().len(), 1);
    assert_eq!(ledger.state().route(ROUTE).map(|route| (route.priority, route.weight)), Some((5, 2)));
}

#[test]
fn a_connector_is_closed_and_opened() {
    let close = || now(Ask::CloseConnector { connector: SMPP });
    let open = || now(Ask::OpenConnector { connector: SMPP });
    given::<Routing>([operator(), connector()])
        .when(open())
        .then_nothing()
        .when(close())
        .then([ConnectorClosed { connector: SMPP }])
        .when(close())
        .then_nothing()
        .when(open())
        .then([ConnectorOpened { connector: SMPP }]);
    given::<Routing>([]).when(now(Ask::Tick)).then_nothing();
}

#[test]
fn a_ledger_that_contradicts_itself_is_not_applied() {
    for (past, event) in [
        (vec![operator()], operator()),
        (vec![], connector()),
        (vec![operator(), connector()], connector()),
        (vec![operator()], route(1, 1)),
        (vec![], RouteRemoved { route: ROUTE }),
        (vec![], ConnectorClosed { connector: SMPP }),
        (vec![operator(), connector()], ConnectorOpened { connector: SMPP }),
    ] {
        let mut table = given::<Routing>(past).state().clone();
        let error = table.evolve(event.clone()).expect_err("a contradiction");
        assert_eq!(error.code(), "CORRUPT_LEDGER", "{event:?}");
    }
}
