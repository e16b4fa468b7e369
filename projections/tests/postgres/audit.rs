//! The audit trail as its readers find it.
use crate::access_traffic::{ADMIN, PLATFORM_ADDRESS, TENANT_ADDRESS};
use crate::ledger::MemoryLedgers;
use crate::server::with_database;
use crate::traffic::{GONE, TENANTS, traffic};
use crate::world::{Keys, config, project, tenant};
use peyk_domain::TenantId;
use peyk_projections::query::{AuditCursor, AuditFilter, AuditOrder, AuditScope, Limit, ReadModels};
use peyk_projections::rows::{AuditEvent, AuditEventType};
use peyk_projections::{Projection, Slot, StatusBoard, rebuild, rollback};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

fn forwards(after: Option<AuditCursor>) -> AuditOrder {
    AuditOrder::OldestFirst { after }
}

fn backwards(before: Option<AuditCursor>) -> AuditOrder {
    AuditOrder::NewestFirst { before }
}

/// Everything a reader finds, page by page.
async fn all(
    models: &ReadModels,
    scope: AuditScope,
    filter: &AuditFilter,
    order: fn(Option<AuditCursor>) -> AuditOrder,
) -> Vec<AuditEvent> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let page = models.audit(scope, filter, order(cursor), Limit::new(7).expect("a limit")).await.expect("reads");
        rows.extend(page.rows);
        match page.next {
            // As a client would give it back.
            Some(next) => cursor = Some(next.to_string().parse().expect("a cursor")),
            None => return rows,
        }
    }
}

