//! What is measured of HTTP, by the conventions of OpenTelemetry for servers. Routes and not paths: paths bear numbers.
use crate::endpoint::Endpoint;
use crate::limits::Policy;
use peyk_domain::access::{AuditCount, AuditKind};
use peyk_telemetry::{Counter, Gauge, Histogram, KeyValue, Kind, Metric, UpDownCounter};
use std::sync::LazyLock;
use std::time::Instant;
use warp::http::{Method, StatusCode};

const METHOD: &str = "http.request.method";
const ROUTE: &str = "http.route";
const POLICY: &str = "peyk.limit.policy";
const AUDIT_KIND: &str = "peyk.audit.kind";
const ALERT: &str = "peyk.audit.alert";
const REVIEW_STATE: &str = "peyk.review.state";
const STATUS: &str = "http.response.status_code";

pub const DURATION: Metric = Metric::new(
    "http.server.request.duration",
    Kind::Histogram,
    "s",
    &[METHOD, ROUTE, STATUS],
    "From the head of a request to its answer.",
);
pub const ACTIVE: Metric = Metric::new(
    "http.server.active_requests",
    Kind::UpDownCounter,
    "{request}",
    &[METHOD],
    "Requests being worked on now.",
);
pub const LIMITED: Metric = Metric::new(
    "peyk.http.limited",
    Kind::Counter,
    "{request}",
    &[POLICY],
    "Requests refused because there were too many: from an address, of a tenant, or to log in.",
);
pub const CERTIFICATE_EXPIRES: Metric = Metric::new(
    "peyk.http.certificate.expires",
    Kind::Gauge,
    "s",
    &[],
    "When the certificate of the API runs out, in seconds since 1970; only where there is one.",
);
pub const CERTIFICATE_REFUSED: Metric = Metric::new(
    "peyk.http.certificate.refused",
    Kind::Counter,
    "{certificate}",
    &[],
    "Changed certificates that cannot be served; the one before stays.",
);
pub const AUDITED: Metric = Metric::new(
    "peyk.http.audited",
    Kind::Counter,
    "{request}",
    &[AUDIT_KIND],
    "Requests refused, or read across tenants, that the audit trail counts; by the second, once the count is durable.",
);
pub const AUDIT_DELAYED: Metric = Metric::new(
    "peyk.http.audit.delayed",
    Kind::Counter,
    "{attempt}",
    &[],
    "Attempts to write the audit trail that failed for now; what was to be noted is kept.",
);
pub const AUDIT_LOST: Metric = Metric::new(
    "peyk.http.audit.lost",
    Kind::Counter,
    "{entry}",
    &[],
    "Entries and counts that the audit trail lacks.",
);
pub const ALERTS: Metric = Metric::new(
    "peyk.http.alerts",
    Kind::Counter,
    "{alert}",
    &[ALERT],
    "What somebody should look into: failed logins of one address, a locked account, a refresh token used again.",
);

pub const REVIEWS: Metric = Metric::new(
    "peyk.access.reviews",
    Kind::Gauge,
    "{account}",
    &[REVIEW_STATE],
    "Users and access keys nobody has reviewed for too long (overdue), and those that a review says are to go and that \
     are still there (to_be_removed). The same in every process.",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    DURATION,
    ACTIVE,
    LIMITED,
    AUDITED,
    AUDIT_DELAYED,
    AUDIT_LOST,
    ALERTS,
    CERTIFICATE_EXPIRES,
    CERTIFICATE_REFUSED,
    REVIEWS,
];

/// The buckets the convention asks for, in seconds.
const SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

