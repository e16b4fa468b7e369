use peyk_telemetry::Metric;

/// Every metric there is, crate by crate.
pub fn metrics() -> impl Iterator<Item = &'static Metric> {
    [
        peyk_http::METRICS,
        peyk_grpc::METRICS,
        peyk_handlers::METRICS,
        peyk_ledger::metrics::METRICS,
        peyk_keyring::METRICS,
        peyk_projections::metrics::METRICS,
        peyk_smpp::METRICS,
        peyk_secrets::METRICS,
    ]
    .into_iter()
    .flatten()
}
