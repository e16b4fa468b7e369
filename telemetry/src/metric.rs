use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

/// The scope of all of Peyk's instruments.
const SCOPE: &str = "peyk";

/// The upper bounds of the buckets of durations within Peyk, in seconds.
const SECONDS: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The upper bounds of the buckets of counts.
const COUNTS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0];

/// What sort of instrument a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// How many there are now, from those that began and those that ended.
    UpDownCounter,
    /// A value as it is now.
    Gauge,
    /// How values are distributed.
    Histogram,
}

impl Kind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "up-down counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One thing that is measured, by the naming rules and, where there is one, the convention of OpenTelemetry.
///
/// Attribute values are closed sets, ledgers or connectors of the configuration: never a tenant, a number, a message or
/// whatever else grows with use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    /// In UCUM, as OpenTelemetry has it: `s`, `By`, `{record}`.
    pub unit: &'static str,
    pub meaning: &'static str,
    pub attributes: &'static [&'static str],
}

impl Metric {
    #[must_use]
    pub const fn new(
        name: &'static str,
        kind: Kind,
        unit: &'static str,
        attributes: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self { name, kind, unit, meaning, attributes }
    }

    /// Its name in the Prometheus text: a unit that Prometheus knows and `_total` come behind it.
    #[must_use]
    pub fn prometheus_name(&self) -> String {
        let name = self.name.replace('.', "_");
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        let total = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{name}{unit}{total}")
    }

    #[must_use]
    pub fn counter(&self) -> Counter<u64> {
        meter().u64_counter(self.name).with_unit(self.unit).with_description(self.meaning).build()
    }

    #[must_use]
    pub fn up_down_counter(&self) -> UpDownCounter<i64> {
        meter().i64_up_down_counter(self.name).with_unit(self.unit).with_description(self.meaning).build()
    }

    #[must_use]
    pub fn gauge(&self) -> Gauge<u64> {
        meter().u64_gauge(self.name).with_unit(self.unit).with_description(self.meaning).build()
    }

    /// A histogram of durations.
    #[must_use]
    pub fn seconds(&self) -> Histogram<f64> {
        self.histogram(SECONDS)
    }

    /// A histogram of durations in buckets a convention asks for.
    #[must_use]
    pub fn histogram(&self, boundaries: &[f64]) -> Histogram<f64> {
        let meter = meter();
        let histogram = meter.f64_histogram(self.name).with_unit(self.unit).with_description(self.meaning);
        histogram.with_boundaries(boundaries.to_vec()).build()
    }

    /// A histogram of counts.
    #[must_use]
    pub fn counts(&self) -> Histogram<u64> {
        let meter = meter();
        let histogram = meter.u64_histogram(self.name).with_unit(self.unit).with_description(self.meaning);
        histogram.with_boundaries(COUNTS.to_vec()).build()
    }

    /// A metric whose values are looked up when somebody asks for them, which costs what is measured nothing. `look` calls
    /// its argument once for each set of attributes. It must not block or panic; it is kept until the process ends.
    pub fn observe(&self, look: impl Fn(&mut dyn FnMut(u64, &[KeyValue])) + Send + Sync + 'static) {
        let meter = meter();
        match self.kind {
            Kind::Counter => {
                let counter = meter.u64_observable_counter(self.name);
                let counter = counter.with_unit(self.unit).with_description(self.meaning);
                counter.with_callback(move |observer| look(&mut |value, of| observer.observe(value, of))).build();
            }
            Kind::UpDownCounter | Kind::Gauge | Kind::Histogram => {
                let gauge = meter.u64_observable_gauge(self.name);
                let gauge = gauge.with_unit(self.unit).with_description(self.meaning);
                gauge.with_callback(move |observer| look(&mut |value, of| observer.observe(value, of))).build();
            }
        }
    }

    /// As [`Self::observe`], for a gauge of seconds.
    pub fn observe_seconds(&self, look: impl Fn(&mut dyn FnMut(f64, &[KeyValue])) + Send + Sync + 'static) {
        let meter = meter();
        let gauge = meter.f64_observable_gauge(self.name).with_unit(self.unit).with_description(self.meaning);
        gauge.with_callback(move |observer| look(&mut |value, of| observer.observe(value, of))).build();
    }
}

fn meter() -> Meter {
    opentelemetry::global::meter(SCOPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_names_end_in_the_unit_and_in_total() {
        let named = |kind, unit| Metric::new("peyk.some.thing", kind, unit, &[], "").prometheus_name();
        assert_eq!(named(Kind::Counter, "{record}"), "peyk_some_thing_total");
        assert_eq!(named(Kind::Counter, "By"), "peyk_some_thing_bytes_total");
        assert_eq!(named(Kind::Histogram, "s"), "peyk_some_thing_seconds");
        assert_eq!(named(Kind::Gauge, "{message}"), "peyk_some_thing");
    }
}
