use std::fmt;
use std::str::FromStr;

/// What a token may allow. The names are those of the `roles` claim; there is one catalogue for all of Peyk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `platform.numbering.admin`: imports blocks, acts for and reads every tenant's numbers.
    PlatformNumberingAdmin,
    /// `platform.channel.admin`: operators, connectors and routes.
    PlatformChannelAdmin,
    /// `sms:numbering:read`: sees the tenant's numbers.
    NumberingRead,
    /// `sms:numbering:write`: reserves, holds, assigns and releases for the tenant.
    NumberingWrite,
    /// `account.sender`: sends messages of the tenant.
    AccountSender,
    /// `account.reader`: reads messages of the tenant.
    AccountReader,
    /// `account.admin`: both.
    AccountAdmin,
}

/// A name that is not in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such role")]
pub struct NoSuchRole;

impl Role {
    pub const ALL: [Self; 7] = [
        Self::PlatformNumberingAdmin,
        Self::PlatformChannelAdmin,
        Self::NumberingRead,
        Self::NumberingWrite,
        Self::AccountSender,
        Self::AccountReader,
        Self::AccountAdmin,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlatformNumberingAdmin => "platform.numbering.admin",
            Self::PlatformChannelAdmin => "platform.channel.admin",
            Self::NumberingRead => "sms:numbering:read",
            Self::NumberingWrite => "sms:numbering:write",
            Self::AccountSender => "account.sender",
            Self::AccountReader => "account.reader",
            Self::AccountAdmin => "account.admin",
        }
    }

    /// Whether it is held by the platform's own people rather than granted within a tenant.
    #[must_use]
    pub const fn is_platform(self) -> bool {
        matches!(self, Self::PlatformNumberingAdmin | Self::PlatformChannelAdmin)
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
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(NoSuchRole)
    }
}

/// Who may call an endpoint. Every endpoint states one, so none is open by omission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a token.
    Public,
    /// Any of these roles.
    AnyOf(&'static [Role]),
}
