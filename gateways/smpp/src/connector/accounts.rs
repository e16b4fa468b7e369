use peyk_domain::MessageId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Every attempt this process can account for: handed to it and not yet durably reported. What the ledger believes to be in
/// flight beyond these never arrived here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<HashSet<(MessageId, u32)>>>);

impl Accounts {
    pub fn open(&self, message: MessageId, attempt: u32) {
        self.with(|attempts| attempts.insert((message, attempt)));
    }

    pub fn close(&self, message: MessageId, attempt: u32) {
        self.with(|attempts| attempts.remove(&(message, attempt)));
    }

    pub fn snapshot(&self) -> HashSet<(MessageId, u32)> {
        self.with(|attempts| attempts.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashSet<(MessageId, u32)>) -> T) -> T {
        // A set stays a set even if a holder panicked between two of its operations.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
