use crate::ledger::MemoryLedgers;
use crate::server::with_database;
use crate::traffic::traffic;
use crate::world::{DEADLINE, Keys, Running, TABLES, config, contents, number, project, tenant};
use peyk_domain::messages::{MessageEvent, RefusalReason};
use peyk_domain::numbering::NumberingEvent;
use peyk_domain::{At, BlockId, MessageId};
use peyk_projections::query::{Limit, NumberScope, ReadModels};
use peyk_projections::{Projection, ProjectionError, ProjectionsConfig, Slot, StatusBoard, diff, rebuild, rollback};
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub async fn equal_slots(config: &ProjectionsConfig<MemoryLedgers>, projections: &[Projection]) {
    for projection in projections {
        let found = diff(config, *projection, |_| {}).await.expect("compares");
        assert_eq!(found.differing(), 0, "{found:?}");
        assert!(found.tables[0].compared > 0);
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
        equal_slots(&config, &Projection::ALL).await;
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
        equal_slots(&config, &[Projection::Messages]).await;
        let served = contents(&database.owner_pool(), "read_b").await;
        assert_eq!(served.len(), 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_between_the_slots_are_found_however_many_pages_there_are() {
    let keys = Keys::new();
    with_database(move |database| async move {
        let ledgers = MemoryLedgers::default();
        for block in 0..90 {
            let numbers = (0..500).map(|offset| number(block * 500 + offset).into()).collect();
            let listed = NumberingEvent::NumbersListed { block: BlockId::NIL, mno: "Roshan".to_owned(), numbers };
            ledgers.append(LedgerId::NUMBERING, At(block), &[listed]);
        }
        project(&database, &ledgers, &keys).await;
        let config = config(&database, &ledgers, &keys);
        let incomplete = diff(&config, Projection::Leases, |_| {}).await;
        let Err(ProjectionError::NothingToCompare(Projection::Leases)) = incomplete else { panic!("{incomplete:?}") };
        rebuild(&config, Projection::Leases, |_| {}).await.expect("rebuilds");
        equal_slots(&config, &[Projection::Leases]).await;
        for meddling in [
            "UPDATE read_b.numbers SET mno = 'Somebody else' WHERE number = '+93700000007'",
            "DELETE FROM read_a.numbers WHERE number IN ('+93700000009', '+93700044999')",
            "DELETE FROM read_b.numbers WHERE number BETWEEN '+93700019990' AND '+93700020009'",
        ] {
            sqlx::query(meddling).execute(&database.owner_pool()).await.expect("the owner may");
        }
        let mut told = Vec::new();
        let found = diff(&config, Projection::Leases, |progress| told.push(progress)).await.expect("compares");
        let counts: Vec<_> = found.tables.iter().map(|table| (table.table, table.compared, table.differing)).collect();
        let others = ["leases", "signals", "operator_files", "contracts", "blocks", "pools"];
        let same = others.map(|table| (table, u64::from(table == "blocks"), 0));
        assert_eq!(counts[0], ("numbers", 45_000, 23));
        assert_eq!(counts[1..], same);
        assert_eq!(found.tables[0].examples, vec!["+93***"; 10]);
        assert!(told.len() >= 4, "a page at a time: {told:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_are_compared_at_the_same_record_while_projectors_go_on() {
    let keys = Keys::new();
    let whole = traffic(27, 400, &keys);
    with_database(move |database| async move {
        let ledgers = whole.prefix(|length| length / 2);
        let running = Running::start(&database, &ledgers, &keys);
        running.caught_up().await;
        let config = config(&database, &ledgers, &keys);
        rebuild(&config, Projection::Messages, |_| {}).await.expect("rebuilds");
        let feeder = {
            let (ledgers, whole) = (ledgers.clone(), whole.clone());
            tokio::spawn(async move {
                for ledger in [LedgerId::messages(0), LedgerId::messages(1)] {
                    for record in whole.behind(ledger, ledgers.len(ledger)) {
                        ledgers.follow(ledger, record);
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            })
        };
        // The slot that served before stands where it stood at the switch; all that came since is to be folded first.
        while !feeder.is_finished() {
            equal_slots(&config, &[Projection::Messages]).await;
        }
        feeder.await.expect("fed");
        running.caught_up().await;
        let found = diff(&config, Projection::Messages, |_| {}).await.expect("compares");
        let ends = [0, 1].map(|partition| (LedgerId::messages(partition), ledgers.len(LedgerId::messages(partition))));
        assert_eq!((found.differing(), found.positions.as_slice()), (0, &ends[..]));
        running.stop().await;
        // Back in the other slot, which was brought forward too, and with nobody projecting there is nothing to catch up.
        assert_eq!(rollback(&config.pool, Projection::Messages).await.expect("goes back"), Slot::A);
        equal_slots(&config, &[Projection::Messages]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_ahead_of_what_serves_is_not_compared() {
    let keys = Keys::new();
    let ledgers = traffic(28, 100, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let config = config(&database, &ledgers, &keys);
        rebuild(&config, Projection::Leases, |_| {}).await.expect("rebuilds");
        ledgers.append_raw(LedgerId::NUMBERING, At(2_000_000_000_000), vec![]);
        project(&database, &ledgers, &keys).await;
        rollback(&config.pool, Projection::Leases).await.expect("goes back");
        let ahead = diff(&config, Projection::Leases, |_| {}).await;
        let Err(ProjectionError::Ahead { other, serving, .. }) = ahead else { panic!("{ahead:?}") };
        assert_eq!(other, serving + 1);
        // Forward again.
        assert_eq!(rollback(&config.pool, Projection::Leases).await.expect("goes forward"), Slot::B);
        equal_slots(&config, &[Projection::Leases]).await;
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
                        let numbers = models
                            .numbers(NumberScope::Tenant(tenant(index)), Default::default(), None, Limit::default())
                            .await;
                        assert_eq!(numbers.expect("reads").rows.len().min(1), 1);
                        let progress = models.progress().await.expect("reads");
                        assert_eq!(progress.len(), 6);
                        reads.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();

        let config = config(&database, &ledgers, &keys);
        let feeder = {
            let (ledgers, whole) = (ledgers.clone(), whole.clone());
            tokio::spawn(async move {
                for ledger in [
                    LedgerId::ACCESS,
                    LedgerId::NUMBERING,
                    LedgerId::ROUTING,
                    LedgerId::messages(0),
                    LedgerId::messages(1),
                ] {
                    for record in whole.behind(ledger, ledgers.len(ledger)) {
                        ledgers.follow(ledger, record);
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

        // The lock of the one that is gone may take a loaded server a moment to give back.
        let until = Instant::now() + DEADLINE;
        let rebuilt = loop {
            match rebuild(&config, Projection::Messages, |_| {}).await {
                Err(ProjectionError::RebuildRunning(_)) if Instant::now() < until => tokio::task::yield_now().await,
                other => break other.expect("rebuilds"),
            }
        };
        assert_eq!(rebuilt.slot, Slot::B);
        equal_slots(&config, &[Projection::Messages]).await;
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
        let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let first = {
            let config = config.clone();
            tokio::spawn(async move {
                let gate = move |_| {
                    told.send(()).ok();
                    tokio::task::block_in_place(|| released.recv().ok());
                };
                rebuild(&config, Projection::Leases, gate).await
            })
        };
        hears.recv().await.expect("progress");
        let second = rebuild(&config, Projection::Leases, |_| {}).await;
        assert!(matches!(second, Err(ProjectionError::RebuildRunning(Projection::Leases))), "{second:?}");
        let compared = diff(&config, Projection::Leases, |_| {}).await;
        assert!(matches!(compared, Err(ProjectionError::RebuildRunning(Projection::Leases))), "{compared:?}");
        // Another projection is not concerned.
        rebuild(&config, Projection::Routes, |_| {}).await.expect("rebuilds");
        drop(release);
        first.await.expect("ends").expect("rebuilds");
        equal_slots(&config, &[Projection::Leases, Projection::Routes]).await;
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
        for record in whole.behind(LedgerId::NUMBERING, ledgers.len(LedgerId::NUMBERING)) {
            ledgers.follow(LedgerId::NUMBERING, record);
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
        assert_eq!(TABLES.len(), 9);
    })
    .await;
}
