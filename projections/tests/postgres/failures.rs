//! A projector that cannot go on says so, says why, and goes on by itself where that is possible.
use crate::ledger::MemoryLedgers;
use crate::server::{Database, with_database, with_empty_database};
use crate::traffic::traffic;
use crate::world::{DEADLINE, Keys, Running, config, contents, number, project};
use futures::future::BoxFuture;
use peyk_domain::access::Source;
use peyk_domain::numbering::NumberingEvent;
use peyk_domain::{At, BlockId, MessageId};
use peyk_projections::query::{ReadModels, SeenProjector};
use peyk_projections::{
    Condition, EventPlace, KeysUnavailable, Projection, ProjectionError, Projections, ProjectorState, ProjectorStatus,
    Recipient, RecipientKeys, SealedRecipient, SealedSource, Slot, SourceKeys, StatusBoard, rebuild,
};
use peyk_schemas::LedgerId;
use sqlx::AssertSqlSafe;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NUMBERING: LedgerId = LedgerId::NUMBERING;
const PARTITION: LedgerId = LedgerId::messages(0);

fn listed(offset: u64) -> NumberingEvent {
    let (block, mno) = (BlockId::NIL, "Roshan".to_owned());
    NumberingEvent::NumbersListed { block, mno, numbers: vec![number(offset).into()] }
}

async fn until(
    board: &StatusBoard,
    projection: Projection,
    ledger: LedgerId,
    holds: impl FnMut(&ProjectorStatus) -> bool,
) -> ProjectorStatus {
    let mut status = board.receiver(projection, ledger).expect("a projector");
    let reached = tokio::time::timeout(DEADLINE, status.wait_for(holds)).await;
    reached.expect("in time").expect("runs").clone()
}

async fn as_owner(database: &Database, statement: &str) {
    // Written in this file.
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&database.owner_pool()).await.expect("the owner may");
}

