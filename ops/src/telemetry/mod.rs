//! Where measurements and traces go: a page for Prometheus, and a collector over OTLP where one is configured.
//!
//! Nothing here is in the way of a command. Spans go into a bounded queue that drops what does not fit, and are exported
//! by threads of their own; a collector that is gone costs its spans.
mod client;
mod identity;
pub mod log;
mod page;
mod process;

pub use page::Page;

use crate::config::{Config, TelemetryConfig};
use anyhow::{Context, Result};
use client::Client;
use identity::{ByTraceId, Ids};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use prometheus::Registry;
use std::time::Duration;

/// How long one export may take.
const EXPORT: Duration = Duration::from_secs(5);
/// How often metrics go to the collector.
const METRICS_EVERY: Duration = Duration::from_secs(15);
/// How long a span waits for company at most, and how many may wait.
const SPANS_EVERY: Duration = Duration::from_secs(1);
const SPANS_WAITING_MAX: usize = 16_384;
/// Links of one span: one to each message of the largest submission.
const LINKS_MAX: u32 = 512;

/// What measures this process, from its start to its end.
pub struct Telemetry {
    metrics: SdkMeterProvider,
    traces: Option<SdkTracerProvider>,
    registry: Registry,
}

impl Telemetry {
    /// To be called before anything is measured: what was measured before goes nowhere.
    ///
    /// # Errors
    /// If the collector's address cannot be used.
    pub fn start(config: &Config) -> Result<Self> {
        let TelemetryConfig { otlp_endpoint, sampling_ratio, .. } = &config.telemetry;
        let resource = resource(config)?;
        let registry = Registry::new();
        process::register(&registry)?;
        let page = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .context("the metrics page")?;
        let mut metrics = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(page);
        let mut traces = None;
        if let Some(endpoint) = otlp_endpoint {
            let endpoint = endpoint.trim_end_matches('/');
            let client = Client::new(EXPORT)?;
            let unusable = || format!("telemetry.otlp_endpoint: {endpoint} cannot be used");
            let exporter = MetricExporter::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .with_endpoint(format!("{endpoint}/v1/metrics"))
                .with_timeout(EXPORT)
                .with_http_client(client.clone())
                .build()
                .with_context(unusable)?;
            metrics = metrics.with_reader(PeriodicReader::builder(exporter).with_interval(METRICS_EVERY).build());
            let exporter = SpanExporter::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .with_endpoint(format!("{endpoint}/v1/traces"))
                .with_timeout(EXPORT)
                .with_http_client(client)
                .build()
                .with_context(unusable)?;
            let batches =
                BatchConfigBuilder::default().with_scheduled_delay(SPANS_EVERY).with_max_queue_size(SPANS_WAITING_MAX);
            let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches.build()).build();
            let provider = SdkTracerProvider::builder()
                .with_resource(resource)
                .with_sampler(Sampler::ParentBased(Box::new(ByTraceId)))
                .with_id_generator(Ids::default())
                .with_max_links_per_span(LINKS_MAX)
                .with_span_processor(processor)
                .build();
            opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
            opentelemetry::global::set_tracer_provider(provider.clone());
            peyk_telemetry::sample(*sampling_ratio);
            traces = Some(provider);
        }
        let metrics = metrics.build();
        opentelemetry::global::set_meter_provider(metrics.clone());
        process::build_info();
        Ok(Self { metrics, traces, registry })
    }

    /// What the page shows.
    pub fn registry(&self) -> Registry {
        self.registry.clone()
    }

    /// Sends off what waits, as far as `deadline` allows.
    pub async fn stop(self, deadline: Duration) {
        let Self { metrics, traces, .. } = self;
        let flushing = tokio::task::spawn_blocking(move || {
            let traced = traces.map_or(Ok(()), |traces| traces.shutdown_with_timeout(deadline));
            traced.and_then(|()| metrics.shutdown_with_timeout(deadline))
        });
        match tokio::time::timeout(deadline, flushing).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last measurements and spans were not taken"),
            Ok(Err(error)) => tracing::error!(%error, "the task that flushes telemetry failed"),
            Err(_) => tracing::warn!("the last measurements and spans were not taken in time"),
        }
    }
}

/// Who is measured. The instance is random at each start unless it is configured.
fn resource(config: &Config) -> Result<Resource> {
    let TelemetryConfig { service_name, service_instance, .. } = &config.telemetry;
    let instance = match service_instance {
        Some(instance) => instance.clone(),
        None => {
            let mut random = [0; 16];
            getrandom::fill(&mut random).context("no entropy for an instance id")?;
            peyk_domain::DeploymentId::from_bytes(random).to_string()
        }
    };
    Ok(Resource::builder_empty()
        .with_service_name(service_name.clone())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.namespace", config.namespace.clone()),
            KeyValue::new("service.instance.id", instance),
        ])
        .build())
}
