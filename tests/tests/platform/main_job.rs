use crate::setting::{FIRST, Tenant, fresh, import, lease, platform, route};
use anyhow::{Context, Result, ensure};
use futures::future::join_all;
use peyk_tests::{Deployment, Postgres, eventually};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// What is personal in the message of the main job.
pub const RECIPIENT: &str = "93790004217";
pub const TEXT: &str = "Your parcel waits at the Shahr-e Naw office";
/// How the recipients and the texts of its bulk begin.
pub const BULK_RECIPIENTS: &str = "93780000";
pub const BULK_TEXTS: &str = "Notice ";
const BULK: usize = 200;
/// Requests at once: the API bounds the connections of one address.
const AT_ONCE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(180);

/// Imports, leases, sends twice, sees it delivered, looks as a stranger, sends in bulk.
pub async fn perform(deployment: &Deployment) -> Result<()> {
    let platform = platform(deployment)?;
    let (tenant, stranger) = (Tenant::of(deployment)?, Tenant::of(deployment)?);
    import(&platform, 1_000).await?;
    route(&platform, deployment).await?;

    let sender = FIRST + 42;
    let leased_at = lease(&tenant, sender).await?;
    let shown = tenant.http.get(&format!("/v1/numbers/{sender}?min_position={leased_at}")).await?.expect(200)?;
    assert_eq!((shown.text("/state"), shown.text("/tenant_id")), ("assigned", &*tenant.id.to_string()));

    let message = send_twice(&tenant, sender).await?;
    delivered(&tenant, &message).await;
    timeline(&tenant, &message).await?;
    for path in [format!("/v1/sms/{message}"), format!("/v1/sms/{message}/timeline")] {
        let reply = stranger.http.get(&path).await?.expect(404)?;
        assert_eq!(reply.code(), "NOT_FOUND");
    }
    let listed = stranger.http.get("/v1/sms").await?.expect(200)?;
    assert_eq!(listed.body["items"], json!([]));

    let messages = send_bulk(&tenant, sender).await?;
    eventually("every message of the bulk is delivered", PATIENCE, || async {
        for some in messages.chunks(AT_ONCE) {
            let states = join_all(some.iter().map(|message| state(&tenant, message))).await;
            if states.iter().any(|state| state != "delivered") {
                return false;
            }
        }
        true
    })
    .await;
    Ok(())
}

/// One message for one key, however often it is sent; another message under the key is refused.
async fn send_twice(tenant: &Tenant, sender: u64) -> Result<String> {
    let key = fresh();
    let message = |text: &str| json!({ "from": format!("+{sender}"), "to": format!("+{RECIPIENT}"), "text": text });
    let first = tenant.http.post("/v1/sms/send", &key, &message(TEXT)).await?.expect(202)?;
    let second = tenant.http.post("/v1/sms/send", &key, &message(TEXT)).await?.expect(202)?;
    assert_eq!(second.body, first.body);
    assert_eq!(second.headers.get("idempotency-replayed").map(|value| value.as_bytes()), Some(&b"true"[..]));
    assert_eq!(first.headers.get("idempotency-replayed"), None);
    let other = tenant.http.post("/v1/sms/send", &key, &message("Something else")).await?.expect(422)?;
    assert_eq!(other.code(), "IDEMPOTENCY_KEY_REUSED");
    let listed =
        tenant.http.get(&format!("/v1/sms?min_position={}", first.body["receipt"]["position"])).await?.expect(200)?;
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1), "{}", listed.body);
    Ok(first.text("/message_id").to_owned())
}

/// The state of a message as a read shows it; empty while it shows none.
pub async fn state(tenant: &Tenant, message: &str) -> String {
    match tenant.http.get(&format!("/v1/sms/{message}")).await {
        Ok(reply) if reply.status == 200 => reply.text("/state").to_owned(),
        _ => String::new(),
    }
}

async fn delivered(tenant: &Tenant, message: &str) {
    eventually("the message is delivered", PATIENCE, || async { state(tenant, message).await == "delivered" }).await;
}

async fn timeline(tenant: &Tenant, message: &str) -> Result<()> {
    let reply = tenant.http.get(&format!("/v1/sms/{message}/timeline")).await?.expect(200)?;
    let steps = reply.body["steps"].as_array().context("steps")?;
    let states: Vec<&str> = steps.iter().filter_map(|step| step["state"].as_str()).collect();
    assert_eq!(states, ["accepted", "dispatched", "submitted", "delivered"]);
    let positions: Vec<u64> = steps.iter().filter_map(|step| step["position"].as_u64()).collect();
    assert!(positions.len() >= 2 && positions.is_sorted(), "{positions:?}");
    Ok(())
}

async fn send_bulk(tenant: &Tenant, sender: u64) -> Result<Vec<String>> {
    let items: Vec<Value> = (0..BULK)
        .map(|index| json!({ "to": format!("+{BULK_RECIPIENTS}{index:03}"), "text": format!("{BULK_TEXTS}{index}") }))
        .collect();
    let bulk = json!({ "from": format!("+{sender}"), "lane": "bulk", "items": items });
    let key = fresh();
    let reply = tenant.http.post("/v1/sms/bulk", &key, &bulk).await?.expect(202)?;
    let again = tenant.http.post("/v1/sms/bulk", &key, &bulk).await?.expect(202)?;
    assert_eq!(again.body, reply.body, "a repeat is answered alike");
    // More of the same under the same key is another request, and none of it is sent.
    let mut longer = bulk.clone();
    if let Some(items) = longer["items"].as_array_mut() {
        items.extend(
            (0..600).map(|index| json!({ "to": format!("+{BULK_RECIPIENTS}{index:03}"), "text": "once more" })),
        );
    }
    let refused = tenant.http.post("/v1/sms/bulk", &key, &longer).await?.expect(422)?;
    assert_eq!(refused.code(), "IDEMPOTENCY_KEY_REUSED");
    let items = reply.body["items"].as_array().context("items")?;
    let messages: HashSet<&str> = items.iter().filter_map(|item| item["message_id"].as_str()).collect();
    ensure!(messages.len() == BULK, "{} different messages", messages.len());
    Ok(messages.into_iter().map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_block_of_numbers_to_delivered_messages() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    perform(&deployment).await?;
    deployment.end();
    Ok(())
}
