use crate::load::{Load, Manner, Outcome, hold_against};
use crate::main_job::state;
use crate::setting::{FIRST, Tenant, fresh, import, lease, platform, route};
use anyhow::Result;
use futures::future::join_all;
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Postgres, eventually};
use serde_json::json;
use std::time::Duration;

const NUMBERS: u64 = 20_000;
/// The number messages are sent from; the load reserves those before it.
const SENDER: u64 = FIRST + NUMBERS;
const MESSAGES: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn with_postgres_killed_commands_go_on_and_reads_say_so_until_they_catch_up() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::own().await?).await?;
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    let platform = platform(&deployment)?;
    let tenant = Tenant::with_quota(&deployment).await?;
    import(&platform, NUMBERS + 1).await?;
    route(&platform, &deployment).await?;
    let leased_at = lease(&tenant, SENDER).await?;

    let load = Load::start(&tenant, NUMBERS, 8, Manner::Once);
    load.goes_on(200).await;
    deployment.postgres.kill()?;
    load.goes_on(200).await;
    let messages = join_all((0..MESSAGES).map(|index| send(&tenant, index))).await;
    let messages = messages.into_iter().collect::<Result<Vec<_>>>()?;
    // What is not known is not said to be absent.
    for path in [format!("/v1/numbers/{FIRST}"), format!("/v1/sms/{}", messages[0]), "/v1/sms".to_owned()] {
        let reply = tenant.http.get(&path).await?.expect(503)?;
        assert_eq!(reply.code(), "READ_MODEL_UNAVAILABLE", "{path}");
        assert!(reply.headers.contains_key("retry-after"), "{path}");
    }
    let ready = deployment.http().get("/readyz").await?.expect(200)?;
    assert_eq!((ready.text("/state"), ready.text("/postgres")), ("ready", "down"));
    load.goes_on(200).await;

    deployment.postgres.restart().await?;
    load.goes_on(200).await;
    load.stop();
    let outcomes = load.outcomes().await?;
    let failed: Vec<_> = outcomes.values().filter(|outcome| !matches!(outcome, Outcome::Acknowledged { .. })).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let mut records = deployment.records(LedgerId::NUMBERING).await?;
    records.retain(|record| record.position > leased_at);
    hold_against(&records, &outcomes)?;

    caught_up(&tenant, outcomes.len()).await;
    eventually("every message is delivered", PATIENCE, || async {
        let states = join_all(messages.iter().map(|message| state(&tenant, message))).await;
        states.iter().all(|state| state == "delivered")
    })
    .await;
    deployment.end();
    Ok(())
}

async fn send(tenant: &Tenant, index: usize) -> Result<String> {
    let body = json!({ "from": format!("+{SENDER}"), "to": format!("+9379{index:07}"), "text": "While it is down" });
    let reply = tenant.http.post("/v1/sms/send", &fresh(), &body).await?.expect(202)?;
    Ok(reply.text("/message_id").to_owned())
}

/// Reads show every reservation that was acknowledged, and no other.
async fn caught_up(tenant: &Tenant, reservations: usize) {
    eventually("reads show every reservation", PATIENCE, || async {
        let mut shown = 0;
        let mut cursor = String::new();
        loop {
            let page = tenant.http.get(&format!("/v1/numbers?held=true&state=reserved&limit=200{cursor}")).await;
            let Ok(Ok(page)) = page.map(|page| page.expect(200)) else { return false };
            shown += page.body["items"].as_array().map_or(0, Vec::len);
            match page.text("/next") {
                "" => return shown == reservations,
                next => cursor = format!("&cursor={next}"),
            }
        }
    })
    .await;
}
