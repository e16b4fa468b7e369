use crate::place::PATIENCE;
use anyhow::{Context, Result, ensure};
use peyk_domain::TenantId;
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Http, Operator, Peer, Postgres, eventually, newest_checkpoint};
use serde_json::{Value, json};
use std::time::Duration;

const LEDGER: LedgerId = LedgerId::NUMBERING;

async fn reserve(tenant: &Http, number: u64) -> Result<u64> {
    let key = uuid::Uuid::new_v4().to_string();
    let path = format!("/v1/numbers/{number}/reserve");
    let reply = tenant.post(&path, &key, &json!({ "ttl_seconds": 3_600 })).await?.expect(201)?;
    reply.number("/receipt/position").context("a receipt")
}

/// What a command of `peyk --json` said on standard output, a line each.
fn said(deployment: &Deployment, arguments: &[&str]) -> Result<Vec<Value>> {
    let text = deployment.peyk(&[&["--json"], arguments].concat())?;
    text.lines().map(|line| serde_json::from_str(line).context("a line of JSON")).collect()
}

/// The stable code and the words with which a command of `peyk` failed.
fn complaint(deployment: &Deployment, arguments: &[&str]) -> Result<(String, String)> {
    let output = deployment.attempt(&[&["--json"], arguments].concat())?;
    ensure!(!output.status.success(), "it did not fail");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().rev().find(|line| line.starts_with('{')).with_context(|| text.clone())?;
    let value: Value = serde_json::from_str(line)?;
    Ok((value["code"].as_str().unwrap_or_default().to_owned(), value["error"].as_str().unwrap_or_default().to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_restored_from_an_older_copy_is_refused_and_taken_up_again_knowingly() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.serve().await?;
    let platform = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.numbering.admin"])?);
    let roles = ["sms:numbering:read", "sms:numbering:write"];
    let id = TenantId::from_bytes(uuid::Uuid::new_v4().into_bytes());
    let tenant = deployment.http().bearer(&deployment.token(id, &roles)?);
    let first = 93_700_000_000;
    Operator::test().import(&platform, first, 50).await?;
    reserve(&tenant, first).await?;
    deployment.terminate(Duration::from_secs(60)).await?;
    deployment.nats.kill()?;
    deployment.nats.back_up()?;
    deployment.nats.restart().await?;
    let kept = deployment.ledgers().await?.tail(LEDGER).await?;

    // It goes on, and what follows is acknowledged and read.
    deployment.serve().await?;
    let mut last = 0;
    for number in first + 1..first + 20 {
        last = reserve(&tenant, number).await?;
    }
    let lost = tenant.get(&format!("/v1/numbers/{}?min_position={last}", first + 19)).await?.expect(200)?;
    assert_eq!(lost.text("/state"), "reserved");
    let history = deployment.file("witness/checkpoints/numbering-0.checkpoints");
    eventually("what will be lost is signed for", PATIENCE * 2, || async {
        newest_checkpoint(&history).is_some_and(|size| size > kept)
    })
    .await;
    deployment.terminate(Duration::from_secs(60)).await?;
    deployment.nats.kill()?;
    deployment.nats.restore()?;
    deployment.nats.restart().await?;

    // Nobody writes, and it is said why.
    deployment.launch_serve()?;
    let http = deployment.http();
    eventually("the ledger is refused", PATIENCE, || async {
        http.get("/readyz").await.is_ok_and(|reply| reply.status == 503 && reply.text("/reason") == "LEDGER_REFUSED")
    })
    .await;
    let log = deployment.serve_log()?;
    let alarm = |ledger: &str| {
        let words = [format!("ledger {ledger} ends at position"), "acknowledged records are lost".to_owned()];
        log.lines().any(|line| line.contains("CRITICAL") && words.iter().all(|word| line.contains(word)))
    };
    assert!(alarm("numbering/0"), "the alarm names the ledger and the loss");
    let refused = tenant
        .post(&format!("/v1/numbers/{}/reserve", first + 30), "refused", &json!({ "ttl_seconds": 3_600 }))
        .await?;
    assert_eq!(refused.status, 503, "{}", refused.body);
    deployment.terminate(Duration::from_secs(60)).await?;

    // What is lost has to be accepted, exactly.
    let (code, words) = complaint(&deployment, &["ledger", "recover", "numbering"])?;
    assert_eq!(code, "LOSS_NOT_ACCEPTED", "{words}");
    let accepted = words.trim_end_matches('`').rsplit(' ').next().context("a code")?.to_owned();
    let (code, _) = complaint(&deployment, &["ledger", "recover", "numbering", "--accept-loss", "00000000"])?;
    assert_eq!(code, "LOSS_NOT_ACCEPTED");
    let told = said(&deployment, &["ledger", "recover", "numbering", "--accept-loss", &accepted])?;
    let loss = &told[0]["recovered"];
    let (found, witnessed) =
        (loss["found"].as_u64().context("found")?, loss["witnessed"].as_u64().context("witnessed")?);
    assert!(found < last && witnessed >= last, "{loss}");
    assert_eq!(loss["lost"].as_u64(), Some(witnessed - found));
    assert!(told.iter().any(|line| line["advice"] == "peyk projections rebuild"), "{told:?}");
    let (code, _) = complaint(&deployment, &["ledger", "recover", "numbering", "--accept-loss", &accepted])?;
    assert_eq!(code, "NOTHING_LOST");
    for other in ["access", "routing", "messages/0", "messages/1"] {
        let (code, words) = complaint(&deployment, &["ledger", "recover", other])?;
        assert_eq!(code, "LOSS_NOT_ACCEPTED", "{words}");
        let accepted = words.trim_end_matches('`').rsplit(' ').next().context("a code")?.to_owned();
        deployment.peyk(&["ledger", "recover", other, "--accept-loss", &accepted])?;
    }

    // All goes on; the read model says what it needs, gets it, and the loss stands in every verification.
    deployment.serve().await?;
    assert_eq!(
        tenant
            .post(&format!("/v1/numbers/{}/reserve", first + 19), "again", &json!({ "ttl_seconds": 3_600 }))
            .await?
            .status,
        201
    );
    eventually("the projector says how to mend it", PATIENCE, || async {
        deployment.serve_log().is_ok_and(|log| {
            log.lines().any(|line| line.contains("as its recovery at") && line.contains("peyk projections rebuild"))
        })
    })
    .await;
    deployment.terminate(Duration::from_secs(60)).await?;
    deployment.peyk(&["projections", "rebuild"])?;
    deployment.serve().await?;
    let position = reserve(&tenant, first + 2).await?;
    let shown = tenant.get(&format!("/v1/numbers/{}?min_position={position}", first + 19)).await?.expect(200)?;
    assert_eq!(shown.text("/state"), "reserved");
    let verified = said(&deployment, &["ledger", "verify", "numbering"])?;
    let recoveries = verified[0]["recoveries"].as_array().context("recoveries")?;
    assert_eq!(recoveries.len(), 1, "{verified:?}");
    assert_eq!(recoveries[0]["loss"], *loss);
    assert_eq!(recoveries[0]["position"].as_u64(), Some(found + 1));
    assert!(verified[0]["lost"].as_u64() >= Some(1), "what was signed for the lost is explained: {verified:?}");
    let copy = deployment.file("numbering.copy");
    deployment.peyk(&["ledger", "copy", "numbering", "--out", &copy.display().to_string()])?;
    let stranger = Peer::of(&deployment, "numbering/0")?.verify(&[copy], Some(&history))?;
    assert_eq!(
        (&stranger[0]["verified"], stranger[0]["position"].as_u64() > Some(found)),
        (&true.into(), true),
        "{stranger:?}"
    );
    let text = deployment.peyk(&["ledger", "verify", "numbering"])?;
    assert!(text.contains("speaks of a loss"), "{text}");
    let records = deployment.records(LEDGER).await?;
    let epochs: Vec<u64> = records.iter().map(|record| record.epoch).collect();
    assert!(epochs.is_sorted() && epochs.last() > Some(&3), "no epoch's number is used again: {epochs:?}");
    deployment.end();
    Ok(())
}
