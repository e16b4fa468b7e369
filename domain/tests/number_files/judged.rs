//! Any bytes as a file of numbers, held against the naive reader: read, and imported by a gateway that looks and by one that
//! does not. Also what `fuzz/` runs.
#[path = "naive.rs"]
mod naive;

use peyk_domain::numbering::{
    BatchOpening, FileCheck, FileForm, FileHash, FileRows, ImportCommand, Inventory, LineEnd, Listing, NumberColumns,
    NumberFile, NumberType, NumberingCommand, NumberingError, Reason, STAGED_MAX, Voucher,
};
use peyk_domain::{ActorId, ApprovalId, At, BlockId, Dated, Span};
use sha2::{Digest, Sha256};

const NOW: At = At(1_790_000_000_000);
const OFFICER: ActorId = ActorId::from_bytes([1; 16]);
const IMPORTER: ActorId = ActorId::from_bytes([2; 16]);
const APPROVAL: ApprovalId = ApprovalId::from_bytes([3; 16]);

/// # Panics
/// If the file is taken other than the naive reader says, or anything of it is in the inventory that should not be.
pub fn judge(file: &[u8]) {
    let wanted = naive::rows(file);
    let hash = FileHash::from_bytes(Sha256::digest(file).into());
    let pieces = 1 + usize::from(hash.to_bytes()[0]);
    let mut check = FileCheck::default();
    file.chunks(pieces).for_each(|piece| check.push(piece));
    match (check.finish(), wanted) {
        (Ok(NumberFile { file: named, form, rows }), Some(wanted)) => {
            assert_eq!(named, hash);
            let listings = rows_of(file, form, pieces);
            assert!(
                listings
                    .iter()
                    .map(|row| (row.number().text(), row.number_type().name()))
                    .eq(wanted.iter().map(|(number, listed)| (number.clone(), *listed)))
            );
            assert_eq!(rows as usize, listings.len());
            let inventory = import(hash, form, &listings).expect("the ledger takes what is right");
            assert_eq!(inventory.len(), listings.len());
            assert!(listings.iter().all(|row| inventory.lifecycle(row.number()).is_some()));
        }
        (Err(faults), None) => {
            assert!(faults.count() > 0 && !faults.named().is_empty());
            careless(file, hash);
        }
        (Ok(NumberFile { rows, .. }), None) => panic!("{rows} rows were taken of {}", file.escape_ascii()),
        (Err(faults), Some(rows)) => panic!("{faults}, but {} rows are right in {}", rows.len(), file.escape_ascii()),
    }
}

fn rows_of(file: &[u8], form: FileForm, pieces: usize) -> Vec<Listing> {
    let (mut reading, mut rows) = (FileRows::new(form), Vec::new());
    for piece in file.chunks(pieces) {
        reading.push(piece, &mut rows).expect("the file is the same");
    }
    reading.finish(&mut rows).expect("the file is the same");
    rows
}

/// Of a file that is not right whatever looks like a row is imported, as by a gateway that has not looked at the rest.
fn careless(file: &[u8], hash: FileHash) {
    let lines = file.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let lines: Vec<&str> = lines.map(str::trim).collect();
    for columns in [NumberColumns::Number, NumberColumns::NumberAndType] {
        let typed = columns == NumberColumns::NumberAndType;
        let rows = lines.iter().filter_map(|line| naive::row(line, typed));
        let rows: Vec<Listing> = rows
            .map(|(number, listed)| {
                let listed: NumberType = listed.parse().expect("a type");
                Listing::new(number.parse().expect("a number"), listed).expect("a listing")
            })
            .collect();
        for (line_end, last_line_ends) in
            [(LineEnd::Lf, true), (LineEnd::Lf, false), (LineEnd::CrLf, true), (LineEnd::CrLf, false)]
        {
            let taken = import(hash, FileForm { columns, line_end, last_line_ends }, &rows);
            assert!(taken.is_none(), "the ledger took {} rows of {}", rows.len(), file.escape_ascii());
        }
    }
}

/// The inventory with the file in it, as a second person approved of it; none if the ledger refuses it, and then nothing
/// of it is seen.
fn import(file: FileHash, form: FileForm, rows: &[Listing]) -> Option<Inventory> {
    let mut inventory = Inventory::default();
    let taken = steps(&mut inventory, file, form, rows);
    if taken.is_err() {
        assert!(inventory.is_empty() && inventory.iter().next().is_none() && inventory.imported(file).is_none());
    }
    taken.ok().map(|()| inventory)
}

fn steps(inventory: &mut Inventory, file: FileHash, form: FileForm, rows: &[Listing]) -> Result<(), NumberingError> {
    let justification = Reason::new("The operator's key store burnt down on Tuesday.").expect("a reason");
    let (lasts, count) = (Span::hours(1), u32::try_from(rows.len()).expect("a few"));
    let (block, mno) = (BlockId::from_bytes([4; 16]), "Roshan".to_owned());
    let (voucher, importer) = (Voucher::Approval(APPROVAL), IMPORTER);
    let approve = ImportCommand::Approve { approval: APPROVAL, file, lasts, justification, approver: OFFICER };
    ask(inventory, approve)?;
    ask(inventory, ImportCommand::Open(BatchOpening { file, block, mno, rows: count, form, voucher, importer }))?;
    for (first, numbers) in (0..).step_by(STAGED_MAX).zip(rows.chunks(STAGED_MAX)) {
        ask(inventory, ImportCommand::Stage { file, first, numbers: numbers.to_vec() })?;
    }
    ask(inventory, ImportCommand::Close { file })
}

fn ask(inventory: &mut Inventory, command: ImportCommand) -> Result<(), NumberingError> {
    let events = inventory.decide(Dated { at: NOW, command: NumberingCommand::Imports(command) })?;
    events.into_iter().try_for_each(|event| inventory.evolve(event))
}
