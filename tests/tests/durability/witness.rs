use crate::place::{LEDGER, Place};
use anyhow::Result;
use futures::FutureExt;
use futures::future::BoxFuture;
use peyk_domain::numbering::Numbering;
use peyk_ledger::witness::WitnessError;
use peyk_ledger::writer::{ReplayError, replay};
use peyk_ledger::{Bookmark, Bookmarks, Durability};
use peyk_schemas::{Hash, LedgerId};
use peyk_tests::{NatsServer, accepted};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_missing_damaged_or_cannot_be_told_stops_a_writer_before_it_opens() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::new(Durability::single())?;
    place.provision(nats.user("migrate")).await?;
    let writer = place.leading(nats.user("core")).await?;
    accepted(writer.list(0, 30).await)?;
    writer.end().await?;
    let ledgers = place.ledgers(nats.user("core")).await?;
    let end = ledgers.tail(LEDGER).await?;
    let file = place.witness_directory().path().join("numbering-0.head");
    let head = std::fs::read(&file)?;

    std::fs::remove_file(&file)?;
    let replayed = replay::<Numbering>(&ledgers, LEDGER, &place.witness()?, None).await;
    assert!(matches!(replayed, Err(ReplayError::Witness(WitnessError::Missing { position, .. })) if position == end));
    refused(&place, &nats, end).await?;

    std::fs::write(&file, b"no head")?;
    refused(&place, &nats, end).await?;

    // A directory in its place can be neither read nor replaced, whoever runs the test.
    std::fs::remove_file(&file)?;
    std::fs::create_dir(&file)?;
    refused(&place, &nats, end).await?;

    // Readable, and not to be replaced: what is written aside has no place to be written to.
    std::fs::remove_dir(&file)?;
    std::fs::write(&file, &head)?;
    let aside = file.with_extension(format!("{}.new", std::process::id()));
    std::fs::create_dir(&aside)?;
    refused(&place, &nats, end).await?;

    std::fs::remove_dir(&aside)?;
    let writer = place.leading(nats.user("core")).await?;
    accepted(writer.list(1, 30).await)?;
    writer.end().await
}

async fn refused(place: &Place, nats: &NatsServer, end: u64) -> Result<()> {
    let writer = place.writer(nats.user("core")).await?;
    writer.refuses().await?;
    writer.end().await?;
    assert_eq!(place.ledgers(nats.user("core")).await?.tail(LEDGER).await?, end, "nothing was appended");
    Ok(())
}

/// Somebody who remembers one record.
struct Remembers(Bookmark);

impl Bookmarks for Remembers {
    fn of(&self, _: LedgerId) -> BoxFuture<'_, Vec<Bookmark>> {
        std::future::ready(vec![self.0.clone()]).boxed()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lacks_what_a_read_model_has_read_is_refused_though_the_witness_agrees() -> Result<()> {
    let nats = NatsServer::start().await?;
    let mut place = Place::new(Durability::single())?;
    place.provision(nats.user("migrate")).await?;
    let writer = place.leading(nats.user("core")).await?;
    let receipt = accepted(writer.list(0, 30).await)?.receipt;
    writer.end().await?;
    let end = place.ledgers(nats.user("core")).await?.tail(LEDGER).await?;
    for (position, hash) in [(end + 7, Hash([1; 32])), (receipt.position, Hash([1; 32]))] {
        place.bookmarks = Some(Arc::new(Remembers(Bookmark { of: "a test".to_owned(), position, hash })));
        refused(&place, &nats, end).await?;
    }
    let (position, hash) = (receipt.position, receipt.hash);
    place.bookmarks = Some(Arc::new(Remembers(Bookmark { of: "a test".to_owned(), position, hash })));
    place.leading(nats.user("core")).await?.end().await
}
