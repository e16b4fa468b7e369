use crate::limits::Policy;
use peyk_domain::TenantId;
use peyk_domain::access::AuditKind;
use peyk_handlers::Caller;
use std::fmt::Display;

/// What an answer says to the audit trail, beside what the request and the answer say by themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mark {
    /// None for what is told from the code of the answer, and for what is not noted.
    pub kind: Option<AuditKind>,
    /// Whom the credential is of, where it was recognised and yet not accepted.
    pub caller: Option<Caller>,
    /// Whose thing was touched; none for what is the platform's, and for what is of several.
    pub subject: Option<TenantId>,
    /// As `connector/` and its id, a number only by its mask; empty where there is none.
    pub resource: String,
}

impl Mark {
    pub(crate) fn of(kind: AuditKind, resource_type: &str, id: impl Display) -> Self {
        Self { kind: Some(kind), resource: format!("{resource_type}/{id}"), ..Self::default() }
    }

    /// There was too much of something.
    pub(crate) fn of_limit(policy: Policy) -> Self {
        Self::of(AuditKind::RateLimited, "limit", policy.name())
    }

    /// What was read is of one kind, and of several tenants.
    pub(crate) fn read_across(resource_type: &str) -> Self {
        Self { kind: Some(AuditKind::CrossTenantRead), resource: resource_type.to_owned(), ..Self::default() }
    }

    /// What was read is this tenant's, which counts only if it is not the reader's own.
    pub(crate) fn read(tenant: TenantId, resource_type: &str) -> Self {
        Self { subject: Some(tenant), ..Self::read_across(resource_type) }
    }

    /// The one that was read.
    pub(crate) fn one(mut self, id: impl Display) -> Self {
        self.resource = format!("{}/{id}", self.resource);
        self
    }

    pub(crate) fn about(self, tenant: TenantId) -> Self {
        Self { subject: Some(tenant), ..self }
    }
}
