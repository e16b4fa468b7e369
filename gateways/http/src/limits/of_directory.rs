use super::data::{FixedLimits, Limits};
use super::rate::Rate;
use crate::registry::{Registry, look};
use peyk_domain::TenantId;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The limits and blocked addresses of the directory; what it does not say is as the configuration has it.
pub struct DirectoryLimits {
    pub registry: Arc<dyn Registry>,
    pub otherwise: FixedLimits,
}

impl Limits for DirectoryLimits {
    fn requests_of(&self, tenant: TenantId) -> Rate {
        let known = look(&*self.registry, |directory| directory.tenant(tenant).map(|tenant| tenant.limits));
        let known = known.ok().flatten().and_then(|limits| NonZeroU32::new(limits.requests_per_minute));
        known.map_or_else(|| self.otherwise.requests_of(tenant), Rate::per_minute)
    }

    fn requests_from_an_address(&self) -> Rate {
        self.otherwise.requests_from_an_address()
    }

    fn logins(&self) -> Rate {
        self.otherwise.logins()
    }

    fn browsing(&self) -> Rate {
        self.otherwise.browsing
    }

    fn is_blocked(&self, address: IpAddr) -> bool {
        let now = self.registry.now();
        let blocked = look(&*self.registry, |directory| directory.blocked(address, now));
        blocked.unwrap_or(false) || self.otherwise.is_blocked(address)
    }
}

impl std::fmt::Debug for DirectoryLimits {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("DirectoryLimits").field("otherwise", &self.otherwise).finish_non_exhaustive()
    }
}
