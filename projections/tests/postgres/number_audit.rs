//! The audit table of numbers: chained by Postgres, changed by nobody, held against the ledger.
use crate::ledger::MemoryLedgers;
use crate::server::{Database, with_database};
use crate::traffic::{GIVEN_UP, IMPORTED, TENANTS, listing, traffic};
use crate::world::{DEADLINE, Keys, config, number, project, tenant};
use peyk_domain::numbering::NumberingEvent::{NumberReserved, NumbersListed};
use peyk_domain::{ActorId, At, BlockId, LeaseId, SenderId};
use peyk_projections::query::{HistoryScope, Limit, ReadModels};
use peyk_projections::rows::{ChainedTransition, TransitionReason};
use peyk_projections::{
    Difference, DifferenceKind, NumberAuditChecked, NumberAuditError, Projection, Slot, StatusBoard, rebuild,
    verify_number_audit,
};
use peyk_schemas::LedgerId;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::collections::BTreeSet;

async fn run(pool: &PgPool, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *connection).await.map(|_| ())
}

/// The SQLSTATE a statement is refused with.
async fn refusal(pool: &PgPool, statement: &str) -> Option<String> {
    let refused = run(pool, statement).await.err()?;
    Some(refused.as_database_error().and_then(|error| error.code()).expect("an answer of the server").into_owned())
}

async fn verified(database: &Database, ledgers: &MemoryLedgers, keys: &Keys) -> Result<NumberAuditChecked, Difference> {
    match verify_number_audit(&config(database, ledgers, keys), None, |_, _| {}).await {
        Ok(checked) => Ok(checked),
        Err(NumberAuditError::Differs(difference)) => Err(difference),
        Err(NumberAuditError::Unseen(error)) => panic!("{error}"),
    }
}

