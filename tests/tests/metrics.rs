//! docs/METRICS.md says what is measured, and it is written from the code.
use peyk_tests::metrics;
use std::fmt::Write;
use std::path::Path;

const HEADING: &str = "# Metrics

What `peyk serve` measures. It goes to whoever reads `/metrics` on `telemetry.metrics_listen` (Prometheus text), and over
OTLP where `telemetry.otlp_endpoint` names a collector. Beside these, `/metrics` has `process_*` (CPU, memory, threads,
file descriptors), `peyk_build_info` and `target_info`. A histogram has `_bucket`, `_sum` and `_count` behind its name.

Attributes are closed sets, ledgers and connectors; in the text a dot in their name is an underscore. None bears a tenant,
a number, a message or a text.

This page is written by a test. To renew it: `PEYK_BLESS=1 cargo test -p peyk-tests --test metrics`.

| OpenTelemetry | Prometheus | what | unit | attributes | meaning |
|---|---|---|---|---|---|
";

#[test]
fn the_page_of_metrics_is_what_the_code_says() {
    let mut page = HEADING.to_owned();
    for metric in metrics() {
        let attributes: Vec<String> = metric.attributes.iter().map(|name| format!("`{name}`")).collect();
        writeln!(
            page,
            "| `{}` | `{}` | {} | {} | {} | {} |",
            metric.name,
            metric.prometheus_name(),
            metric.kind.name(),
            metric.unit,
            attributes.join(", "),
            metric.meaning,
        )
        .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/METRICS.md");
    if std::env::var_os("PEYK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == page,
        "docs/METRICS.md is not what the code says; renew it with PEYK_BLESS=1 cargo test -p peyk-tests --test metrics \
         and review the difference"
    );
}

#[test]
fn names_and_attributes_follow_the_rules() {
    let mut names = std::collections::BTreeSet::new();
    for metric in metrics() {
        let rule = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
        };
        assert!(rule(metric.name) && metric.name.contains('.'), "{}", metric.name);
        assert!(names.insert(metric.prometheus_name()), "{} is there twice", metric.name);
        assert!(metric.meaning.ends_with('.'), "{}: {}", metric.name, metric.meaning);
        for attribute in metric.attributes {
            assert!(rule(attribute), "{attribute} of {}", metric.name);
            for forbidden in ["tenant", "message", "actor", "msisdn", "number"] {
                assert!(!attribute.contains(forbidden), "{attribute} of {}", metric.name);
            }
        }
    }
}
