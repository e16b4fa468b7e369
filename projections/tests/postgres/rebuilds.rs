use crate::ledger::MemoryLedgers;
use crate::server::{Database, with_database};
use crate::traffic::{PARTITIONS, traffic};
use crate::world::{Keys, Running, TABLES, config, contents, project, tenant};
use peyk_domain::messages::{MessageEvent, RefusalReason};
use peyk_domain::{At, MessageId};
use peyk_projections::query::{Limit, ReadModels};
use peyk_projections::{Projection, ProjectionError, ProjectionsConfig, Slot, StatusBoard, diff, rebuild, rollback};
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

async fn equal_slots(database: &Database) {
    for projection in Projection::ALL {
        let found = diff(&database.projector_pool(), projection, PARTITIONS).await.expect("compares");
        assert!(found.is_empty(), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_makes_the_rows_projectors_made() {
    let keys = Keys::new();
    let ledgers = traffic(21, 800, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        // Little room, so that rows are copied early and needed again.
        let config = ProjectionsConfig { rebuild_rows_max: 20, ..config(&database, &ledgers, &keys) };
        for projection in Projection::ALL {
            let mut reported = Vec::new();
            let rebuilt = rebuild(&config, projection, |progress| reported.push(progress)).await.expect("rebuilds");
            assert_eq!((rebuilt.slot, rebuilt.projection), (Slot::B, projection));
            assert!(projection == Projection::Routes || reported.len() > rebuilt.positions.len(), "in several folds");
            for (ledger, position) in rebuilt.positions {
                assert_eq!(position, ledgers.len(ledger));
                assert!(reported.iter().any(|progress| progress.ledger == ledger && progress.position == position));
            }
        }
        equal_slots(&database).await;
        let owner = database.owner_pool();
        assert_eq!(contents(&owner, "read_a").await, contents(&owner, "read_b").await);
        assert_eq!(contents(&owner, "read").await, contents(&owner, "read_b").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_begins_again_after_its_row_was_copied_has_the_row_of_its_second_life() {
    let keys = Keys::new();
    with_database(move |database| async move {
        let (ledger, reason) = (LedgerId::messages(0), RefusalReason::NoRoute);
        let refused = |message: u8| MessageEvent::MessageRefused {
            message: MessageId::from_bytes([message; 16]),
            tenant: tenant(0),
            reason,
            decided_on: Default::default(),
        };
        let ledgers = MemoryLedgers::default();
        // An idempotency key used again after its day names the same message again.
        for step in 0..40 {
            ledgers.append(ledger, At(u64::from(step) + 1), &[refused(step % 20)]);
        }
        project(&database, &ledgers, &keys).await;
        let config = ProjectionsConfig { rebuild_rows_max: 4, ..config(&database, &ledgers, &keys) };
        rebuild(&config, Projection::Messages, |_| {}).await.expect("rebuilds");
        equal_slots(&database).await;
        let served = contents(&database.owner_pool(), "read_b").await;
        assert_eq!(served.len(), 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_between_the_slots_is_found() {
    let keys = Keys::new();
    let ledgers = traffic(22, 300, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        rebuild(&config(&database, &ledgers, &keys), Projection::Leases, |_| {}).await.expect("rebuilds");
        let owner = database.owner_pool();
        sqlx::query("UPDATE read_b.numbers SET mno = 'Somebody else' WHERE number = 93700000007")
            .execute(&owner)
            .await
            .expect("ok");
        sqlx::query("DELETE FROM read_a.numbers WHERE number = 93700000009").execute(&owner).await.expect("ok");
        let found = diff(&database.projector_pool(), Projection::Leases, PARTITIONS).await.expect("compares");
        assert!(!found.is_empty());
        let counts: Vec<_> = found.tables.iter().map(|table| (table.table, table.count)).collect();
        assert_eq!(counts, [("numbers", 2), ("leases", 0)]);
        assert_eq!(found.tables[0].examples, ["+93***", "+93***"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_never_fail_or_go_back_while_slots_switch_under_load() {
    let keys = Keys::new();
    let whole = traffic(23, 900, &keys);
    with_database(move |database| async move {
        let ledgers = whole.prefix(|length| length / 2);
        let running = Running::start(&database, &ledgers, &keys);
        running.caught_up().await;

        let ended = Arc::new(AtomicBool::new(false));
        let reads = Arc::new(AtomicU64::new(0));
        let readers: Vec<_> = (0..3)
            .map(|index| {
                let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
                let (ended, reads) = (Arc::clone(&ended), Arc::clone(&reads));
                tokio::spawn(async move {
                    let mut newest = 0;
                    while !ended.load(Ordering::Relaxed) {
                        let page = models.messages(tenant(index), None, Limit::default()).await.expect("reads");
                        let first = page.rows.first().expect("there are messages");
                        assert!(first.position >= newest, "went back from {newest} to {}", first.position);
                        newest = first.position;
                        let numbers = models.numbers(tenant(index), Default::default(), None, Limit::default()).await;
                        assert_eq!(numbers.expect("reads").rows.len().min(1), 1);
                        let progress = models.progress().await.expect("reads");
                        assert_eq!(progress.len(), 4);
                        reads.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();

        let config = config(&database, &ledgers, &keys);
        let feeder = {
            let (ledgers, whole) = (ledgers.clone(), whole.clone());
            tokio::spawn(async move {
                for ledger in [LedgerId::NUMBERING, LedgerId::ROUTING, LedgerId::messages(0), LedgerId::messages(1)] {
                    for (at, events) in whole.behind(ledger, ledgers.len(ledger)) {
                        ledgers.append_raw(ledger, at, events);
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            })
        };
        for round in 0..3 {
            for projection in [Projection::Messages, Projection::Leases, Projection::Routes] {
                rebuild(&config, projection, |_| {}).await.unwrap_or_else(|error| panic!("round {round}: {error}"));
            }
        }
        feeder.await.expect("fed");
        running.caught_up().await;
        ended.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.await.expect("no read failed");
        }
        assert!(reads.load(Ordering::Relaxed) > 10);
        running.stop().await;

        let served = contents(&database.owner_pool(), "read").await;
        with_database(move |database| async move {
            project(&database, &whole, &keys).await;
            assert_eq!(contents(&database.owner_pool(), "read").await, served);
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_was_stopped_begins_again_from_nothing() {
    let keys = Keys::new();
    let ledgers = traffic(24, 500, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let served = contents(&database.owner_pool(), "read").await;
        let config = config(&database, &ledgers, &keys);
        // The first partition is in, the second is not: then the task is gone.
        let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
        let (release, released) = std::sync::mpsc::channel();
        let stopped = {
            let config = config.clone();
            tokio::spawn(async move {
                let gate = move |_| {
                    told.send(()).ok();
                    tokio::task::block_in_place(|| released.recv().ok());
                };
                rebuild(&config, Projection::Messages, gate).await
            })
        };
        hears.recv().await.expect("progress");
        stopped.abort();
        release.send(()).expect("the rebuild waits");
        assert!(stopped.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(contents(&database.owner_pool(), "read").await, served, "what served serves");
        let back = rollback(&config.pool, Projection::Messages).await;
        assert!(matches!(back, Err(ProjectionError::NothingToGoBackTo(Projection::Messages))), "{back:?}");

        // The lock of the one that is gone may take the server a moment to give back.
        let rebuilt = loop {
            match rebuild(&config, Projection::Messages, |_| {}).await {
                Err(ProjectionError::RebuildRunning(_)) => tokio::task::yield_now().await,
                other => break other.expect("rebuilds"),
            }
        };
        assert_eq!(rebuilt.slot, Slot::B);
        let found = diff(&config.pool, Projection::Messages, PARTITIONS).await.expect("compares");
        assert!(found.is_empty(), "{found:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rebuilds_of_one_projection_do_not_run_together() {
    let keys = Keys::new();
    let ledgers = traffic(25, 300, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let config = config(&database, &ledgers, &keys);
        let rebuilds = (0..4).map(|_| {
            let config = config.clone();
            tokio::spawn(async move { rebuild(&config, Projection::Leases, |_| {}).await })
        });
        let mut done = 0;
        for outcome in futures::future::join_all(rebuilds).await {
            match outcome.expect("ends") {
                Ok(_) => done += 1,
                Err(ProjectionError::RebuildRunning(Projection::Leases)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert!(done >= 1);
        let found = diff(&config.pool, Projection::Leases, PARTITIONS).await.expect("compares");
        assert!(found.is_empty(), "{found:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_serves_the_other_slot_and_projectors_catch_it_up() {
    let keys = Keys::new();
    let whole = traffic(26, 500, &keys);
    with_database(move |database| async move {
        let ledgers = whole.prefix(|length| length / 2);
        let running = Running::start(&database, &ledgers, &keys);
        running.caught_up().await;
        let config = config(&database, &ledgers, &keys);
        let never = rollback(&config.pool, Projection::Leases).await;
        assert!(matches!(never, Err(ProjectionError::NothingToGoBackTo(Projection::Leases))), "{never:?}");
        rebuild(&config, Projection::Leases, |_| {}).await.expect("rebuilds");
        for (at, events) in whole.behind(LedgerId::NUMBERING, ledgers.len(LedgerId::NUMBERING)) {
            ledgers.append_raw(LedgerId::NUMBERING, at, events);
        }
        running.caught_up().await;
        assert_eq!(rollback(&config.pool, Projection::Leases).await.expect("goes back"), Slot::A);
        let last = ledgers.append_raw(LedgerId::NUMBERING, At(2_000_000_000_000), vec![]);
        let models = ReadModels::new(database.reader_pool(), running.status());
        // The old slot is behind by half the ledger; both must be at the end soon.
        let waited = models.wait_for(Projection::Leases, LedgerId::NUMBERING, last, Duration::from_secs(5)).await;
        assert_eq!(waited.expect("catches up"), last);
        running.stop().await;
        let owner = database.owner_pool();
        let differing: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM read_a.numbers a FULL JOIN read_b.numbers b USING (number) WHERE a IS DISTINCT FROM b",
        )
        .fetch_one(&owner)
        .await
        .expect("compares");
        assert_eq!(differing, 0, "the newer slot was at the end when it ceased to serve");
        assert_eq!(TABLES.len(), 6);
    })
    .await;
}
