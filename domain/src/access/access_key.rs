use super::{AddressRange, Envelope, KeyHash, Review, Role};
use crate::{At, TenantId};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// An access key that was neither revoked nor has been put on record as run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// Nil for the platform's own.
    pub tenant: TenantId,
    pub hash: KeyHash,
    /// What it is called.
    pub label: Envelope,
    pub roles: Vec<Role>,
    pub expires: Option<At>,
    /// Where it may be used from; empty for anywhere.
    pub allowed: Vec<AddressRange>,
    /// None for one that is older than this was kept.
    pub created: Option<At>,
    pub review: Option<Review>,
}

impl AccessKey {
    #[must_use]
    pub fn has_expired(&self, at: At) -> bool {
        self.expires.is_some_and(|expires| expires <= at)
    }

    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|range| range.contains(address))
    }
}
