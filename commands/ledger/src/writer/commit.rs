use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::At;
use peyk_schemas::{Draft, Hash};

/// The end of a chain: the last position taken, and what the next record chains to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub position: u64,
    pub hash: Hash,
    pub at: At,
}

/// A decided command and who waits for it.
#[derive(Debug)]
pub struct Entry<T, E> {
    pub draft: Draft,
    pub events: Vec<E>,
    pub ticket: Option<T>,
}

/// Records that land together or not at all, the last of them signed.
#[derive(Debug)]
pub struct Commit<T, E> {
    pub id: u64,
    pub attempt: u32,
    /// Whether the log said that the records stand at their positions.
    pub acked: bool,
    /// The last position before the first record.
    pub after: u64,
    pub entries: Vec<Entry<T, E>>,
    pub records: Vec<(Bytes, Hash)>,
}

impl<T, E> Commit<T, E> {
    /// Chains entries behind `link` and signs the last; the link that follows.
    pub fn form(id: u64, entries: Vec<Entry<T, E>>, link: Link, epoch: u64, key: &SigningKey) -> (Self, Link) {
        let (mut next, last) = (link, entries.len().saturating_sub(1));
        let mut records = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let signer = (index == last).then_some(key);
            let (bytes, hash) = entry.draft.seal(next.position + 1, next.hash, epoch, signer);
            next = Link { position: next.position + 1, hash, at: entry.draft.at };
            records.push((bytes, hash));
        }
        (Self { id, attempt: 0, acked: false, after: link.position, entries, records }, next)
    }

    /// The position of the last record.
    pub fn last(&self) -> u64 {
        self.after + self.records.len() as u64
    }
}