static DURATIONS: LazyLock<Histogram<f64>> = LazyLock::new(|| DURATION.histogram(SECONDS));
static REFUSED: LazyLock<Counter<u64>> = LazyLock::new(|| LIMITED.counter());
static NOTED: LazyLock<Counter<u64>> = LazyLock::new(|| AUDITED.counter());
static DELAYED: LazyLock<Counter<u64>> = LazyLock::new(|| AUDIT_DELAYED.counter());
static LOST: LazyLock<Counter<u64>> = LazyLock::new(|| AUDIT_LOST.counter());
static ALERTED: LazyLock<Counter<u64>> = LazyLock::new(|| ALERTS.counter());
static REVIEWED: LazyLock<Gauge<u64>> = LazyLock::new(|| REVIEWS.gauge());
static REQUESTS: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| ACTIVE.up_down_counter());

/// A request was refused by a limit.
pub(crate) fn limited(policy: Policy) {
    REFUSED.add(1, &[KeyValue::new(POLICY, policy.name())]);
}

/// How many accounts are in a state of review that asks for something to be done.
pub(crate) fn reviews(state: &'static str, accounts: u64) {
    REVIEWED.record(accounts, &[KeyValue::new(REVIEW_STATE, state)]);
}

/// What somebody should look into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alert {
    FailedLogins,
    AccountLocked,
    RefreshTokenReused,
}

impl Alert {
    /// Stable: entries and log lines bear it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::FailedLogins => "FAILED_LOGINS",
            Self::AccountLocked => "ACCOUNT_LOCKED",
            Self::RefreshTokenReused => "REFRESH_TOKEN_REUSED",
        }
    }

    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::FailedLogins => "many logins from one address failed, under several names",
            Self::AccountLocked => "an account was locked after too many failed logins",
            Self::RefreshTokenReused => "a refresh token was used again that had been replaced; its session was ended",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::FailedLogins => "failed_logins",
            Self::AccountLocked => "account_locked",
            Self::RefreshTokenReused => "refresh_token_reused",
        }
    }
}

pub(crate) fn alert(alert: Alert) {
    ALERTED.add(1, &[KeyValue::new(ALERT, alert.name())]);
}

/// A count is in the audit trail.
pub(crate) fn audited(count: &AuditCount) {
    let kind = match count.kind {
        AuditKind::Created => "created",
        AuditKind::Updated => "updated",
        AuditKind::Deleted => "deleted",
        AuditKind::Denied => "denied",
        AuditKind::RateLimited => "rate_limited",
        AuditKind::InvalidCredential => "invalid_credential",
        AuditKind::UnknownLogin => "unknown_login",
        AuditKind::CrossTenantRead => "cross_tenant_read",
        AuditKind::Replayed => "replayed",
        AuditKind::Suspicious => "suspicious",
    };
    NOTED.add(count.count, &[KeyValue::new(AUDIT_KIND, kind)]);
}

pub(crate) fn audit_delayed() {
    DELAYED.add(1, &[]);
}

pub(crate) fn audit_lost(entries: u64) {
    LOST.add(entries, &[]);
}

/// The method as it may stand in a label: one that HTTP does not know is none of its own.
pub(crate) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

/// A request under way; it counts until this is dropped, which it is also when the client hangs up.
pub(crate) struct Measured {
    method: &'static str,
    route: Option<&'static str>,
    began: Instant,
}

impl Measured {
    pub(crate) fn begin(method: &Method, endpoint: Option<&'static Endpoint>) -> Self {
        let method = self::method(method);
        REQUESTS.add(1, &[KeyValue::new(METHOD, method)]);
        Self { method, route: endpoint.map(|endpoint| endpoint.path), began: Instant::now() }
    }

    pub(crate) fn answered(&self, status: StatusCode) {
        let status = KeyValue::new(STATUS, i64::from(status.as_u16()));
        let took = self.began.elapsed().as_secs_f64();
        match self.route {
            Some(route) => {
                DURATIONS.record(took, &[KeyValue::new(METHOD, self.method), KeyValue::new(ROUTE, route), status]);
            }
            None => DURATIONS.record(took, &[KeyValue::new(METHOD, self.method), status]),
        }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        REQUESTS.add(-1, &[KeyValue::new(METHOD, self.method)]);
    }
}
