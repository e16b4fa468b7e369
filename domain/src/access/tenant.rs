use super::{AddressRange, Envelope, Limits, Region};
use serde::{Deserialize, Serialize};

/// A customer, as the directory knows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    pub name: Envelope,
    pub region: Region,
    /// Which partition of `messages` the tenant lives in.
    pub partition: u16,
    pub standing: Standing,
    pub limits: Limits,
    /// Where its admins may come from; empty for anywhere.
    pub allowed: Vec<AddressRange>,
}

/// Whether somebody's word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    Active,
    /// Nothing is done in its name until it is resumed or enabled again.
    Suspended,
}
