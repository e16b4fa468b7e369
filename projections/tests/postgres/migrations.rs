use crate::server::{Database, with_database, with_empty_database};
use crate::world::TABLES;
use sqlx::{AssertSqlSafe, PgPool, Row};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/schema.sql");
const HEADING: &str = "-- What all migrations together make of an empty database; roles and rows left out. Written by a test:\n\
    -- PEYK_BLESS=1 cargo test -p peyk-projections --test postgres migrations\n\n";

async fn dump(pool: &PgPool) -> String {
    let mut connection = pool.acquire().await.expect("connects");
    // Names come out qualified whatever the server's settings.
    sqlx::query("SET search_path = pg_catalog").execute(&mut *connection).await.expect("set");
    let statements: Vec<String> =
        sqlx::query_scalar(include_str!("dump.sql")).fetch_all(&mut *connection).await.expect("the catalogue reads");
    format!("{HEADING}{}\n", statements.join("\n\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_make_the_blessed_schema() {
    with_database(|database| async move {
        let made = dump(&database.owner_pool()).await;
        if std::env::var_os("PEYK_BLESS").is_some() {
            std::fs::write(SCHEMA, &made).expect("written");
        }
        let blessed = std::fs::read_to_string(SCHEMA).unwrap_or_default();
        assert_eq!(
            made, blessed,
            "migrations/schema.sql is not what the migrations make. If that is meant, renew it: \
             PEYK_BLESS=1 cargo test -p peyk-projections --test postgres migrations"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_blessed_schema_is_complete() {
    // Roles exist on the server once any database was migrated.
    with_database(|_| async {}).await;
    with_empty_database(|database| async move {
        let owner = database.owner_pool();
        let blessed = std::fs::read_to_string(SCHEMA).expect("blessed");
        sqlx::raw_sql(AssertSqlSafe(blessed.clone())).execute(&owner).await.expect("runs by itself");
        assert_eq!(dump(&owner).await, blessed);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_again_changes_nothing() {
    with_database(|database| async move {
        let before = dump(&database.owner_pool()).await;
        database.migrate().await;
        assert_eq!(dump(&database.owner_pool()).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_of_one_server_migrate_at_the_same_time() {
    let migrations = (0..6).map(|_| tokio::spawn(with_database(|_| async {})));
    for migration in migrations.collect::<Vec<_>>() {
        migration.await.expect("migrates");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_own_nothing_and_the_reader_passes_nothing_by() {
    with_database(|database| async move {
        let owner = database.owner_pool();
        let owned: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
                WHERE d.deptype = 'o' AND r.rolname IN ('peyk_reader', 'peyk_projector')",
        )
        .fetch_one(&owner)
        .await
        .expect("readable");
        assert_eq!(owned, 0);
        for (role, bypasses) in [("peyk_reader", false), ("peyk_projector", true)] {
            let row = sqlx::query(
                "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication AS strong, rolbypassrls
                    FROM pg_roles WHERE rolname = $1",
            )
            .bind(role)
            .fetch_one(&owner)
            .await
            .expect("the role exists");
            assert!(!row.get::<bool, _>("strong"), "{role}");
            assert_eq!(row.get::<bool, _>("rolbypassrls"), bypasses, "{role}");
        }
    })
    .await;
}

async fn refused(database: &Database, pool: &PgPool, statement: &str) {
    let outcome = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(pool).await;
    let code = outcome.err().and_then(|error| error.as_database_error()?.code().map(|code| code.into_owned()));
    assert_eq!(code.as_deref(), Some("42501"), "{statement} in {:?}", database.owner.get_database());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_may_do_what_they_need_and_no_more() {
    with_database(|database| async move {
        let (reader, projector) = (database.reader_pool(), database.projector_pool());
        for table in TABLES {
            for schema in ["read", "read_a", "read_b"] {
                refused(&database, &reader, &format!("DELETE FROM {schema}.{table}")).await;
            }
            refused(&database, &projector, &format!("TRUNCATE read_a.{table}")).await;
            refused(&database, &projector, &format!("ALTER TABLE read_a.{table} DISABLE ROW LEVEL SECURITY")).await;
        }
        refused(&database, &reader, "SELECT read.activate('leases', 'b')").await;
        refused(&database, &reader, "SELECT read.clear_idle('leases')").await;
        refused(&database, &reader, "CREATE TABLE read.mine ()").await;
        refused(&database, &projector, "CREATE TABLE read_a.mine ()").await;
        refused(&database, &projector, "UPDATE peyk.active_slot SET slot = 'b'").await;
        refused(&database, &projector, "CREATE OR REPLACE VIEW read.routes AS SELECT * FROM read_b.routes").await;
    })
    .await;
}
