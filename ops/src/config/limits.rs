use super::reader::Reader;
use super::value::Networks;
use peyk_http::{FixedLimits, ForwardedBy, TrustedProxies};
use std::num::NonZeroU32;

/// How much the API takes, from whom, and whose word it takes for where a request comes from.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    tenant_per_minute: u32,
    address_per_minute: u32,
    logins_per_minute: u32,
    browsing_per_minute: u32,
    blocked: Networks,
    trusted_proxies: Networks,
    forwarded_header: ForwardedBy,
}

impl LimitsConfig {
    pub fn read(from: &mut Reader) -> Self {
        let mut rate =
            |name, about, default: NonZeroU32| from.key(name, about).within(1..=1_000_000_000).or(default.get());
        Self {
            tenant_per_minute: rate(
                "tenant_per_minute",
                "Requests of a tenant; twice as many at once, and all API processes together.",
                FixedLimits::TENANT_DEFAULT,
            ),
            address_per_minute: rate(
                "address_per_minute",
                "Requests from one address, an IPv6 customer's network being one; likewise.",
                FixedLimits::ADDRESS_DEFAULT,
            ),
            logins_per_minute: rate(
                "logins_per_minute",
                "Attempts to log in that fail, from one address; how many an account may make is its tenant's limit.",
                FixedLimits::LOGINS_DEFAULT,
            ),
            browsing_per_minute: rate(
                "browsing_per_minute",
                "Looks at numbers of a tenant, so that nobody goes through all of them.",
                FixedLimits::BROWSING_DEFAULT,
            ),
            blocked: from.key("blocked", "Addresses and networks that nothing is taken from.").or(Networks::default()),
            trusted_proxies: from
                .key(
                    "trusted_proxies",
                    "The addresses of proxies in front; only their word about where a request comes from is taken.",
                )
                .or(Networks::default()),
            forwarded_header: from
                .key("forwarded_header", "Where they write it; the other header is the client's own word.")
                .or(ForwardedBy::default()),
        }
    }

    pub fn data(&self) -> FixedLimits {
        // Read as 1 at least.
        let count = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        FixedLimits::per_minute(
            count(self.tenant_per_minute),
            count(self.address_per_minute),
            count(self.logins_per_minute),
            self.blocked.0.clone(),
        )
        .browsing(count(self.browsing_per_minute))
    }

    pub fn proxies(&self) -> TrustedProxies {
        TrustedProxies { networks: self.trusted_proxies.0.clone(), header: self.forwarded_header }
    }
}
