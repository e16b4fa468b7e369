//! What the edge saw is found again: who was refused, who read what is another's, who changed something elsewhere.
use crate::audit::{Admin, Story, tell, trail};
use crate::setting::{FIRST, fresh, import};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use peyk_domain::TenantId;
use peyk_domain::access::{AccessAction, Limits};
use peyk_tests::{Deployment, Http, Postgres, Reply, eventually};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const AGENT: &str = "peyk-test/2.0";
const WRONG_KEY: &str = "AccessKey ak_0123456789abcdefghijABCDEFGHIJ01";

async fn ask(http: &Http, method: Method, path: &str, body: &Value) -> Result<Reply> {
    let key = fresh();
    let mut headers = vec![("user-agent", AGENT)];
    if !body.is_null() {
        headers.extend([("content-type", "application/json"), ("idempotency-key", &*key)]);
    }
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    http.send(method, path, &headers, body).await
}

async fn with_a_wrong_key(deployment: &Deployment) -> Result<Reply> {
    let headers = [("user-agent", AGENT), ("authorization", WRONG_KEY)];
    deployment.http().send(Method::GET, "/v1/sms", &headers, Bytes::new()).await?.expect(401)
}

fn request_of(reply: &Reply) -> Result<String> {
    Ok(reply.headers.get("x-request-id").context("a request id")?.to_str()?.to_owned())
}

/// The row of that request, once it is in the trail.
async fn row(http: &Http, event_type: &str, reply: &Reply) -> Result<Value> {
    let request = request_of(reply)?;
    let path = format!("event_type={event_type}");
    let found = async || trail(http, &path).await.ok()?.into_iter().find(|row| row["request_id"] == *request);
    eventually(event_type, PATIENCE, || async { found().await.is_some() }).await;
    found().await.context("a row")
}