fn any() -> AuditFilter {
    AuditFilter::default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_reads_it_all_either_way_and_a_tenant_only_its_own() {
    let keys = Keys::new();
    let ledgers = traffic(41, 400, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let whole = all(&models, AuditScope::Platform, &any(), forwards).await;
        let mut reversed = all(&models, AuditScope::Platform, &any(), backwards).await;
        reversed.reverse();
        assert_eq!(whole, reversed);
        assert!(whole.len() > 200 && whole.is_sorted_by(|a, b| a.id < b.id), "{}", whole.len());

        let mut of_tenants = 0;
        for index in 0..TENANTS {
            let own = all(&models, AuditScope::Tenant(tenant(index)), &any(), forwards).await;
            let expected: Vec<AuditEvent> = whole.iter().filter(|row| row.tenant == tenant(index)).cloned().collect();
            assert_eq!(own.len(), expected.len());
            for (own, expected) in own.iter().zip(&expected) {
                // Where the platform's people sit is none of a tenant's business.
                let foreign = expected.actor_tenant != tenant(index);
                let source = if foreign { None } else { expected.source_ip.clone() };
                assert_eq!(
                    own,
                    &AuditEvent { source_ip: source.clone(), user_agent: own.user_agent.clone(), ..expected.clone() }
                );
                assert_eq!((own.user_agent.is_none(), own.source_ip.is_none()), (source.is_none(), source.is_none()));
            }
            assert!(own.iter().any(|row| row.source_ip.as_deref() == Some(TENANT_ADDRESS)));
            assert!(expected.iter().any(|row| row.source_ip.as_deref() == Some(PLATFORM_ADDRESS)));
            of_tenants += own.len();

            let others = AuditFilter { tenant: Some(tenant((index + 1) % TENANTS)), ..any() };
            assert_eq!(all(&models, AuditScope::Tenant(tenant(index)), &others, forwards).await, []);
            let platforms = AuditFilter { tenant: Some(TenantId::NIL), ..any() };
            assert_eq!(all(&models, AuditScope::Tenant(tenant(index)), &platforms, forwards).await, []);
        }
        assert!(of_tenants < whole.len(), "the platform has rows of its own");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_leaves_what_it_says() {
    let keys = Keys::new();
    let ledgers = traffic(42, 400, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let whole = all(&models, AuditScope::Platform, &any(), forwards).await;
        let middle = whole[whole.len() / 2].clone();
        let resource = whole.iter().find(|row| row.resource_id.is_some()).expect("some").clone();
        type Wanted = Box<dyn Fn(&AuditEvent) -> bool + Send>;
        let (from, id, kind) = (middle.at, resource.resource_id.clone(), resource.resource_type.clone());
        let (id_too, kind_too) = (id.clone(), kind.clone());
        let cases: Vec<(AuditFilter, Wanted)> = vec![
            (
                AuditFilter { event_type: Some(AuditEventType::LoginSucceeded), ..any() },
                Box::new(|row| row.event_type == AuditEventType::LoginSucceeded),
            ),
            (AuditFilter { tenant: Some(tenant(1)), ..any() }, Box::new(|row| row.tenant == tenant(1))),
            (AuditFilter { actor: Some(ADMIN), ..any() }, Box::new(|row| row.actor == Some(ADMIN))),
            (AuditFilter { resource_type: kind, ..any() }, Box::new(move |row| row.resource_type == kind_too)),
            (AuditFilter { resource_id: id, ..any() }, Box::new(move |row| row.resource_id == id_too)),
            (AuditFilter { from: Some(from), ..any() }, Box::new(move |row| row.at >= from)),
            (AuditFilter { to: Some(from), ..any() }, Box::new(move |row| row.at < from)),
            (
                AuditFilter { tenant: Some(tenant(0)), actor: Some(ADMIN), from: Some(from), ..any() },
                Box::new(move |row| row.tenant == tenant(0) && row.actor == Some(ADMIN) && row.at >= from),
            ),
        ];
        for (filter, wanted) in cases {
            let found = all(&models, AuditScope::Platform, &filter, forwards).await;
            let expected: Vec<AuditEvent> = whole.iter().filter(|row| wanted(row)).cloned().collect();
            assert_eq!(found, expected, "{filter:?}");
            assert!(!found.is_empty() && found.len() < whole.len(), "{filter:?}: {}", found.len());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_level_security_alone_keeps_tenants_apart() {
    let keys = Keys::new();
    let ledgers = traffic(43, 300, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let reader = database.reader_pool();
        let seen = async |settings: &[(&str, String)]| {
            let mut transaction = reader.begin().await.expect("begins");
            for (name, value) in settings {
                let set = sqlx::query("SELECT set_config($1, $2, true)").bind(*name).bind(value);
                set.execute(&mut *transaction).await.expect("set");
            }
            let found: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant::text FROM read.audit")
                .fetch_all(&mut *transaction)
                .await
                .expect("readable");
            found.into_iter().collect::<BTreeSet<_>>()
        };
        let everybody: BTreeSet<_> =
            (0..TENANTS).chain([GONE]).map(tenant).chain([TenantId::NIL]).map(|tenant| tenant.to_string()).collect();
        assert_eq!(seen(&[]).await, BTreeSet::new());
        for index in 0..TENANTS {
            let name = tenant(index).to_string();
            assert_eq!(seen(&[("app.current_tenant_id", name.clone())]).await, BTreeSet::from([name]));
        }
        assert_eq!(seen(&[("app.all_tenants", "audit".to_owned())]).await, everybody);
        assert_eq!(seen(&[("app.all_tenants", "on".to_owned())]).await, BTreeSet::new());
        for table in ["read_a.audit_subjects", "read_b.audit_subjects", "read.audit_subjects"] {
            let refused = sqlx::query(AssertSqlSafe(format!("SELECT FROM {table}"))).execute(&reader).await;
            let code = refused.err().and_then(|error| Some(error.as_database_error()?.code()?.into_owned()));
            assert_eq!(code.as_deref(), Some("42501"), "{table}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_without_keys_keeps_what_happened_and_forgets_where_from() {
    let keys = Keys::new();
    let ledgers: MemoryLedgers = traffic(44, 300, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let before = all(&models, AuditScope::Platform, &any(), forwards).await;
        let keyless = config(&database, &ledgers, &Keys::none());
        let rebuilt = rebuild(&keyless, Projection::Audit, |_| {}).await.expect("rebuilds");
        assert_eq!(rebuilt.slot, Slot::B);
        let after = all(&models, AuditScope::Platform, &any(), forwards).await;
        assert!(before.iter().any(|row| row.source_ip.is_some() && row.user_agent.is_some()));
        let forgotten = before.iter().cloned().map(|row| AuditEvent { source_ip: None, user_agent: None, ..row });
        assert_eq!(after, forgotten.collect::<Vec<_>>());
        assert_eq!(rollback(&keyless.pool, Projection::Audit).await.expect("goes back"), Slot::A);
        assert_eq!(all(&models, AuditScope::Platform, &any(), forwards).await, before);
    })
    .await;
}
