use serde::{Deserialize, Serialize};

/// The most a limit can be set to, a minute.
pub const PER_MINUTE_MAX: u32 = 10_000_000;

/// How much a tenant may ask for in a minute. A bucket holds twice as much and fills by a sixtieth of it a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub requests_per_minute: u32,
    pub messages_per_minute: u32,
    /// Of each account.
    pub logins_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests_per_minute: 1_000, messages_per_minute: 100, logins_per_minute: 10 }
    }
}
