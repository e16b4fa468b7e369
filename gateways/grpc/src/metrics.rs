//! What is measured of gRPC, by the conventions of OpenTelemetry for RPC servers.
use crate::clients::Rpc;
use peyk_telemetry::{Counter, Histogram, KeyValue, Kind, Metric, UpDownCounter};
use std::sync::LazyLock;
use std::time::Instant;
use tonic::Code;

const METHOD: &str = "rpc.method";
const STATUS: &str = "rpc.response.status_code";
const OUTCOME: &str = "peyk.tls.outcome";

pub const DURATION: Metric = Metric::new(
    "rpc.server.call.duration",
    Kind::Histogram,
    "s",
    &[METHOD, STATUS],
    "From the head of a gRPC call to its answer.",
);
pub const CONNECTIONS: Metric =
    Metric::new("peyk.grpc.connections", Kind::UpDownCounter, "{connection}", &[], "Open connections of gRPC clients.");
pub const HANDSHAKES: Metric = Metric::new(
    "peyk.grpc.handshakes",
    Kind::Counter,
    "{handshake}",
    &[OUTCOME],
    "TLS handshakes of gRPC clients: `done`, `refused` (no certificate, or none that is trusted), `slow`.",
);
pub const UNKNOWN_NUMBER_BURSTS: Metric = Metric::new(
    "peyk.grpc.unknown_number_bursts",
    Kind::Counter,
    "{burst}",
    &[],
    "Clients that asked for too many numbers in a minute that are not registered; the log names them.",
);
pub const CERTIFICATE_EXPIRES: Metric = Metric::new(
    "peyk.grpc.certificate.expires",
    Kind::Gauge,
    "s",
    &[],
    "When the certificate of the gRPC server runs out, in seconds since 1970; only where there is one.",
);
pub const CERTIFICATE_REFUSED: Metric = Metric::new(
    "peyk.grpc.certificate.refused",
    Kind::Counter,
    "{certificate}",
    &[],
    "Changed certificates of the gRPC server or its clients' CA that cannot be used; the ones before stay.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] =
    &[DURATION, CONNECTIONS, HANDSHAKES, UNKNOWN_NUMBER_BURSTS, CERTIFICATE_EXPIRES, CERTIFICATE_REFUSED];

static DURATIONS: LazyLock<Histogram<f64>> = LazyLock::new(|| DURATION.seconds());
static OPEN: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| CONNECTIONS.up_down_counter());
static SHAKEN: LazyLock<Counter<u64>> = LazyLock::new(|| HANDSHAKES.counter());
static BURSTS: LazyLock<Counter<u64>> = LazyLock::new(|| UNKNOWN_NUMBER_BURSTS.counter());

/// How a handshake ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handshake {
    Done,
    Refused,
    Slow,
}

pub(crate) fn handshake(ended: Handshake) {
    let outcome = match ended {
        Handshake::Done => "done",
        Handshake::Refused => "refused",
        Handshake::Slow => "slow",
    };
    SHAKEN.add(1, &[KeyValue::new(OUTCOME, outcome)]);
}

pub(crate) fn unknown_number_burst() {
    BURSTS.add(1, &[]);
}

/// The method as it may stand in a label: one that does not exist is none of its own.
pub(crate) const fn method(rpc: Option<Rpc>) -> &'static str {
    match rpc {
        Some(Rpc::ValidateLease) => "peyk.numbering.v1.LeaseService/ValidateLease",
        Some(Rpc::ValidateLeases) => "peyk.numbering.v1.LeaseService/ValidateLeases",
        None => "_OTHER",
    }
}

/// As the convention writes status codes.
pub(crate) const fn status(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

pub(crate) fn answered(rpc: Option<Rpc>, code: Code, began: Instant) {
    let attributes = [KeyValue::new(METHOD, method(rpc)), KeyValue::new(STATUS, status(code))];
    DURATIONS.record(began.elapsed().as_secs_f64(), &attributes);
}

/// An open connection; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Open(());

impl Open {
    pub(crate) fn begin() -> Self {
        OPEN.add(1, &[]);
        Self(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.add(-1, &[]);
    }
}
