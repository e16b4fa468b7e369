//! A request as it came, until it is let in: count it, find its endpoint, know who asks, read it.
use crate::access::Access;
use crate::answer::RequestId;
use crate::api::{Api, Permits};
use crate::audit::Asker;
use crate::body::BodyRule;
use crate::endpoint::Endpoint;
use crate::gate;
use crate::idempotency::IdempotencyKey;
use crate::limits::Told;
use crate::metrics::Measured;
use crate::problem::Problem;
use crate::request::Request;
use crate::server::Arrival;
use crate::trace;
use crate::upload::Upload;
use bytes::{Buf, Bytes};
use futures::Stream;
use peyk_telemetry::FutureExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use warp::http::{HeaderMap, Method};
use warp::path::FullPath;
use warp::reply::Response;

/// How long an answer waits that turns a whole address away. Who asks again as soon as it is answered is thereby bounded by
/// its connections, and costs the others next to nothing.
const TURNED_AWAY_AFTER: Duration = Duration::from_millis(250);

type Found = Result<(&'static Endpoint, Vec<String>), Problem>;

pub(crate) struct Incoming<S> {
    pub(crate) arrival: Arrival,
    pub(crate) method: Method,
    pub(crate) path: FullPath,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: S,
}

impl<S, B, E> Incoming<S>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    pub(crate) async fn answered_by(self, api: Arc<Api>) -> Response {
        let id = RequestId::random();
        let found = Endpoint::find(&self.method, self.path.as_str());
        let endpoint = found.as_ref().ok().map(|(endpoint, _)| *endpoint);
        let measured = Measured::begin(&self.method, endpoint);
        let span = trace::begin(id, &self.method, endpoint, &self.headers);
        let work = self.answer(api, id, found);
        let response = match &span {
            Some(span) => work.with_context(span.clone()).await,
            None => work.await,
        };
        measured.answered(response.status());
        if let Some(span) = &span {
            trace::end(span, response.status());
        }
        response
    }

    async fn answer(self, api: Arc<Api>, id: RequestId, found: Found) -> Response {
        let began = Instant::now();
        let mut told = Told::default();
        let address = api.limiter.source(self.arrival.peer, &self.headers);
        let mut asker = Asker::new(id, found.as_ref().ok().map(|(endpoint, _)| *endpoint), address, &self.headers);
        let refuse = |asker: &Asker, problem: Problem| {
            if api.recorder.refused(asker, &problem) {
                problem.log(id);
            }
            problem.into_response(id)
        };
        let mut response = if let Err(problem) = api.limiter.count_address(address, &mut told) {
            // Recorded first: who leaves before it is answered was here all the same.
            let response = refuse(&asker, problem);
            tokio::time::sleep(TURNED_AWAY_AFTER).await;
            response
        } else {
            match self.let_in(&api, &mut asker, found, &mut told).await {
                Ok((request, permits)) => Arc::clone(&api).perform(request, asker, permits, began).await,
                Err(problem) => refuse(&asker, problem),
            }
        };
        told.tell(response.headers_mut());
        response
    }

    /// Everything that must hold before an endpoint's own work begins, but that the address may ask; cheapest first, and the body
    /// last.
    async fn let_in(
        self,
        api: &Api,
        asker: &mut Asker,
        found: Found,
        told: &mut Told,
    ) -> Result<(Request, Permits), Problem> {
        let Self { arrival, query, headers, body, .. } = self;
        let address = asker.address;
        arrival.head?;
        let (endpoint, parameters) = found?;
        let identity = match endpoint.access {
            Access::Public => None,
            access => {
                let identity = gate::identify(api, &headers, address).await?;
                asker.caller = Some(identity.caller());
                api.limiter.count_tenant(identity.tenant, told)?;
                gate::allow(api, &identity, access, &headers, address)?;
                if endpoint.browses_numbers() && !identity.tenant.is_nil() {
                    api.limiter.count_browsing(identity.tenant, told)?;
                }
                Some(identity)
            }
        };
        let key = if endpoint.is_command() { IdempotencyKey::of(&headers)? } else { None };
        endpoint.body.admits(&headers)?;
        let permits = api.permits(endpoint.body.reserve(&headers)?)?;
        let patience = api.settings.body_timeout;
        let (body, upload) = match endpoint.body {
            BodyRule::Form(fields) => {
                let permit = api.upload_permit()?;
                (Bytes::new(), Some(Upload::receive(&headers, body, fields, patience, permit).await?))
            }
            rule => (rule.read(body, patience).await?, None),
        };
        let id = asker.request;
        Ok((Request { id, endpoint, address, parameters, query, headers, identity, key, body, upload }, permits))
    }
}
