use crate::fakes::{ACTOR, Bench, HERAT, KABUL};
use peyk_domain::access::Role;
use peyk_domain::{At, TenantId};
use peyk_projections::query::{AuditFilter, AuditOrder, AuditScope};
use peyk_projections::rows::AuditEventType;

async fn ask(bench: &Bench, tenant: TenantId, role: Role, path: &str) -> crate::fakes::Reply {
    bench.ask_as(&bench.token(tenant, &[role]), "GET", path, &[], "").await
}

#[tokio::test]
async fn the_platform_reads_across_and_a_tenants_admin_only_its_own() {
    for (tenant, role, path, scope, asked) in [
        (TenantId::NIL, Role::PlatformAuditor, "/v1/audit".to_owned(), AuditScope::Platform, None),
        (TenantId::NIL, Role::PlatformAdmin, format!("/v1/audit?tenant_id={KABUL}"), AuditScope::Platform, Some(KABUL)),
        (HERAT, Role::TenantAdmin, "/v1/audit".to_owned(), AuditScope::Tenant(HERAT), None),
        (HERAT, Role::TenantAdmin, format!("/v1/audit?tenant_id={HERAT}"), AuditScope::Tenant(HERAT), None),
    ] {
        let bench = Bench::new();
        let reply = ask(&bench, tenant, role, &path).await;
        assert_eq!((reply.status, reply.text("next")), (200, "17.1"), "{path}: {}", reply.body);
        let read = bench.reads.audited.lock().unwrap().clone();
        let filter = AuditFilter { tenant: asked, ..AuditFilter::default() };
        assert_eq!(read, [(scope, filter, AuditOrder::NewestFirst { before: None })], "{path}");
    }
    let bench = Bench::new();
    let reply = ask(&bench, HERAT, Role::TenantAdmin, &format!("/v1/audit?tenant_id={KABUL}")).await;
    reply.is_problem(403, "TENANT_MISMATCH");
    for role in [Role::TenantSupport, Role::AccountAdmin, Role::PlatformSupport] {
        ask(&bench, HERAT, role, "/v1/audit").await.is_problem(403, "INSUFFICIENT_SCOPE");
    }
    assert!(bench.reads.audited.lock().unwrap().is_empty());
}

#[tokio::test]
async fn filters_reach_the_read_model_as_they_are_meant() {
    let bench = Bench::new();
    let path = format!(
        "/v1/audit?from=2026-03-21T09:30:00Z&to=2026-03-21T14:00:00%2B04:30&actor_id={ACTOR}&event_type=login_failed\
         &resource_type=user&resource_id={ACTOR}&cursor=17.1&limit=7&min_position=9"
    );
    let reply = ask(&bench, TenantId::NIL, Role::PlatformAuditor, &path).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let filter = AuditFilter {
        event_type: Some(AuditEventType::LoginFailed),
        tenant: None,
        actor: Some(ACTOR),
        resource_type: Some("user".into()),
        resource_id: Some(ACTOR.to_string()),
        from: Some(At(1_774_085_400_000)),
        to: Some(At(1_774_085_400_000)),
    };
    let order = AuditOrder::NewestFirst { before: "17.1".parse().ok() };
    assert_eq!(*bench.reads.audited.lock().unwrap(), [(AuditScope::Platform, filter, order)]);
    let shown = &reply.body["items"][0];
    assert_eq!(shown["timestamp"], "2023-11-14T22:13:20.000Z");
    assert_eq!((shown["id"].as_str(), shown["tenant_id"].is_null()), (Some("17.1"), true));
}

#[tokio::test]
async fn values_are_checked() {
    let bench = Bench::new();
    for query in [
        "from=yesterday",
        "to=1960-01-01T00:00:00Z",
        "actor_id=1",
        "tenant_id=1",
        "event_type=login",
        "resource_id=",
        "resource_type=a%00b",
        "cursor=17",
        "limit=201",
    ] {
        let reply = ask(&bench, TenantId::NIL, Role::PlatformAuditor, &format!("/v1/audit?{query}")).await;
        reply.is_problem(422, "INVALID_VALUE");
    }
    let unknown = ask(&bench, TenantId::NIL, Role::PlatformAuditor, "/v1/audit?order=asc").await;
    unknown.is_problem(400, "INVALID_QUERY");
    let behind = ask(&bench, TenantId::NIL, Role::PlatformAuditor, "/v1/audit?min_position=11").await;
    behind.is_problem(503, "READ_MODEL_BEHIND");
}
