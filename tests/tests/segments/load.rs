use crate::place::{LEDGER, PATIENCE, Place};
use anyhow::{Result, anyhow};
use peyk_domain::numbering::Numbering;
use peyk_ledger::{Clock, LedgerReader, Names, Replica, SubmitError};
use peyk_schemas::Hash;
use peyk_tests::{LedgerWriter, Listing};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const POSITIONS: u64 = 500;
const SEGMENTS: u64 = 16;
const ASKERS: u64 = 600;
type Receipts = HashMap<u64, (u64, Hash)>;

/// Asks for new numbers until stopped; where each that was acknowledged stands.
fn ask(writer: &LedgerWriter, index: Arc<AtomicU64>, stop: CancellationToken) -> JoinHandle<Result<Receipts>> {
    let handle = writer.handle.clone();
    tokio::spawn(async move {
        let mut receipts = HashMap::new();
        while !stop.is_cancelled() {
            let next = index.fetch_add(1, Ordering::Relaxed);
            match handle.submit(Listing(next).request(60)).await {
                Ok(committed) => drop(receipts.insert(next, (committed.receipt.position, committed.receipt.hash))),
                Err(SubmitError::NotLeader) => break,
                // The maintenance job is late.
                Err(SubmitError::Unavailable) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => return Err(anyhow!("{next}: {error}")),
            }
        }
        Ok(receipts)
    })
}

/// Reads on as the ledger grows, up to `until`.
fn follow(mut reader: LedgerReader) -> JoinHandle<Result<Vec<(u64, Hash)>>> {
    let until = POSITIONS * SEGMENTS;
    tokio::spawn(async move {
        let mut seen: Vec<(u64, Hash)> = Vec::new();
        while seen.last().is_none_or(|&(position, _)| position < until) {
            let records = reader.next(200, PATIENCE).await?;
            anyhow::ensure!(!records.is_empty(), "nothing new for a minute");
            seen.extend(records.iter().map(|record| (record.position, record.hash)));
        }
        Ok(seen)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_and_all_who_read_it_cross_many_boundaries() -> Result<()> {
    let place = Arc::new(Place::open(POSITIONS, 3).await?);
    let done = CancellationToken::new();
    // The maintenance job.
    let (maintained, stopped) = (place.clone(), done.clone());
    let maintenance = tokio::spawn(async move {
        let mut made = 0;
        while !stopped.is_cancelled() {
            made += maintained.migrate().await?.len();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(made)
    });
    let core = place.ledgers("core").await?;
    let live = follow(LedgerReader::open(&core, LEDGER, None).await?);
    let verifier = follow(LedgerReader::open(&place.ledgers("audit").await?, LEDGER, None).await?);
    let replica = Replica::<Numbering>::spawn(core.clone(), LEDGER, Clock::system(), None, done.clone());
    let index = Arc::new(AtomicU64::new(0));
    let mut receipts = HashMap::new();
    let mut epochs = 0;
    let leases = place.context().await?.get_key_value(place.names.writers_bucket()).await?;
    let mut old: Option<LedgerWriter> = None;
    // Writers follow one another under load, each taking over while the one before still writes.
    for boundary in (1..=SEGMENTS).step_by(3) {
        leases.purge(Names::lease_key(LEDGER)).await?;
        let writer = place.leading().await?;
        let stop = CancellationToken::new();
        let askers: Vec<_> = (0..ASKERS).map(|_| ask(&writer, index.clone(), stop.clone())).collect();
        place.grows_to((boundary + 2).min(SEGMENTS) * POSITIONS).await?;
        stop.cancel();
        for asker in askers {
            receipts.extend(asker.await??);
        }
        epochs += 1;
        if let Some(old) = old.replace(writer) {
            old.end().await?;
        }
    }
    if let Some(last) = old {
        last.end().await?;
    }
    let (live, verifier) = (live.await??, verifier.await??);
    assert!(replica.caught_up(PATIENCE).await, "the replica crosses too");
    done.cancel();
    assert!(maintenance.await?? as u64 >= SEGMENTS - 3, "segments were made meanwhile");

    let records = place.records().await?;
    let tail = place.tail().await?;
    assert!(tail >= SEGMENTS * POSITIONS && epochs > 1, "{tail} positions, {epochs} epochs");
    let standing: Vec<(u64, Hash)> = records.iter().map(|record| (record.position, record.hash)).collect();
    assert!(live[..] == standing[..live.len()] && verifier[..] == standing[..verifier.len()], "all read the same");
    let mut stands = HashMap::new();
    for record in &records {
        if record.fingerprint != [0; 16] {
            assert_eq!(stands.insert(record.command, (record.position, record.hash)), None, "a command stands once");
        }
    }
    for (index, receipt) in &receipts {
        assert_eq!(stands.get(&Listing(*index).id()), Some(receipt));
    }
    assert!(receipts.len() as u64 > tail / 2, "{} acknowledged of {tail}", receipts.len());
    // Segments are full to the last position, and batches, whose records but the last are unsigned, stand around it.
    let boundaries = (1..SEGMENTS).map(|segment| segment * POSITIONS);
    let stored = core.segments(LEDGER).await?;
    assert!(boundaries.clone().zip(&stored).all(|(end, segment)| segment.last == end && segment.beyond == 0));
    let batched = records.iter().filter(|record| !record.signed).count();
    assert!(batched > records.len() / 2, "{batched} of {} in batches", records.len());
    assert_eq!(replica.read(|_, freshness| freshness.position), tail);
    Ok(())
}
