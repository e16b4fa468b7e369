use super::rate::Rate;
use ipnet::IpNet;
use peyk_domain::TenantId;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// How much is allowed to whom, as data. Asked of at every request, so it answers from memory.
pub trait Limits: Send + Sync {
    /// Requests of a tenant; [`TenantId::NIL`] is the platform itself.
    fn requests_of(&self, tenant: TenantId) -> Rate;

    /// Requests from one address, whoever they are of.
    fn requests_from_an_address(&self) -> Rate;

    /// Attempts to log in that fail, from one address.
    fn logins(&self) -> Rate;

    /// Looks at numbers of a tenant.
    fn browsing(&self) -> Rate;

    /// Whether nothing at all is taken from there.
    fn is_blocked(&self, address: IpAddr) -> bool;
}

/// The same for everyone, for as long as the process runs.
#[derive(Debug, Clone)]
pub struct FixedLimits {
    pub requests_of_a_tenant: Rate,
    pub requests_from_an_address: Rate,
    pub logins: Rate,
    pub browsing: Rate,
    /// Addresses and networks nothing is taken from.
    pub blocked: Vec<IpNet>,
}

impl FixedLimits {
    /// By requests a minute of a tenant and from an address, each with twice as many at once, and logins a minute.
    #[must_use]
    pub fn per_minute(tenant: NonZeroU32, address: NonZeroU32, logins: NonZeroU32, blocked: Vec<IpNet>) -> Self {
        Self {
            requests_of_a_tenant: Rate::per_minute(tenant),
            requests_from_an_address: Rate::per_minute(address),
            // Guesses are not saved up.
            logins: Rate::per_minute(logins).at_once(logins),
            browsing: Rate::per_minute(Self::BROWSING_DEFAULT).at_once(Self::BROWSING_DEFAULT),
            blocked,
        }
    }

    /// With so many looks at numbers a minute, and no more at once.
    #[must_use]
    pub fn browsing(self, per_minute: NonZeroU32) -> Self {
        Self { browsing: Rate::per_minute(per_minute).at_once(per_minute), ..self }
    }
}

impl FixedLimits {
    pub const TENANT_DEFAULT: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
    pub const ADDRESS_DEFAULT: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
    pub const LOGINS_DEFAULT: NonZeroU32 = NonZeroU32::new(10).unwrap();
    pub const BROWSING_DEFAULT: NonZeroU32 = NonZeroU32::new(120).unwrap();
}

impl Default for FixedLimits {
    fn default() -> Self {
        Self::per_minute(Self::TENANT_DEFAULT, Self::ADDRESS_DEFAULT, Self::LOGINS_DEFAULT, Vec::new())
    }
}

impl Limits for FixedLimits {
    fn requests_of(&self, _tenant: TenantId) -> Rate {
        self.requests_of_a_tenant
    }

    fn requests_from_an_address(&self) -> Rate {
        self.requests_from_an_address
    }

    fn logins(&self) -> Rate {
        self.logins
    }

    fn browsing(&self) -> Rate {
        self.browsing
    }

    fn is_blocked(&self, address: IpAddr) -> bool {
        self.blocked.iter().any(|network| network.contains(&address))
    }
}
