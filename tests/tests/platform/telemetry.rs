//! What a deployment tells of itself: traces to a collector, metrics to whoever reads them.
use crate::main_job::{RECIPIENT, TEXT, perform, state};
use crate::setting::{FIRST, Tenant, fresh, import, lease, platform, route};
use anyhow::{Context, Result};
use hyper::Method;
use opentelemetry_proto::tonic::trace::v1::Span;
use peyk_domain::messages::MessageEvent;
use peyk_schemas::LedgerId;
use peyk_telemetry::Metric;
use peyk_tests::{Collector, Deployment, PARTITIONS, Postgres, attribute, eventually, hex};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// The client's own trace and span (the example of W3C Trace Context).
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

fn one<'a>(spans: &'a [Span], name: &str) -> Result<&'a Span> {
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found.next().with_context(|| format!("no span {name} among {names:?}"))?;
    anyhow::ensure!(found.next().is_none(), "more than one span {name} among {names:?}");
    Ok(span)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_followed_from_http_to_its_receipt() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let collector = Collector::start().await?;
    deployment.trace(&collector.endpoint(), 1.0)?;
    deployment.log("info");
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    let platform = platform(&deployment)?;
    let tenant = Tenant::of(&deployment)?;
    import(&platform, 10).await?;
    route(&platform, &deployment).await?;
    lease(&tenant, FIRST).await?;

    let message = json!({ "from": format!("+{FIRST}"), "to": format!("+{RECIPIENT}"), "text": TEXT });
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", &*fresh()),
        ("traceparent", &*format!("00-{TRACE}-{SPAN}-01")),
    ];
    let sent =
        tenant.http.send(Method::POST, "/v1/sms/send", &headers, message.to_string().into()).await?.expect(202)?;
    let id = sent.text("/message_id").to_owned();
    let position = sent.number("/receipt/position").context("a receipt")?;
    let ledger = format!("{}/{}", sent.text("/receipt/ledger"), sent.number("/receipt/partition").context("one")?);
    eventually("the message is delivered", PATIENCE, || async { state(&tenant, &id).await == "delivered" }).await;
    // What is not yet sent off goes on its way before the process ends.
    deployment.terminate(PATIENCE).await?;

    let request = collector.trace(TRACE);
    let server = one(&request, "POST /v1/sms/send")?;
    assert_eq!(hex(&server.parent_span_id), SPAN, "under the client's own span");
    assert_eq!(attribute(server, "http.route"), "/v1/sms/send");
    assert_eq!(attribute(server, "http.response.status_code"), "202");
    let command = one(&request, "command submit")?;
    assert_eq!(command.parent_span_id, server.span_id);
    let handled = one(&request, "handle submit")?;
    assert_eq!(handled.parent_span_id, command.span_id, "over NATS");
    let commit = one(&request, "commit")?;
    assert_eq!(commit.parent_span_id, handled.span_id);
    for span in [command, handled, commit] {
        assert_eq!(attribute(span, "peyk.ledger"), ledger, "{}", span.name);
        assert_eq!(attribute(span, "peyk.position"), position.to_string(), "{}", span.name);
    }

    let journey_id = id.replace('-', "");
    let journey = collector.trace(&journey_id);
    let begun = one(&journey, "message")?;
    assert_eq!(begun.parent_span_id, [0_u8; 0], "the first span has none above it");
    for name in ["dispatch", "smpp.submit_sm", "submitted", "smpp.deliver_sm", "receipt"] {
        let span = one(&journey, name)?;
        assert_eq!(span.parent_span_id, begun.span_id, "{name}");
        assert_eq!(attribute(span, "peyk.message.id"), id, "{name}");
    }
    assert_eq!(journey.len(), 6);
    assert_eq!(attribute(begun, "peyk.position"), position.to_string());
    let linked = |span: &Span| span.links.iter().map(|link| hex(&link.trace_id)).collect::<BTreeSet<_>>();
    assert!(linked(begun).contains(TRACE), "the message knows its request");
    assert!(linked(handled).contains(&journey_id), "and the request its message");

    // The record the span names is the one that accepted the message.
    let partition = (0..PARTITIONS).find(|partition| LedgerId::messages(*partition).to_string() == ledger);
    let records = deployment.records(LedgerId::messages(partition.context("a partition")?)).await?;
    let record = records.iter().find(|record| record.position == position).context("the record")?;
    let accepted = record
        .domain_events::<MessageEvent>()?
        .into_iter()
        .any(|event| matches!(event, MessageEvent::MessageAccepted { message, .. } if message.to_string() == id));
    assert!(accepted, "record {position} of {ledger}");

    let log = deployment.serve_log()?;
    let answered = log.lines().find(|line| line.contains("sms.send")).context("a line of the request")?;
    assert!(answered.ends_with(&format!("trace_id={TRACE}")), "{answered}");
    assert!(collector.heard_at("/v1/metrics"), "metrics go to the collector too");
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_is_in_nobodys_way() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    // Connections are taken by the system and never answered.
    let silent = TcpListener::bind(("127.0.0.1", 0))?;
    deployment.trace(&format!("http://{}", silent.local_addr()?), 1.0)?;
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    perform(&deployment).await?;
    // The drain, the farewell, and room for a busy machine.
    deployment.terminate(Duration::from_secs(60)).await?;
    drop(silent);
    deployment.end();
    Ok(())
}

