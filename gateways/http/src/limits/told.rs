//! What a client is told of its limits: RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11).
use super::buckets::Taken;
use std::fmt::Write;
use std::time::Duration;
use warp::http::HeaderMap;
use warp::http::header::{HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// What a limit is for; the name of its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Address,
    Tenant,
    /// Looking numbers up.
    Browse,
    Login,
}

impl Policy {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Tenant => "tenant",
            Self::Browse => "browse",
            Self::Login => "login",
        }
    }
}

/// The limits that a request was counted against, in order, as the two fields say it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    policies: String,
    states: String,
}

impl Told {
    /// A policy is what the bucket of this process holds and how long it takes to fill; its state is what is left, and
    /// in how many seconds there is more.
    pub(super) fn of(&mut self, policy: Policy, taken: Taken) {
        let (name, Taken { portion, left, wait }) = (policy.name(), taken);
        let quota = portion.burst.get();
        let window = whole_seconds(portion.time_for(quota));
        let until_more = whole_seconds(wait.unwrap_or(if left < quota { portion.refill } else { Duration::ZERO }));
        let separator = if self.policies.is_empty() { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(self.policies, "{separator}\"{name}\";q={quota};w={window}");
        let _ = write!(self.states, "{separator}\"{name}\";r={left};t={until_more}");
    }

    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        for (name, value) in [(POLICY, self.policies), (STATE, self.states)] {
            if let (false, Ok(value)) = (value.is_empty(), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
    }
}

/// Rounded up, so that nobody comes too early.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}
