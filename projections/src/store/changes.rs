use super::Row;
use std::collections::BTreeMap;

/// The rows of one table that a batch touches: as stored, and as the batch leaves them.
///
/// Ordered by key, so that two transactions take row locks in the same order and a rebuild writes the same file twice.
#[derive(Debug)]
pub(crate) struct Changes<R: Row> {
    rows: BTreeMap<R::Key, Change<R>>,
}

#[derive(Debug)]
struct Change<R> {
    stored: Option<R>,
    now: Option<R>,
}

impl<R> Change<R> {
    const fn absent() -> Self {
        Self { stored: None, now: None }
    }
}

/// What is to be written, each key once.
pub(crate) struct Pending<'a, R: Row> {
    pub(crate) new: Vec<&'a R>,
    pub(crate) changed: Vec<&'a R>,
    pub(crate) gone: Vec<R::Key>,
}

impl<R: Row> Default for Changes<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new() }
    }
}

impl<R: Row> Changes<R> {
    /// Notes that the row at `key` will be needed.
    pub(crate) fn touch(&mut self, key: R::Key) {
        self.rows.entry(key).or_insert_with(Change::absent);
    }

    pub(crate) fn keys(&self) -> Vec<R::Key> {
        self.rows.keys().copied().collect()
    }

    /// Takes in a row as it is stored.
    pub(crate) fn found(&mut self, row: R) {
        self.rows.insert(row.key(), Change { stored: Some(row.clone()), now: Some(row) });
    }

    pub(crate) fn get_mut(&mut self, key: R::Key) -> Option<&mut R> {
        self.rows.get_mut(&key).and_then(|change| change.now.as_mut())
    }

    pub(crate) fn put(&mut self, row: R) {
        let key = row.key();
        self.rows.entry(key).or_insert_with(Change::absent).now = Some(row);
    }

    /// Whether there was such a row.
    pub(crate) fn remove(&mut self, key: R::Key) -> bool {
        self.rows.get_mut(&key).and_then(|change| change.now.take()).is_some()
    }

    pub(crate) fn pending(&self) -> Pending<'_, R> {
        let mut pending = Pending { new: Vec::new(), changed: Vec::new(), gone: Vec::new() };
        for (key, change) in &self.rows {
            match (&change.stored, &change.now) {
                (None, Some(now)) => pending.new.push(now),
                (Some(stored), Some(now)) if stored != now => pending.changed.push(now),
                (Some(_), None) => pending.gone.push(*key),
                _ => {}
            }
        }
        pending
    }
}
