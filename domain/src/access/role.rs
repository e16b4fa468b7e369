use crate::TenantId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A name that is not in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such role")]
pub struct NoSuchRole;

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])+ $role:ident = $name:literal),+ $(,)?) => {
        /// What somebody may do. The names are those of the `roles` claim; there is one catalogue for all of Peyk.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Role { $($(#[doc = $doc])+ $role),+ }

        impl Role {
            pub const ALL: &'static [Self] = &[$(Self::$role),+];

            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$role => $name),+ }
            }
        }
    };
}

catalogue! {
    /// Tenants, users, keys and limits of all; reads across tenants, each recorded.
    PlatformAdmin = "platform.admin",
    /// Reads everything masked, replays ledgers, runs exports; changes nothing.
    PlatformAuditor = "platform.auditor",
    /// Reads redacted, and no tenant's history but the one asked about.
    PlatformSupport = "platform.support",
    /// Imports blocks, acts for and reads every tenant's numbers.
    PlatformNumberingAdmin = "platform.numbering.admin",
    /// Reads numbers, overrides cool-offs with a justification, helps with bulk recalls.
    PlatformNumberingOps = "platform.numbering.ops",
    /// Operators, connectors and routes.
    PlatformChannelAdmin = "platform.channel.admin",
    /// The tenant's own users, keys and policies.
    TenantAdmin = "tenant.admin",
    /// Reads what the tenant's admin reads.
    TenantSupport = "tenant.support",
    /// The tenant's sandbox.
    TenantDeveloper = "tenant.developer",
    /// Sees the tenant's numbers.
    NumberingRead = "sms:numbering:read",
    /// Reserves, holds, assigns and releases for the tenant.
    NumberingWrite = "sms:numbering:write",
    /// The same for vanity numbers.
    NumberingVanity = "sms:numbering:vanity",
    /// What the tenant's numbers cost.
    NumberingBilling = "sms:numbering:billing",
    /// Sends messages of the tenant.
    AccountSender = "account.sender",
    /// Reads messages of the tenant.
    AccountReader = "account.reader",
    /// Both.
    AccountAdmin = "account.admin",
    /// Approves files of numbers that no signature vouches for; never imports them.
    PlatformFinanceOfficer = "platform.finance.officer",
}

impl Role {
    /// Whether it is held by the platform's own people rather than granted within a tenant.
    #[must_use]
    pub const fn is_platform(self) -> bool {
        matches!(
            self,
            Self::PlatformAdmin
                | Self::PlatformAuditor
                | Self::PlatformSupport
                | Self::PlatformNumberingAdmin
                | Self::PlatformNumberingOps
                | Self::PlatformFinanceOfficer
                | Self::PlatformChannelAdmin
        )
    }

    /// Whether somebody of the tenant can hold it: the platform's own people, whose tenant is nil, hold the platform's roles,
    /// and a tenant's people those of tenants.
    #[must_use]
    pub fn is_held_in(self, tenant: TenantId) -> bool {
        self.is_platform() == tenant.is_nil()
    }

    /// Whether it changes who may do what, which asks for a second factor at login.
    #[must_use]
    pub const fn administers(self) -> bool {
        matches!(
            self,
            Self::PlatformAdmin
                | Self::PlatformNumberingAdmin
                | Self::PlatformFinanceOfficer
                | Self::PlatformChannelAdmin
                | Self::TenantAdmin
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = NoSuchRole;

    fn from_str(text: &str) -> Result<Self, NoSuchRole> {
        Self::ALL.iter().copied().find(|role| role.name() == text).ok_or(NoSuchRole)
    }
}
