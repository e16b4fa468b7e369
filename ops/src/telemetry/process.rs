use anyhow::{Context, Result};
use opentelemetry::KeyValue;
use peyk_telemetry::{Kind, Metric};
use prometheus::Registry;
use prometheus::process_collector::ProcessCollector;

const BUILD_INFO: Metric =
    Metric::new("peyk.build.info", Kind::Gauge, "", &["version"], "1, with the version that runs.");

/// CPU, memory, threads and file descriptors, under the names that Prometheus has for them in every process.
pub fn register(registry: &Registry) -> Result<()> {
    registry.register(Box::new(ProcessCollector::for_self())).context("the figures of the process")
}

pub fn build_info() {
    let version = [KeyValue::new("version", env!("CARGO_PKG_VERSION"))];
    BUILD_INFO.observe(move |found| found(1, &version));
}
