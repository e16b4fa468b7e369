//! What the tests of imports tell their stories with.
use super::*;
use crate::numbering::{Listing, NumberingCommand, NumberingEvent, Reason};
use crate::{ActorId, ApprovalId, At, BlockId, Dated, ImportKeyId, SenderId, Span};

pub(super) const ADMIN: ActorId = ActorId::from_bytes([0xad; 16]);
pub(super) const OFFICER: ActorId = ActorId::from_bytes([0x0f; 16]);
pub(super) const KEY: ImportKeyId = ImportKeyId::from_bytes([0x6e; 16]);
pub(super) const APPROVAL: ApprovalId = ApprovalId::from_bytes([0xa9; 16]);
pub(super) const FORM: FileForm =
    FileForm { columns: NumberColumns::Number, line_end: LineEnd::Lf, last_line_ends: true };

pub(super) fn number(index: u64) -> Listing {
    SenderId::from_digits(93_700_000_000 + index).expect("a number").into()
}

pub(super) fn block(index: u8) -> BlockId {
    BlockId::from_bytes([index; 16])
}

pub(super) fn file_of(numbers: &[Listing]) -> FileHash {
    let mut digest = FileDigest::begin(FORM);
    numbers.iter().for_each(|number| digest.row(*number));
    digest.finish()
}

pub(super) fn at(at: u64, command: ImportCommand) -> Dated<NumberingCommand> {
    Dated { at: At(at), command: NumberingCommand::Imports(command) }
}

pub(super) fn opening(numbers: &[Listing], block: BlockId, voucher: Voucher) -> BatchOpening {
    let (file, rows) = (file_of(numbers), u32::try_from(numbers.len()).expect("a few"));
    BatchOpening { file, block, mno: "Roshan".to_owned(), rows, form: FORM, voucher, importer: ADMIN }
}

pub(super) fn opened(opening: &BatchOpening, at: u64) -> NumberingEvent {
    let BatchOpening { file, block, mno, rows, form, voucher, importer } = opening.clone();
    NumberingEvent::BatchOpened { file, block, mno, rows, form, voucher, importer, until: At(at).plus(BATCH_LASTS) }
}

pub(super) fn approve(file: FileHash, approval: ApprovalId) -> ImportCommand {
    ImportCommand::Approve { approval, file, lasts: Span::hours(1), justification: why(), approver: OFFICER }
}

pub(super) fn approved(file: FileHash, at: u64) -> NumberingEvent {
    let expires = At(at).plus(Span::hours(1));
    NumberingEvent::ImportApproved {
        approval: APPROVAL,
        file,
        approver: OFFICER,
        at: At(at),
        expires,
        justification: why(),
    }
}

pub(super) fn why() -> Reason {
    Reason::new("The operator's key store burnt down on Tuesday.").expect("a reason")
}
