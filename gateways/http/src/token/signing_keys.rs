//! The keys of our own tokens while one takes another's place.
use jwt_simple::algorithms::HS256Key;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long a key that was replaced still verifies, from when it signs no more: as long as a token lives.
pub const RETIRED_KEY_VERIFIES: Duration = Duration::from_secs(3_600);
/// How long a new key only verifies, so that every process knows it before anyone signs with it.
const SETTLING: Duration = Duration::from_secs(15);
/// Keys that are held at once; of keys replaced more often than that in an hour the oldest ends early.
const KEYS_MAX: usize = 8;

/// The newest key, and those it replaced. Clones are the same keys.
#[derive(Clone)]
pub(super) struct SigningKeys(Arc<RwLock<Arc<[Held]>>>);

/// One key and when it counts.
#[derive(Clone)]
struct Held {
    key: HS256Key,
    signs_from: Instant,
    verifies_until: Option<Instant>,
}

impl Held {
    fn verifies(&self, now: Instant) -> bool {
        self.verifies_until.is_none_or(|until| now < until)
    }
}

impl SigningKeys {
    pub fn new(key: &[u8]) -> Self {
        let only = Held { key: HS256Key::from_bytes(key), signs_from: Instant::now(), verifies_until: None };
        Self(Arc::new(RwLock::new([only].into())))
    }

    /// Takes a new key at `now`; one that is the newest already changes nothing.
    pub fn rotate(&self, key: &[u8], now: Instant) {
        let key = HS256Key::from_bytes(key);
        // Nothing panics while it is locked.
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.first().is_some_and(|newest| newest.key.to_bytes() == key.to_bytes()) {
            return;
        }
        let signs_from = now + SETTLING;
        let newest = Held { key, signs_from, verifies_until: None };
        let replaced = held.iter().filter(|held| held.verifies(now)).cloned().map(|mut held| {
            held.verifies_until.get_or_insert(signs_from + RETIRED_KEY_VERIFIES);
            held
        });
        *held = std::iter::once(newest).chain(replaced).take(KEYS_MAX).collect();
    }

    /// The keys that verify at `now`, the newest first.
    pub fn verifying(&self, now: Instant) -> impl Iterator<Item = HS256Key> + use<> {
        let held = self.held();
        (0..held.len())
            .filter_map(move |index| held.get(index).filter(|held| held.verifies(now)).map(|held| held.key.clone()))
    }

    /// The key that signs at `now`.
    pub fn signing(&self, now: Instant) -> Option<HS256Key> {
        let held = self.held();
        let settled = held.iter().find(|held| held.signs_from <= now).or_else(|| held.last());
        settled.map(|held| held.key.clone())
    }

    fn held(&self) -> Arc<[Held]> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifying(keys: &SigningKeys, now: Instant) -> Vec<u8> {
        keys.verifying(now).map(|key| key.to_bytes()[0]).collect()
    }

    fn signing(keys: &SigningKeys, now: Instant) -> Option<u8> {
        keys.signing(now).map(|key| key.to_bytes()[0])
    }

    #[test]
    fn a_new_key_verifies_at_once_and_signs_later_and_the_one_before_verifies_for_an_hour_more() {
        let keys = SigningKeys::new(&[1; 32]);
        let now = Instant::now();
        keys.rotate(&[1; 32], now);
        assert_eq!((verifying(&keys, now), signing(&keys, now)), (vec![1], Some(1)));
        keys.rotate(&[2; 32], now);
        keys.rotate(&[2; 32], now + SETTLING);
        assert_eq!((verifying(&keys, now), signing(&keys, now)), (vec![2, 1], Some(1)));
        let settled = now + SETTLING;
        assert_eq!(signing(&keys, settled), Some(2));
        // What the first key signed last dies with the hour, and no sooner.
        let hour = settled + RETIRED_KEY_VERIFIES;
        assert_eq!(verifying(&keys, hour - Duration::from_millis(1)), [2, 1]);
        assert_eq!(verifying(&keys, hour), [2]);
    }

    #[test]
    fn keys_that_change_often_are_bounded() {
        let keys = SigningKeys::new(&[0; 32]);
        let now = Instant::now();
        (1..=20).for_each(|key| keys.rotate(&[key; 32], now));
        assert_eq!(verifying(&keys, now), (13..=20).rev().collect::<Vec<u8>>());
    }
}
