//! Time as a value: whoever calls brings it, nothing here reads a clock.
use std::fmt;

/// Milliseconds since the Unix epoch, as a record states them. Within one ledger it never decreases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct At(pub u64);

impl At {
    /// This instant and `span` more; the end of time rather than an overflow.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long `earlier` lies back; zero if it does not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ms", self.0)
    }
}

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Span {
    #[must_use]
    pub const fn seconds(count: u64) -> Self {
        Self(count * 1_000)
    }

    #[must_use]
    pub const fn minutes(count: u64) -> Self {
        Self::seconds(count * 60)
    }

    #[must_use]
    pub const fn hours(count: u64) -> Self {
        Self::minutes(count * 60)
    }

    #[must_use]
    pub const fn days(count: u64) -> Self {
        Self::hours(count * 24)
    }
}
