use super::{FileDigest, FileForm, FileHash, Voucher};
use crate::numbering::Listing;
use crate::{At, BlockId, Span};
use serde::{Deserialize, Serialize};

/// How long a batch may take from its opening to its close.
pub const BATCH_LASTS: Span = Span::hours(1);
/// Batches that are open or being cleared away.
pub const BATCHES_MAX: usize = 4;
/// The rows of a file.
pub const BATCH_ROWS_MAX: u32 = 2_000_000;
/// Rows of one record: so many that a record's own price hardly counts, and so few that nobody waits long for the writer
/// meanwhile.
pub const STAGED_MAX: usize = 5_000;
/// Rows of an abandoned batch that one event, and one tick, take away.
pub const REMOVED_PER_EVENT: usize = 500;
pub const REMOVED_PER_TICK: usize = 5_000;

/// Why a batch was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbandonReason {
    /// Somebody asked for it.
    Asked,
    /// It was not closed in time.
    Lapsed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum BatchState {
    Open {
        until: At,
    },
    /// Given up; its rows are taken away.
    Clearing,
}

/// A file on its way into the inventory: its numbers are in the map of all numbers, and nobody sees them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Batch {
    pub block: BlockId,
    pub mno: String,
    pub rows: u32,
    pub form: FileForm,
    pub voucher: Voucher,
    pub state: BatchState,
    /// What is staged, in the order of the file.
    pub staged: Vec<Listing>,
    /// Of the file as far as it is staged.
    pub digest: FileDigest,
}

impl Batch {
    pub(super) fn staged_count(&self) -> u32 {
        u32::try_from(self.staged.len()).unwrap_or(u32::MAX)
    }

    pub(super) const fn is_open_at(&self, at: At) -> bool {
        matches!(self.state, BatchState::Open { until } if at.0 < until.0)
    }

    /// Whether all rows are there, and are those of the file.
    pub(super) fn is_whole(&self, file: FileHash) -> bool {
        self.staged_count() == self.rows && self.digest.finish() == file
    }
}
