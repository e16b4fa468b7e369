use crate::ledger::MemoryLedgers;
use crate::server::with_database;
use crate::traffic::traffic;
use crate::world::{DEADLINE, Keys, Running, contents, msisdn, number, project, tenant, writings};
use bytes::Bytes;
use peyk_domain::numbering::NumberingEvent;
use peyk_domain::{At, BlockId, LeaseId};
use peyk_projections::{Projection, ProjectorState};
use peyk_schemas::{EventSchema, LedgerId, RawEvent};
use std::borrow::Cow;
use std::time::Duration;

fn listed() -> NumberingEvent {
    NumberingEvent::NumbersListed {
        block: BlockId::NIL,
        mno: "Roshan".to_owned(),
        numbers: vec![number(1).into(), number(2).into()],
    }
}

/// Follows one projector until it fails.
async fn failure(running: &Running, projection: Projection, ledger: LedgerId) -> String {
    let mut status = running.status().receiver(projection, ledger).expect("a projector");
    let failed = status.wait_for(|status| matches!(status.state, ProjectorState::Failed { .. }));
    let status = tokio::time::timeout(DEADLINE, failed).await.expect("in time").expect("runs").clone();
    match status.state {
        ProjectorState::Failed { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_between_batches_and_going_on_is_the_same_as_never_stopping() {
    let keys = Keys::new();
    let whole = traffic(1, 600, &keys);
    let (expected, other_keys, other) = (whole.clone(), keys.clone(), whole.clone());
    with_database(move |database| async move {
        for part in 1..=7 {
            project(&database, &other.prefix(|length| length * part / 7), &other_keys).await;
        }
        let resumed = contents(&database.owner_pool(), "read_a").await;
        with_database(move |database| async move {
            project(&database, &expected, &keys).await;
            assert_eq!(contents(&database.owner_pool(), "read_a").await, resumed);
            assert!(resumed.len() > 300, "{}", resumed.len());
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_come_again_touch_no_row() {
    let keys = Keys::new();
    let ledgers = traffic(2, 300, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let owner = database.owner_pool();
        let before = writings(&owner, "read_a").await;
        let mut again = ledgers.clone();
        again.repeating = true;
        project(&database, &again, &keys).await;
        assert_eq!(writings(&owner, "read_a").await, before, "the same rows, written by the same transactions");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_count_each_record_once() {
    let keys = Keys::new();
    let ledgers = traffic(3, 600, &keys);
    with_database(move |database| async move {
        let growing = ledgers.prefix(|_| 0);
        let (one, two) = (Running::start(&database, &ledgers, &keys), Running::start(&database, &ledgers, &keys));
        one.caught_up().await;
        two.caught_up().await;
        one.stop().await;
        two.stop().await;
        let together = contents(&database.owner_pool(), "read_a").await;
        drop(growing);
        with_database(move |database| async move {
            project(&database, &ledgers, &keys).await;
            assert_eq!(contents(&database.owner_pool(), "read_a").await, together);
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_event_stops_its_projector_alone_and_is_named() {
    let keys = Keys::new();
    let ledgers = traffic(4, 50, &keys);
    with_database(move |database| async move {
        let running = Running::start(&database, &ledgers, &keys);
        running.caught_up().await;
        let unknown =
            RawEvent { kind: Cow::Borrowed("number.teleported"), version: 1, data: Bytes::from_static(&[0x80]) };
        let at = At(1_900_000_000_000);
        let position = ledgers.append_raw(LedgerId::NUMBERING, at, vec![unknown]);
        let reason = failure(&running, Projection::Leases, LedgerId::NUMBERING).await;
        assert!(reason.contains(&format!("record {position} of numbering/0")), "{reason}");
        assert!(reason.contains("number.teleported"), "{reason}");
        // Others go on.
        ledgers.append_raw(LedgerId::ROUTING, at, vec![]);
        let mut routes = running.status().receiver(Projection::Routes, LedgerId::ROUTING).expect("a projector");
        let tail = ledgers.len(LedgerId::ROUTING);
        let reached = tokio::time::timeout(DEADLINE, routes.wait_for(|status| status.position == tail)).await;
        reached.expect("in time").expect("runs");
        let leases = running.status().of(Projection::Leases, LedgerId::NUMBERING).expect("a projector");
        assert_eq!(leases.position, position - 1, "nothing of the record was applied");
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_follow_stops_the_projector() {
    let keys = Keys::new();
    with_database(move |database| async move {
        let ledgers = MemoryLedgers::default();
        let at = At(1);
        ledgers.append(LedgerId::NUMBERING, at, &[listed()]);
        let stray =
            NumberingEvent::NumberAssigned { number: number(1), lease: LeaseId::NIL, tenant: tenant(0), term: None };
        ledgers.append(LedgerId::NUMBERING, at, &[stray]);
        let running = Running::start(&database, &ledgers, &keys);
        let reason = failure(&running, Projection::Leases, LedgerId::NUMBERING).await;
        assert!(reason.contains("record 2 of numbering/0") && reason.contains("a lease never began"), "{reason}");
        let leases = running.status().of(Projection::Leases, LedgerId::NUMBERING).expect("a projector");
        assert_eq!((leases.position, leases.state.record()), (1, Some(2)));
        running.stop().await;
        let rows = contents(&database.owner_pool(), "read_a").await;
        let rows = rows.iter().filter(|row| !row.starts_with("number_audit "));
        assert_eq!(rows.count(), 2, "all before the record, nothing of it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_ledger_behind_the_checkpoint_is_refused() {
    let keys = Keys::new();
    let ledgers = traffic(5, 50, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        ledgers.rewrite(LedgerId::messages(1));
        ledgers.append_raw(LedgerId::messages(1), At(1_900_000_000_000), vec![]);
        let running = Running::start(&database, &ledgers, &keys);
        let reason = failure(&running, Projection::Messages, LedgerId::messages(1)).await;
        assert!(reason.contains("another record at position"), "{reason}");
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_log_is_waited_for() {
    let keys = Keys::new();
    let ledgers = traffic(6, 50, &keys);
    with_database(move |database| async move {
        ledgers.down.send_replace(true);
        let running = Running::start(&database, &ledgers, &keys);
        let mut status = running.status().receiver(Projection::Routes, LedgerId::ROUTING).expect("a projector");
        let waiting = status.wait_for(|status| matches!(status.state, ProjectorState::Waiting { .. }));
        tokio::time::timeout(DEADLINE, waiting).await.expect("in time").expect("runs");
        ledgers.down.send_replace(false);
        running.caught_up().await;
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_connection_is_made_again() {
    let keys = Keys::new();
    let ledgers = traffic(7, 400, &keys);
    with_database(move |database| async move {
        let part = ledgers.prefix(|length| length / 2);
        project(&database, &part, &keys).await;
        let running = Running::start(&database, &ledgers, &keys);
        let owner = database.owner_pool();
        for _ in 0..20 {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'peyk-projector'",
            )
            .execute(&owner)
            .await
            .expect("the owner may");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        running.caught_up().await;
        running.stop().await;
        let disturbed = contents(&owner, "read_a").await;
        with_database(move |database| async move {
            project(&database, &ledgers, &keys).await;
            assert_eq!(contents(&database.owner_pool(), "read_a").await, disturbed);
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recipients_are_known_while_their_keys_live_and_never_in_clear() {
    let keys = Keys::new();
    let ledgers = traffic(8, 200, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let owner = database.owner_pool();
        let with_keys: Vec<(String, Vec<u8>)> = sqlx::query_as(
            "SELECT DISTINCT recipient_mask, recipient_hash FROM read_a.messages WHERE sender IS NOT NULL",
        )
        .fetch_all(&owner)
        .await
        .expect("readable");
        assert!(with_keys.len() > 10 && with_keys.iter().all(|(mask, _)| mask == "+93***"));
        let known = (0..3).flat_map(|index| (0..20).map(move |offset| (tenant(index), msisdn(1_000 + offset))));
        let hashes: Vec<_> = known.map(|(tenant, number)| keys.of(tenant).msisdn_hash(number).to_vec()).collect();
        assert!(with_keys.iter().all(|(_, hash)| hashes.contains(hash)));
        assert!(
            contents(&owner, "read_a").await.iter().all(|row| !row.contains("salaam") && !row.contains("937000010"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_keys_leave_the_row_and_nothing_of_the_recipient() {
    let keys = Keys::new();
    let ledgers = traffic(9, 200, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &Keys::none()).await;
        let (all, named): (i64, i64) = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE recipient_mask IS NOT NULL OR recipient_hash IS NOT NULL)
                FROM read_a.messages",
        )
        .fetch_one(&database.owner_pool())
        .await
        .expect("readable");
        assert!(all > 50 && named == 0, "{all} {named}");
    })
    .await;
}

#[test]
fn the_sample_past_has_every_kind_of_event() {
    let kinds = traffic(1, 600, &Keys::new()).kinds();
    assert!(kinds.contains(listed().to_raw().kind.as_ref()));
    assert_eq!(kinds.len(), 35 + 39 + 6 + 11, "access, numbering, routing, messages: {kinds:?}");
}
