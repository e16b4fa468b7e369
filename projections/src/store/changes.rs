use super::Row;
use std::collections::BTreeMap;

/// The rows of one table that are being changed: as stored, and as they are to be.
///
/// Ordered by key, so that two transactions take row locks in the same order and a rebuild writes the same file twice.
#[derive(Debug)]
pub(crate) struct Changes<R: Row> {
    rows: BTreeMap<R::Key, Change<R>>,
    /// How many of them may be stored although they were not looked up.
    unknown: usize,
}

/// Boxed, because a map moves its entries about.
#[derive(Debug)]
struct Change<R> {
    stored: Option<Box<R>>,
    now: Option<Box<R>>,
    /// Whether what is stored was looked up, or does not matter because the row begins here.
    known: bool,
}

/// Which rows to take out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that hardly anything will change any more.
    Settled,
    All,
}

/// What is to be written, each key once.
pub(crate) struct Pending<'a, R: Row> {
    pub(crate) new: Vec<&'a R>,
    pub(crate) changed: Vec<&'a R>,
    pub(crate) gone: Vec<R::Key>,
}

impl<R: Row> Default for Changes<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), unknown: 0 }
    }
}

impl<R: Row> Changes<R> {
    /// Notes that the row at `key` will be needed as it is stored.
    pub(crate) fn touch(&mut self, key: R::Key) {
        self.rows.entry(key).or_insert_with(|| {
            self.unknown += 1;
            Change { stored: None, now: None, known: false }
        });
    }

    /// Notes that the row at `key` begins with what follows, whatever was stored.
    pub(crate) fn begin(&mut self, key: R::Key) {
        self.rows.entry(key).or_insert(Change { stored: None, now: None, known: true });
    }

    /// The keys that were touched and not looked up yet.
    pub(crate) fn unknown(&self) -> Vec<R::Key> {
        if self.unknown == 0 {
            return Vec::new();
        }
        self.rows.iter().filter(|(_, change)| !change.known).map(|(key, _)| *key).collect()
    }

    pub(crate) const fn unknown_count(&self) -> usize {
        self.unknown
    }

    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }

    /// Takes in what is stored under the keys that were not known.
    pub(crate) fn found(&mut self, rows: Vec<R>) {
        for row in rows {
            self.rows.insert(
                row.key(),
                Change { stored: Some(Box::new(row.clone())), now: Some(Box::new(row)), known: true },
            );
        }
        self.rows.values_mut().for_each(|change| change.known = true);
        self.unknown = 0;
    }

    pub(crate) fn get_mut(&mut self, key: R::Key) -> Option<&mut R> {
        self.rows.get_mut(&key).and_then(|change| change.now.as_deref_mut())
    }

    /// The rows that are in memory, as they are to be.
    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.rows.values_mut().filter_map(|change| change.now.as_deref_mut())
    }

    /// Sets the whole row, whatever was stored.
    pub(crate) fn put(&mut self, row: R) {
        let key = row.key();
        let change = self.rows.entry(key).or_insert_with(|| Change { stored: None, now: None, known: true });
        change.now = Some(Box::new(row));
    }

    /// Whether there was such a row.
    pub(crate) fn remove(&mut self, key: R::Key) -> bool {
        self.rows.get_mut(&key).and_then(|change| change.now.take()).is_some()
    }

    /// Takes rows out, to be written while others go on changing.
    pub(crate) fn take(&mut self, which: Which) -> Self {
        let rows = match which {
            Which::All => std::mem::take(&mut self.rows),
            Which::Settled => {
                self.rows.extract_if(.., |_, change| change.now.as_deref().is_none_or(Row::is_settled)).collect()
            }
        };
        Self { rows, unknown: 0 }
    }

    pub(crate) fn pending(&self) -> Pending<'_, R> {
        let mut pending = Pending { new: Vec::new(), changed: Vec::new(), gone: Vec::new() };
        for (key, change) in &self.rows {
            match (&change.stored, &change.now) {
                (None, Some(now)) => pending.new.push(&**now),
                (Some(stored), Some(now)) if stored != now => pending.changed.push(&**now),
                (Some(_), None) => pending.gone.push(*key),
                _ => {}
            }
        }
        pending
    }
}
