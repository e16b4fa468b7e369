//! The API: what it asks of the rest of Peyk, its limits, and how what was let in is done.
use crate::answer::{Answer, RequestId};
use crate::audit::{Asker, Recorder, Replays};
use crate::commands::Commands;
use crate::credential::{Passwords, Strangers};
use crate::incoming::Incoming;
use crate::limits::Limiter;
use crate::problem::{Problem, kind};
use crate::readiness::Readiness;
use crate::reads::Reads;
use crate::registry::Registry;
use crate::request::Request;
use crate::server::Arrival;
use crate::token::Issuers;
use peyk_domain::Span;
use peyk_domain::access::REVIEW_LASTS;
use peyk_handlers::{Exports, ImportKeys, Leases};
use peyk_telemetry::FutureExt;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::task::TaskTracker;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection};

const KIB: usize = 1024;
/// Files that are taken in at once. Each takes its size on disk, and some tens of MiB of memory while it is worked on.
const UPLOADS_MAX: usize = 2;

/// The limits of the API.
#[derive(Debug, Clone, Copy)]
pub struct ApiSettings {
    /// How long a command may take to become durable before its outcome is reported unknown.
    pub patience: Duration,
    /// How long a read waits for the position it was asked to have reached.
    pub read_wait: Duration,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a login that fails takes at least, so that it does not tell how far it got.
    pub failed_login: Duration,
    /// Whether tokens are believed that go back to no login and tenants that are not in the directory.
    pub development: bool,
    /// How long the review of an account counts.
    pub review_lasts: Span,
    /// Requests worked on at once; more are refused with `OVERLOADED`.
    pub in_flight_max: usize,
    /// What all bodies held at once may take together, in bytes; more are refused with `OVERLOADED`.
    pub body_bytes_total: usize,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(10),
            read_wait: Duration::from_secs(5),
            body_timeout: Duration::from_secs(30),
            failed_login: Duration::from_millis(500),
            development: false,
            review_lasts: REVIEW_LASTS,
            in_flight_max: 4_096,
            body_bytes_total: 256 * 1024 * KIB,
        }
    }
}

/// The API: what it asks of the rest of Peyk, who may ask, and what is under way.
pub struct Api {
    pub(crate) commands: Arc<dyn Commands>,
    pub(crate) reads: Arc<dyn Reads>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) tokens: Issuers,
    pub(crate) readiness: watch::Receiver<Readiness>,
    pub(crate) limiter: Limiter,
    pub(crate) replays: Option<Arc<dyn Replays>>,
    pub(crate) leases: Option<Arc<dyn Leases>>,
    pub(crate) exports: Option<Arc<dyn Exports>>,
    pub(crate) import_keys: Option<Arc<dyn ImportKeys>>,
    pub(crate) settings: ApiSettings,
    pub(crate) passwords: Passwords,
    pub(crate) strangers: Strangers,
    pub(crate) recorder: Arc<Recorder>,
    in_flight: Arc<Semaphore>,
    body_kib: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    pub(crate) under_way: TaskTracker,
}

impl fmt::Debug for Api {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Api").field("tokens", &self.tokens).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Api {
    #[must_use]
    pub fn new(
        commands: Arc<dyn Commands>,
        reads: Arc<dyn Reads>,
        registry: Arc<dyn Registry>,
        tokens: impl Into<Issuers>,
        readiness: watch::Receiver<Readiness>,
        limiter: Limiter,
        settings: ApiSettings,
    ) -> Arc<Self> {
        Arc::new(Self {
            commands,
            reads,
            recorder: Arc::new(Recorder::new(Arc::clone(&registry))),
            registry,
            tokens: tokens.into(),
            readiness,
            limiter,
            replays: None,
            leases: None,
            exports: None,
            import_keys: None,
            settings,
            passwords: Passwords::new(),
            strangers: Strangers::default(),
            in_flight: Arc::new(Semaphore::new(settings.in_flight_max)),
            body_kib: Arc::new(Semaphore::new(settings.body_bytes_total / KIB)),
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
            under_way: TaskTracker::new(),
        })
    }

    /// With somebody who shows ledgers to auditors; nobody is shown any otherwise. To be said before it serves.
    #[must_use]
    pub fn with_replays(mut self: Arc<Self>, replays: Arc<dyn Replays>) -> Arc<Self> {
        if let Some(api) = Arc::get_mut(&mut self) {
            api.replays = Some(replays);
        }
        self
    }

    /// Puts on record, in the audit trail, what another gateway of this process saw and somebody should look into.
    ///
    /// `code` is a stable one, `resource` as `client/` and its name; neither says anything personal.
    pub fn suspect(&self, code: &'static str, resource: String) {
        self.recorder.suspect(code, resource);
    }

