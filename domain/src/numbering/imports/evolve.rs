//! What events of imports do to the inventory.
use super::batch::{Batch, BatchState};
use super::{Approval, FileDigest, FileHash, ImportKey, Voucher};
use crate::numbering::{Inventory, Listing, NumberingError, NumberingEvent};

const NO_BATCH: NumberingError = NumberingError::CorruptLedger("a batch was never opened");

impl Inventory {
    /// Lets an event of an import have happened; of any other, nothing.
    ///
    /// # Errors
    /// [`NumberingError::CorruptLedger`] if the event cannot follow what happened before.
    pub(in crate::numbering) fn evolve_import(&mut self, event: NumberingEvent) -> Result<(), NumberingError> {
        match event {
            NumberingEvent::ImportKeyRegistered { key, mno, scheme, public_key, valid_from, expires } => {
                let registered = ImportKey { mno, scheme, public_key, valid_from, expires, revoked: None };
                let before = self.desk.keys.insert(key, registered);
                before.map_or(Ok(()), |_| Err(NumberingError::CorruptLedger("a key was registered twice")))
            }
            NumberingEvent::ImportKeyRevoked { key, at, reason: _ } => {
                let key = self.desk.keys.get_mut(&key);
                let key = key.ok_or(NumberingError::CorruptLedger("a key was never registered"))?;
                key.revoked = Some(at);
                Ok(())
            }
            NumberingEvent::ImportApproved { approval, file, approver, at, expires, justification: _ } => {
                self.desk.approvals.retain(|_, one| at < one.expires);
                self.desk.approvals.insert(approval, Approval { file, approver, expires });
                Ok(())
            }
            NumberingEvent::BatchOpened { file, block, mno, rows, form, voucher, importer: _, until } => {
                if let Voucher::Approval(approval) = voucher
                    && self.desk.approvals.remove(&approval).is_none()
                {
                    return Err(NumberingError::CorruptLedger("an approval that is not there was used"));
                }
                let state = BatchState::Open { until };
                // Set aside at once: what grows would be moved while every command waits.
                let staged = Vec::with_capacity(rows as usize);
                let batch = Batch { block, mno, rows, form, voucher, state, staged, digest: FileDigest::begin(form) };
                let twice = self.desk.hidden.insert(block, file).is_some();
                if self.desk.batches.insert(file, batch).is_some() || twice {
                    return Err(NumberingError::CorruptLedger("a batch was opened twice"));
                }
                Ok(())
            }
            NumberingEvent::RowsStaged { file, numbers } => self.rows_staged(file, numbers),
            NumberingEvent::BatchClosed { file } => {
                let batch = self.end_batch(file).filter(|batch| batch.is_whole(file));
                let batch = batch.ok_or(NumberingError::CorruptLedger("a batch was closed that is not whole"))?;
                let block = batch.block;
                self.show(block, batch.mno, u64::from(batch.rows))?;
                self.desk.closed.insert(file, block);
                Ok(())
            }
            NumberingEvent::BatchAbandoned { file, reason: _ } => {
                let batch = self.desk.batches.get_mut(&file).ok_or(NO_BATCH)?;
                batch.state = BatchState::Clearing;
                if batch.staged.is_empty() {
                    self.end_batch(file);
                }
                Ok(())
            }
            NumberingEvent::RowsRemoved { file, numbers } => {
                let batch = self.desk.batches.get_mut(&file).ok_or(NO_BATCH)?;
                if batch.state != BatchState::Clearing || !batch.staged.ends_with(&numbers) {
                    return Err(NumberingError::CorruptLedger("rows were removed that are not staged"));
                }
                batch.staged.truncate(batch.staged.len() - numbers.len());
                let is_empty = batch.staged.is_empty();
                self.unstage(&numbers);
                if is_empty {
                    self.end_batch(file);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn rows_staged(&mut self, file: FileHash, numbers: Vec<Listing>) -> Result<(), NumberingError> {
        let batch = self.desk.batches.get_mut(&file).ok_or(NO_BATCH)?;
        let fits = batch.staged.len() + numbers.len() <= batch.rows as usize;
        if !fits || batch.state == BatchState::Clearing {
            return Err(NumberingError::CorruptLedger("rows were staged that do not belong to their batch"));
        }
        numbers.iter().for_each(|number| batch.digest.row(*number));
        batch.staged.extend_from_slice(&numbers);
        let block = batch.block;
        self.stage(block, &numbers)
    }

    fn end_batch(&mut self, file: FileHash) -> Option<Batch> {
        let batch = self.desk.batches.remove(&file)?;
        self.desk.hidden.remove(&batch.block);
        Some(batch)
    }
}
