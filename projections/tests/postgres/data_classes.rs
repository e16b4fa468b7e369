//! How carefully each column must be treated, as its comment says.
use crate::server::with_database;
use peyk_schemas::events::DataClass;
use sqlx::PgPool;

/// The columns of every table and view of ours, and what their comments say.
async fn columns(owner: &PgPool) -> Vec<(String, Option<String>)> {
    sqlx::query_as(
        "SELECT c.table_schema || '.' || c.table_name || '.' || c.column_name,
            col_description(format('%I.%I', c.table_schema, c.table_name)::regclass, c.ordinal_position::int)
        FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE t.table_type IN ('BASE TABLE', 'VIEW') AND c.table_name <> '_sqlx_migrations'
            AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
        ORDER BY 1",
    )
    .fetch_all(owner)
    .await
    .expect("readable")
}

/// Those without a class, or with one there is not.
async fn unclassified(owner: &PgPool) -> Vec<String> {
    let known = |comment: &str| DataClass::ALL.iter().any(|class| class.name() == comment);
    let columns = columns(owner).await.into_iter();
    columns.filter(|(_, comment)| !comment.as_deref().is_some_and(known)).map(|(name, _)| name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_has_a_data_class() {
    with_database(|database| async move {
        let owner = database.owner_pool();
        assert!(columns(&owner).await.len() > 100);
        let missing = unclassified(&owner).await;
        assert!(missing.is_empty(), "COMMENT ON COLUMN with a class of schemas/EVENTS.md is missing on {missing:?}");
        let statement = "ALTER TABLE read_a.routes ADD COLUMN forgotten text;
            ALTER TABLE peyk.checkpoints ADD COLUMN misspelt text;
            COMMENT ON COLUMN peyk.checkpoints.misspelt IS 'secret'";
        sqlx::raw_sql(statement).execute(&owner).await.expect("the owner may");
        assert_eq!(unclassified(&owner).await, ["peyk.checkpoints.misspelt", "read_a.routes.forgotten"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_slots_say_the_same() {
    with_database(|database| async move {
        let owner = database.owner_pool();
        // A view that turned to the other slot keeps what is said of it.
        sqlx::raw_sql("SELECT read.activate('audit', 'b')").execute(&owner).await.expect("the owner may");
        let columns = columns(&owner).await;
        let of = |slot: &str| -> Vec<(String, Option<String>)> {
            let prefix = format!("{slot}.");
            let within = |(name, class): &(String, Option<String>)| {
                Some((name.strip_prefix(&prefix)?.to_owned(), class.clone()))
            };
            columns.iter().filter_map(within).collect()
        };
        assert!(!of("read_a").is_empty());
        assert_eq!(of("read_a"), of("read_b"));
        let mut views = of("read");
        views.retain(|(name, _)| !name.starts_with("checkpoints."));
        assert_eq!(of("read_a"), views, "what is read is treated as what is kept");
        let restricted = columns.iter().filter(|(name, class)| {
            class.as_deref() == Some(DataClass::Restricted.name()) && !name.contains(".audit.")
        });
        assert_eq!(
            restricted.count(),
            0,
            "what is restricted is stored sealed, and read models hold nothing that is sealed"
        );
    })
    .await;
}
