use crate::fakes::{Asked, Bench};
use peyk_domain::ConnectorId;
use peyk_domain::routing::RoutingCommand;

const ID: &str = "05050505-0505-0505-0505-050505050505";

fn commands(bench: &Bench) -> Vec<RoutingCommand> {
    let asked = bench.commands.asked().into_iter();
    asked.filter_map(|asked| if let Asked::Routing(call) = asked { Some(call.command) } else { None }).collect()
}

#[tokio::test]
async fn the_table_is_built_up_and_taken_down() {
    let bench = Bench::new();
    let operator = bench.ask_as_platform("POST", "/v1/operators", r#"{"name":"Roshan","country":"AF"}"#).await;
    assert_eq!(operator.status, 201);
    let body = format!(r#"{{"id":"{ID}","operator_id":"{}","name":"one"}}"#, operator.text("id"));
    let connector = bench.ask_as_platform("POST", "/v1/connectors", &body).await;
    assert_eq!((connector.status, connector.text("id"), connector.text("state")), (201, ID, "open"));
    let body = format!(r#"{{"prefix":"9370","connector_id":"{ID}","priority":1,"weight":10,"cost":2500}}"#);
    let route = bench.ask_as_platform("POST", "/v1/routes", &body).await;
    assert_eq!(route.status, 201);
    for (method, path, state) in [
        ("POST", format!("/v1/connectors/{ID}/close"), "closed"),
        ("POST", format!("/v1/connectors/{ID}/open"), "open"),
        ("DELETE", format!("/v1/routes/{}", route.text("id")), "removed"),
    ] {
        let reply = bench.ask_as_platform(method, &path, "").await;
        assert_eq!((reply.status, reply.text("state")), (200, state));
        assert!(reply.header("peyk-receipt").unwrap().starts_with("routing/0/"));
    }
    let connector: ConnectorId = ID.parse().unwrap();
    let operator = operator.text("id").parse().unwrap();
    let route = route.text("id").parse().unwrap();
    let prefix = "9370".parse().unwrap();
    assert_eq!(
        commands(&bench),
        [
            RoutingCommand::RegisterOperator { operator, name: "Roshan".into(), country: "AF".into() },
            RoutingCommand::RegisterConnector { connector, operator, name: "one".into() },
            RoutingCommand::SetRoute { route, prefix, connector, priority: 1, weight: 10, cost: 2_500 },
            RoutingCommand::CloseConnector { connector },
            RoutingCommand::OpenConnector { connector },
            RoutingCommand::RemoveRoute { route },
        ]
    );
}

#[tokio::test]
async fn values_are_checked() {
    let bench = Bench::new();
    let route =
        |prefix: &str| format!(r#"{{"prefix":"{prefix}","connector_id":"{ID}","priority":1,"weight":1,"cost":0}}"#);
    for (path, body) in [
        ("/v1/operators", r#"{"name":"Roshan","country":"af"}"#.to_owned()),
        ("/v1/operators", r#"{"name":"","country":"AF"}"#.to_owned()),
        ("/v1/operators", r#"{"name":"Roshan","country":"AF","id":"1"}"#.to_owned()),
        ("/v1/connectors", r#"{"name":"one","operator_id":"1"}"#.to_owned()),
        ("/v1/routes", route("+9370")),
        ("/v1/routes", route("0")),
        ("/v1/routes", route("")),
    ] {
        bench.ask_as_platform("POST", path, &body).await.is_problem(422, "INVALID_VALUE");
    }
    let heavy = route("9370").replace("\"weight\":1", "\"weight\":65536");
    bench.ask_as_platform("POST", "/v1/routes", &heavy).await.is_problem(400, "INVALID_JSON");
    bench.ask_as_platform("DELETE", "/v1/routes/1", "").await.is_problem(404, "NOT_FOUND");
    assert!(commands(&bench).is_empty());
}

#[tokio::test]
async fn the_table_is_listed() {
    let bench = Bench::new();
    let reply = bench.ask_as_platform("GET", "/v1/operators", "").await;
    assert_eq!((reply.status, reply.body["items"][0]["country"].as_str()), (200, Some("AF")));
    let next = format!("/v1/operators?cursor={}", reply.text("next"));
    assert_eq!(bench.ask_as_platform("GET", &next, "").await.status, 200);
    bench.ask_as_platform("GET", "/v1/routes?cursor=x", "").await.is_problem(422, "INVALID_VALUE");
    for path in ["/v1/connectors", "/v1/routes?limit=200"] {
        let reply = bench.ask_as_platform("GET", path, "").await;
        assert_eq!((reply.status, reply.body["next"].is_null()), (200, true));
    }
}
