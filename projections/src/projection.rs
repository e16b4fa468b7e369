use peyk_schemas::LedgerId;
use std::fmt;
use std::str::FromStr;

/// The read models. Each folds one kind of ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projection {
    /// Numbers and who leases them, from `numbering`.
    Leases,
    /// Where each message stands, from every partition of `messages`.
    Messages,
    /// Operators, connectors and routes, from `routing`.
    Routes,
    /// Who did what, from `access`.
    Audit,
    /// Each transition of each number, chained, from `numbering`.
    NumberAudit,
}

impl Projection {
    pub const ALL: [Self; 5] = [Self::Leases, Self::Messages, Self::Routes, Self::Audit, Self::NumberAudit];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leases => "leases",
            Self::Messages => "messages",
            Self::Routes => "routes",
            Self::Audit => "audit",
            Self::NumberAudit => "number_audit",
        }
    }

    /// The ledger partitions it folds, in a deployment with that many partitions of `messages`.
    #[must_use]
    pub fn ledgers(self, message_partitions: u16) -> Vec<LedgerId> {
        match self {
            Self::Leases | Self::NumberAudit => vec![LedgerId::NUMBERING],
            Self::Messages => (0..message_partitions).map(LedgerId::messages).collect(),
            Self::Routes => vec![LedgerId::ROUTING],
            Self::Audit => vec![LedgerId::ACCESS],
        }
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Text that names no projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such projection: expected leases, messages, routes, audit or number_audit")]
pub struct NoSuchProjection;

impl FromStr for Projection {
    type Err = NoSuchProjection;

    fn from_str(text: &str) -> Result<Self, NoSuchProjection> {
        Self::ALL.into_iter().find(|projection| projection.name() == text).ok_or(NoSuchProjection)
    }
}

/// The two places a read model can stand in: one serves, the other is filled anew or kept for going back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    A,
    B,
}

impl Slot {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The schema its tables stand in. Statements never name it: a transaction puts it in its `search_path`.
    pub(crate) const fn schema(self) -> &'static str {
        match self {
            Self::A => "read_a",
            Self::B => "read_b",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::A, Self::B].into_iter().find(|slot| slot.name() == name)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
