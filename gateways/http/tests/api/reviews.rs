//! Access reviews: who may do what, and that somebody looked at it.
use crate::fakes::{ACTOR, Asked, Bench, HERAT, KABUL};
use peyk_domain::access::{AccessAction, Role};
use peyk_domain::{ActorId, TenantId};
use serde_json::{Value, json};
use std::time::Duration;

const PARWIN: ActorId = ActorId::from_bytes([0xC1; 16]);
const QASIM: ActorId = ActorId::from_bytes([0xC2; 16]);
const ZAHRA: ActorId = ActorId::from_bytes([0xC3; 16]);
const PATH: &str = "/v1/access-reviews";
const DAY: Duration = Duration::from_secs(86_400);

/// HERAT with two users and a key, KABUL with one user.
fn bench() -> Bench {
    let bench = Bench::new();
    let registry = &bench.registry;
    for (tenant, user, login, role) in [
        (HERAT, PARWIN, "parwin@example.org", Role::AccountSender),
        (HERAT, QASIM, "qasim@example.org", Role::TenantSupport),
        (KABUL, ZAHRA, "zahra@example.org", Role::AccountReader),
    ] {
        if registry.directory().tenant(tenant).is_none() {
            registry.found(tenant);
        }
        registry.arrange(AccessAction::CreateUser(registry.user(
            user,
            tenant,
            login,
            "a long and quiet river",
            &[role],
        )));
    }
    bench
}

fn admin(bench: &Bench) -> String {
    bench.token(HERAT, &[Role::TenantAdmin])
}

async fn with_key(bench: &Bench) -> String {
    let body = json!({ "label": "Till 1", "roles": ["account.sender"], "expires_at": "2099-01-01T00:00:00Z" });
    let reply = bench.ask_as(&admin(bench), "POST", "/v1/accesskeys", &[], &body.to_string()).await;
    reply.text("id").to_owned()
}

async fn listed(bench: &Bench, token: &str, query: &str) -> Vec<Value> {
    let reply = bench.ask_as(token, "GET", &format!("{PATH}{query}"), &[], "").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["items"].as_array().unwrap().clone()
}

fn of<'a>(accounts: &'a [Value], id: &str) -> &'a Value {
    accounts.iter().find(|account| account["id"] == id).unwrap()
}

fn review(accounts: &[(&str, &str)]) -> String {
    let accounts: Vec<Value> = accounts.iter().map(|(id, verdict)| json!({ "id": id, "verdict": verdict })).collect();
    json!({ "accounts": accounts }).to_string()
}

