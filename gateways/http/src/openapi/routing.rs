use super::Operation;
use super::examples::{CONNECTOR, OPERATOR, ROUTE, page, receipt};
use crate::problem::{Kind, kind};
use crate::routing::{
    Listed, NewConnector, NewOperator, NewRoute, Registered, ShownConnector, ShownOperator, ShownRoute, Switched, Which,
};
use serde_json::{Value, json};

const NEW: &[&Kind] = &[&kind::INVALID_VALUE, &kind::ALREADY_EXISTS, &kind::NOT_FOUND, &kind::TOO_MANY];

fn registered(id: &str, position: u64) -> Value {
    json!({ "id": id, "receipt": receipt("routing", position) })
}

fn switched(id: &str, state: &str, position: u64) -> Value {
    json!({ "id": id, "state": state, "receipt": receipt("routing", position) })
}

pub(crate) fn register_operator() -> Operation {
    Operation::of("Register an operator", "A mobile network operator messages are handed to.")
        .takes::<NewOperator>(json!({ "id": OPERATOR, "name": "Roshan", "country": "AF" }))
        .answers::<Registered>(201, "It is registered.", registered(OPERATOR, 2))
        .refuses(NEW)
}

pub(crate) fn list_operators() -> Operation {
    Operation::of("List operators", "By id.").query::<Which>().answers::<Listed<ShownOperator>>(
        200,
        "A page.",
        page(json!({ "id": OPERATOR, "name": "Roshan", "country": "AF" })),
    )
}

pub(crate) fn register_connector() -> Operation {
    Operation::of("Register a connector", "A way to an operator: an SMPP account of theirs. It begins open.")
        .takes::<NewConnector>(json!({ "id": CONNECTOR, "operator_id": OPERATOR, "name": "roshan-1" }))
        .answers::<Switched>(201, "It is registered.", switched(CONNECTOR, "open", 3))
        .refuses(NEW)
}

pub(crate) fn list_connectors() -> Operation {
    Operation::of("List connectors", "By id.").query::<Which>().answers::<Listed<ShownConnector>>(
        200,
        "A page.",
        page(json!({ "id": CONNECTOR, "operator_id": OPERATOR, "name": "roshan-1", "state": "open" })),
    )
}

pub(crate) fn close_connector() -> Operation {
    Operation::of("Close a connector", "Nothing new is sent through it; what was sent is still followed up.")
        .example("id", CONNECTOR)
        .answers::<Switched>(200, "It is closed.", switched(CONNECTOR, "closed", 5))
}

pub(crate) fn open_connector() -> Operation {
    Operation::of("Open a connector again", "").example("id", CONNECTOR).answers::<Switched>(
        200,
        "It is open.",
        switched(CONNECTOR, "open", 6),
    )
}

pub(crate) fn set_route() -> Operation {
    let description = "Numbers with the longest prefix that fits go through the connector. With the id of a route \
                       that is there, it is set anew.";
    Operation::of("Set a route", description)
        .takes::<NewRoute>(json!({
            "id": ROUTE, "prefix": "93", "connector_id": CONNECTOR, "priority": 1, "weight": 1, "cost": 2_500,
        }))
        .answers::<Registered>(201, "It is set.", registered(ROUTE, 4))
        .refuses(NEW)
}

pub(crate) fn list_routes() -> Operation {
    Operation::of("List routes", "By id.").query::<Which>().answers::<Listed<ShownRoute>>(
        200,
        "A page.",
        page(json!({
            "id": ROUTE, "prefix": "93", "connector_id": CONNECTOR, "priority": 1, "weight": 1, "cost": 2_500,
        })),
    )
}

pub(crate) fn remove_route() -> Operation {
    Operation::of("Remove a route", "").example("id", ROUTE).answers::<Switched>(
        200,
        "It is removed.",
        switched(ROUTE, "removed", 7),
    )
}
