use crate::server::with_database;
use crate::traffic::{TENANTS, traffic};
use crate::world::{Keys, project, tenant};
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
        assert_eq!(tenanted.len(), 6, "{tenanted:?}");
        assert!(tenanted.iter().all(|(_, _, secured, policies)| *secured && *policies == 1), "{tenanted:?}");

        let views: Vec<(String, bool)> = sqlx::query_as(
            "SELECT c.relname::text, coalesce('security_invoker=true' = ANY(c.reloptions), false)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND n.nspname = 'read'",
        )
        .fetch_all(&owner)
        .await
        .expect("readable");
        assert_eq!(views.len(), 7);
        assert!(views.iter().all(|(_, invoker)| *invoker), "{views:?}");
    })
    .await;
}

/// The tenants whose rows a reader finds in a table, "nobody" for rows without one.
async fn seen(pool: &PgPool, table: &str, setting: Option<&str>) -> BTreeSet<String> {
    let mut transaction = pool.begin().await.expect("begins");
    if let Some(setting) = setting {
        sqlx::query("SELECT set_config('app.current_tenant_id', $1, true)")
            .bind(setting)
            .execute(&mut *transaction)
            .await
            .expect("set");
    }
    // A constant of this file.
    let sql = format!("SELECT DISTINCT coalesce(tenant::text, 'nobody') FROM {table}");
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
            for table in ["messages", "leases", "numbers"] {
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
                    if table == "numbers" {
                        // A tenant may hold no number just now.
                        found.insert(name.clone());
                    }
                    assert_eq!(found, expected, "{relation}");
                }
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
