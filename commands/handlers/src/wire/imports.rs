//! Commands about files of operators. Who asks is in no form: the service takes it from the envelope.
use super::numbering::listings;
use super::scalar::{hash, id, maybe_instant, reason, span, word};
use peyk_domain::numbering::{
    BatchOpening, FileForm, FileHash, ImportCommand, LineEnd, Listing, NumberColumns, Reason, SignatureScheme, Voucher,
};
use peyk_domain::{ActorId, ApprovalId, At, BlockId, ImportKeyId, Span};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "ImportCommand", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ImportForm {
    RegisterKey {
        #[serde(with = "id")]
        key: ImportKeyId,
        mno: String,
        #[serde(with = "word")]
        scheme: SignatureScheme,
        #[serde(with = "serde_bytes")]
        public_key: Vec<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_instant")]
        valid_from: Option<At>,
        #[serde(with = "span")]
        lasts: Span,
    },
    RevokeKey {
        #[serde(with = "id")]
        key: ImportKeyId,
        #[serde(with = "reason")]
        reason: Reason,
    },
    Approve {
        #[serde(with = "id")]
        approval: ApprovalId,
        #[serde(with = "hash")]
        file: FileHash,
        #[serde(with = "span")]
        lasts: Span,
        #[serde(with = "reason")]
        justification: Reason,
        #[serde(skip)]
        approver: ActorId,
    },
    Open(#[serde(with = "OpeningForm")] BatchOpening),
    Stage {
        #[serde(with = "hash")]
        file: FileHash,
        first: u32,
        #[serde(with = "listings")]
        numbers: Vec<Listing>,
    },
    Close {
        #[serde(with = "hash")]
        file: FileHash,
    },
    Abandon {
        #[serde(with = "hash")]
        file: FileHash,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BatchOpening", deny_unknown_fields)]
struct OpeningForm {
    #[serde(with = "hash")]
    file: FileHash,
    #[serde(with = "id")]
    block: BlockId,
    mno: String,
    rows: u32,
    #[serde(with = "FileFormForm")]
    form: FileForm,
    #[serde(with = "VoucherForm")]
    voucher: Voucher,
    #[serde(skip)]
    importer: ActorId,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FileForm", deny_unknown_fields)]
struct FileFormForm {
    #[serde(with = "ColumnsForm")]
    columns: NumberColumns,
    #[serde(with = "LineEndForm")]
    line_end: LineEnd,
    last_line_ends: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NumberColumns", rename_all = "snake_case")]
enum ColumnsForm {
    Number,
    NumberAndType,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LineEnd", rename_all = "snake_case")]
enum LineEndForm {
    Lf,
    CrLf,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Voucher", rename_all = "snake_case", deny_unknown_fields)]
enum VoucherForm {
    Signature {
        #[serde(with = "id")]
        key: ImportKeyId,
        #[serde(with = "serde_bytes")]
        signature: Vec<u8>,
    },
    Approval(#[serde(with = "id")] ApprovalId),
}
