use peyk_domain::CommandId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many commands, and how many KiB of them, one ledger has in progress at once. What comes on top is told so.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    commands: Arc<Semaphore>,
    kib: Arc<Semaphore>,
    ids: Arc<Mutex<HashSet<CommandId>>>,
}

/// The right of one command to be in progress.
#[derive(Debug)]
pub(crate) struct Admitted {
    _command: OwnedSemaphorePermit,
    _kib: OwnedSemaphorePermit,
}

impl Admission {
    pub(crate) fn new(commands_max: usize, kib_max: usize) -> Self {
        Self {
            commands: Arc::new(Semaphore::new(commands_max)),
            kib: Arc::new(Semaphore::new(kib_max)),
            ids: Arc::default(),
        }
    }

    /// `None` where there is no room for a command of so many bytes.
    pub(crate) fn admit(&self, bytes: usize) -> Option<Admitted> {
        let kib = u32::try_from(bytes / 1024 + 1).ok()?;
        let command = Arc::clone(&self.commands).try_acquire_owned().ok()?;
        let kib = Arc::clone(&self.kib).try_acquire_many_owned(kib).ok()?;
        Some(Admitted { _command: command, _kib: kib })
    }

    /// Marks the id as being worked on; `None` if it is already. A command that is sent again while it is being sealed
    /// would otherwise overtake itself.
    pub(crate) fn begin(&self, id: CommandId) -> Option<Begun> {
        let fresh = self.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        fresh.then(|| Begun { id, ids: Arc::clone(&self.ids) })
    }
}

/// The id counts as being worked on until this is dropped.
#[derive(Debug)]
pub(crate) struct Begun {
    id: CommandId,
    ids: Arc<Mutex<HashSet<CommandId>>>,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_are_given_back() {
        let admission = Admission::new(2, 10);
        let first = admission.admit(100).unwrap();
        let second = admission.admit(100).unwrap();
        assert!(admission.admit(0).is_none(), "two commands are the most");
        drop((first, second));
        let large = admission.admit(8 * 1024).unwrap();
        assert!(admission.admit(2 * 1024).is_none(), "ten KiB are the most");
        drop(large);
        assert!(admission.admit(2 * 1024).is_some());
    }

    #[test]
    fn an_id_is_worked_on_once_at_a_time() {
        let admission = Admission::new(1, 1);
        let id = CommandId::from_bytes([1; 16]);
        let begun = admission.begin(id).unwrap();
        assert!(admission.begin(id).is_none());
        assert!(admission.begin(CommandId::from_bytes([2; 16])).is_some());
        drop(begun);
        assert!(admission.begin(id).is_some());
    }
}