async fn hashes(pool: &PgPool, slot: &str) -> Vec<(i64, Vec<u8>, Vec<u8>)> {
    let sql = format!("SELECT id, prev_hash, row_hash FROM {slot}.number_audit ORDER BY id");
    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(pool).await.expect("readable")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_makes_every_hash_again() {
    let keys = Keys::new();
    let ledgers = traffic(51, 600, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let owner = database.owner_pool();
        let live = hashes(&owner, "read_a").await;
        assert!(live.len() > 300, "{}", live.len());
        let position = ledgers.len(LedgerId::NUMBERING);
        let checked = NumberAuditChecked { position, rows: live.len() as u64 };
        assert_eq!(verified(&database, &ledgers, &keys).await, Ok(checked));
        // In few and in many steps: rows that are copied in one go build on each other.
        for (rows_max, slot) in [(50_000, Slot::B), (20, Slot::A)] {
            let mut config = config(&database, &ledgers, &keys);
            config.rebuild_rows_max = rows_max;
            let rebuilt = rebuild(&config, Projection::NumberAudit, |_| {}).await.expect("rebuilds");
            assert_eq!(rebuilt.slot, slot);
            assert_eq!(hashes(&owner, &format!("read_{slot}")).await, live);
            assert_eq!(verified(&database, &ledgers, &keys).await, Ok(checked));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_or_removes_a_row() {
    let keys = Keys::new();
    let ledgers = traffic(52, 100, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let (owner, projector, reader) = (database.owner_pool(), database.projector_pool(), database.reader_pool());
        let before = hashes(&owner, "read_a").await;
        let changes = [
            "UPDATE read_a.number_audit SET reason_code = 'held'",
            "DELETE FROM read_a.number_audit",
            "DELETE FROM read_a.number_audit WHERE false",
            "TRUNCATE read_a.number_audit",
        ];
        for statement in changes {
            for pool in [&owner, &projector, &reader] {
                assert_eq!(refusal(pool, statement).await.as_deref(), Some("42501"), "{statement}");
            }
            let replica = format!("SET session_replication_role = replica; {statement}");
            assert_eq!(refusal(&owner, &replica).await.as_deref(), Some("42501"), "{replica}");
        }
        run(&owner, "RESET session_replication_role").await.expect("reset");
        // Rights that were given by mistake do not help either.
        run(&owner, "GRANT UPDATE, DELETE, TRUNCATE ON read_a.number_audit, read_b.number_audit TO peyk_projector")
            .await
            .expect("the owner may");
        for statement in changes {
            assert_eq!(refusal(&projector, statement).await.as_deref(), Some("42501"), "{statement}");
        }
        assert_eq!(refusal(&projector, "TRUNCATE read_b.number_audit").await.as_deref(), Some("42501"));
        assert_eq!(refusal(&reader, "INSERT INTO read_a.number_audit DEFAULT VALUES").await.as_deref(), Some("42501"));
        assert_eq!(hashes(&owner, "read_a").await, before);
        run(&owner, "TRUNCATE read_b.number_audit")
            .await
            .expect("the slot that does not serve is the owner's to empty");
    })
    .await;
}

/// What somebody did who owns the database, and what is found.
type Tampering = (&'static str, fn(&Difference) -> bool);

#[tokio::test(flavor = "multi_thread")]
async fn tampering_as_superuser_is_found() {
    let keys = Keys::new();
    let ledgers = traffic(53, 300, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let owner = database.owner_pool();
        run(&owner, "CREATE TABLE public.kept AS SELECT * FROM read_a.number_audit").await.expect("kept");
        let whole = verified(&database, &ledgers, &keys).await.expect("nobody touched it");
        let cases: [Tampering; 8] = [
            (
                "UPDATE read_a.number_audit SET reason_code = 'held' WHERE id = (SELECT id FROM public.kept ORDER BY id OFFSET 70 LIMIT 1)",
                |found| found.kind == DifferenceKind::Altered { column: "reason_code" },
            ),
            (
                "UPDATE read_a.number_audit SET row_hash = sha256('forged') WHERE id = (SELECT max(id) FROM public.kept)",
                |found| found.kind == DifferenceKind::Altered { column: "row_hash" },
            ),
            (
                "UPDATE read_a.number_audit SET actor = gen_random_uuid() WHERE id = (SELECT max(id) FROM public.kept)",
                |found| found.kind == DifferenceKind::Altered { column: "actor" },
            ),
            ("UPDATE read_a.number_audit SET to_state = 'gone' WHERE id = (SELECT max(id) FROM public.kept)", |found| {
                found.kind == DifferenceKind::Altered { column: "to_state" }
            }),
            ("DELETE FROM read_a.number_audit WHERE id = (SELECT max(id) FROM public.kept)", |found| {
                found.kind == DifferenceKind::Missing
            }),
            ("DELETE FROM read_a.number_audit WHERE id = (SELECT min(id) FROM public.kept)", |found| {
                found.kind == DifferenceKind::Missing
            }),
            // Chained well, by the trigger itself.
            (
                "ALTER TABLE read_a.number_audit ENABLE TRIGGER chain;
                INSERT INTO read_a.number_audit (id, number, to_state, reason_code, actor_tenant, at_ms, position, item)
                SELECT id + 1, number, 'available', 'cool_off_ended', actor_tenant, at_ms, position, item
                FROM public.kept WHERE id = (SELECT max(id) FROM public.kept)",
                |found| found.kind == DifferenceKind::Extra,
            ),
            // The whole table written anew with another past, every hash as the trigger makes it.
            (
                "DELETE FROM read_a.number_audit;
                ALTER TABLE read_a.number_audit ENABLE TRIGGER chain;
                INSERT INTO read_a.number_audit
                    (id, number, to_state, reason_code, tenant, lease, actor, actor_tenant, at_ms, position, item)
                SELECT id, number, to_state, reason_code, CASE WHEN tenant IS NOT NULL THEN gen_random_uuid() END, lease,
                    actor, actor_tenant, at_ms, position, item FROM public.kept ORDER BY id",
                |found| found.kind == DifferenceKind::Altered { column: "tenant" },
            ),
        ];
        for (statement, expected) in cases {
            let tamper = format!("BEGIN; ALTER TABLE read_a.number_audit DISABLE TRIGGER ALL; {statement}; COMMIT");
            run(&owner, &tamper).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
            let found = verified(&database, &ledgers, &keys).await.expect_err(statement);
            assert!(expected(&found), "{statement}: {found}");
            assert!(!found.to_string().contains("937"), "numbers are masked: {found}");
            let restore = "BEGIN; ALTER TABLE read_a.number_audit DISABLE TRIGGER ALL; DELETE FROM read_a.number_audit;
                INSERT INTO read_a.number_audit SELECT * FROM public.kept; COMMIT";
            run(&owner, restore).await.expect("restored");
            assert_eq!(verified(&database, &ledgers, &keys).await, Ok(whole), "after {statement}");
        }
    })
    .await;
}

const INSERT: &str =
    "INSERT INTO read_b.number_audit (id, number, to_state, reason_code, actor_tenant, at_ms, position, item)
    VALUES ($1, '+93700000001', 'available', 'listed', '00000000-0000-0000-0000-000000000000', 1, 1, 0)";

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_cannot_fork_a_chain() {
    with_database(|database| async move {
        let projector = database.projector_pool();
        let (mut one, mut other): (PgConnection, PgConnection) = (
            projector.acquire().await.expect("connects").detach(),
            projector.acquire().await.expect("connects").detach(),
        );
        let mut first = one.begin().await.expect("begins");
        sqlx::query(INSERT).bind(1_i64).execute(&mut *first).await.expect("the first row");
        let second = tokio::spawn(async move {
            sqlx::query(INSERT).bind(2_i64).execute(&mut other).await.map(|done| done.rows_affected())
        });
        let owner = database.owner_pool();
        // Once it waits for the first, the two are truly at it together.
        let waits = async {
            loop {
                let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
                    .fetch_one(&owner)
                    .await
                    .expect("readable");
                if waiting > 0 {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, waits).await.expect("the second waits");
        sqlx::query(INSERT).bind(3_i64).execute(&mut *first).await.expect("the first goes on");
        first.commit().await.expect("commits");
        // The second came later, with an earlier id: it is refused rather than put in between.
        let refused = second.await.expect("ends").expect_err("too late");
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        assert_eq!(code.as_deref(), Some("23000"));
        sqlx::query(INSERT).bind(4_i64).execute(&mut one).await.expect("the next row");
        let chain: Vec<(i64, i32, bool)> = sqlx::query_as(
            "SELECT id, seq, prev_hash = coalesce(lag(row_hash) OVER (ORDER BY seq), decode(repeat('00', 32), 'hex'))
                FROM read_b.number_audit ORDER BY id",
        )
        .fetch_all(&owner)
        .await
        .expect("readable");
        assert_eq!(chain, [(1, 1, true), (3, 2, true), (4, 3, true)]);
    })
    .await;
}

async fn history(models: &ReadModels, scope: HistoryScope, of: SenderId) -> Vec<ChainedTransition> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = models.number_history(scope, of, after, Limit::new(7).expect("a limit")).await.expect("reads");
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next.to_string().parse().expect("a cursor")),
            None => return rows,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_reads_all_of_a_history_and_a_tenant_its_own_part() {
    let keys = Keys::new();
    let ledgers = traffic(54, 600, &keys);
    with_database(move |database| async move {
        let actor = ActorId::from_bytes([0xac; 16]);
        let (fresh, lease) = (number(900), LeaseId::from_bytes([0x1e; 16]));
        let at = At(2_000_000_000_000);
        let listed = NumbersListed {
            block: BlockId::from_bytes([0xb1; 16]),
            mno: "Etisalat".to_owned(),
            numbers: vec![fresh.into()],
        };
        ledgers.append_by((actor, tenant(1)), LedgerId::NUMBERING, at, &[listed]);
        let reserved = NumberReserved { number: fresh, lease, tenant: tenant(1), since: at, until: At(at.0 + 60_000) };
        ledgers.append_by((actor, tenant(1)), LedgerId::NUMBERING, at, &[reserved]);
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let [first, last] = history(&models, HistoryScope::Platform, fresh).await.try_into().expect("two");
        assert_eq!(
            (first.from, first.transition.reason, first.transition.tenant),
            (None, TransitionReason::Listed, None)
        );
        assert_eq!((last.from, last.seq, last.prev_hash), (Some(first.transition.to), 2, first.row_hash));
        assert_eq!((last.transition.tenant, last.transition.lease), (Some(tenant(1)), Some(lease)));
        assert_eq!((last.transition.actor, last.transition.actor_tenant), (Some(actor), tenant(1)));
        assert_eq!(history(&models, HistoryScope::Tenant(tenant(1)), fresh).await, [last]);
        assert_eq!(history(&models, HistoryScope::Tenant(tenant(0)), fresh).await, []);

        let of_all = history(&models, HistoryScope::Platform, number(13)).await;
        assert!(of_all.len() > 20 && of_all.windows(2).all(|pair| pair[1].prev_hash == pair[0].row_hash));
        let mut reasons = BTreeSet::new();
        for of in (0..14).chain([IMPORTED, GIVEN_UP]) {
            let whole = history(&models, HistoryScope::Platform, listing(of).number()).await;
            reasons.extend(whole.iter().map(|row| row.transition.reason));
            for index in 0..TENANTS {
                let own = history(&models, HistoryScope::Tenant(tenant(index)), listing(of).number()).await;
                let expected = whole.iter().filter(|row| row.transition.tenant == Some(tenant(index)));
                assert_eq!(own, expected.cloned().collect::<Vec<_>>());
            }
        }
        assert_eq!(reasons, TransitionReason::ALL.iter().copied().collect(), "the traffic has each");
        // Row level security alone says the same.
        let reader = database.reader_pool();
        let seen: Vec<String> = sqlx::query_scalar("SELECT tenant::text FROM read.number_audit")
            .fetch_all(&reader)
            .await
            .expect("readable");
        assert_eq!(seen, [] as [String; 0]);
    })
    .await;
}
