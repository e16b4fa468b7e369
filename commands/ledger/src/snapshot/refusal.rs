use peyk_domain::DeploymentId;
use peyk_schemas::LedgerId;

/// Why a snapshot is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("it does not have the form of a snapshot that this version of Peyk reads")]
    Format,
    #[error("it does not open under the deployment key: it is damaged or cut short, or somebody else made it")]
    Unauthentic,
    #[error("it is of deployment {0}")]
    AnotherDeployment(DeploymentId),
    #[error("it is of ledger {0}")]
    AnotherLedger(LedgerId),
    #[error("it was folded by version {found} of the context's rules, and this build has version {wanted}")]
    FoldVersion { found: u32, wanted: u32 },
    #[error("its content does not have the shape that its version says")]
    Undecodable,
    #[error("the ledger holds another record, or none, at position {0}: it was restored from a backup since")]
    Diverged(u64),
    #[error("its epoch certificate is not by the deployment key")]
    Certificate,
    #[error("the ledger does not follow from it: {0}")]
    Unfoldable(String),
}

impl Refusal {
    /// The label of the metric, from a closed set.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Format => "format",
            Self::Unauthentic => "unauthentic",
            Self::AnotherDeployment(_) => "another_deployment",
            Self::AnotherLedger(_) => "another_ledger",
            Self::FoldVersion { .. } => "fold_version",
            Self::Undecodable => "undecodable",
            Self::Diverged(_) => "diverged",
            Self::Certificate => "certificate",
            Self::Unfoldable(_) => "unfoldable",
        }
    }
}
