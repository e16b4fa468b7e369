use super::{FileForm, FileHash, SignatureScheme, Voucher};
use crate::numbering::{Listing, Reason};
use crate::{ActorId, ApprovalId, At, BlockId, ImportKeyId, Span};

/// What may be asked about files of operators. Who asks stands in `approver` and `importer`; the service says so, nobody
/// else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportCommand {
    /// Let an operator's key count from `valid_from` or now on for `lasts`. `public_key` is a SubjectPublicKeyInfo in DER.
    RegisterKey {
        key: ImportKeyId,
        mno: String,
        scheme: SignatureScheme,
        public_key: Vec<u8>,
        valid_from: Option<At>,
        lasts: Span,
    },
    /// Let a key count for nothing from now on.
    RevokeKey { key: ImportKeyId, reason: Reason },
    /// Let one file in without a signature that counts.
    Approve { approval: ApprovalId, file: FileHash, lasts: Span, justification: Reason, approver: ActorId },
    /// Begin to stage a file, or go on with one that is the same in everything.
    Open(BatchOpening),
    /// The rows from `first` on, counted from 0; at most [`super::STAGED_MAX`]. Those that are staged already
    /// change nothing; those that come before the rows in front of them are refused.
    Stage { file: FileHash, first: u32, numbers: Vec<Listing> },
    /// Let all rows of the file join the inventory.
    Close { file: FileHash },
    /// Give the file up: none of its rows joins the inventory.
    Abandon { file: FileHash },
}

/// A file that is to be staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOpening {
    pub file: FileHash,
    /// The block its numbers make; a new one.
    pub block: BlockId,
    /// The operator that owns the block.
    pub mno: String,
    pub rows: u32,
    pub form: FileForm,
    pub voucher: Voucher,
    pub importer: ActorId,
}
