//! Erasure of tenants and people, as the API takes it up; the rules are the domain's.
use crate::fakes::{ACTOR, Bench, HERAT, KABUL, Reply, TENANT_ROLES};
use peyk_domain::access::{AccessAction, Role};
use peyk_domain::{ActorId, TenantId};
use serde_json::{Value, json};

const PARWIN: ActorId = ActorId::from_bytes([0xC1; 16]);
const QASIM: ActorId = ActorId::from_bytes([0xC2; 16]);
const WHY: &str = "The contract has ended, and they ask for it.";

/// HERAT and KABUL with a user each.
fn bench() -> Bench {
    let bench = Bench::new();
    let registry = &bench.registry;
    for (tenant, user, login) in [(HERAT, PARWIN, "parwin"), (KABUL, QASIM, "qasim")] {
        if registry.directory().tenant(tenant).is_none() {
            registry.found(tenant);
        }
        let user = registry.user(user, tenant, login, "a long and quiet river", &[Role::AccountSender]);
        registry.arrange(AccessAction::CreateUser(user));
    }
    bench
}

fn platform(bench: &Bench) -> String {
    bench.token(TenantId::NIL, &[Role::PlatformAdmin])
}

async fn erase(bench: &Bench, token: &str, path: &str, justification: &str) -> Reply {
    let body = json!({ "justification": justification }).to_string();
    bench.ask_as(token, "POST", &format!("{path}/erasure"), &[], &body).await
}

async fn shown(bench: &Bench, token: &str, path: &str) -> Reply {
    bench.ask_as(token, "GET", &format!("{path}/erasure"), &[], "").await
}

#[tokio::test]
async fn a_suspended_tenant_is_erased_and_its_state_is_read() {
    let bench = bench();
    let (admin, path) = (platform(&bench), format!("/v1/tenants/{HERAT}"));
    shown(&bench, &admin, &path).await.is_problem(404, "NOT_FOUND");
    erase(&bench, &admin, &path, WHY).await.is_problem(409, "INVALID_TRANSITION");
    bench.registry.arrange(AccessAction::SuspendTenant { tenant: HERAT });
    for (justification, code) in
        [("too short", "JUSTIFICATION_TOO_SHORT"), ("two\nlines of it, but no", "INVALID_VALUE")]
    {
        erase(&bench, &admin, &path, justification).await.is_problem(422, code);
    }
    let reply = erase(&bench, &admin, &path, WHY).await;
    assert_eq!((reply.status, reply.text("state"), reply.text("id")), (202, "erasing", &*HERAT.to_string()));
    assert!(reply.header("peyk-receipt").unwrap().starts_with("access/0/"));
    erase(&bench, &admin, &path, WHY).await.is_problem(409, "INVALID_TRANSITION");
    let under_way = shown(&bench, &admin, &path).await;
    assert_eq!(
        (under_way.status, under_way.text("state"), &under_way.body["accounts_left"]),
        (200, "erasing", &json!(1))
    );
    assert_eq!((under_way.text("requested_by"), &under_way.body["erased_at"]), (&*ACTOR.to_string(), &Value::Null));
    assert_eq!(under_way.text("tombstone"), HERAT.tombstone().to_string());
    bench.ask_as(&admin, "GET", &path, &[], "").await.is_problem(404, "NOT_FOUND");
    bench.registry.arrange(AccessAction::Tick);
    bench.registry.arrange(AccessAction::CompleteTenantErasure { tenant: HERAT });
    let done = shown(&bench, &admin, &path).await;
    assert_eq!((done.text("state"), &done.body["accounts_left"]), ("erased", &json!(0)));
    assert!(done.body["erased_at"].is_string(), "{}", done.body);
    let user = json!({
        "tenant_id": HERAT.to_string(), "login": "again", "name": "Again", "password": "a long and quiet river",
        "roles": [],
    });
    bench.ask_as(&admin, "POST", "/v1/users", &[], &user.to_string()).await.is_problem(404, "NOT_FOUND");
    let again = json!({ "id": HERAT.to_string(), "name": "Herat", "region": "af-west" }).to_string();
    bench.ask_as(&admin, "POST", "/v1/tenants", &[], &again).await.is_problem(409, "ALREADY_EXISTS");
    let tomb = json!({ "id": HERAT.tombstone().to_string(), "name": "Herat", "region": "af-west" }).to_string();
    bench.ask_as(&admin, "POST", "/v1/tenants", &[], &tomb).await.is_problem(422, "INVALID_VALUE");
}

/// In development tenants may be made up; one that was erased may not.
#[tokio::test]
async fn nobody_speaks_for_an_erased_tenant_not_even_in_development() {
    let bench = bench();
    let minted = bench.token(HERAT, &TENANT_ROLES);
    assert_eq!(bench.ask_as(&minted, "GET", "/v1/me", &[], "").await.status, 200);
    bench.registry.arrange(AccessAction::SuspendTenant { tenant: HERAT });
    erase(&bench, &platform(&bench), &format!("/v1/tenants/{HERAT}"), WHY).await;
    bench.ask_as(&minted, "GET", "/v1/me", &[], "").await.is_problem(401, "UNAUTHENTICATED");
    bench.registry.arrange(AccessAction::Tick);
    bench.registry.arrange(AccessAction::CompleteTenantErasure { tenant: HERAT });
    bench.ask_as(&minted, "GET", "/v1/me", &[], "").await.is_problem(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_person_is_erased_by_an_admin_whose_word_reaches() {
    let bench = bench();
    let (admin, herat, kabul) =
        (platform(&bench), bench.token(HERAT, &[Role::TenantAdmin]), bench.token(KABUL, &[Role::TenantAdmin]));
    let path = format!("/v1/users/{PARWIN}");
    erase(&bench, &kabul, &path, WHY).await.is_problem(404, "NOT_FOUND");
    erase(&bench, &herat, &path, "too short").await.is_problem(422, "JUSTIFICATION_TOO_SHORT");
    let reply = erase(&bench, &herat, &path, WHY).await;
    assert_eq!((reply.status, reply.text("state")), (202, "erasing"));
    erase(&bench, &herat, &path, WHY).await.is_problem(409, "INVALID_TRANSITION");
    erase(&bench, &kabul, &path, WHY).await.is_problem(404, "NOT_FOUND");
    bench.ask_as(&admin, "GET", &path, &[], "").await.is_problem(404, "NOT_FOUND");
    for (token, status) in [(&admin, 200), (&herat, 200), (&kabul, 404)] {
        assert_eq!(shown(&bench, token, &path).await.status, status);
    }
    assert_eq!(shown(&bench, &herat, &path).await.text("state"), "erasing");
    bench.registry.arrange(AccessAction::CompleteUserErasure { user: PARWIN });
    let done = shown(&bench, &herat, &path).await;
    assert_eq!((done.text("state"), done.text("tenant_id")), ("erased", &*HERAT.to_string()));
    let nobody = format!("/v1/users/{}", ActorId::from_bytes([9; 16]));
    erase(&bench, &admin, &nobody, WHY).await.is_problem(404, "NOT_FOUND");
    shown(&bench, &admin, &nobody).await.is_problem(404, "NOT_FOUND");
}
