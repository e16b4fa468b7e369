use super::{Cell, CorruptRow, Fields, Kind};

/// A table that stands in both slots. The first column is its key.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

impl Table {
    pub(crate) fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    pub(crate) const fn key(&self) -> (&'static str, Kind) {
        self.columns[0]
    }
}

/// One row of a read model.
pub(crate) trait Row: Clone + PartialEq + Send + Sync {
    type Key: Copy + Ord + Send + Sync + Into<Cell>;

    const TABLE: &'static Table;
    /// Whether rows are only ever added: whoever writes may neither change nor remove them.
    const ONLY_ADDED: bool = false;

    fn key(&self) -> Self::Key;

    /// Whether hardly anything will change it any more, so that a rebuild need not keep it at hand.
    fn is_settled(&self) -> bool {
        false
    }

    /// In the order of the table's columns.
    fn cells(&self) -> Vec<Cell>;

    /// # Errors
    /// [`CorruptRow`] if a column holds what `cells` never writes.
    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow>;
}
