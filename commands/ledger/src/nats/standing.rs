//! Which segments a ledger has, and where it ends.
use super::ledgers::{Ledgers, ReadError, unavailable};
use super::provision::{is_missing, stated_positions};
use crate::segments::Segment;
use async_nats::jetstream::stream::Stream;
use peyk_schemas::LedgerId;
use std::sync::PoisonError;

/// One segment as it is stored now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSegment {
    pub segment: Segment,
    /// The last position taken in it; one less than its first while it is empty.
    pub last: u64,
    /// Messages stored behind its last position. They are in no ledger: the position after it is in the next segment.
    pub beyond: u64,
}

/// Where a ledger ends, and how far it can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub tail: u64,
    /// The last position for which there is a stream, without a gap before it.
    pub reach: u64,
    /// Segments that are there behind the one the tail is in.
    pub ahead: u64,
    /// Messages where no record can be: behind the last position of the segment the tail is in or of the one before it, or
    /// in a segment that is not begun. They are not the writer's.
    pub misplaced: u64,
}

impl Ledgers {
    /// The last position of a ledger now, 0 if it is empty. It is the last that is taken without a segment before it that is
    /// not full: what somebody puts into a segment that is not begun yet is not reached before.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Missing`] or [`ReadError::OtherSegments`].
    pub async fn tail(&self, ledger: LedgerId) -> Result<u64, ReadError> {
        Ok(self.end(ledger).await?.last)
    }

    /// Where a ledger ends and how far it can go. It looks at no more than the segments around the end.
    ///
    /// # Errors
    /// As [`Ledgers::tail`].
    pub async fn standing(&self, ledger: LedgerId) -> Result<Standing, ReadError> {
        let end = self.end(ledger).await?;
        let before = match end.segment.previous() {
            Some(previous) => self.stored(ledger, previous).await?.map_or(0, |stored| stored.beyond),
            None => 0,
        };
        let segments = self.names().segments();
        let (mut ahead, mut reached, mut early) = (0, end.segment, 0);
        while let Some(next) = self.stored(ledger, reached.next()).await? {
            (ahead, reached) = (ahead + 1, next.segment);
            early += (next.last + 1).saturating_sub(segments.first(next.segment)) + next.beyond;
        }
        // Unless the segment was filled meanwhile, and the next begun by its writer.
        if early > 0 && self.stored(ledger, end.segment).await?.is_none_or(|now| segments.end_at(now.last)) {
            early = 0;
        }
        let misplaced = end.beyond + before + early;
        Ok(Standing { tail: end.last, reach: segments.last(reached), ahead, misplaced })
    }

    /// All segments of a ledger, up to the first that is missing.
    ///
    /// # Errors
    /// As [`Ledgers::tail`].
    pub async fn segments(&self, ledger: LedgerId) -> Result<Vec<StoredSegment>, ReadError> {
        let (mut all, mut segment) = (Vec::new(), Segment::FIRST);
        while let Some(stored) = self.stored(ledger, segment).await? {
            all.push(stored);
            segment = segment.next();
        }
        Ok(all)
    }

    /// The stream of a segment, `None` if it was not created; a ledger without its first is missing.
    pub(super) async fn segment(&self, ledger: LedgerId, segment: Segment) -> Result<Option<Stream>, ReadError> {
        let stream = match self.context().get_stream(self.names().stream(ledger, segment)).await {
            Ok(stream) => stream,
            Err(error) if !is_missing(&error) => return Err(unavailable(ledger, &error)),
            Err(_) if segment == Segment::FIRST => return Err(ReadError::Missing(ledger)),
            Err(_) => return Ok(None),
        };
        let (found, configured) = (stated_positions(&stream.cached_info().config), self.names().segments().positions());
        if found == Some(configured) {
            Ok(Some(stream))
        } else {
            Err(ReadError::OtherSegments { ledger, found, configured })
        }
    }

    async fn stored(&self, ledger: LedgerId, segment: Segment) -> Result<Option<StoredSegment>, ReadError> {
        let Some(stream) = self.segment(ledger, segment).await? else { return Ok(None) };
        let (last, end) = (stream.cached_info().state.last_sequence, self.names().segments().last(segment));
        Ok(Some(StoredSegment { segment, last: last.min(end), beyond: last.saturating_sub(end) }))
    }

    /// The last segment that holds something, or the first: back from where the ledger ended when last looked if that is
    /// gone, then on as long as segments are full.
    async fn end(&self, ledger: LedgerId) -> Result<StoredSegment, ReadError> {
        let segments = self.names().segments();
        let known = self.ends().lock().unwrap_or_else(PoisonError::into_inner).get(&ledger).copied();
        let mut segment = known.unwrap_or(Segment::FIRST);
        let mut end = loop {
            match (self.stored(ledger, segment).await?, segment.previous()) {
                (Some(stored), None) => break stored,
                (Some(stored), Some(_)) if stored.last >= segments.first(segment) => break stored,
                (_, Some(previous)) => segment = previous,
                (None, None) => return Err(ReadError::Missing(ledger)),
            }
        };
        while segments.end_at(end.last) {
            match self.stored(ledger, end.segment.next()).await? {
                Some(next) if next.last > end.last => end = next,
                _ => break,
            }
        }
        self.ends().lock().unwrap_or_else(PoisonError::into_inner).insert(ledger, end.segment);
        Ok(end)
    }
}
