use super::settings::GrpcSettings;
use crate::clients::{AllowList, Client, Peer, Rpc, UnderWay};
use crate::health::Condition;
use crate::lease_service::LeaseDesk;
use crate::proto::lease_service_server::LeaseServiceServer;
use crate::refusal::Refusal;
use crate::{metrics, trace};
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};
use peyk_handlers::Leases;
use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::{Code, Status};
use tonic_health::pb::health_server::HealthServer;

const HEALTH: &str = "/grpc.health.v1.Health/";

type Handling = BoxFuture<'static, Result<Response<Body>, Infallible>>;

/// Who is at the other end.
#[derive(Debug)]
pub(super) enum Caller {
    Certified(Peer),
    /// Nobody knows: there is no TLS.
    Anybody,
}

/// Lets calls in, hands them to who answers, and measures both.
#[derive(Clone)]
pub(super) struct Dispatch {
    leases: LeaseServiceServer<LeaseDesk>,
    health: HealthServer<Condition>,
    allowed: AllowList,
    timeout: Duration,
}

impl Dispatch {
    pub(super) fn new(leases: &Arc<dyn Leases>, allowed: AllowList, settings: &GrpcSettings) -> Self {
        let desk = LeaseServiceServer::new(LeaseDesk::new(Arc::clone(leases)));
        Self {
            leases: desk.max_decoding_message_size(settings.message_bytes_max),
            health: HealthServer::new(Condition::new(Arc::clone(leases)))
                .max_decoding_message_size(settings.message_bytes_max),
            allowed,
            timeout: settings.call_timeout,
        }
    }

    pub(super) async fn answer(&self, caller: &Caller, request: Request<Incoming>) -> Response<Body> {
        let began = Instant::now();
        let path = request.uri().path();
        let rpc = Rpc::ALL.into_iter().find(|rpc| rpc.path() == path);
        let is_health = path.starts_with(HEALTH);
        let span = trace::begin(rpc, request.headers());
        let answer = match self.let_in(caller, rpc, is_health) {
            Ok(entry) => self.handled(entry, is_health, request).await,
            Err(refusal) => Err(refusal),
        };
        let answer = answer.unwrap_or_else(|refusal| Status::from(refusal).into_http());
        let code = code_of(answer.headers());
        if !is_health {
            metrics::answered(rpc, code, began);
        }
        if let Some(span) = span {
            trace::end(&span, code);
        }
        answer
    }

    fn let_in(&self, caller: &Caller, rpc: Option<Rpc>, is_health: bool) -> Result<Option<Entry>, Refusal> {
        if let Caller::Certified(peer) = caller
            && peer.ran_out(SystemTime::now())
        {
            return Err(Refusal::CertificateExpired);
        }
        let Some(rpc) = rpc else {
            return if is_health { Ok(None) } else { Err(Refusal::NoSuchMethod) };
        };
        let client = match caller {
            Caller::Certified(peer) => self.allowed.client(peer, rpc),
            Caller::Anybody => Some(self.allowed.anybody()),
        };
        let client = client.ok_or(Refusal::ClientNotAllowed)?;
        let place = client.enter()?;
        // The first number; a call that asks about more takes them once it was read.
        client.take(NonZeroU32::MIN)?;
        Ok(Some(Entry { client, _place: place }))
    }

    async fn handled(
        &self,
        entry: Option<Entry>,
        is_health: bool,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, Refusal> {
        let handling: Handling = if is_health {
            self.health.clone().call(request)
        } else {
            if let Some(entry) = &entry {
                request.extensions_mut().insert(Arc::clone(&entry.client));
            }
            self.leases.clone().call(request)
        };
        let Ok(answer) = tokio::time::timeout(self.timeout, handling).await.map_err(|_| Refusal::TooSlow)?;
        Ok(answer)
    }
}

/// A call that was let in.
struct Entry {
    client: Arc<Client>,
    _place: UnderWay,
}

/// Answers without a body have their status in the head; the others succeeded, because all of ours are made whole.
fn code_of(headers: &HeaderMap) -> Code {
    headers.get("grpc-status").map_or(Code::Ok, |status| Code::from_bytes(status.as_bytes()))
}
