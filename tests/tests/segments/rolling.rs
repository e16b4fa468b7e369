use crate::place::{LEDGER, Place};
use anyhow::Result;
use peyk_domain::numbering::Numbering;
use peyk_ledger::nats::{ProvisionError, provision};
use peyk_ledger::writer::{ReplayError, replay};
use peyk_ledger::{LedgerReader, Names, ReadError, Segments, SubmitError};
use peyk_tests::{Listing, accepted, eventually};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_next_segment_commands_are_refused_and_go_on_once_there_is_one() -> Result<()> {
    let place = Place::open(100, 1).await?;
    let writer = place.leading().await?;
    // Two segments are there; the writer takes all their positions.
    let next = place.fill(&writer, 0, 200).await?;
    for index in [next, next + 1] {
        let asked = Instant::now();
        let answer = writer.handle.submit(Listing(index).request(60)).await;
        assert_eq!(answer.map(|_| ()), Err(SubmitError::Unavailable), "it is not taken up");
        assert!(asked.elapsed() < Duration::from_secs(30), "it is told at once");
    }
    assert!(writer.handle.leading() && writer.handle.read(|_| ()).await.is_some(), "the writer is there, and answers");
    assert_eq!(place.tail().await?, 200);
    let made = place.migrate().await?;
    assert_eq!(made, ["t_LEDGER_NUMBERING_0_3", "t_LEDGER_NUMBERING_0_4"]);
    eventually("the writer goes on by itself", Duration::from_secs(20), || async {
        let answer = writer.handle.submit(Listing(next + 2).request(60)).await;
        answer.is_ok_and(|committed| committed.receipt.position == 201)
    })
    .await;
    assert_eq!(place.migrate().await?, [""; 0], "a second time there is nothing to do");
    let records = place.records().await?;
    for refused in [next, next + 1] {
        assert!(records.iter().all(|record| record.command != Listing(refused).id()), "what was refused does not land");
    }
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_opens_at_the_end_of_a_segment_and_one_that_finds_no_next_waits_for_it() -> Result<()> {
    let place = Place::open(100, 1).await?;
    let mut next = 0;
    // A change of writers at every position around the boundary, the record that opens an epoch the last of a segment too.
    for end in [98, 99, 100, 101, 102, 199] {
        let writer = place.leading().await?;
        next = place.fill(&writer, next, end).await?;
        writer.end().await?;
    }
    let writer = place.leading().await?;
    next = place.fill(&writer, next, 200).await?;
    writer.end().await?;
    let writer = place.writer().await?;
    eventually("the ledger is full", Duration::from_secs(20), || async {
        place.tail().await.is_ok_and(|tail| tail == 200)
    })
    .await;
    let early = writer.handle.submit(Listing(next).request(1)).await;
    assert_eq!(early.map(|_| ()), Err(SubmitError::NotLeader));
    place.migrate().await?;
    writer.leads(true).await?;
    accepted(writer.list(next, 60).await)?;
    let records = place.records().await?;
    assert_eq!(records.iter().map(|record| record.position).collect::<Vec<_>>(), (1..=202).collect::<Vec<_>>());
    for index in 0..=next {
        assert_eq!(records.iter().filter(|record| record.command == Listing(index).id()).count(), 1);
    }
    // What was written in the first segment is known in the third.
    let again = accepted(writer.list(0, 60).await)?;
    assert!(again.repeated && again.receipt.position < 100);
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_with_other_segments_is_refused() -> Result<()> {
    let place = Place::open(100, 1).await?;
    let writer = place.leading().await?;
    accepted(writer.list(0, 60).await)?;
    writer.end().await?;
    let other = Segments::new(101, 1)?;
    let names = Names::new("t")?.with_segments(other);
    let provisioned = provision(&place.context().await?, &names, &[LEDGER], 1).await;
    let refused = matches!(&provisioned, Err(ProvisionError::OtherSegments { found: Some(100), configured: 101, .. }));
    assert!(refused, "{provisioned:?}");
    let ledgers = place.ledgers_cut("core", other).await?;
    let replayed = replay::<Numbering>(&ledgers, LEDGER, &place.witness()?, None).await;
    let refused =
        |error: &ReadError| matches!(error, ReadError::OtherSegments { found: Some(100), configured: 101, .. });
    assert!(matches!(&replayed, Err(ReplayError::Read(error)) if refused(error)), "{replayed:?}");
    let opened = LedgerReader::open(&ledgers, LEDGER, None).await;
    assert!(matches!(&opened, Err(error) if refused(error)), "{opened:?}");
    let message = ledgers.message(LEDGER, 1).await;
    assert!(matches!(&message, Err(error) if refused(error)), "{message:?}");
    // How many are kept ready may change at any time.
    let readier = Names::new("t")?.with_segments(Segments::new(100, 3)?);
    assert_eq!(provision(&place.context().await?, &readier, &[LEDGER], 1).await?.len(), 2);
    Ok(())
}
