//! Where files of operators are taken in: what may be asked of a batch, and what follows.
use super::batch::{Batch, BatchState};
use super::{
    AbandonReason, Approval, BATCH_LASTS, BATCH_ROWS_MAX, BATCHES_MAX, BatchOpening, FileHash, ImportCommand,
    ImportKey, REMOVED_PER_EVENT, REMOVED_PER_TICK, STAGED_MAX,
};
use crate::numbering::{INVALID_ROWS_NAMED, Inventory, Listing, NumberingError, NumberingEvent, mno_name};
use crate::{ApprovalId, At, BlockId, ImportKeyId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

type Decided = Result<Vec<NumberingEvent>, NumberingError>;

const UNDER_WAY: &str = "another import of this file, or into this block, is under way; wait for its end or abandon it";
const CLEARING: &str = "an abandoned import is being cleared away; try again in some seconds";
const NOT_OPEN: &str = "open import of this file";

/// What is known of files beside the numbers themselves.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::numbering) struct Desk {
    pub(super) keys: BTreeMap<ImportKeyId, ImportKey>,
    pub(super) approvals: BTreeMap<ApprovalId, Approval>,
    /// Open or being cleared away.
    pub(super) batches: BTreeMap<FileHash, Batch>,
    /// The blocks of those: whatever number is of one of them is seen by nobody.
    pub(super) hidden: BTreeMap<BlockId, FileHash>,
    /// The files whose numbers are in the inventory, with their blocks.
    pub(super) closed: BTreeMap<FileHash, BlockId>,
}

impl Desk {
    /// Whether what is of the block is not to be seen; what is of none always is. Mostly nothing is under way, and then this
    /// costs nothing.
    pub(in crate::numbering) fn hides(&self, block: Option<BlockId>) -> bool {
        !self.hidden.is_empty() && block.is_some_and(|block| self.hidden.contains_key(&block))
    }

    /// How many numbers are hidden.
    pub(in crate::numbering) fn staged(&self) -> usize {
        self.batches.values().map(|batch| batch.staged.len()).sum()
    }

    fn open(&self, at: At, file: FileHash) -> Result<&Batch, NumberingError> {
        match self.batches.get(&file) {
            Some(batch) if batch.is_open_at(at) => Ok(batch),
            None if self.closed.contains_key(&file) => Err(NumberingError::DuplicateBatch),
            _ => Err(NumberingError::NoSuch(NOT_OPEN)),
        }
    }

    fn clearing(&self) -> Option<(FileHash, &Batch)> {
        self.batches.iter().find(|(_, batch)| batch.state == BatchState::Clearing).map(|(file, batch)| (*file, batch))
    }
}

impl Inventory {
    /// The block that the file's numbers made, if they are in the inventory.
    #[must_use]
    pub fn imported(&self, file: FileHash) -> Option<BlockId> {
        self.desk.closed.get(&file).copied()
    }

    /// The rows of an open batch as far as they are staged, in the order of the file.
    #[must_use]
    pub fn staged(&self, file: FileHash) -> &[Listing] {
        self.desk.batches.get(&file).map_or(&[], |batch| &batch.staged)
    }

    pub(in crate::numbering) fn decide_import(&self, at: At, command: ImportCommand) -> Decided {
        match command {
            ImportCommand::RegisterKey { key, mno, scheme, public_key, valid_from, lasts } => {
                self.register_key(at, key, mno, scheme, public_key, (valid_from, lasts))
            }
            ImportCommand::RevokeKey { key, reason } => self.revoke_key(at, key, reason),
            ImportCommand::Approve { approval, file, lasts, justification, approver } => {
                self.approve_import(at, approval, file, lasts, justification, approver)
            }
            ImportCommand::Open(opening) => self.open_batch(at, opening),
            ImportCommand::Stage { file, first, numbers } => self.stage_rows(at, file, first, numbers),
            ImportCommand::Close { file } => self.close_batch(at, file),
            ImportCommand::Abandon { file } => self.abandon_batch(at, file),
        }
    }

