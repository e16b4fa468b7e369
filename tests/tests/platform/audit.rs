//! What was done is found again: in the trail, by whom it concerns and nobody else, and in the ledger itself, masked.
use anyhow::{Context, Result, ensure};
use peyk_domain::access::{
    AccessAction, AccessCommand, LoginToken, NewUser, Origin, ReviewVerdict, Role, Scope, Source,
};
use peyk_domain::messages::MonthKey;
use peyk_domain::{ActorId, At, CommandId, RequestId, TenantId};
use peyk_handlers::{Call, Caller, CommandBus};
use peyk_keyring::{AccessField, KeyFiles, Keyrings, Subject};
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Http, Reply, eventually};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
/// What is sealed and must show nowhere.
const NAME: &str = "Nobody May Read This Name";
const ADDRESS: &str = "198.51.100.23";

/// The platform's admin, who asks over the bus as the API does.
pub struct Admin {
    actor: ActorId,
    bus: CommandBus,
    keyrings: Keyrings,
}

fn now() -> Result<At> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(At(u64::try_from(since.as_millis())?))
}

impl Admin {
    pub async fn of(deployment: &Deployment) -> Result<Self> {
        let ledgers = deployment.core().await?;
        let store = ledgers.context().get_key_value(peyk_keyring::bucket_name(ledgers.names().namespace())).await?;
        let keyrings = Keyrings::new(store, Box::new(KeyFiles::open(deployment.file("keys/tenants"))?));
        let bus = CommandBus::open(ledgers.client().clone(), ledgers.names().clone(), 1).await?;
        Ok(Self { actor: ActorId::from_bytes(Uuid::new_v4().into_bytes()), bus, keyrings })
    }

    async fn entry(&self, tenant: TenantId, subject: Subject) -> Result<peyk_domain::access::Envelope> {
        let keys = self.keyrings.for_access(tenant, MonthKey::of(now()?)).await?;
        Ok(keys.seal_entry(subject, AccessField::Identity, NAME.as_bytes())?)
    }

    /// Asks, and tells at which position of the ledger that stands.
    pub async fn ask(&self, action: AccessAction) -> Result<u64> {
        let month = MonthKey::of(now()?);
        let keys = self.keyrings.for_access(TenantId::NIL, month).await?;
        let source = Source::new(ADDRESS.parse().ok(), Some("peyk-test/1.0")).to_bytes();
        let request = RequestId::from_bytes(Uuid::new_v4().into_bytes());
        let origin = Some(Origin { request, source: keys.seal_source(self.actor, month, &source)? });
        let command = AccessCommand { scope: Scope::Platform, origin, action }.into();
        let id = CommandId::from_bytes(Uuid::new_v4().into_bytes());
        let caller = Caller { actor: self.actor, tenant: TenantId::NIL };
        Ok(self.bus.access(Call { id, caller, patience: PATIENCE, command }).await?.receipt.position)
    }

    async fn user(&self, user: ActorId, tenant: TenantId, role: Role) -> Result<NewUser> {
        let login = LoginToken(*blake3::hash(&user.to_bytes()).as_bytes());
        let (identity, verifier) =
            (self.entry(tenant, Subject::Actor(user)).await?, self.entry(tenant, Subject::Actor(user)).await?);
        Ok(NewUser { user, tenant, login, identity, verifier, roles: vec![role] })
    }
}

/// Two tenants, and a user of the first whose roles were changed.
pub struct Story {
    pub herat: TenantId,
    pub kabul: TenantId,
    pub user: ActorId,
    end: u64,
}

pub async fn tell(admin: &Admin) -> Result<Story> {
    let [herat, kabul] = [(); 2].map(|()| TenantId::from_bytes(Uuid::new_v4().into_bytes()));
    let user = ActorId::from_bytes(Uuid::new_v4().into_bytes());
    admin.ask(AccessAction::Bootstrap(admin.user(admin.actor, TenantId::NIL, Role::PlatformAdmin).await?)).await?;
    for tenant in [herat, kabul] {
        let name = admin.entry(tenant, Subject::Tenant(tenant)).await?;
        let region = "kbl".parse()?;
        admin.ask(AccessAction::CreateTenant { tenant, name, region, partition: 0 }).await?;
    }
    admin.ask(AccessAction::CreateUser(admin.user(user, herat, Role::AccountSender).await?)).await?;
    let roles = vec![Role::AccountReader, Role::TenantDeveloper];
    let end = admin.ask(AccessAction::SetRoles { user, roles }).await?;
    Ok(Story { herat, kabul, user, end })
}

