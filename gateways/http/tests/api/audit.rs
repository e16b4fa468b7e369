use crate::fakes::{ACTOR, Bench, HERAT, KABUL};
use peyk_domain::access::{Role, Source};
use peyk_domain::{At, TenantId};
use peyk_http::ReplayRefused;
use peyk_projections::query::{AuditFilter, AuditOrder, AuditScope};
use peyk_projections::rows::AuditEventType;
use peyk_schemas::LedgerId;

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

#[tokio::test]
async fn a_replay_is_asked_for_as_it_is_meant_and_by_whom() {
    let bench = Bench::new();
    let token = bench.token(TenantId::NIL, &[Role::PlatformAuditor]);
    let path =
        format!("/v1/ledgers/messages/3/records?from=5&to=9&kind=messages.message_accepted&tenant={KABUL}&limit=7");
    let reply = bench.ask_as(&token, "GET", &path, &[("user-agent", "audit/1")], "").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/x-ndjson")));
    assert_eq!(reply.body, "{\"position\":1}\n{\"next\":null}\n");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let asked = bench.replays.asked.lock().unwrap().pop().unwrap();
    assert_eq!((asked.ledger, asked.from, asked.to, asked.records_max), (LedgerId::messages(3), 5, Some(9), 7));
    assert_eq!((asked.kind.as_deref(), asked.tenant), (Some("messages.message_accepted"), Some(KABUL)));
    assert_eq!((asked.by.actor, asked.by.tenant), (ACTOR, TenantId::NIL));
    assert_eq!(Some(asked.request.to_string().as_str()), reply.header("x-request-id"));
    assert_eq!(asked.source.user_agent.as_deref(), Some("audit/1"));
    assert!(asked.source != Source::default());
}

#[tokio::test]
async fn a_replay_that_is_none_is_never_begun() {
    let bench = Bench::new();
    for query in ["from=0", "from=3&to=2", "limit=0", "limit=1001", "kind=", "tenant=1"] {
        let path = format!("/v1/ledgers/access/0/records?{query}");
        ask(&bench, TenantId::NIL, Role::PlatformAuditor, &path).await.is_problem(422, "INVALID_VALUE");
    }
    for ledger in ["secrets/0", "access/1", "messages/65536", "messages/-1", "messages/03", "messages/+3"] {
        let path = format!("/v1/ledgers/{ledger}/records");
        ask(&bench, TenantId::NIL, Role::PlatformAuditor, &path).await.is_problem(404, "NOT_FOUND");
    }
    for role in [Role::PlatformAdmin, Role::TenantAdmin] {
        ask(&bench, HERAT, role, "/v1/ledgers/access/0/records").await.is_problem(403, "INSUFFICIENT_SCOPE");
    }
    assert!(bench.replays.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_recorded_or_verified_is_not_shown() {
    for (refused, status, code) in [
        (ReplayRefused::NotRecorded("secret".into()), 503, "AUDIT_UNAVAILABLE"),
        (ReplayRefused::Unavailable("secret".into()), 503, "UNAVAILABLE"),
        (ReplayRefused::Busy, 503, "OVERLOADED"),
        (ReplayRefused::Broken("secret".into()), 500, "CORRUPT_LEDGER"),
        (ReplayRefused::NoSuchLedger, 404, "NOT_FOUND"),
    ] {
        let bench = Bench::new();
        *bench.replays.refuse.lock().unwrap() = Some(refused);
        let reply = ask(&bench, TenantId::NIL, Role::PlatformAuditor, "/v1/ledgers/access/0/records").await;
        reply.is_problem(status, code);
    }
}
