use super::request::Verdict;
use bytes::Bytes;

/// Why a writer gives up its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Deposed {
    #[error("another writer opened epoch {epoch}")]
    Fenced { epoch: u64 },
    #[error("another append came first while opening the epoch")]
    Overtaken,
    #[error("the state does not follow from the ledger: {0}")]
    Corrupt(String),
}

/// What is to be done. `T` is whatever names a waiting caller.
#[derive(Debug)]
pub enum Action<T, E, D> {
    /// Append these records behind position `after`, all or none; report with `Core::outcome`.
    Publish {
        commit: u64,
        attempt: u32,
        after: u64,
        records: Vec<Bytes>,
    },
    /// Read what stands behind the durable head at `after` up to the end; report with `Core::found`.
    Read {
        after: u64,
    },
    /// Wait a little, then call `Core::retry`.
    RetryLater,
    Answer {
        ticket: T,
        verdict: Verdict<E, D>,
    },
    /// Answer with the record at this position.
    Recall {
        ticket: T,
        position: u64,
    },
    /// Messages that are not ours were named in a quarantine record: raise an alarm, unless they are `superseded`.
    Quarantined {
        from: u64,
        to: u64,
        /// Whether all that is not ours is what the writer before us had on its way when we took its place.
        superseded: bool,
    },
    StepDown(Deposed),
}

/// What the log said of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Durable; the last record stands at this position.
    Acked { last: u64 },
    /// The log did not take it.
    Refused,
    /// No answer, or one that says nothing.
    Unknown,
}