#[tokio::test]
async fn a_reviewer_sees_every_account_of_the_tenant_and_what_it_may_do() {
    let bench = bench();
    let key = with_key(&bench).await;
    let accounts = listed(&bench, &admin(&bench), "").await;
    assert_eq!(accounts.len(), 3, "{accounts:?}");
    let user = of(&accounts, &PARWIN.to_string());
    assert_eq!(
        (&user["kind"], &user["login"], &user["name"]),
        (&"user".into(), &"parwin@example.org".into(), &"Somebody".into())
    );
    assert_eq!((&user["roles"], &user["state"]), (&json!(["account.sender"]), &"active".into()));
    assert!(user["created_at"].is_string() && user["created_at"] == user["roles_since"]);
    assert_eq!(
        (&user["second_factor"], &user["last_login_at"], &user["review"]),
        (&false.into(), &Value::Null, &Value::Null)
    );
    let key = of(&accounts, &key);
    assert_eq!((&key["kind"], &key["name"], &key["login"]), (&"access_key".into(), &"Till 1".into(), &Value::Null));
    assert_eq!((&key["expires_at"], &key["second_factor"]), (&"2099-01-01T00:00:00.000Z".into(), &Value::Null));
    // Auditors of the platform read it without names, and who asks for another tenant's finds nothing.
    let auditor = bench.token(TenantId::NIL, &[Role::PlatformAuditor]);
    let masked = listed(&bench, &auditor, &format!("?tenant_id={HERAT}")).await;
    assert!(masked.len() == 3 && masked.iter().all(|account| account["name"].is_null() && account["login"].is_null()));
    let other = bench.ask_as(&admin(&bench), "GET", &format!("{PATH}?tenant_id={KABUL}"), &[], "").await;
    other.is_problem(404, "NOT_FOUND");
    // By pages, in one order whatever they are.
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = bench.ask_as(&admin(&bench), "GET", &format!("{PATH}?limit=1{cursor}"), &[], "").await.body;
        seen.push(page["items"][0]["id"].as_str().unwrap().to_owned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, accounts.iter().map(|account| account["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_review_is_on_record_and_due_again_after_ninety_days() {
    let bench = bench();
    let key = with_key(&bench).await;
    let (parwin, qasim) = (PARWIN.to_string(), QASIM.to_string());
    bench.registry.pass(91 * DAY);
    let overdue = async || listed(&bench, &admin(&bench), "?review_state=overdue").await.len();
    assert_eq!(overdue().await, 3);
    let body = review(&[(&parwin, "kept"), (&key, "to_be_removed")]);
    let reply = bench.ask_as(&admin(&bench), "POST", PATH, &[("idempotency-key", "a")], &body).await;
    assert_eq!(
        (reply.status, &reply.body["kept"], &reply.body["to_be_removed"]),
        (201, &1.into(), &1.into()),
        "{}",
        reply.body
    );
    assert!(reply.header("peyk-receipt").unwrap().starts_with("access/0/"));
    let asked = bench.commands.asked();
    let Some(Asked::Access(call)) = asked.last() else { panic!("{asked:?}") };
    assert!(matches!(call.command.command.action, AccessAction::Review { by, tenant: HERAT, .. } if by == ACTOR));
    let accounts = listed(&bench, &admin(&bench), "").await;
    let of_review =
        |id: &str| (of(&accounts, id)["review"]["verdict"].clone(), of(&accounts, id)["review_state"].clone());
    assert_eq!(of_review(&parwin), ("kept".into(), "current".into()));
    assert_eq!(of_review(&key), ("to_be_removed".into(), "to_be_removed".into()));
    assert_eq!(of_review(&qasim), (Value::Null, "overdue".into()));
    assert_eq!(of(&accounts, &parwin)["review"]["by"], ACTOR.to_string());
    // What was to go and went is nobody's concern any more, and the other is due again.
    assert_eq!(bench.ask_as(&admin(&bench), "DELETE", &format!("/v1/accesskeys/{key}"), &[], "").await.status, 200);
    assert!(listed(&bench, &admin(&bench), "?review_state=to_be_removed").await.is_empty());
    assert_eq!(overdue().await, 1);
    bench.registry.pass(90 * DAY);
    assert_eq!(overdue().await, 2);
}

#[tokio::test]
async fn a_review_is_of_ones_own_tenants_accounts_and_not_of_ones_own() {
    let bench = bench();
    let (parwin, zahra) = (PARWIN.to_string(), ZAHRA.to_string());
    for (body, status, code) in [
        (review(&[]), 422, "INVALID_VALUE"),
        (review(&[(&parwin, "kept"), (&parwin, "kept")]), 422, "INVALID_VALUE"),
        (review(&[(&parwin, "perhaps")]), 422, "INVALID_VALUE"),
        (review(&[("parwin", "kept")]), 422, "INVALID_VALUE"),
        (review(&[(&parwin, "kept"), (&zahra, "kept")]), 404, "NOT_FOUND"),
        (
            json!({ "tenant_id": KABUL.to_string(), "accounts": [{ "id": zahra, "verdict": "kept" }] }).to_string(),
            404,
            "NOT_FOUND",
        ),
    ] {
        bench.ask_as(&admin(&bench), "POST", PATH, &[], &body).await.is_problem(status, code);
    }
    let own = bench.tokens.mint(QASIM, HERAT, &[Role::TenantAdmin], Duration::from_secs(60)).unwrap();
    let reply = bench.ask_as(&own, "POST", PATH, &[], &review(&[(&QASIM.to_string(), "kept")])).await;
    reply.is_problem(403, "INSUFFICIENT_SCOPE");
    assert!(listed(&bench, &own, "").await.iter().all(|account| account["review"].is_null()));
    let platform = bench.token(TenantId::NIL, &[Role::PlatformAdmin]);
    let body = json!({ "tenant_id": KABUL.to_string(), "accounts": [{ "id": zahra, "verdict": "kept" }] });
    assert_eq!(bench.ask_as(&platform, "POST", PATH, &[], &body.to_string()).await.status, 201);
}
