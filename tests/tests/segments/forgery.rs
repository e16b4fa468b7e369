use crate::place::{LEDGER, PATIENCE, Place};
use anyhow::Result;
use peyk_ledger::nats::stream_config;
use peyk_ledger::{LedgerReader, Segment};
use peyk_schemas::{ControlEvent, EventSchema, VerifiedRecord};
use peyk_tests::{Listing, accepted};
use std::time::Duration;

fn quarantined(records: &[VerifiedRecord]) -> Vec<(u64, u64)> {
    let events = records.iter().flat_map(|record| &record.events).filter(|event| event.is_control());
    events
        .filter_map(|event| match ControlEvent::from_raw(event) {
            Ok(ControlEvent::Quarantined(quarantine)) => Some((quarantine.from, quarantine.to)),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_take_the_last_positions_of_a_segment_are_named_in_the_next() -> Result<()> {
    let place = Place::open(100, 1).await?;
    let writer = place.leading().await?;
    let core = place.ledgers("core").await?;
    let mut following = LedgerReader::open(&core, LEDGER, None).await?;
    let next = place.fill(&writer, 0, 97).await?;
    place.forge(Segment::FIRST, 3).await?;
    // The stream is full: what would stand behind its last position is refused by NATS itself.
    let beyond = core.context().publish(place.names.subject(LEDGER, Segment::FIRST), "one more".into()).await?.await;
    assert!(beyond.is_err(), "{beyond:?}");
    accepted(writer.list(next, 60).await)?;
    let records = place.records().await?;
    assert_eq!(quarantined(&records), [(98, 100)]);
    assert_eq!(
        records.iter().map(|record| record.position).filter(|&position| position > 96).collect::<Vec<_>>(),
        [97, 101, 102]
    );
    let mut seen = Vec::new();
    while seen.len() < records.len() {
        seen.extend(following.next(100, PATIENCE).await?);
    }
    assert_eq!(seen, records, "one who follows sees the same");
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_in_a_segment_that_is_not_begun_are_told_at_once_and_named_when_it_is() -> Result<()> {
    let place = Place::open(100, 1).await?;
    let writer = place.leading().await?;
    let mut next = place.fill(&writer, 0, 10).await?;
    place.forge(Segment::FIRST.next(), 2).await?;
    let core = place.ledgers("core").await?;
    let standing = core.standing(LEDGER).await?;
    assert_eq!((standing.tail, standing.reach, standing.ahead, standing.misplaced), (10, 200, 1, 2));
    next = place.fill(&writer, next, 101).await?;
    accepted(writer.list(next, 60).await)?;
    let records = place.records().await?;
    assert_eq!(quarantined(&records), [(101, 102)]);
    assert_eq!(core.standing(LEDGER).await?.misplaced, 0, "they are named, and the segment is begun");
    // A whole segment of them, met by a writer that opens.
    writer.end().await?;
    place.migrate().await?;
    place.forge(Segment::FIRST.next().next(), 100).await?;
    let writer = place.leading().await?;
    next = place.fill(&writer, next + 1, 200).await?;
    writer.end().await?;
    place.migrate().await?;
    let writer = place.leading().await?;
    accepted(writer.list(next, 60).await)?;
    let records = place.records().await?;
    assert_eq!(quarantined(&records).last(), Some(&(201, 300)));
    assert_eq!(records.iter().filter(|record| record.command == Listing(next).id()).count(), 1);
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_behind_the_end_of_a_segment_are_in_no_ledger() -> Result<()> {
    let place = Place::open(100, 1).await?;
    // As an administrator might change it.
    let mut unbounded = stream_config(&place.names, LEDGER, Segment::FIRST, 1);
    unbounded.max_messages = -1;
    place.context().await?.update_stream(unbounded).await?;
    let writer = place.leading().await?;
    let core = place.ledgers("core").await?;
    let mut following = LedgerReader::open(&core, LEDGER, None).await?;
    let next = place.fill(&writer, 0, 95).await?;
    // Five of them take the last positions, four stand behind them where the next segment goes on.
    place.forge(Segment::FIRST, 9).await?;
    assert_eq!(place.tail().await?, 100);
    assert_eq!(core.standing(LEDGER).await?.misplaced, 4);
    for index in next..next + 20 {
        accepted(writer.list(index, 60).await)?;
    }
    let records = place.records().await?;
    assert_eq!(quarantined(&records), [(96, 100)]);
    assert_eq!(place.positions().await?, (1..=place.tail().await?).collect::<Vec<_>>());
    let mut seen = Vec::new();
    while seen.len() < records.len() {
        seen.extend(following.next(100, Duration::from_secs(20)).await?);
    }
    assert_eq!(seen, records);
    let stored = core.segments(LEDGER).await?;
    assert_eq!(stored.iter().map(|segment| segment.beyond).collect::<Vec<_>>(), [4, 0]);
    // A successor reads the same.
    writer.end().await?;
    let successor = place.leading().await?;
    assert!(accepted(successor.list(next, 60).await)?.repeated);
    successor.end().await
}