#[tokio::test]
async fn what_the_edge_saw_is_in_the_trail_of_whom_it_concerns() -> Result<()> {
    let deployment = Deployment::start().await?;
    let admin = Admin::of(&deployment).await?;
    let Story { herat, kabul, user, .. } = tell(&admin).await?;
    let token = |tenant, roles: &[&str]| deployment.token(tenant, roles);
    let client = |tenant, roles: &[&str]| Ok::<_, anyhow::Error>(deployment.http().bearer(&token(tenant, roles)?));
    let auditor = client(TenantId::NIL, &["platform.auditor"])?;
    let platform = client(TenantId::NIL, &["platform.admin", "platform.numbering.admin"])?;
    import(&platform, 1).await?;

    let sender = token(herat, &["account.sender", "sms:numbering:write"])?;
    let sender_id = deployment.http().bearer(&sender).get("/v1/me").await?.expect(200)?.text("/actor_id").to_owned();
    let sender = deployment.http().bearer(&sender);
    let denied = ask(&sender, Method::GET, "/v1/users", &Value::Null).await?.expect(403)?;
    let wrong = with_a_wrong_key(&deployment).await?;
    let reserve = format!("/v1/numbers/{FIRST}/reserve");
    let reserved = ask(&sender, Method::POST, &reserve, &json!({ "ttl_seconds": 60 })).await?.expect(201)?;
    let read = ask(&platform, Method::GET, &format!("/v1/users?tenant_id={herat}"), &Value::Null).await?.expect(200)?;
    let login = json!({ "login": "nobody@example.org", "password": "not the password" });
    let unknown = ask(&deployment.http(), Method::POST, "/v1/auth/login", &login).await?.expect(401)?;
    let set = |requests_per_minute| Limits { requests_per_minute, ..Limits::default() };
    admin.ask(AccessAction::SetLimits { tenant: kabul, limits: set(1) }).await?;
    let busy = client(kabul, &["account.sender"])?;
    let mut limited = None;
    for _ in 0..1_000 {
        let reply = ask(&busy, Method::GET, "/v1/me", &Value::Null).await?;
        if reply.status == 429 {
            limited = Some(reply);
            break;
        }
    }
    let limited = limited.context("a limit")?;
    admin.ask(AccessAction::SetLimits { tenant: kabul, limits: set(10_000) }).await?;

    let nobody = Value::Null;
    let (herats, kabuls) = (json!(herat.to_string()), json!(kabul.to_string()));
    for (event_type, reply, tenant, code, endpoint) in [
        ("permission_denied", &denied, &herats, json!("INSUFFICIENT_SCOPE"), "users.list"),
        ("invalid_credential", &wrong, &nobody, json!("KEY_INVALID"), "sms.list"),
        ("resource_updated", &reserved, &herats, nobody.clone(), "numbers.reserve"),
        ("cross_tenant_read", &read, &herats, nobody.clone(), "users.list"),
        ("unknown_login", &unknown, &nobody, json!("LOGIN_FAILED"), "auth.login"),
        ("rate_limit_exceeded", &limited, &kabuls, json!("RATE_LIMIT_EXCEEDED"), "me.show"),
    ] {
        let row = row(&auditor, event_type, reply).await?;
        assert_eq!((&row["tenant_id"], &row["code"]), (tenant, &code), "{event_type}");
        assert_eq!(row["details"], json!({ "endpoint": endpoint }), "{event_type}");
        assert_eq!((&row["source_ip"], &row["user_agent"]), (&json!("127.0.0.1"), &json!(AGENT)), "{event_type}");
        assert!(row["timestamp"].as_str().is_some_and(|at| at.starts_with("20")), "{row}");
        assert_eq!(row["actor_id"].is_null(), ["invalid_credential", "unknown_login"].contains(&event_type), "{row}");
    }
    let change = row(&auditor, "resource_updated", &reserved).await?;
    assert_eq!((&change["resource_type"], &change["resource_id"]), (&json!("number"), &json!("+93***")));
    let receipt = format!("numbering/0/{}", reserved.number("/receipt/position").context("a position")?);
    assert_eq!((&change["receipt"], &change["actor_id"]), (&json!(receipt), &json!(sender_id)));

    // A tenant's admin sees what was refused to its people, what they changed and who read what is theirs, and no more.
    let of_herat = client(herat, &["tenant.admin"])?;
    for (event_type, reply) in
        [("permission_denied", &denied), ("resource_updated", &reserved), ("cross_tenant_read", &read)]
    {
        let row = row(&of_herat, event_type, reply).await?;
        // Where the platform's people sit is not told.
        assert_eq!(row["source_ip"].is_null(), event_type == "cross_tenant_read", "{row}");
    }
    row(&client(kabul, &["tenant.admin"])?, "rate_limit_exceeded", &limited).await?;
    let own = trail(&of_herat, "").await?;
    ensure!(own.iter().all(|row| row["tenant_id"] == herats), "{own:?}");
    let others = ["invalid_credential", "unknown_login", "rate_limit_exceeded"];
    ensure!(own.iter().all(|row| others.iter().all(|other| row["event_type"] != **other)), "{own:?}");

    // The command line shows the same, and nothing shows what was tried or touched.
    let told = deployment.peyk(&["--json", "audit", "tail", "-n", "200"])?;
    for reply in [&denied, &wrong, &reserved, &read, &unknown, &limited] {
        let request = request_of(reply)?;
        ensure!(told.contains(&request), "{request} is not in {told}");
    }
    let stored: String = told + &deployment.serve_log()?;
    for secret in [&FIRST.to_string(), &WRONG_KEY[10..], "nobody@example.org", "not the password"] {
        ensure!(!stored.contains(secret), "{secret} is shown");
    }
    ensure!(stored.contains(&user.to_string()), "the user of the story");
    deployment.end();
    Ok(())
}

#[tokio::test]
async fn a_flood_is_counted_to_the_last_and_leaves_twenty_rows_a_second() -> Result<()> {
    const FLOOD: u64 = 500;
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.log("info");
    deployment.serve().await?;
    for _ in 0..FLOOD {
        with_a_wrong_key(&deployment).await?;
    }
    // The end of the process loses nothing of it.
    deployment.terminate(PATIENCE).await?;
    let logged = deployment.serve_log()?.matches(" refused ").count();
    deployment.serve().await?;
    let auditor = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.auditor"])?);
    let counted = async || {
        let rows = trail(&auditor, "event_type=invalid_credential").await.unwrap_or_default();
        let counts: u64 = rows.iter().filter_map(|row| row["count"].as_u64()).sum();
        (counts, rows)
    };
    eventually("all are counted", PATIENCE, || async { counted().await.0 >= FLOOD }).await;
    let (count, rows) = counted().await;
    assert_eq!(count, FLOOD);
    let mut by_second: BTreeMap<&str, u32> = BTreeMap::new();
    for row in rows.iter().filter(|row| row["count"].is_null()) {
        *by_second.entry(&row["timestamp"].as_str().context("an instant")?[..19]).or_default() += 1;
    }
    ensure!(by_second.values().all(|rows| *rows <= 20), "{by_second:?}");
    ensure!(by_second.values().any(|rows| *rows >= 2), "{by_second:?}");
    ensure!(u32::try_from(logged)? == by_second.values().sum::<u32>(), "{logged} lines of the log: {by_second:?}");
    deployment.end();
    Ok(())
}

