use crate::TenantId;

/// How far somebody's word reaches, as whoever verified the credential found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All tenants, and the platform itself.
    Platform,
    /// One tenant; what is another's is not there.
    Tenant(TenantId),
}

impl Scope {
    #[must_use]
    pub fn covers(self, tenant: TenantId) -> bool {
        match self {
            Self::Platform => true,
            Self::Tenant(own) => own == tenant && !tenant.is_nil(),
        }
    }
}
