//! Erasure against a real deployment: of a tenant with numbers, people and keys, and of one person.
use crate::audit::trail;
use crate::login::bootstrap;
use crate::setting::{FIRST, Tenant, fresh, import, lease, platform, route};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use peyk_domain::access::{AccessEvent, Envelope};
use peyk_domain::messages::MonthKey;
use peyk_domain::{ActorId, TenantId};
use peyk_keyring::{AccessField, KeyFiles, KeyringError, Keyrings, OpenError, Subject};
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Http, Postgres, Reply, eventually};
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(120);
/// The bound on a revocation: 2 s after it is durable, and the command itself.
const REFUSED_WITHIN: Duration = Duration::from_secs(3);
const PASSWORD: &str = "a long and quiet river";
/// What an export consists of, but for the signature.
const FILES: [&str; 4] = ["numbers.csv", "leases.csv", "utilisation.csv", "manifest.json"];
const RECIPIENT: &str = "+93790000077";
const WHY: &str = "The contract has ended, and they ask for it.";
/// What is sealed and shows nowhere once it is erased, nor before.
const NAMES: [&str; 4] =
    ["Pharmacies Of Nowhere", "Somebody Of Nowhere", "somebody@nowhere.example", "Till Of Nowhere"];

/// Keys as a process of their own that has read none yet.
async fn keyrings(deployment: &Deployment) -> Result<Keyrings> {
    let ledgers = deployment.core().await?;
    let store = ledgers.context().get_key_value(peyk_keyring::bucket_name(ledgers.names().namespace())).await?;
    Ok(Keyrings::new(store, Box::new(KeyFiles::open(deployment.file("keys/tenants"))?)))
}

async fn owner(deployment: &Deployment) -> Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(1).connect(&deployment.postgres.owner_url()).await?)
}

/// Every row of every table of the database, as text.
async fn dump(owner: &PgPool) -> Result<Vec<String>> {
    let tables = "SELECT schemaname || '.' || tablename FROM pg_tables \
                  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let mut rows = Vec::new();
    for table in sqlx::query_scalar::<_, String>(tables).fetch_all(owner).await? {
        let sql = AssertSqlSafe(format!("SELECT '{table} ' || t::text FROM {table} t"));
        rows.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(owner).await?);
    }
    Ok(rows)
}

async fn count(owner: &PgPool, sql: &'static str, tenant: TenantId) -> Result<i64> {
    Ok(sqlx::query_scalar(sql).bind(Uuid::from_bytes(tenant.to_bytes())).fetch_one(owner).await?)
}

struct Person {
    id: ActorId,
    http: Http,
}

/// A user who has logged in.
async fn person(deployment: &Deployment, admin: &Http, tenant: TenantId, login: &str, name: &str) -> Result<Person> {
    let new = json!({
        "tenant_id": tenant.to_string(), "login": login, "name": name, "password": PASSWORD,
        "roles": ["account.reader"],
    });
    let made = admin.post("/v1/users", &fresh(), &new).await?.expect(201)?;
    let session = log_in(deployment, login).await?.expect(200)?;
    let http = deployment.http().bearer(session.text("/access_token"));
    http.get("/v1/me").await?.expect(200)?;
    Ok(Person { id: made.text("/id").parse()?, http })
}

async fn log_in(deployment: &Deployment, login: &str) -> Result<Reply> {
    deployment.http().post("/v1/auth/login", &fresh(), &json!({ "login": login, "password": PASSWORD })).await
}

async fn me(deployment: &Deployment, key: &str) -> Result<Reply> {
    let authorization = format!("AccessKey {key}");
    deployment.http().send(Method::GET, "/v1/me", &[("authorization", authorization.as_str())], Bytes::new()).await
}

async fn erase(admin: &Http, path: &str) -> Result<Reply> {
    admin.post(&format!("{path}/erasure"), &fresh(), &json!({ "justification": WHY })).await
}

async fn erased(admin: &Http, path: &str) {
    let path = format!("{path}/erasure");
    let done = || async { admin.get(&path).await.is_ok_and(|reply| reply.text("/state") == "erased") };
    eventually("the erasure is done", PATIENCE, done).await;
}