pub async fn trail(http: &Http, query: &str) -> Result<Vec<Value>> {
    let reply: Reply = http.get(&format!("/v1/audit?limit=200&{query}")).await?.expect(200)?;
    Ok(reply.body["items"].as_array().context("items")?.clone())
}

#[tokio::test]
async fn what_was_done_is_found_by_whom_it_concerns_and_by_auditors() -> Result<()> {
    let deployment = Deployment::start().await?;
    let admin = Admin::of(&deployment).await?;
    let Story { herat, kabul, user, end } = tell(&admin).await?;
    let as_role =
        |tenant, role: &str| Ok::<_, anyhow::Error>(deployment.http().bearer(&deployment.token(tenant, &[role])?));
    let auditor = as_role(TenantId::NIL, "platform.auditor")?;

    let changed =
        trail(&auditor, &format!("min_position={end}&resource_id={user}&event_type=resource_updated")).await?;
    ensure!(changed.len() == 1, "{changed:?}");
    let row = &changed[0];
    assert_eq!(
        row["details"],
        json!({ "roles": { "old": ["account.sender"], "new": ["account.reader", "tenant.developer"] } })
    );
    assert_eq!(
        (row["tenant_id"].as_str(), row["actor_id"].as_str()),
        (Some(&*herat.to_string()), Some(&*admin.actor.to_string()))
    );
    assert_eq!((row["source_ip"].as_str(), row["user_agent"].as_str()), (Some(ADDRESS), Some("peyk-test/1.0")));
    assert_eq!(row["id"], format!("{end}.1"), "the record, behind the request");

    // Somebody looked at who may do what there.
    let accounts = vec![(user, ReviewVerdict::ToBeRemoved)];
    let end = admin.ask(AccessAction::Review { tenant: herat, by: admin.actor, accounts }).await?;
    let reviewed = trail(&auditor, &format!("min_position={end}&event_type=access_reviewed")).await?;
    ensure!(reviewed.len() == 1, "{reviewed:?}");
    assert_eq!(
        (&reviewed[0]["resource_id"], &reviewed[0]["tenant_id"]),
        (&json!(user.to_string()), &json!(herat.to_string()))
    );
    assert_eq!(reviewed[0]["actor_id"], json!(admin.actor.to_string()));

    // The tenant finds what was done to it, without where the platform's people sit; another tenant finds nothing of it.
    let own = trail(&as_role(herat, "tenant.admin")?, "").await?;
    assert_eq!(own.len(), 4, "the tenant, the user, the roles, the review: {own:?}");
    assert!(own.iter().all(|row| row["source_ip"].is_null() && row["tenant_id"] == herat.to_string()));
    let other = as_role(kabul, "tenant.admin")?;
    assert_eq!(trail(&other, "").await?.len(), 1, "its own creation");
    assert!(trail(&other, &format!("resource_id={user}")).await?.is_empty());
    assert_eq!(other.get(&format!("/v1/audit?tenant_id={herat}")).await?.code(), "TENANT_MISMATCH");

    // The command line finds the same.
    let told = deployment.peyk(&["--json", "audit", "tail", "--tenant", &herat.to_string()])?;
    let told: Vec<Value> = told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<Vec<_>>();
    let mut newest_first = ids(&told);
    newest_first.reverse();
    assert_eq!(newest_first, ids(&own));

    eventually("what was denied is in the trail", PATIENCE, || async {
        // The entry, and how many there were in that second.
        trail(&auditor, "event_type=permission_denied").await.is_ok_and(|rows| rows.len() == 2)
    })
    .await;
    // Whoever reads it adds to it.
    let whole = async || {
        let rows = trail(&auditor, "").await?;
        let rows = rows.into_iter().filter(|row| row["event_type"] != "cross_tenant_read");
        Ok::<_, anyhow::Error>(rows.collect::<Vec<_>>())
    };
    let before = whole().await?;
    assert!(!format!("{before:?}").contains(NAME));
    deployment.peyk(&["projections", "rebuild", "audit"])?;
    assert_eq!(whole().await?, before, "made anew from the ledger it is the same");
    deployment.peyk(&["projections", "diff", "audit"])?;
    deployment.end();
    Ok(())
}

