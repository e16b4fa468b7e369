use foldhash::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A shared map of bounded size that keeps what was used lately.
///
/// Two halves: entries come into the recent one, and when it is full it becomes the older one and what was in that is
/// dropped. An entry found in the older half moves back, so whatever is used within half a capacity of others stays.
pub(crate) struct Cache<K, V> {
    half: usize,
    halves: Mutex<Halves<K, V>>,
}

struct Halves<K, V> {
    recent: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K: Hash + Eq + Copy, V: Clone> Cache<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        let halves = Halves { recent: HashMap::default(), older: HashMap::default() };
        Self { half: capacity.div_ceil(2).max(1), halves: Mutex::new(halves) }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut halves = self.locked();
        if let Some(value) = halves.recent.get(key) {
            return Some(value.clone());
        }
        let value = halves.older.remove(key)?;
        halves.insert(self.half, *key, value.clone());
        Some(value)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.locked().insert(self.half, key, value);
    }

    /// Drops the older half; the recent one takes its place.
    pub(crate) fn age(&self) {
        self.locked().age();
    }

    /// Drops every entry whose key is `unwanted`.
    pub(crate) fn forget(&self, unwanted: impl Fn(&K) -> bool) {
        let mut halves = self.locked();
        halves.recent.retain(|key, _| !unwanted(key));
        halves.older.retain(|key, _| !unwanted(key));
    }

    pub(crate) fn for_each(&self, visit: impl FnMut(&V)) {
        let halves = self.locked();
        halves.recent.values().chain(halves.older.values()).for_each(visit);
    }

    /// The map is whole between any two of its operations, so a panic elsewhere spoils nothing.
    fn locked(&self) -> MutexGuard<'_, Halves<K, V>> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> Halves<K, V> {
    fn insert(&mut self, half: usize, key: K, value: V) {
        if self.recent.len() >= half && !self.recent.contains_key(&key) {
            self.age();
        }
        self.older.remove(&key);
        self.recent.insert(key, value);
    }

    fn age(&mut self) {
        self.older = std::mem::take(&mut self.recent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_capacity_and_keeps_what_is_used() {
        let cache = Cache::new(10);
        for key in 0..1_000 {
            cache.insert(key, key);
            let mut count = 0;
            cache.for_each(|_| count += 1);
            assert!(count <= 10);
            assert_eq!(cache.get(&0), Some(0), "used all the time");
        }
        assert_eq!((cache.get(&999), cache.get(&1)), (Some(999), None));
    }

    #[test]
    fn a_newer_value_replaces_one_in_the_older_half() {
        let cache = Cache::new(2);
        cache.insert(1, "old");
        cache.insert(2, "other");
        cache.insert(1, "new");
        assert_eq!(cache.get(&1), Some("new"));
        cache.insert(3, "third");
        assert_eq!(cache.get(&1), Some("new"));
    }

    #[test]
    fn forgets_in_both_halves() {
        let cache = Cache::new(4);
        (0..4).for_each(|key| cache.insert(key, ()));
        cache.forget(|key| key % 2 == 0);
        assert_eq!([0, 1, 2, 3].map(|key| cache.get(&key).is_some()), [false, true, false, true]);
    }
}