/// What was sealed of users and tenants, as the ledger has it.
async fn sealed(deployment: &Deployment) -> Result<Vec<(TenantId, Subject, AccessField, Envelope)>> {
    let mut found = Vec::new();
    for record in deployment.records(LedgerId::ACCESS).await? {
        for event in record.domain_events::<AccessEvent>()? {
            match event {
                AccessEvent::TenantCreated { tenant, name, .. } => {
                    found.push((tenant, Subject::Tenant(tenant), AccessField::TenantName, name));
                }
                AccessEvent::UserCreated { user, tenant, identity, verifier, .. } => {
                    found.push((tenant, Subject::Actor(user), AccessField::Identity, identity));
                    found.push((tenant, Subject::Actor(user), AccessField::Verifier, verifier));
                }
                AccessEvent::KeyCreated { key, tenant, label, .. } => {
                    found.push((tenant, Subject::Actor(key), AccessField::Label, label));
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

/// The instant it is, in RFC 3339.
async fn now(owner: &PgPool) -> Result<String> {
    let now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
    Ok(sqlx::query_scalar(now).fetch_one(owner).await?)
}

fn content(place: &Path) -> Result<Vec<Vec<u8>>> {
    FILES.into_iter().map(|name| Ok(std::fs::read(place.join(name))?)).collect()
}

fn export(deployment: &Deployment, as_of: &str, name: &str) -> Result<Vec<Vec<u8>>> {
    let place = deployment.path(name);
    deployment.peyk(&["export", "regulator", "--as-of", as_of, "--out", &place.to_string_lossy()])?;
    content(&place)
}

fn names_nobody(place: &str, text: &str) {
    for name in NAMES {
        assert!(!text.contains(name), "{place} names who was erased");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_erased_and_what_it_did_stays_under_ids_that_lead_to_nobody() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.log("debug");
    deployment.serve().await?;
    bootstrap(&deployment)?;
    let admin = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.admin", "platform.auditor"])?);
    let numbers = platform(&deployment)?;
    let (tenant, other) = (Tenant::of(&deployment)?, Tenant::of(&deployment)?);
    let [company, name, login, label] = NAMES;
    let path = format!("/v1/tenants/{}", tenant.id);
    let new = json!({ "id": tenant.id.to_string(), "name": company, "region": "af-west" });
    admin.post("/v1/tenants", &fresh(), &new).await?.expect(201)?;
    let user = person(&deployment, &admin, tenant.id, login, name).await?;
    let new = json!({ "tenant_id": tenant.id.to_string(), "label": label, "roles": ["account.reader"] });
    let key = admin.post("/v1/accesskeys", &fresh(), &new).await?.expect(201)?.text("/access_key").to_owned();
    me(&deployment, &key).await?.expect(200)?;
    import(&numbers, 5).await?;
    for leased in 0..3 {
        lease(&tenant, FIRST + leased).await?;
    }
    let reserve = format!("/v1/numbers/{}/reserve", FIRST + 3);
    tenant.http.post(&reserve, &fresh(), &json!({ "ttl_seconds": 3600 })).await?.expect(201)?;
    route(&numbers, &deployment).await?;
    let message = json!({ "from": format!("+{FIRST}"), "to": RECIPIENT, "text": "Salaam" });
    tenant.http.post("/v1/sms/send", &fresh(), &message).await?.expect(202)?;
    let pool = owner(&deployment).await?;
    let known =
        "SELECT count(*) FROM read.messages WHERE tenant = $1 AND recipient_hash IS NOT NULL AND sender IS NOT NULL";
    let sent = || async { count(&pool, known, tenant.id).await.is_ok_and(|rows| rows == 1) };
    eventually("the message is read", PATIENCE, sent).await;
    let then = now(&pool).await?;
    // The ledger goes past that instant, which no record that follows changes.
    let recall = format!("/v1/numbers/{}/recall", FIRST + 2);
    numbers.post(&recall, &fresh(), &json!({ "reason": "unpaid for months" })).await?.expect(200)?;
    let before = export(&deployment, &then, "before")?;
    let id = tenant.id.to_string();
    ensure!(String::from_utf8_lossy(&before[1]).matches(&id).count() == 4, "the tenant's leases");

    // Not by one mistyped id, not without a reason, and once.
    let refused = erase(&admin, &path).await?.expect(409)?;
    ensure!(refused.code() == "INVALID_TRANSITION", "{}", refused.body);
    admin.send(Method::POST, &format!("{path}/suspend"), &[], Bytes::new()).await?.expect(200)?;
    let short = json!({ "justification": "because" });
    let refused = admin.post(&format!("{path}/erasure"), &fresh(), &short).await?.expect(422)?;
    ensure!(refused.code() == "JUSTIFICATION_TOO_SHORT", "{}", refused.body);
    let (began, once) = (Instant::now(), fresh());
    let why = json!({ "justification": WHY });
    for _ in 0..2 {
        let begun = admin.post(&format!("{path}/erasure"), &once, &why).await?.expect(202)?;
        ensure!(begun.text("/state") == "erasing", "{}", begun.body);
    }
    ensure!(erase(&admin, &path).await?.expect(409)?.code() == "INVALID_TRANSITION");
    let locked_out = || async {
        let session = user.http.get("/v1/me").await.is_ok_and(|reply| reply.status == 401);
        session && me(&deployment, &key).await.is_ok_and(|reply| reply.status == 401)
    };
    eventually("sessions and keys are refused", PATIENCE, locked_out).await;
    ensure!(began.elapsed() < REFUSED_WITHIN, "they were good for {:?}", began.elapsed());
    log_in(&deployment, login).await?.expect(401)?;
    tenant.http.get("/v1/numbers").await?.expect(401).context("a token without a session")?;
    erased(&admin, &path).await;

    // Nothing of the tenant can be used, taken or had again.
    let shown = admin.get(&format!("{path}/erasure")).await?.expect(200)?;
    let tombstone = tenant.id.tombstone();
    ensure!(shown.text("/tombstone") == tombstone.to_string() && shown.body["accounts_left"] == 0, "{}", shown.body);
    admin.get(&path).await?.expect(404)?;
    let mut again = json!({ "id": id, "name": company, "region": "af-west" });
    ensure!(admin.post("/v1/tenants", &fresh(), &again).await?.expect(409)?.code() == "ALREADY_EXISTS");
    again["id"] = tombstone.to_string().into();
    ensure!(admin.post("/v1/tenants", &fresh(), &again).await?.expect(422)?.code() == "INVALID_VALUE");
    again["id"] = fresh().into();
    admin.post("/v1/tenants", &fresh(), &again).await?.expect(201).context("the name is free")?;
    for (at, code) in [(0, "QUARANTINED"), (1, "QUARANTINED"), (2, "QUARANTINED")] {
        let reserve = format!("/v1/numbers/{}/reserve", FIRST + at);
        let refused = other.http.post(&reserve, &fresh(), &json!({ "ttl_seconds": 60 })).await?.expect(409)?;
        ensure!(refused.code() == code, "{at}: {}", refused.body);
    }
    other.http.post(&reserve, &fresh(), &json!({ "ttl_seconds": 60 })).await?.expect(201).context("never in use")?;

    // The keys are gone, for good.
    let keys = keyrings(&deployment).await?;
    let of_tenant: Vec<_> = sealed(&deployment).await?.into_iter().filter(|(of, ..)| *of == tenant.id).collect();
    ensure!(of_tenant.len() == 4, "a name, a person, a verifier, a label");
    for (_, _, _, envelope) in &of_tenant {
        ensure!(keys.for_opening(tenant.id, &envelope.sealed_for).await?.is_none());
    }
    let month = MonthKey(2026 * 12 + 10);
    ensure!(matches!(keys.for_writing(tenant.id, month).await, Err(KeyringError::Destroyed)));
    ensure!(!deployment.file("keys/tenants").join(format!("{}.key", id.replace('-', ""))).exists());

    // What regulators got they get again to the byte; what they get from now on names the tombstone.
    for (nth, (after, before)) in export(&deployment, &then, "after")?.iter().zip(&before).enumerate() {
        ensure!(after == before, "{} of the time before has changed", FILES[nth]);
    }
    let leases = String::from_utf8(export(&deployment, "now", "now")?.swap_remove(1))?;
    ensure!(!leases.contains(&id) && leases.matches(&tombstone.to_string()).count() == 4, "{leases}");

    // The trail stays, names nobody and no place; the audit table of numbers is as it was and holds.
    let rows = trail(&admin, &format!("tenant_id={id}")).await?;
    let actions: Vec<_> = rows.iter().filter_map(|row| row["action"].as_str()).collect();
    for action in ["create", "login", "suspend", "erase"] {
        ensure!(actions.contains(&action), "{action} in {actions:?}");
    }
    ensure!(rows.iter().any(|row| row["actor_id"] == user.id.to_string()), "who logged in, by an id");
    let acted = "SELECT count(*) FROM read.audit WHERE actor_tenant = $1";
    let sources =
        "SELECT count(*) FROM read.audit WHERE actor_tenant = $1 AND (source_ip IS NOT NULL OR user_agent IS NOT NULL)";
    ensure!(count(&pool, acted, tenant.id).await? > 0 && count(&pool, sources, tenant.id).await? == 0);
    let history = "SELECT count(*) FROM read.number_audit WHERE tenant = $1";
    ensure!(count(&pool, history, tenant.id).await? > 0, "the regulator's evidence");
    let (held, said) = deployment.attempt_json(&["audit", "verify"])?;
    ensure!(held, "{said}");

    let forgotten = || async { count(&pool, known, tenant.id).await.is_ok_and(|rows| rows == 0) };
    eventually("who wrote to whom is forgotten", PATIENCE, forgotten).await;
    ensure!(count(&pool, "SELECT count(*) FROM read.messages WHERE tenant = $1", tenant.id).await? == 1, "the bill");

    // Made anew from the ledger, the read models are the same.
    for projection in ["leases", "audit", "number_audit", "messages"] {
        deployment.peyk(&["projections", "rebuild", projection])?;
        deployment.peyk(&["projections", "diff", projection])?;
    }
    let leased = "SELECT count(*) FROM read.leases WHERE tenant = $1";
    ensure!(count(&pool, leased, tenant.id).await? == 0 && count(&pool, leased, tombstone).await? == 4);

    // A process that starts again knows it, from snapshots or without.
    deployment.terminate(Duration::from_secs(60)).await?;
    names_nobody("the log", &deployment.serve_log()?);
    deployment.serve().await?;
    admin.get(&format!("{path}/erasure")).await?.expect(200)?;
    tenant.http.get("/v1/numbers").await?.expect(401)?;
    for row in dump(&pool).await? {
        names_nobody("the database", &row);
    }
    names_nobody("a replay", &deployment.peyk(&["--json", "ledger", "replay"])?);
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_and_everybody_else_is_as_before() -> Result<()> {
    let deployment = Deployment::start().await?;
    bootstrap(&deployment)?;
    let admin = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.admin", "platform.auditor"])?);
    let tenant = TenantId::from_bytes(Uuid::new_v4().into_bytes());
    let [company, name, login, _] = NAMES;
    let new = json!({ "id": tenant.to_string(), "name": company, "region": "af-west" });
    admin.post("/v1/tenants", &fresh(), &new).await?.expect(201)?;
    let gone = person(&deployment, &admin, tenant, login, name).await?;
    let stays = person(&deployment, &admin, tenant, "zahra@example.org", "Zahra").await?;
    let path = format!("/v1/users/{}", gone.id);
    let began = Instant::now();
    erase(&admin, &path).await?.expect(202)?;
    let locked_out = || async { gone.http.get("/v1/me").await.is_ok_and(|reply| reply.status == 401) };
    eventually("the session is refused", PATIENCE, locked_out).await;
    ensure!(began.elapsed() < REFUSED_WITHIN, "it was good for {:?}", began.elapsed());
    ensure!(log_in(&deployment, login).await?.expect(401)?.code() == "LOGIN_FAILED");
    erased(&admin, &path).await;
    ensure!(erase(&admin, &path).await?.expect(409)?.code() == "INVALID_TRANSITION");
    admin.get(&path).await?.expect(404)?;

    let keys = keyrings(&deployment).await?;
    let (mut closed, mut open) = (0, 0);
    for (of, subject, field, envelope) in sealed(&deployment).await? {
        let keys = keys.for_opening(of, &envelope.sealed_for).await?.context("the tenant's keys")?;
        let opened = keys.open_access(subject, field, &envelope);
        if subject == Subject::Actor(gone.id) {
            ensure!(opened == Err(OpenError::Erased), "{field:?} of who was erased");
            closed += 1;
        } else {
            opened.with_context(|| format!("{field:?} of somebody else"))?;
            open += 1;
        }
    }
    ensure!((closed, open) == (2, 5), "{closed} {open}");
    let listed = admin.get(&format!("/v1/users?tenant_id={tenant}")).await?.expect(200)?;
    let names: Vec<&Value> = listed.body["items"].as_array().context("items")?.iter().map(|one| &one["name"]).collect();
    ensure!(names == ["Zahra"], "{}", listed.body);
    stays.http.get("/v1/me").await?.expect(200)?;
    log_in(&deployment, "zahra@example.org").await?.expect(200)?;

    // The login name is free, and whoever has it now is somebody else.
    let namesake = person(&deployment, &admin, tenant, login, "A Namesake").await?;
    ensure!(namesake.id != gone.id);
    let of_gone = trail(&admin, &format!("actor_id={}", gone.id)).await?;
    ensure!(of_gone.iter().any(|row| row["action"] == "login"), "{of_gone:?}");
    for projection in ["audit", "leases"] {
        deployment.peyk(&["projections", "rebuild", projection])?;
        deployment.peyk(&["projections", "diff", projection])?;
    }
    for row in dump(&owner(&deployment).await?).await? {
        names_nobody("the database", &row);
    }
    deployment.end();
    Ok(())
}
