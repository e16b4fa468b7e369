use crate::TenantId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Pools beside the one that serves every tenant and has no name.
pub const POOLS_MAX: usize = 1_000;
/// Tenants that one pool names.
pub const POOL_TENANTS_MAX: usize = 1_000;

/// Who may take numbers of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Serves {
    #[default]
    EveryTenant,
    /// These and nobody else; nobody at all if there are none.
    Tenants(BTreeSet<TenantId>),
}

impl Serves {
    #[must_use]
    pub fn serves(&self, tenant: TenantId) -> bool {
        match self {
            Self::EveryTenant => true,
            Self::Tenants(tenants) => tenants.contains(&tenant),
        }
    }
}

/// What of a pool can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolTerms {
    /// What people call it; unique.
    pub name: String,
    pub serves: Serves,
}

/// A set of blocks whose numbers are for the same tenants. Which blocks those are, the blocks say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub terms: PoolTerms,
    /// How often it was said what it is, from 1 on.
    pub version: u32,
}