/// As an id stands in an event.
fn hex(user: ActorId) -> String {
    user.to_string().replace('-', "")
}

async fn replay(http: &Http, query: &str) -> Result<(Vec<Value>, Value)> {
    let reply = http.get(&format!("/v1/ledgers/access/0/records?{query}")).await?.expect(200)?;
    let mut lines: Vec<Value> = reply.text("").lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let summary = lines.pop().context("a summary")?;
    Ok((lines, summary))
}

#[tokio::test]
async fn an_auditor_replays_a_ledger_from_afar_and_is_seen_to() -> Result<()> {
    let deployment = Deployment::start().await?;
    let admin = Admin::of(&deployment).await?;
    let Story { herat, user, end, .. } = tell(&admin).await?;
    let auditor = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.auditor"])?);

    let (records, summary) = replay(&auditor, &format!("from=1&to={end}")).await?;
    let positions: Vec<u64> = records.iter().filter_map(|record| record["position"].as_u64()).collect();
    assert_eq!(positions, (1..=end).collect::<Vec<_>>());
    assert_eq!((summary["to"].as_u64(), summary["next"].is_null()), (Some(end), true));
    // It is the ledger: hash by hash, with the signatures that cover it.
    let stored = deployment.records(LedgerId::ACCESS).await?;
    for (shown, stored) in records.iter().zip(&stored) {
        assert_eq!(shown["hash"], stored.hash.to_string());
        assert_eq!(shown["signature"].is_string(), stored.signed);
    }
    let last = records.last().context("records")?;
    assert_eq!(last["kinds"], json!(["access.requested", "access.roles_set"]));
    assert_eq!(last["events"][0]["data"][1], "[restricted]", "where the request came from");
    let granted = json!(["account.reader", "tenant.developer"]);
    assert_eq!((&last["events"][1]["data"][0], &last["events"][1]["data"][1]), (&json!(hex(user)), &granted));
    let created = records.iter().flat_map(|record| record["events"].as_array().cloned().unwrap_or_default());
    let created =
        created.into_iter().find(|event| event["kind"] == "access.user_created" && event["data"][0] == hex(user));
    let created = created.context("the user")?;
    assert_eq!(
        created["data"].as_array().map(|data| &data[2..5]),
        Some(&[json!("[confidential]"), json!("[restricted]"), json!("[restricted]")][..])
    );

    // Part by part, it is the same.
    let (first, summary) = replay(&auditor, &format!("to={end}&limit=2")).await?;
    let next = summary["next"].as_u64().context("there is more")?;
    let (rest, _) = replay(&auditor, &format!("from={next}&to={end}")).await?;
    assert_eq!([first, rest].concat(), records);
    let (of_kind, _) = replay(&auditor, &format!("kind=access.roles_set&to={end}")).await?;
    assert_eq!(of_kind, records[records.len() - 1..]);
    let (of_tenant, _) = replay(&auditor, &format!("tenant={herat}&to={end}")).await?;
    assert!(of_tenant.is_empty(), "its people did nothing yet");

    // Every one of these is on record, the last one in the tenant's own trail.
    eventually("the replays are in the trail", PATIENCE, || async {
        let found = trail(&auditor, "event_type=ledger_replayed").await;
        found.is_ok_and(|rows| rows.len() == 5 && rows.iter().all(|row| row["source_ip"] == "127.0.0.1"))
    })
    .await;
    let own = deployment.http().bearer(&deployment.token(herat, &["tenant.admin"])?);
    let replayed = trail(&own, "event_type=ledger_replayed").await?;
    assert_eq!(replayed.len(), 1, "{replayed:?}");
    assert_eq!(replayed[0]["resource_id"], format!("access/0/1-{end}"));

    for (tenant, role) in
        [(TenantId::NIL, "platform.admin"), (TenantId::NIL, "platform.support"), (herat, "tenant.admin")]
    {
        let http = deployment.http().bearer(&deployment.token(tenant, &[role])?);
        assert_eq!(http.get("/v1/ledgers/access/0/records").await?.status, 403, "{role}");
    }
    for path in ["/v1/ledgers/access/1/records", "/v1/ledgers/messages/9/records", "/v1/ledgers/secrets/0/records"] {
        assert_eq!(auditor.get(path).await?.status, 404, "{path}");
    }
    deployment.end();
    Ok(())
}