/// What another process is told of a projector, once it is told what it waits for.
async fn seen(
    database: &Database,
    projection: Projection,
    ledger: LedgerId,
    mut holds: impl FnMut(&SeenProjector) -> bool,
) -> SeenProjector {
    let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
    let until = Instant::now() + DEADLINE;
    loop {
        let projectors = models.projectors().await.expect("reads");
        let found = projectors.into_iter().find(|seen| seen.projection == projection && seen.ledger == ledger);
        match found {
            Some(seen) if holds(&seen) => return seen,
            found => assert!(Instant::now() < until, "{found:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn is_blocked(status: &ProjectorStatus) -> bool {
    matches!(status.state, ProjectorState::Blocked { .. })
}

fn is_failed(status: &ProjectorStatus) -> bool {
    matches!(status.state, ProjectorState::Failed { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_and_tried_again() {
    let keys = Keys::new();
    let ledgers = traffic(31, 20, &keys);
    with_database(move |database| async move {
        let wrong = Database { projector: database.projector.clone().password("guessed"), ..database.clone() };
        let running = Running::start(&wrong, &ledgers, &keys);
        let status = until(&running.status(), Projection::Leases, NUMBERING, is_blocked).await;
        let reason = status.state.reason().expect("a reason");
        assert!(reason.contains("password authentication failed"), "{reason}");
        assert!(!reason.contains("guessed"), "{reason}");
        assert_eq!(running.status().condition(), Some(Condition::Failed));
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_not_there_is_told_and_the_projectors_go_on_once_it_is() {
    let keys = Keys::new();
    let ledgers = traffic(32, 60, &keys);
    // Roles exist on the server, with their passwords, once any database was migrated.
    with_database(|_| async {}).await;
    with_empty_database(|database| async move {
        let running = Running::start(&database, &ledgers, &keys);
        let status = until(&running.status(), Projection::Messages, PARTITION, is_blocked).await;
        assert!(status.state.reason().is_some_and(|reason| reason.contains("peyk.active_slot")), "{status:?}");
        database.migrate().await;
        running.caught_up().await;
        assert_eq!(running.status().condition(), Some(Condition::Running));
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_stop_one_projector_and_it_goes_on_once_they_are_given() {
    let keys = Keys::new();
    let ledgers = traffic(33, 200, &keys);
    with_database(move |database| async move {
        as_owner(&database, "REVOKE INSERT ON read_a.messages FROM peyk_projector").await;
        let running = Running::start(&database, &ledgers, &keys);
        let status = until(&running.status(), Projection::Messages, PARTITION, is_blocked).await;
        assert!(status.state.reason().is_some_and(|reason| reason.contains("permission denied for table messages")));
        let blocked = seen(&database, Projection::Messages, PARTITION, |seen| seen.state == "blocked").await;
        assert!(blocked.is_current() && blocked.reason.is_some_and(|reason| reason.contains("permission denied")));
        // Another one is not concerned.
        let end = ledgers.len(NUMBERING);
        until(&running.status(), Projection::Leases, NUMBERING, |status| status.position == end).await;
        as_owner(&database, "GRANT INSERT ON read_a.messages TO peyk_projector").await;
        running.caught_up().await;
        let healed = seen(&database, Projection::Messages, PARTITION, |seen| seen.state == "running").await;
        assert_eq!(healed.reason, None);
        running.stop().await;
        seen(&database, Projection::Messages, PARTITION, |seen| seen.state == "stopped").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_postgres_takes_not_is_traced_to_its_record_and_shown_to_nobody() {
    let keys = Keys::new();
    with_database(move |database| async move {
        as_owner(
            &database,
            "ALTER TABLE read_a.numbers ADD CONSTRAINT not_that_one CHECK (number <> '+93700000037') NOT VALID",
        )
        .await;
        let ledgers = MemoryLedgers::default();
        for offset in 1..=60 {
            ledgers.append(NUMBERING, At(offset), &[listed(offset)]);
        }
        let running = Running::start(&database, &ledgers, &keys);
        let status = until(&running.status(), Projection::Leases, NUMBERING, is_failed).await;
        assert_eq!((status.position, status.state.record()), (36, Some(37)), "all before it, nothing of it");
        let reason = status.state.reason().expect("a reason");
        assert!(reason.contains("records 37 to 37 of numbering/0") && reason.contains("not_that_one"), "{reason}");
        assert!(!reason.contains("93700000037"), "{reason}");
        let rows = contents(&database.owner_pool(), "read_a").await;
        assert_eq!(rows.iter().filter(|row| row.starts_with("numbers ")).count(), 36);
        // As another process sees it.
        let failed = seen(&database, Projection::Leases, NUMBERING, |seen| seen.state == "failed").await;
        assert_eq!((failed.record, failed.position, failed.reason.as_deref()), (Some(37), 36, Some(reason)));
        assert!(failed.since.ends_with('Z') && failed.since.len() == 20, "{}", failed.since);
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_failed_goes_on_after_a_rebuild() {
    let keys = Keys::new();
    let ledgers = traffic(34, 200, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        // Somebody meddles: what happens to the number next cannot follow.
        let at = At(1_900_000_000_000);
        ledgers.append(NUMBERING, at, &[listed(7_000)]);
        project(&database, &ledgers, &keys).await;
        as_owner(&database, "DELETE FROM read_a.numbers WHERE number = '+93700007000'").await;
        let number = number(7_000);
        let position = ledgers.append(NUMBERING, at, &[NumberingEvent::QuarantineEnded { number }]);
        let running = Running::start(&database, &ledgers, &keys);
        let failed = until(&running.status(), Projection::Leases, NUMBERING, is_failed).await;
        assert_eq!(failed.state.record(), Some(position));
        rebuild(&config(&database, &ledgers, &keys), Projection::Leases, |_| {}).await.expect("rebuilds");
        until(&running.status(), Projection::Leases, NUMBERING, |status| {
            status.position == position && status.state == ProjectorState::Running
        })
        .await;
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_restored_from_a_backup_fails_the_projector_until_it_is_rebuilt_from_what_is_there() {
    let keys = Keys::new();
    let ledgers = traffic(35, 200, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let whole = ledgers.len(NUMBERING);
        ledgers.cut(NUMBERING, 20);
        let running = Running::start(&database, &ledgers, &keys);
        let failed = until(&running.status(), Projection::Leases, NUMBERING, is_failed).await;
        let reason = failed.state.reason().expect("a reason");
        assert!(reason.contains("numbering/0") && reason.contains(&format!("position {whole}")), "{reason}");
        let rebuilt = rebuild(&config(&database, &ledgers, &keys), Projection::Leases, |_| {}).await.expect("rebuilds");
        assert_eq!((rebuilt.slot, rebuilt.positions.as_slice()), (Slot::B, &[(NUMBERING, 20)][..]));
        until(&running.status(), Projection::Leases, NUMBERING, |status| {
            status.position == 20 && status.state == ProjectorState::Running
        })
        .await;
        running.stop().await;
    })
    .await;
}

/// Keys that are never given, or by a bug.
struct Odd(fn() -> Result<HashMap<MessageId, Recipient>, KeysUnavailable>);

impl RecipientKeys for Odd {
    fn recipients(
        &self,
        _: Vec<SealedRecipient>,
    ) -> BoxFuture<'_, Result<HashMap<MessageId, Recipient>, KeysUnavailable>> {
        let answer = self.0;
        Box::pin(async move {
            tokio::task::yield_now().await;
            answer()
        })
    }
}

impl SourceKeys for Odd {
    fn sources(&self, _: Vec<SealedSource>) -> BoxFuture<'_, Result<HashMap<EventPlace, Source>, KeysUnavailable>> {
        Box::pin(std::future::ready(Ok(HashMap::new())))
    }
}

struct Hanging;

impl SourceKeys for Hanging {
    fn sources(&self, _: Vec<SealedSource>) -> BoxFuture<'_, Result<HashMap<EventPlace, Source>, KeysUnavailable>> {
        Box::pin(std::future::ready(Ok(HashMap::new())))
    }
}

impl RecipientKeys for Hanging {
    fn recipients(
        &self,
        _: Vec<SealedRecipient>,
    ) -> BoxFuture<'_, Result<HashMap<MessageId, Recipient>, KeysUnavailable>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_is_seen_to_stall() {
    let keys = Keys::new();
    let ledgers = traffic(36, 60, &keys);
    with_database(move |database| async move {
        let shutdown = CancellationToken::new();
        let config =
            peyk_projections::ProjectionsConfig { keys: Arc::new(Hanging), ..config(&database, &ledgers, &keys) };
        let projections = Projections::spawn(&config, &shutdown);
        let tail = ledgers.len(PARTITION);
        let second = Duration::from_secs(1);
        let stalled =
            until(&projections.status(), Projection::Messages, PARTITION, |status| status.lag() == tail).await;
        let met = seen(&database, Projection::Messages, PARTITION, |seen| seen.progressed > second).await;
        assert_eq!(met.position, 0);
        assert!(stalled.stalled(Instant::now()) > second);
        // The ledger goes on; the tail is known although the projector asks for nothing.
        let tail = ledgers.append_raw(PARTITION, At(2_000_000_000_000), vec![]);
        until(&projections.status(), Projection::Messages, PARTITION, |status| status.tail == tail).await;
        shutdown.cancel();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bug_that_ends_a_projector_is_a_failure_too() {
    let keys = Keys::new();
    let ledgers = traffic(37, 60, &keys);
    with_database(move |database| async move {
        let shutdown = CancellationToken::new();
        let odd = Arc::new(Odd(|| panic!("the keys have a bug")));
        let config = peyk_projections::ProjectionsConfig { keys: odd, ..config(&database, &ledgers, &keys) };
        let projections = Projections::spawn(&config, &shutdown);
        let failed = until(&projections.status(), Projection::Messages, PARTITION, is_failed).await;
        assert!(failed.state.reason().is_some_and(|reason| reason.contains("abnormally")), "{failed:?}");
        shutdown.cancel();
        projections.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_had_are_named_with_their_record() {
    let keys = Keys::new();
    let ledgers = traffic(38, 60, &keys);
    with_database(move |database| async move {
        let shutdown = CancellationToken::new();
        let odd = Arc::new(Odd(|| {
            let (tenant, reason) = (crate::world::tenant(0), "the wrapping key is gone".to_owned());
            Err(KeysUnavailable { tenant, reason, transient: false })
        }));
        let config = peyk_projections::ProjectionsConfig { keys: odd, ..config(&database, &ledgers, &keys) };
        let error = rebuild(&config, Projection::Messages, |_| {}).await.expect_err("no keys");
        assert!(matches!(error, ProjectionError::Keys { ledger: PARTITION, position: 1.., .. }), "{error}");
        let projections = Projections::spawn(&config, &shutdown);
        let blocked = until(&projections.status(), Projection::Messages, PARTITION, is_blocked).await;
        let reason = blocked.state.reason().expect("a reason");
        assert!(reason.contains("of messages/0") && reason.contains("the wrapping key is gone"), "{reason}");
        shutdown.cancel();
        projections.stopped().await;
    })
    .await;
}