    fn open_batch(&self, at: At, opening: BatchOpening) -> Decided {
        let BatchOpening { file, block, mno, rows, form, voucher, importer } = opening;
        let desk = &self.desk;
        if desk.closed.contains_key(&file) {
            return Err(NumberingError::DuplicateBatch);
        }
        match desk.batches.get(&file) {
            Some(batch) if batch.is_open_at(at) => {
                // Whoever broke off goes on where it ended.
                let same = (batch.block, &batch.mno, batch.rows, batch.form, &batch.voucher)
                    == (block, &mno, rows, form, &voucher);
                return if same { Ok(Vec::new()) } else { Err(NumberingError::BatchConflict(UNDER_WAY)) };
            }
            Some(_) => return Err(NumberingError::BatchConflict(CLEARING)),
            None if desk.clearing().is_some() => return Err(NumberingError::BatchConflict(CLEARING)),
            None => {}
        }
        if rows == 0 || rows > BATCH_ROWS_MAX {
            return Err(NumberingError::InvalidValue("a file has from 1 to 2000000 rows"));
        }
        mno_name(&mno)?;
        self.vouches(at, &voucher, file, &mno, importer)?;
        if self.block(block).is_some_and(|block| block.numbers > 0) {
            return Err(NumberingError::BatchConflict("the block has its numbers already; use a new block id"));
        }
        self.joined(at, block, &mno)?;
        if desk.hides(Some(block)) || desk.batches.len() >= BATCHES_MAX {
            return Err(NumberingError::BatchConflict(UNDER_WAY));
        }
        let until = at.plus(BATCH_LASTS);
        Ok(vec![NumberingEvent::BatchOpened { file, block, mno, rows, form, voucher, importer, until }])
    }

    fn stage_rows(&self, at: At, file: FileHash, first: u32, mut numbers: Vec<Listing>) -> Decided {
        let batch = self.desk.open(at, file)?;
        let (first, staged) = (first as usize, batch.staged.len());
        if numbers.is_empty() || numbers.len() > STAGED_MAX {
            return Err(NumberingError::InvalidValue("from 1 to 5000 rows are staged at once"));
        }
        // The hash of the file is taken over its rows in order, so those that come early are asked for again.
        if first > staged || first + numbers.len() > batch.rows as usize {
            return Err(NumberingError::InvalidTransition("these rows do not follow those that are staged"));
        }
        // What comes twice changes nothing; what follows it does.
        let again = numbers.len().min(staged - first);
        if batch.staged[first..first + again] != numbers[..again] {
            return Err(NumberingError::BatchConflict("other rows are staged there"));
        }
        numbers.drain(..again);
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut seen = HashSet::with_capacity(numbers.len());
        let (mut rows, mut count) = (Vec::new(), 0);
        let block = self.block(batch.block);
        for (row, listing) in numbers.iter().enumerate() {
            let number = listing.number();
            let admitted = block.is_none_or(|block| block.admits(*listing));
            if !seen.insert(number) || !self.may_be_listed(number) || !admitted {
                count += 1;
                if rows.len() < INVALID_ROWS_NAMED {
                    rows.push(staged + row);
                }
            }
        }
        if count > 0 {
            return Err(NumberingError::InvalidRows { rows, count });
        }
        Ok(vec![NumberingEvent::RowsStaged { file, numbers }])
    }

    fn close_batch(&self, at: At, file: FileHash) -> Decided {
        let batch = self.desk.open(at, file)?;
        if batch.staged_count() < batch.rows {
            return Err(NumberingError::InvalidTransition("rows of the file are not staged yet"));
        }
        if !batch.is_whole(file) {
            return Err(NumberingError::SignatureInvalid("the rows are not those of the file"));
        }
        Ok(vec![NumberingEvent::BatchClosed { file }])
    }

    fn abandon_batch(&self, at: At, file: FileHash) -> Decided {
        self.desk.open(at, file)?;
        Ok(vec![NumberingEvent::BatchAbandoned { file, reason: AbandonReason::Asked }])
    }

    /// What time does to batches: one that lapsed is given up, and rows of one that was given up are taken away.
    pub(in crate::numbering) fn tick_imports(&self, at: At) -> Vec<NumberingEvent> {
        let lapsed = self
            .desk
            .batches
            .iter()
            .filter(|(_, batch)| matches!(batch.state, BatchState::Open { until } if at >= until));
        let mut events: Vec<_> = lapsed
            .map(|(file, _)| NumberingEvent::BatchAbandoned { file: *file, reason: AbandonReason::Lapsed })
            .collect();
        if let Some((file, batch)) = self.desk.clearing() {
            let removed = batch.staged.rchunks(REMOVED_PER_EVENT).take(REMOVED_PER_TICK / REMOVED_PER_EVENT);
            events.extend(removed.map(|numbers| NumberingEvent::RowsRemoved { file, numbers: numbers.to_vec() }));
        }
        events
    }
}
