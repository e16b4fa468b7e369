use crate::fakes::{Bench, HERAT, KABUL, TENANT_ROLES};
use peyk_handlers::CommandError;
use peyk_http::{ApiSettings, BODY_BYTES_MAX, LogState, Readiness};
use peyk_projections::Condition;
use std::time::Duration;

const SEND: &str = r#"{"from":"+93700000001","to":"+93700000002","text":"a secret"}"#;

#[tokio::test]
async fn what_a_command_says_becomes_a_status() {
    let refused = |code: &str| CommandError::Refused { code: code.into(), message: "what to do".into() };
    for (error, status, code, retry_after) in [
        (refused("CONFLICT"), 409, "CONFLICT", None),
        (refused("BACKLOG_FULL"), 503, "BACKLOG_FULL", Some("1")),
        (refused("TEXT_TOO_LONG"), 422, "TEXT_TOO_LONG", None),
        (refused("SOMETHING_NEW"), 422, "SOMETHING_NEW", None),
        (refused("CORRUPT_LEDGER"), 500, "CORRUPT_LEDGER", None),
        (CommandError::KeyReused, 422, "IDEMPOTENCY_KEY_REUSED", None),
        (CommandError::InFlight, 409, "IN_FLIGHT", Some("1")),
        (CommandError::Overloaded { retry_after: Duration::from_secs(3) }, 503, "OVERLOADED", Some("3")),
        (CommandError::Unavailable, 503, "UNAVAILABLE", Some("1")),
        (CommandError::OutcomeUnknown, 504, "OUTCOME_UNKNOWN", None),
        (CommandError::Malformed("+93700000001".into()), 500, "INTERNAL", None),
    ] {
        let bench = Bench::new();
        bench.commands.refuse(0, error);
        let reply = bench.ask("POST", "/v1/sms/send", SEND).await;
        reply.is_problem(status, code);
        assert_eq!(reply.header("retry-after"), retry_after, "{code}");
    }
}