/// There only where the API has a certificate, and where gRPC is served.
const WHERE_CONFIGURED: [&str; 4] = [
    "peyk_http_certificate_expires_seconds",
    "peyk_grpc_certificate_expires_seconds",
    "peyk_grpc_connections",
    "rpc_server_call_duration_seconds",
];
/// Counters that somebody waits for an increase of: they are there from the beginning, with zero.
const AT_ZERO: [&str; 2] = ["peyk_ledger_quarantined_total", "peyk_command_refused_replies_total"];

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_are_those_that_are_written_down() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    perform(&deployment).await?;
    let page = deployment.metrics().await?;

    let mut types = BTreeMap::new();
    for line in page.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').context("a type")?;
            assert!(types.insert(name, kind).is_none(), "{name} is declared twice");
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            assert!(types.contains_key(name) || family.is_some_and(|of| types.get(of) == Some(&"histogram")), "{line}");
            let value = line.rsplit(' ').next().unwrap_or_default();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    let kind = |metric: &Metric| match metric.kind {
        peyk_telemetry::Kind::Counter => "counter",
        peyk_telemetry::Kind::UpDownCounter | peyk_telemetry::Kind::Gauge => "gauge",
        peyk_telemetry::Kind::Histogram => "histogram",
    };
    let written: BTreeMap<String, &str> =
        peyk_tests::metrics().map(|metric| (metric.prometheus_name(), kind(metric))).collect();
    for (name, kind) in &types {
        let of_others = name.starts_with("process_") || *name == "target_info" || *name == "peyk_build_info";
        assert!(of_others || written.get(*name) == Some(kind), "{name}, a {kind}, is not written down");
    }
    for (name, kind) in &written {
        // What counts faults is not there before the first.
        let of_faults = *kind == "counter" && !AT_ZERO.contains(&name.as_str());
        let may_be_missing = of_faults || WHERE_CONFIGURED.contains(&name.as_str());
        assert!(may_be_missing || types.get(name.as_str()) == Some(kind), "{name}, a {kind}, is missing");
    }
    for name in AT_ZERO {
        let mut values = page.lines().filter(|line| line.starts_with(&format!("{name}{{")));
        assert!(values.all(|line| line.ends_with(" 0")), "{name} is not zero");
    }
    for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "peyk_build_info"] {
        assert!(types.contains_key(name), "{name}");
    }
    deployment.end();
    Ok(())
}
