//! What every crate measures and traces with, over OpenTelemetry's API and nothing else. The SDK, what it exports to and
//! how much it samples are the binary's business; without it everything here does nothing.
//!
//! A [`Metric`] says in one place what is measured: its name, unit, meaning and attributes. Each crate has its own in its
//! `metrics.rs`, and docs/METRICS.md is written from them. A [`Journey`] is the trace of one message, whose trace id is
//! the message's own, so that every process finds it without being told.
mod journey;
mod metric;
mod propagation;
mod sampling;
mod tracing;

pub use journey::{Journey, pinned};
pub use metric::{Kind, Metric};
pub use propagation::{extract, inject};
pub use sampling::{is_on, is_sampled, sample};
pub use tracing::{child, current, failed};

pub use opentelemetry::context::FutureExt;
pub use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
pub use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt};
pub use opentelemetry::{Context, KeyValue};
