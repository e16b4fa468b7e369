use crate::leases::LeasesStale;
use peyk_domain::ExportId;
use peyk_domain::numbering::{AuditVerdict, Export};

/// What is known of exports for regulators, and whether there may be any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownExports {
    /// Newest first.
    pub exports: Vec<(ExportId, Export)>,
    /// What last came of verifying the audit table of numbers.
    pub audit: Option<AuditVerdict>,
    /// The last record of `numbering` that this rests on.
    pub position: u64,
}

/// What was promised to regulators, answered from memory.
pub trait Exports: Send + Sync + 'static {
    /// All that are open or not yet forgotten.
    ///
    /// # Errors
    /// [`LeasesStale`]: it fails closed.
    fn exports(&self) -> Result<KnownExports, LeasesStale>;
}
