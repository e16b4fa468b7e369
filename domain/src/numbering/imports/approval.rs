use super::FileHash;
use crate::{ActorId, At, Span};
use serde::{Deserialize, Serialize};

/// How long an approval may last.
pub const APPROVAL_LASTS_MIN: Span = Span::minutes(1);
pub const APPROVAL_LASTS_MAX: Span = Span::hours(24);
/// Approvals that are neither used nor over.
pub const APPROVALS_MAX: usize = 100;

/// A second person's word that one file may come in without a signature that counts. Used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub file: FileHash,
    pub approver: ActorId,
    pub expires: At,
}