    /// With somebody who knows whose a number is; without, that cannot be asked. To be said before it serves.
    #[must_use]
    pub fn with_leases(mut self: Arc<Self>, leases: Arc<dyn Leases>) -> Arc<Self> {
        if let Some(api) = Arc::get_mut(&mut self) {
            api.leases = Some(leases);
        }
        self
    }

    /// With somebody who knows what was promised to regulators; without, that cannot be asked. To be said before it serves.
    #[must_use]
    pub fn with_exports(mut self: Arc<Self>, exports: Arc<dyn Exports>) -> Arc<Self> {
        if let Some(api) = Arc::get_mut(&mut self) {
            api.exports = Some(exports);
        }
        self
    }

    /// With somebody who knows the keys of operators; without, they cannot be listed. To be said before it serves.
    #[must_use]
    pub fn with_import_keys(mut self: Arc<Self>, keys: Arc<dyn ImportKeys>) -> Arc<Self> {
        if let Some(api) = Arc::get_mut(&mut self) {
            api.import_keys = Some(keys);
        }
        self
    }

    /// The whole API as one warp filter. It rejects nothing: every error is an answer of its own.
    #[must_use]
    pub fn filter(self: &Arc<Self>) -> BoxedFilter<(Response,)> {
        let api = Arc::clone(self);
        let query = warp::query::raw().or_else(async |_| Ok::<_, Infallible>((String::new(),)));
        warp::ext::optional()
            .and(warp::method())
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .and(warp::body::stream())
            .then(move |arrival: Option<Arrival>, method, path, query, headers, body| {
                let arrival = arrival.unwrap_or_else(Arrival::from_nowhere);
                let incoming = Incoming { arrival, method, path, query, headers, body };
                incoming.answered_by(Arc::clone(&api))
            })
            // Nothing above rejects as it is called here; were it to, the client still gets a problem.
            .or_else(async |_: Rejection| {
                Ok::<_, Infallible>((Problem::of(&kind::INTERNAL).into_response(RequestId::random()),))
            })
            .map(|response: Response| response)
            .boxed()
    }

    pub(crate) fn permits(&self, body_bytes: usize) -> Result<Permits, Problem> {
        let overloaded = |_| Problem::of(&kind::OVERLOADED);
        let kib = u32::try_from(body_bytes.div_ceil(KIB)).map_err(|_| Problem::of(&kind::PAYLOAD_TOO_LARGE))?;
        Ok(Permits {
            _request: Arc::clone(&self.in_flight).try_acquire_owned().map_err(overloaded)?,
            _body: Arc::clone(&self.body_kib).try_acquire_many_owned(kib).map_err(overloaded)?,
        })
    }

    /// The right to have one file taken in.
    pub(crate) fn upload_permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| Problem::of(&kind::OVERLOADED))
    }

    /// Do what was asked. A command runs as a task of its own: whoever hangs up leaves it running to its end.
    pub(crate) async fn perform(
        self: Arc<Self>,
        request: Request,
        asker: Asker,
        permits: Permits,
        began: Instant,
    ) -> Response {
        let (id, endpoint) = (request.id, request.endpoint);
        let handling = (endpoint.handler)(Arc::clone(&self), request);
        let recorder = Arc::clone(&self.recorder);
        let work = async move {
            let outcome = handling.await;
            let is_logged = match &outcome {
                Ok(answer) => {
                    recorder.done(&asker, answer).await;
                    true
                }
                Err(problem) => recorder.refused(&asker, problem),
            };
            let (status, code) = match &outcome {
                Ok(answer) => (answer.status(), "OK"),
                Err(problem) => (problem.status(), problem.code()),
            };
            // The endpoint's name and not the path: paths bear numbers.
            let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            if is_logged {
                tracing::info!(request = %id, endpoint = endpoint.name, status = status.as_u16(), code, elapsed_ms, "answered");
            }
            drop(permits);
            outcome
        };
        let outcome = if endpoint.is_command() {
            self.under_way.spawn(work.with_current_context()).await.unwrap_or_else(|error| {
                tracing::error!(request = %id, endpoint = endpoint.name, panicked = error.is_panic(), "a command's task died");
                Err(Problem::of(&kind::INTERNAL))
            })
        } else {
            work.await
        };
        outcome.map_or_else(|problem| problem.into_response(id), |answer: Answer| answer.into_response(id))
    }
}

/// What a request holds while it is worked on.
pub(crate) struct Permits {
    _request: OwnedSemaphorePermit,
    _body: OwnedSemaphorePermit,
}