#[tokio::test]
async fn what_no_endpoint_takes_never_reaches_the_command_side() {
    let bench = Bench::new();
    for (method, path, body, status, code) in [
        ("GET", "/", "", 404, "NO_SUCH_ENDPOINT"),
        ("GET", "/v2/sms", "", 404, "NO_SUCH_ENDPOINT"),
        ("GET", "/v1/sms/../sms", "", 404, "NO_SUCH_ENDPOINT"),
        ("PATCH", "/v1/sms", "", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v1/sms/send", "", 400, "INVALID_JSON"),
        ("POST", "/v1/sms/send", "{\"from\": \"+93700000001", 400, "INVALID_JSON"),
        ("POST", "/v1/sms/send", "[]", 400, "INVALID_JSON"),
        ("POST", "/v1/sms/send", r#"["+93700000001","+93700000002","secret"]"#, 400, "INVALID_JSON"),
        ("POST", "/v1/sms/preview", r#"["secret"]"#, 400, "INVALID_JSON"),
        ("POST", "/v1/sms/bulk", r#"{"from":"+93700000001","items":[["+93700000002","secret"]]}"#, 400, "INVALID_JSON"),
        ("POST", "/v1/numbers/93700000001/reserve", "[60]", 400, "INVALID_JSON"),
        ("POST", "/v1/numbers/93700000001/release", "[null]", 400, "INVALID_JSON"),
        ("POST", "/v1/sms/send", r#"{"from":"+93700000001","to":"+93700000002"}"#, 400, "INVALID_JSON"),
        ("POST", "/v1/sms/send", r#"{"from":1,"to":"+93700000002","text":"secret"}"#, 400, "INVALID_JSON"),
        (
            "POST",
            "/v1/sms/send",
            r#"{"from":"+93700000001","to":"+93700000002","text":"x","secret":1}"#,
            400,
            "INVALID_JSON",
        ),
        ("POST", "/v1/sms/send", r#"{"from":"93700000001","to":"+93700000002","text":"x"}"#, 422, "INVALID_VALUE"),
        ("POST", "/v1/sms/send", r#"{"from":"+93700000001","to":"0700000002","text":"x"}"#, 422, "INVALID_VALUE"),
        ("POST", "/v1/sms/send", r#"{"from":"+93700000001","to":"+93700000002","text":""}"#, 422, "INVALID_VALUE"),
        (
            "POST",
            "/v1/sms/send",
            r#"{"from":"+93700000001","to":"+93700000002","text":"x","lane":"OTP"}"#,
            422,
            "INVALID_VALUE",
        ),
        (
            "POST",
            "/v1/sms/send",
            r#"{"from":"+93700000001","to":"+93700000002","text":"x","on_doubt":"?"}"#,
            422,
            "INVALID_VALUE",
        ),
        (
            "POST",
            "/v1/sms/send",
            r#"{"from":"+93700000001","to":"+93700000002","text":"x","validity_seconds":0}"#,
            422,
            "INVALID_VALUE",
        ),
        (
            "POST",
            "/v1/sms/send",
            r#"{"from":"+93700000001","to":"+93700000002","text":"x","validity_seconds":604801}"#,
            422,
            "INVALID_VALUE",
        ),
        ("POST", "/v1/sms/bulk", r#"{"from":"+93700000001","items":[]}"#, 422, "INVALID_VALUE"),
        ("POST", "/v1/numbers/93700000001/reserve", r#"{"ttl_seconds":0}"#, 422, "TTL_OUT_OF_RANGE"),
        ("POST", "/v1/numbers/93700000001/reserve", r#"{"ttl_seconds":-1}"#, 400, "INVALID_JSON"),
        ("POST", "/v1/numbers/93700000001/reserve", r#"{"ttl_seconds":99999999999}"#, 400, "INVALID_JSON"),
        ("POST", "/v1/numbers/93/reserve", r#"{"ttl_seconds":60}"#, 422, "INVALID_VALUE"),
        ("GET", "/v1/numbers?limit=0", "", 422, "INVALID_VALUE"),
        ("GET", "/v1/numbers?limit=201", "", 422, "INVALID_VALUE"),
        ("GET", "/v1/numbers?limit=many", "", 400, "INVALID_QUERY"),
        ("GET", "/v1/numbers?state=lost", "", 422, "INVALID_VALUE"),
        ("GET", "/v1/numbers?order=asc", "", 400, "INVALID_QUERY"),
        ("GET", "/v1/numbers?cursor=%27", "", 422, "INVALID_VALUE"),
        ("GET", "/v1/sms?cursor=x", "", 422, "INVALID_VALUE"),
        ("GET", "/v1/sms/not-an-id", "", 404, "NOT_FOUND"),
    ] {
        let reply = bench.ask(method, path, body).await;
        reply.is_problem(status, code);
    }
    assert!(bench.commands.asked().is_empty());
    let reply = bench.ask("DELETE", "/v1/sms/send", "").await;
    assert_eq!(reply.header("allow"), Some("POST, GET"));
    let long = format!(r#"{{"from":"+93700000001","to":"+93700000002","text":"{}"}}"#, "x".repeat(1_531));
    bench.ask("POST", "/v1/sms/send", &long).await.is_problem(422, "TEXT_TOO_LONG");
}

#[tokio::test]
async fn idempotency_keys_are_checked() {
    let bench = Bench::new();
    let long = "k".repeat(256);
    for key in ["", "two words", long.as_str()] {
        let reply = bench.ask_with(&[("idempotency-key", key)], "POST", "/v1/sms/send", SEND).await;
        reply.is_problem(400, "IDEMPOTENCY_KEY_INVALID");
    }
    assert!(bench.commands.asked().is_empty());
}

#[tokio::test]
async fn bodies_are_bounded_and_typed() {
    let bench = Bench::new();
    let large = " ".repeat(BODY_BYTES_MAX + 1);
    bench.ask("POST", "/v1/sms/send", &large).await.is_problem(413, "PAYLOAD_TOO_LARGE");
    for (content_type, status) in [
        ("application/json", 202),
        ("application/json; charset=utf-8", 202),
        ("Application/JSON", 202),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ] {
        let reply = bench.ask_with(&[("content-type", content_type)], "POST", "/v1/sms/send", SEND).await;
        assert_eq!(reply.status, status, "{content_type}");
    }
    let full = Bench::with(ApiSettings { body_bytes_total: 4 * 1024, ..ApiSettings::default() });
    full.ask("POST", "/v1/sms/send", &" ".repeat(5_000)).await.is_problem(503, "OVERLOADED");
    let busy = Bench::with(ApiSettings { in_flight_max: 0, ..ApiSettings::default() });
    busy.ask("GET", "/v1/sms", "").await.is_problem(503, "OVERLOADED");
}

#[tokio::test]
async fn readiness_tells_what_is_missing() {
    let bench = Bench::new();
    let ready = bench.ask_as("", "GET", "/readyz", &[], "").await;
    assert_eq!((ready.status, ready.text("state"), ready.text("postgres")), (200, "ready", "up"));
    for (postgres, projections, words) in [
        (Some(false), Some(Condition::Waiting), ("down", "waiting")),
        (Some(true), Some(Condition::Failed), ("up", "failed")),
        (Some(true), Some(Condition::Running), ("up", "running")),
        (None, None, ("unknown", "unknown")),
    ] {
        bench.readiness.send_replace(Readiness { log: LogState::Ready, postgres, projections });
        let ready = bench.ask_as("", "GET", "/readyz", &[], "").await;
        assert_eq!((ready.status, ready.text("postgres"), ready.text("projections")), (200, words.0, words.1));
    }
    for (log, state, reason) in [
        (LogState::LogUnavailable, "log unavailable", "LOG_UNAVAILABLE"),
        (LogState::NotLeader, "not leader", "NOT_LEADER"),
        (LogState::NoWriter, "no writer", "NO_WRITER"),
    ] {
        bench.readiness.send_replace(Readiness { log, postgres: None, projections: Some(Condition::Failed) });
        let reply = bench.ask_as("", "GET", "/readyz", &[], "").await;
        reply.is_problem(503, "NOT_READY");
        assert_eq!((reply.text("state"), reply.text("reason")), (state, reason));
        assert_eq!((reply.text("postgres"), reply.header("retry-after")), ("unknown", Some("1")));
        assert_eq!(reply.text("projections"), "failed");
    }
}

#[tokio::test]
async fn what_another_tenant_has_is_not_there() {
    let bench = Bench::new();
    let (herat, kabul) = (bench.token(HERAT, &TENANT_ROLES), bench.token(KABUL, &TENANT_ROLES));
    let message = format!("/v1/sms/{}", crate::fakes::KNOWN);
    for path in [message.clone(), format!("{message}/timeline"), "/v1/numbers/93700000001".to_owned()] {
        assert_eq!(bench.ask_as(&herat, "GET", &path, &[], "").await.status, 200);
        bench.ask_as(&kabul, "GET", &path, &[], "").await.is_problem(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_text_nobody_can_read_is_refused() {
    let bench = Bench::new();
    for text in ["", " ", "\\u0000", "a\\u0007", "a\\tb", "a\\u001b[2J", "\\u202e", "\\u202e\\u2066 \\r\\n", "\\u009b"]
    {
        for (path, body) in [
            ("/v1/sms/send", format!(r#"{{"from":"+93700000001","to":"+93700000002","text":"{text}"}}"#)),
            ("/v1/sms/preview", format!(r#"{{"text":"{text}"}}"#)),
        ] {
            let reply = bench.ask("POST", path, &body).await;
            reply.is_problem(422, "INVALID_VALUE");
            assert_eq!(reply.text("field"), "text");
        }
        let item = format!(r#"{{"from":"+93700000001","items":[{{"to":"+93700000002","text":"{text}"}}]}}"#);
        let bulk = bench.ask("POST", "/v1/sms/bulk", &item).await;
        assert_eq!(bulk.body["items"][0]["code"], "INVALID_VALUE", "{text}");
    }
    assert!(bench.commands.asked().is_empty());
    let lines = r#"{"from":"+93700000001","to":"+93700000002","text":"one\r\n\u202etwo"}"#;
    assert_eq!(bench.ask("POST", "/v1/sms/send", lines).await.status, 202);
}
