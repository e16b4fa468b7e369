use crate::Hash;
use peyk_domain::DeploymentId;
use std::fmt;
use std::str::FromStr;

/// The bounded contexts that have a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ledger {
    Access,
    Numbering,
    Routing,
    Messages,
}

impl Ledger {
    pub const ALL: [Self; 4] = [Self::Access, Self::Numbering, Self::Routing, Self::Messages];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Numbering => "numbering",
            Self::Routing => "routing",
            Self::Messages => "messages",
        }
    }
}

/// One partition of one ledger: the unit that has a writer and a chain. Shown as `messages/0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerId {
    pub ledger: Ledger,
    pub partition: u16,
}

impl LedgerId {
    pub const ACCESS: Self = Self { ledger: Ledger::Access, partition: 0 };
    pub const NUMBERING: Self = Self { ledger: Ledger::Numbering, partition: 0 };
    pub const ROUTING: Self = Self { ledger: Ledger::Routing, partition: 0 };

    #[must_use]
    pub const fn messages(partition: u16) -> Self {
        Self { ledger: Ledger::Messages, partition }
    }

    /// What the first record chains to: it ties a chain to its deployment, ledger and partition.
    #[must_use]
    pub fn chain_seed(self, deployment: DeploymentId) -> Hash {
        let mut hasher = blake3::Hasher::new_derive_key("peyk 2026 ledger chain seed v1");
        hasher.update(&deployment.to_bytes());
        hasher.update(self.ledger.name().as_bytes());
        hasher.update(&[0]);
        hasher.update(&self.partition.to_be_bytes());
        Hash(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for LedgerId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.ledger.name(), self.partition)
    }
}

/// Text that names no ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such ledger: expected access, numbering, routing, or messages/PARTITION")]
pub struct NoSuchLedger;

impl FromStr for LedgerId {
    type Err = NoSuchLedger;

    fn from_str(text: &str) -> Result<Self, NoSuchLedger> {
        let (name, partition) = text.split_once('/').unwrap_or((text, "0"));
        let ledger = Ledger::ALL.into_iter().find(|ledger| ledger.name() == name).ok_or(NoSuchLedger)?;
        let partition = partition.parse().map_err(|_| NoSuchLedger)?;
        if partition > 0 && ledger != Ledger::Messages { Err(NoSuchLedger) } else { Ok(Self { ledger, partition }) }
    }
}
