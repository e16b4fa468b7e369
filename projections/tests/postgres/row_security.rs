use crate::server::with_database;
use crate::traffic::{ALLOCATED, ALLOCATED_BLOCK, CONTRACT, POOL, SERVED, TENANTS, listing, traffic};
use crate::world::{Keys, project, tenant};
use peyk_domain::BlockId;
use peyk_domain::numbering::{ContractState, Serves};
use peyk_projections::StatusBoard;
use peyk_projections::query::{Limit, NumberFilter, NumberScope, ReadModels};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_tenants_is_under_row_level_security() {
    with_database(|database| async move {
        let owner = database.owner_pool();
        let tenanted: Vec<(String, String, bool, i64)> = sqlx::query_as(
            "SELECT n.nspname::text, c.relname::text, c.relrowsecurity,
                (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant')",
        )
        .fetch_all(&owner)
        .await
        .expect("readable");
        let declared: i64 = sqlx::query_scalar("SELECT 2 * count(*) FROM peyk.read_tables WHERE tenanted")
            .fetch_one(&owner)
            .await
            .expect("readable");
        assert_eq!(i64::try_from(tenanted.len()), Ok(declared), "both slots of each: {tenanted:?}");
        // Numbers are seen by their tenants, those of a pool by whom it serves, and by nobody while the file they come in is
        // not closed.
        let policies_of = |table: &str| if table == "numbers" { 3 } else { 1 };
        let secured = tenanted.iter().all(|(_, table, secured, policies)| *secured && *policies == policies_of(table));
        assert!(secured, "{tenanted:?}");

        let views: Vec<(String, bool)> = sqlx::query_as(
            "SELECT c.relname::text, coalesce('security_invoker=true' = ANY(c.reloptions), false)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
        )
        .fetch_all(&owner)
        .await
        .expect("readable");
        let tables: i64 =
            sqlx::query_scalar("SELECT count(*) FROM peyk.read_tables").fetch_one(&owner).await.expect("readable");
        assert_eq!(i64::try_from(views.len()), Ok(tables + 1), "one of each table, and the checkpoints: {views:?}");
        assert!(views.iter().all(|(_, invoker)| *invoker), "{views:?}");
    })
    .await;
}

/// The tenants whose rows a reader finds in a table, "nobody" for rows without one.
async fn seen(pool: &PgPool, table: &str, setting: Option<&str>) -> BTreeSet<String> {
    seen_where(pool, table, setting, "true").await
}

async fn seen_where(pool: &PgPool, table: &str, setting: Option<&str>, condition: &str) -> BTreeSet<String> {
    let mut transaction = pool.begin().await.expect("begins");
    if let Some(setting) = setting {
        sqlx::query("SELECT set_config('app.current_tenant_id', $1, true)")
            .bind(setting)
            .execute(&mut *transaction)
            .await
            .expect("set");
    }
    // Constants of this file.
    let sql = format!("SELECT DISTINCT coalesce(tenant::text, 'nobody') FROM {table} WHERE {condition}");
    let found: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *transaction).await.expect("readable");
    found.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_the_tenant_it_names_and_nobody_else() {
    let keys = Keys::new();
    let ledgers = traffic(11, 400, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let reader = database.reader_pool();
        for schema in ["read", "read_a"] {
            for table in ["messages", "leases", "numbers", "audit", "signals"] {
                let relation = format!("{schema}.{table}");
                assert_eq!(seen(&reader, &relation, None).await, BTreeSet::new(), "{relation} without the setting");
                assert_eq!(seen(&reader, &relation, Some("")).await, BTreeSet::new(), "{relation} with an empty one");
                for index in 0..TENANTS {
                    let name = tenant(index).to_string();
                    let mut expected = BTreeSet::from([name.clone()]);
                    if table == "numbers" {
                        expected.insert("nobody".to_owned());
                    }
                    let mut found = seen(&reader, &relation, Some(&name)).await;
                    if ["numbers", "signals"].contains(&table) {
                        // A tenant may hold no number just now, and look like no fraud.
                        found.insert(name.clone());
                    }
                    assert_eq!(found, expected, "{relation}");
                    if table == "numbers" {
                        let hidden = "tenant IS NULL AND state <> 'available'";
                        let found = seen_where(&reader, &relation, Some(&name), hidden).await;
                        assert_eq!(found, BTreeSet::new(), "{relation}: what nobody can take");
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_seen_by_whom_it_serves_and_what_it_is_by_the_platform() {
    let keys = Keys::new();
    let ledgers = traffic(14, 0, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let block = models.block(ALLOCATED_BLOCK).await.expect("reads").expect("there");
        assert_eq!((block.terms.pool, block.version), (Some(POOL), 2));
        let pool = models.pool(POOL).await.expect("reads").expect("there");
        assert_eq!(pool.terms.serves, Serves::Tenants([tenant(SERVED)].into()));
        let contract = models.contract(CONTRACT).await.expect("reads").expect("there");
        assert_eq!((contract.state, contract.version), (ContractState::Ended, 3), "its term was over");
        let number = listing(ALLOCATED).number();
        let other = if SERVED == 0 { 1 } else { 0 };
        for (scope, seen) in [
            (NumberScope::Tenant(tenant(SERVED)), true),
            (NumberScope::Tenant(tenant(other)), false),
            (NumberScope::Platform(tenant(other)), true),
        ] {
            assert_eq!(models.number(scope, number).await.expect("reads").is_some(), seen, "{scope:?}");
            let filter = NumberFilter::default();
            let all = models.numbers(scope, filter, None, Limit::new(200).expect("a limit")).await.expect("reads");
            assert_eq!(all.rows.iter().any(|row| row.number == number), seen, "{scope:?}");
        }
        // Nobody who names only a tenant sees a pool, a block or a contract; and none of a file that is under way.
        let reader = database.reader_pool();
        for table in ["contracts", "blocks", "pools"] {
            let mut transaction = reader.begin().await.expect("begins");
            sqlx::query("SELECT set_config('app.current_tenant_id', $1, true)")
                .bind(tenant(SERVED).to_string())
                .execute(&mut *transaction)
                .await
                .expect("set");
            let sql = format!("SELECT count(*) FROM read.{table}");
            let rows: i64 =
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *transaction).await.expect("readable");
            assert_eq!(rows, 0, "{table}");
        }
        let blocks = models.blocks(None, Limit::new(200).expect("a limit")).await.expect("reads").rows;
        let ids: BTreeSet<_> = blocks.iter().map(|block| block.id).collect();
        let file = |id: u8| BlockId::from_bytes([id; 16]);
        let seen = [file(1), file(2), file(3)].map(|block| ids.contains(&block));
        assert_eq!(seen, [true, false, false], "one that came in, one that was given up, one that is under way");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_no_tenant_sees_no_row_of_any_table_with_tenants() {
    let keys = Keys::new();
    let ledgers = traffic(13, 400, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let readable: Vec<String> = sqlx::query_scalar(
            "SELECT s || '.' || t.name FROM peyk.read_tables t, unnest(ARRAY['read', 'read_a', 'read_b']) s
            WHERE t.tenanted AND has_table_privilege('peyk_reader', format('%I.%I', s, t.name), 'SELECT')",
        )
        .fetch_all(&database.owner_pool())
        .await
        .expect("readable");
        assert!(readable.len() >= 9, "{readable:?}");
        let reader = database.reader_pool();
        for relation in &readable {
            for setting in [None, Some(""), Some("00000000-0000-0000-0000-0000000000ff")] {
                let found = seen(&reader, relation, setting).await;
                let strangers = found.iter().filter(|tenant| *tenant != "nobody" || setting.is_none_or(str::is_empty));
                assert_eq!(strangers.count(), 0, "{relation} with {setting:?}: {found:?}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setting_ends_with_its_transaction() {
    let keys = Keys::new();
    let ledgers = traffic(12, 200, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let reader = peyk_projections::reader_pool(database.reader.clone(), 1);
        let name = tenant(0).to_string();
        assert_eq!(seen(&reader, "read.messages", Some(&name)).await.len(), 1);
        assert_eq!(seen(&reader, "read.messages", None).await, BTreeSet::new(), "on the same connection");
    })
    .await;
}
