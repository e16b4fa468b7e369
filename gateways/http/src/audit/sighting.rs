use crate::answer::RequestId;
use crate::endpoint::Endpoint;
use crate::request::Request;
use crate::token::Identity;
use peyk_domain::access::{AuditEntry, AuditKind, Envelope, Source};
use peyk_domain::{ActorId, At, TenantId};
use peyk_handlers::Caller;
use std::net::IpAddr;
use warp::http::header::{HeaderMap, HeaderValue, USER_AGENT};

/// Nobody who was recognised.
pub(super) const NOBODY: Caller = Caller { actor: ActorId::NIL, tenant: TenantId::NIL };

/// Who asks for what and where from, as far as that is known of a request so far.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub request: RequestId,
    pub endpoint: Option<&'static Endpoint>,
    pub address: IpAddr,
    pub agent: Option<HeaderValue>,
    pub caller: Option<Caller>,
}

impl Asker {
    pub(crate) fn new(
        request: RequestId,
        endpoint: Option<&'static Endpoint>,
        address: IpAddr,
        headers: &HeaderMap,
    ) -> Self {
        Self { request, endpoint, address, agent: headers.get(USER_AGENT).cloned(), caller: None }
    }

    pub(crate) fn of(request: &Request) -> Self {
        let caller = request.identity.as_ref().map(Identity::caller);
        Self { caller, ..Self::new(request.id, Some(request.endpoint), request.address, &request.headers) }
    }

    fn source(&self) -> Source {
        let agent = self.agent.as_ref().and_then(|agent| agent.to_str().ok());
        Source::new(Some(self.address), agent)
    }
}

/// An entry of the audit trail before its source is sealed.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub kind: AuditKind,
    pub at: At,
    pub by: Caller,
    pub subject: TenantId,
    pub request: RequestId,
    pub endpoint: &'static str,
    pub resource: String,
    pub code: String,
    pub receipt: String,
    pub source: Source,
    /// How often its source could not be sealed.
    pub tries: u32,
}

impl Sighting {
    pub(super) fn of(asker: &Asker, kind: AuditKind, at: At, by: Caller) -> Self {
        let endpoint = asker.endpoint.map_or("", |endpoint| endpoint.name);
        Self { by, request: asker.request, endpoint, source: asker.source(), ..Self::of_no_request(kind, at) }
    }

    /// Of something that came to light without anybody asking the API; it has an id all the same.
    pub(super) fn of_no_request(kind: AuditKind, at: At) -> Self {
        Self {
            kind,
            at,
            by: NOBODY,
            subject: TenantId::NIL,
            request: RequestId::random(),
            endpoint: "",
            resource: String::new(),
            code: String::new(),
            receipt: String::new(),
            source: Source::new(None, None),
            tries: 0,
        }
    }

    pub(super) fn sealed(self, source: Envelope) -> AuditEntry {
        let Self { kind, at, by, subject, request, endpoint, resource, code, receipt, .. } = self;
        AuditEntry {
            kind,
            at,
            actor: by.actor,
            tenant: by.tenant,
            subject_tenant: subject,
            request: request.recorded(),
            endpoint: endpoint.to_owned(),
            resource,
            code,
            receipt,
            source,
        }
    }
}
