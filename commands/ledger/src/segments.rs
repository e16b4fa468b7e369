//! How a ledger is cut into streams. Position 1 is the first of segment 1, and every segment has the same count of positions,
//! so which stream a position is in follows from its number alone.
use std::fmt;

/// Which of a ledger's streams, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment(u64);

impl Segment {
    pub const FIRST: Self = Self(1);

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The segment before; the first has none.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        if self.0 > 1 { Some(Self(self.0 - 1)) } else { None }
    }

    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Positions in a segment, fixed when the deployment is created, and how many segments are made ahead of the one written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    positions: u64,
    ahead: u64,
}

/// Segments that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSegments {
    #[error("a segment has {SEGMENT_POSITIONS_MIN} to {SEGMENT_POSITIONS_MAX} positions, not {0}")]
    Positions(u64),
    #[error("1 to {SEGMENTS_AHEAD_MAX} segments are made ahead, not {0}")]
    Ahead(u64),
}

pub const SEGMENT_POSITIONS_MIN: u64 = 100;
pub const SEGMENT_POSITIONS_MAX: u64 = 1_000_000_000;
/// A stream that nothing is written to yet still costs the servers something.
pub const SEGMENTS_AHEAD_MAX: u64 = 100;

impl Default for Segments {
    /// Eight million positions, with which a stream is up again a few seconds after a restart, and two segments ahead.
    fn default() -> Self {
        Self { positions: 8_000_000, ahead: 2 }
    }
}

impl Segments {
    /// # Errors
    /// [`BadSegments`] beyond the bounds.
    pub const fn new(positions: u64, ahead: u64) -> Result<Self, BadSegments> {
        if positions < SEGMENT_POSITIONS_MIN || positions > SEGMENT_POSITIONS_MAX {
            return Err(BadSegments::Positions(positions));
        }
        if ahead < 1 || ahead > SEGMENTS_AHEAD_MAX {
            return Err(BadSegments::Ahead(ahead));
        }
        Ok(Self { positions, ahead })
    }

    /// Smaller than any deployment may have them, to meet many boundaries.
    #[cfg(test)]
    pub(crate) const fn tiny(positions: u64) -> Self {
        Self { positions, ahead: 1 }
    }

    /// Positions in each segment.
    #[must_use]
    pub const fn positions(self) -> u64 {
        self.positions
    }

    /// Segments that `peyk migrate` makes behind the one that is written.
    #[must_use]
    pub const fn ahead(self) -> u64 {
        self.ahead
    }

    /// The segment in which the message behind position `after` stands.
    #[must_use]
    pub const fn behind(self, after: u64) -> Segment {
        Segment(after / self.positions + 1)
    }

    /// The segment of a position.
    #[must_use]
    pub const fn of(self, position: u64) -> Segment {
        self.behind(position.saturating_sub(1))
    }

    /// The first position of a segment.
    #[must_use]
    pub const fn first(self, segment: Segment) -> u64 {
        (segment.0 - 1).saturating_mul(self.positions).saturating_add(1)
    }

    /// The last position of a segment.
    #[must_use]
    pub const fn last(self, segment: Segment) -> u64 {
        segment.0.saturating_mul(self.positions)
    }

    /// Whether a segment ends at position `end`, so that the next message begins another.
    #[must_use]
    pub const fn end_at(self, end: u64) -> bool {
        end > 0 && end.is_multiple_of(self.positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_in_one_segment() {
        let segments = Segments::new(100, 1).expect("segments");
        let of = |position| segments.of(position).number();
        assert_eq!([of(1), of(100), of(101), of(200), of(201)], [1, 1, 2, 2, 3]);
        let second = Segment::FIRST.next();
        assert_eq!((segments.first(Segment::FIRST), segments.last(Segment::FIRST)), (1, 100));
        assert_eq!((segments.first(second), segments.last(second)), (101, 200));
        let behind = |after| segments.behind(after).number();
        assert_eq!([behind(0), behind(99), behind(100)], [1, 1, 2]);
        assert_eq!([segments.end_at(0), segments.end_at(99), segments.end_at(100)], [false, false, true]);
    }

    #[test]
    fn bounds_are_stated() {
        assert_eq!(Segments::new(99, 1), Err(BadSegments::Positions(99)));
        assert_eq!(Segments::new(100, 0), Err(BadSegments::Ahead(0)));
        assert!(Segments::default().positions() <= SEGMENT_POSITIONS_MAX);
    }
}
