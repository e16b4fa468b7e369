use crate::field::Subject;
use crate::keyring::{Keyring, TreeKey};
use crate::random::{self, NoRandomness};
use peyk_domain::ActorId;
use peyk_domain::messages::{Leaf, RetentionClass};
use peyk_domain::privacy::{KeyTree, TreeFull};

/// How often one recipient may come back and be erased again.
const GENERATIONS_MAX: usize = 64;

/// Why a recipient cannot be erased; nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EraseError {
    #[error(transparent)]
    TreeFull(#[from] TreeFull),
    #[error("the recipient was erased too often")]
    TooOften,
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl Keyring {
    /// Destroys all this keyring has of a recipient in its present generation: its token and the keys to its data of
    /// every month. If it comes back it is known by another token, in the next generation, which is made here if there
    /// is none yet. Only complete once the keyring is stored and the wrapping key of the one before is destroyed.
    ///
    /// # Errors
    /// [`EraseError`]; the keyring is then as it was.
    pub fn erase_recipient(&mut self, leaf: Leaf) -> Result<(), EraseError> {
        let generation = self.generation_of(leaf).map_err(|_| EraseError::TooOften)?;
        let mut after = self.clone();
        for tree in after.token_trees.iter_mut().filter(|tree| !tree.is_erased(leaf)).take(1) {
            tree.puncture(leaf)?;
        }
        let of_recipients = |key: &TreeKey| key.class == RetentionClass::Message && key.generation == generation;
        for (_, tree) in after.data_trees.iter_mut().filter(|(key, _)| of_recipients(key)) {
            tree.puncture(leaf)?;
        }
        if after.generation_of(leaf).is_err() {
            if after.token_trees.len() == GENERATIONS_MAX {
                return Err(EraseError::TooOften);
            }
            after.token_trees.push(KeyTree::new(random::secret()?));
        }
        *self = after;
        Ok(())
    }

    /// Destroys the keys to what the directory says of `actor`: name, login name, password, second factor. Where its
    /// requests came from is evidence of the audit trail and goes with its month, or with the tenant. Nothing happens the
    /// second time.
    ///
    /// # Errors
    /// [`TreeFull`]; the keyring is then as it was.
    pub fn erase_actor(&mut self, actor: ActorId) -> Result<(), TreeFull> {
        let leaf = self.leaf_of(Subject::Actor(actor));
        let of_directory = self.data_trees.iter_mut().filter(|(key, _)| key.class == RetentionClass::Directory);
        for (_, tree) in of_directory {
            tree.puncture(leaf)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Purpose;
    use peyk_domain::messages::{Generation, MonthKey, SealedFor};

    const ERASED: Leaf = Leaf(0x1234_5678_9abc_def0);
    const OTHER: Leaf = Leaf(0x1234_5678_9abc_def1);
    const MONTHS: [MonthKey; 2] = [MonthKey(24_321), MonthKey(24_322)];

    fn place(leaf: Leaf, month: MonthKey, generation: u32) -> SealedFor {
        SealedFor { class: RetentionClass::Message, month, generation: Generation(generation), leaf }
    }

    fn keyring() -> Keyring {
        let mut keyring = Keyring::random().unwrap();
        for month in MONTHS {
            keyring.ensure(Purpose::Messages(month)).unwrap();
        }
        keyring
    }

    #[test]
    fn an_erased_recipient_is_gone_from_every_month_and_others_stay() {
        let before = keyring();
        let mut after = before.clone();
        after.erase_recipient(ERASED).unwrap();
        for month in MONTHS {
            assert!(before.data_key(&place(ERASED, month, 0)).is_ok());
            assert!(after.data_key(&place(ERASED, month, 0)).is_err());
            assert_eq!(after.data_key(&place(OTHER, month, 0)), before.data_key(&place(OTHER, month, 0)));
        }
        assert_eq!(after.token_key(OTHER), before.token_key(OTHER));
        assert_eq!(after.generation_of(OTHER), Ok(Generation(0)));
        assert!(after.token_trees[0].is_erased(ERASED));
        assert!(after.data_trees.values().all(|tree| tree.is_erased(ERASED)));
    }

    /// What docs/OPERATIONS.md promises.
    #[test]
    fn hundreds_of_people_of_a_tenant_can_be_erased() {
        let mut keyring = Keyring::random().unwrap();
        keyring.ensure(Purpose::Access(MONTHS[0])).unwrap();
        let person = |index: u128| ActorId::from_bytes(index.to_be_bytes());
        (0..280).for_each(|index| keyring.erase_actor(person(index)).unwrap());
        assert!(keyring.encode().is_ok());
        (280..400).for_each(|index| keyring.erase_actor(person(index)).unwrap());
        assert!(matches!(keyring.encode(), Err(crate::KeyringError::TooLarge)), "the bound that is documented");
    }

    #[test]
    fn who_comes_back_is_somebody_else() {
        let before = keyring();
        let mut after = before.clone();
        after.erase_recipient(ERASED).unwrap();
        assert_eq!(after.generation_of(ERASED), Ok(Generation(1)));
        assert_ne!(after.token_key(ERASED).unwrap(), before.token_key(ERASED).unwrap());
        assert!(!after.serves(Purpose::Messages(MONTHS[0])), "the new generation has no tree there yet");
        after.ensure(Purpose::Messages(MONTHS[0])).unwrap();
        assert!(after.data_key(&place(ERASED, MONTHS[0], 1)).is_ok());
        // A second recipient moves into the generation that is there already.
        after.erase_recipient(OTHER).unwrap();
        assert_eq!((after.generation_of(OTHER), after.token_trees.len()), (Ok(Generation(1)), 2));
    }

    #[test]
    fn nothing_goes_into_an_old_generation_of_a_new_month() {
        let mut keyring = keyring();
        keyring.erase_recipient(ERASED).unwrap();
        let next = MonthKey(MONTHS[1].0 + 1);
        keyring.ensure(Purpose::Messages(next)).unwrap();
        assert!(keyring.data_key(&place(ERASED, next, 0)).is_err());
        assert!(keyring.data_key(&place(ERASED, next, 1)).is_ok());
    }

    #[test]
    fn a_recipient_is_erased_a_bounded_number_of_times() {
        let mut keyring = Keyring::random().unwrap();
        for _ in 1..GENERATIONS_MAX {
            keyring.erase_recipient(ERASED).unwrap();
        }
        assert_eq!(keyring.erase_recipient(ERASED), Err(EraseError::TooOften));
        assert!(keyring.token_key(ERASED).is_ok(), "a refused erasure changes nothing");
    }
}
