/// Rows of one page at most.
pub const PAGE_MAX: u16 = 200;

/// How many rows a page has at most: from 1 to [`PAGE_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// None outside of the bounds.
    #[must_use]
    pub const fn new(rows: u16) -> Option<Self> {
        if rows >= 1 && rows <= PAGE_MAX { Some(Self(rows)) } else { None }
    }

    #[must_use]
    pub const fn rows(self) -> u16 {
        self.0
    }

    /// One row more than asked for tells whether a further page exists.
    pub(super) const fn probe(self) -> i64 {
        self.0 as i64 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

/// Some rows, and where the next page begins if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    pub rows: Vec<T>,
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    pub(super) fn cut(mut rows: Vec<T>, limit: Limit, cursor: impl FnOnce(&T) -> C) -> Self {
        let more = rows.len() > usize::from(limit.0);
        rows.truncate(usize::from(limit.0));
        let next = rows.last().filter(|_| more).map(cursor);
        Self { rows, next }
    }
}
