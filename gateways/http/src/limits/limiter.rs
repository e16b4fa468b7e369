use super::buckets::{Buckets, Taken};
use super::data::Limits;
use super::rate::Rate;
use super::source::{TrustedProxies, counted};
use super::told::{Policy, Told, whole_seconds};
use crate::audit::Mark;
use crate::metrics;
use crate::problem::{Problem, kind, reason};
use peyk_domain::TenantId;
use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;
use warp::http::HeaderMap;

/// Tenants with a bucket of their own.
const TENANTS_MAX: usize = 16_384;
/// Addresses with a bucket of their own.
const ADDRESSES_MAX: usize = 65_536;

/// Counts requests against limits, and refuses what is beyond them.
///
/// Each of several API processes lets through its part of every limit, so all of them together stay within it. One that
/// joins others begins with empty buckets: what the limits allow at once was theirs until then.
pub struct Limiter {
    limits: Arc<dyn Limits>,
    proxies: TrustedProxies,
    processes: watch::Receiver<NonZeroU32>,
    joined: Option<Instant>,
    addresses: Buckets<IpAddr>,
    tenants: Buckets<TenantId>,
    logins: Buckets<IpAddr>,
    browsing: Buckets<TenantId>,
}

impl fmt::Debug for Limiter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Limiter").field("proxies", &self.proxies).finish_non_exhaustive()
    }
}

impl Limiter {
    /// `processes`: how many share the limits, this one included, as far as they are known when it is made.
    #[must_use]
    pub fn new(limits: Arc<dyn Limits>, proxies: TrustedProxies, processes: watch::Receiver<NonZeroU32>) -> Self {
        let joined = (*processes.borrow() > NonZeroU32::MIN).then(Instant::now);
        Self {
            limits,
            proxies,
            processes,
            joined,
            addresses: Buckets::new(ADDRESSES_MAX),
            tenants: Buckets::new(TENANTS_MAX),
            logins: Buckets::new(ADDRESSES_MAX),
            browsing: Buckets::new(TENANTS_MAX),
        }
    }

    /// For the only process there is.
    #[must_use]
    pub fn alone(limits: Arc<dyn Limits>, proxies: TrustedProxies) -> Self {
        Self::new(limits, proxies, watch::channel(NonZeroU32::MIN).1)
    }

    /// Whether many clients come from there.
    pub(crate) fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.trusts(peer)
    }

    /// Where a request comes from.
    pub(crate) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        self.proxies.source(peer, headers)
    }

    /// That the address is not blocked, and that there are not too many from there.
    pub(crate) fn count_address(&self, address: IpAddr, told: &mut Told) -> Result<(), Problem> {
        if self.limits.is_blocked(address) {
            return Err(Problem::of(&kind::ADDRESS_BLOCKED));
        }
        let rate = self.limits.requests_from_an_address();
        self.count(&self.addresses, counted(address), rate, Policy::Address, told)
    }

    pub(crate) fn count_tenant(&self, tenant: TenantId, told: &mut Told) -> Result<(), Problem> {
        self.count(&self.tenants, tenant, self.limits.requests_of(tenant), Policy::Tenant, told)
    }

    /// A look at the numbers there are, so that no tenant goes through all of them.
    pub(crate) fn count_browsing(&self, tenant: TenantId, told: &mut Told) -> Result<(), Problem> {
        self.count(&self.browsing, tenant, self.limits.browsing(), Policy::Browse, told)
    }

    /// An attempt to log in from there, under whatever name. It counts until [`Self::logged_in`] says that it was no guess:
    /// what an account may try is counted by who decides logins, and here only how much is guessed at many accounts.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` when too many from the address failed or are under way.
    pub fn login(&self, address: IpAddr) -> Result<(), Problem> {
        self.count(&self.logins, counted(address), self.limits.logins(), Policy::Login, &mut Told::default())
    }

    /// The attempt from there succeeded.
    pub fn logged_in(&self, address: IpAddr) {
        self.logins.put_back(&counted(address));
    }

    fn count<K: Eq + Hash>(
        &self,
        buckets: &Buckets<K>,
        key: K,
        rate: Rate,
        policy: Policy,
        told: &mut Told,
    ) -> Result<(), Problem> {
        let taken = buckets.take(key, rate, *self.processes.borrow(), self.joined);
        told.of(policy, taken);
        let Taken { wait: Some(wait), .. } = taken else { return Ok(()) };
        metrics::limited(policy);
        let detail = match policy {
            Policy::Address => "too many requests from this address",
            Policy::Tenant => "too many requests of this tenant",
            Policy::Browse => "too many looks at numbers by this tenant",
            Policy::Login => "too many attempts to log in from this address failed",
        };
        let problem = Problem::because(&reason::RATE_LIMIT_EXCEEDED).detail(detail);
        let problem = problem.marked(Mark::of_limit(policy));
        Err(problem.member("policy", policy.name()).retry_after(whole_seconds(wait).max(1)))
    }
}