#[tokio::test]
async fn who_follows_the_trail_sees_what_comes() -> Result<()> {
    let deployment = Deployment::start().await?;
    let first = request_of(&with_a_wrong_key(&deployment).await?)?;
    eventually("the first is in the trail", PATIENCE, || async {
        deployment.peyk(&["--json", "audit", "tail"]).is_ok_and(|told| told.contains(&first))
    })
    .await;
    let types = ["--event-type", "invalid_credential"];
    let following =
        deployment.launch(&[&["--json", "audit", "tail", "--follow"], &types[..]].concat(), "follow.log")?;
    let followed = || std::fs::read_to_string(deployment.path("follow.log")).unwrap_or_default();
    eventually("it begins with what is there", PATIENCE, || async { followed().contains(&first) }).await;
    for _ in 0..3 {
        let next = request_of(&with_a_wrong_key(&deployment).await?)?;
        eventually("it goes on", PATIENCE, || async { followed().contains(&next) }).await;
    }
    let lines: Vec<Value> = followed().lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let ids: Vec<_> = lines.iter().map(|line| line["id"].to_string()).collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    ensure!(unique.len() == ids.len(), "a row twice: {ids:?}");
    ensure!(lines.iter().all(|line| line["event_type"] == "invalid_credential"), "{lines:?}");
    drop(following);
    deployment.end();
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_put_on_record_is_not_replayed() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.serve().await?;
    let token = deployment.token(TenantId::NIL, &["platform.auditor"])?;
    // One process writes, the other one shows.
    let standby = deployment.stand_by()?;
    let http = standby.http().bearer(&token);
    let records = "/v1/ledgers/numbering/0/records";
    eventually("the other shows the ledger", PATIENCE, || async {
        http.get(records).await.is_ok_and(|reply| reply.status == 200)
    })
    .await;
    // The log can be read, and nobody takes up the note.
    deployment.pause()?;
    let refused = http.get(records).await?;
    assert_eq!((refused.status, refused.code()), (503, "AUDIT_UNAVAILABLE"), "{}", refused.body);
    deployment.resume()?;
    eventually("somebody writes again", PATIENCE, || async {
        http.get(records).await.is_ok_and(|reply| reply.status == 200)
    })
    .await;
    deployment.end();
    Ok(())
}

#[tokio::test]
async fn what_somebody_should_look_into_is_a_row_a_metric_and_a_line_of_the_log() -> Result<()> {
    const NAME: &str = "somebody-unheard-of";
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let limits = "address_per_minute = 100000000\nlogins_per_minute = 100000";
    deployment.configure(&deployment.configuration().replace("address_per_minute = 100000000", limits))?;
    deployment.serve().await?;
    let login = async |index: usize| {
        let body = json!({ "login": format!("{NAME}-{}@example.org", index % 6), "password": "not the password" });
        ask(&deployment.http(), Method::POST, "/v1/auth/login", &body).await?.expect(401)
    };
    for index in 0..30 {
        login(index).await?;
    }
    let auditor = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.auditor"])?);
    let alarms = async || trail(&auditor, "event_type=suspicious_activity").await.unwrap_or_default();
    // The entry, and the count of that second.
    eventually("the alarm is in the trail", PATIENCE, || async { alarms().await.len() == 2 }).await;
    let rows = alarms().await;
    let entry = rows.iter().find(|row| row["count"].is_null()).context("an entry")?;
    assert_eq!((&entry["code"], &entry["source_ip"]), (&json!("FAILED_LOGINS"), &json!("127.0.0.1")));
    assert!(entry["actor_id"].is_null() && entry["tenant_id"].is_null(), "{entry}");
    let metrics = deployment.metrics().await?;
    let raised = |alert: &str| {
        metrics
            .lines()
            .find(|line| line.starts_with("peyk_http_alerts_total") && line.contains(alert))
            .map(str::to_owned)
    };
    ensure!(raised("failed_logins").is_some_and(|line| line.ends_with(" 1")), "{:?}", raised("failed_logins"));
    ensure!(raised("account_locked").is_none() && raised("refresh_token_reused").is_none());
    let log = deployment.serve_log()?;
    let line = log.lines().find(|line| line.contains("FAILED_LOGINS")).context("a line of the log")?;
    ensure!(line.contains("WARN") && !line.contains("127.0.0.1"), "{line}");
    ensure!(!log.contains(NAME));
    deployment.end();
    Ok(())
}
