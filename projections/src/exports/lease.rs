use peyk_domain::numbering::Lifecycle;
use peyk_domain::{At, LeaseId, SenderId, TenantId};

/// How a lease stood at the end of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Reserved,
    Held,
    Assigned,
    /// Given back at that instant.
    Released(At),
    /// Ran out at that instant: a reservation or a hold that was not assigned, or a term that was not renewed.
    Expired(At),
    /// Taken back by the platform at that instant.
    Recalled(At),
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Held => "held",
            Self::Assigned => "assigned",
            Self::Released(_) => "released",
            Self::Expired(_) => "expired",
            Self::Recalled(_) => "recalled",
        }
    }

    /// When it was over; none if it stands.
    pub(super) const fn ended_at(self) -> Option<At> {
        match self {
            Self::Released(at) | Self::Expired(at) | Self::Recalled(at) => Some(at),
            Self::Reserved | Self::Held | Self::Assigned => None,
        }
    }

    pub(super) const fn released_at(self) -> Option<At> {
        match self {
            Self::Released(at) => Some(at),
            _ => None,
        }
    }

    pub(super) const fn expired_at(self) -> Option<At> {
        match self {
            Self::Expired(at) => Some(at),
            _ => None,
        }
    }

    pub(super) const fn recalled_at(self) -> Option<At> {
        match self {
            Self::Recalled(at) => Some(at),
            _ => None,
        }
    }
}

/// One lease of one number from reservation on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    pub number: SenderId,
    pub lease: LeaseId,
    pub tenant: TenantId,
    pub reserved_at: At,
    pub assigned_at: Option<At>,
    pub outcome: Outcome,
}

/// The name of where a number stands, as exports write it.
pub(super) const fn state_name(lifecycle: &Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Available => "available",
        Lifecycle::Reserved { .. } => "reserved",
        Lifecycle::Held { .. } => "held",
        Lifecycle::Assigned { .. } => "assigned",
        Lifecycle::Quarantined { .. } => "quarantined",
        Lifecycle::Recalled { .. } => "recalled",
        Lifecycle::Retired => "retired",
    }
}
